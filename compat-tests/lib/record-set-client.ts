/**
 * The command line that the npm clients share in the record-set matrix (see lib/run.sh for the contract). A client says what it
 * can, how it produces records and how it consumes a topic; this file reads the records, writes what was received, and watches
 * the deadline.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { within } from './patience.js'

export interface RecordToProduce {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
  /** undefined where the client cannot set it. */
  readonly timestampMs: number | undefined
}

export interface ReceivedRecord {
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
  readonly timestampMs: number | null
}

export interface RecordSetClient {
  /** As expectation.ts of ../harnesses/record-set reads it. */
  readonly capabilities: object
  /** Resolves when every record is acknowledged. */
  produce(bootstrap: string, topic: string, codec: string, records: readonly RecordToProduce[]): Promise<void>
  /** Hands over every record until `received` answers that there were enough, then resolves. */
  consume(bootstrap: string, topic: string, received: (record: ReceivedRecord) => void, enough: Promise<void>): Promise<void>
}

export async function runRecordSetClient(client: RecordSetClient): Promise<void> {
  const [verb, bootstrap, ...tasks] = process.argv.slice(2) as [string, string, ...string[]]
  if (verb === 'capabilities') {
    console.log(JSON.stringify(client.capabilities))
    return
  }
  const deadlineMs = Number(process.env.RS_DEADLINE_S) * 1000
  for (let at = 0; at + 2 < tasks.length; at += 3) {
    const [topic, argument, file] = tasks.slice(at, at + 3) as [string, string, string]
    const work =
      verb === 'produce'
        ? client.produce(bootstrap, topic, argument, readRecords(file))
        : consumeTo(client, bootstrap, topic, Number(argument), file)
    try {
      await within(deadlineMs, verb, work)
    } catch (error) {
      console.error(`${topic}: ${error}`)
      process.exit(1) // the client's own timers may not let go
    }
    console.log(`done ${topic}`)
  }
  process.exit(0)
}

async function consumeTo(client: RecordSetClient, bootstrap: string, topic: string, count: number, file: string): Promise<void> {
  const lines: string[] = []
  let resolve = () => {}
  const enough = new Promise<void>(fulfil => {
    resolve = fulfil
  })
  const received = (record: ReceivedRecord) => {
    if (lines.length === count) return
    lines.push(`${JSON.stringify(lineOf(record))}\n`)
    if (lines.length === count) resolve()
  }
  await client.consume(bootstrap, topic, received, enough)
  writeFileSync(file, lines.join(''))
}

function lineOf({ offset, key, value, headers, timestampMs }: ReceivedRecord): object {
  return {
    offset,
    key: base64(key),
    value: base64(value),
    headers: headers.map(([name, of]) => [name, base64(of)]),
    timestamp: timestampMs,
  }
}

function readRecords(file: string): RecordToProduce[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map(line => {
    const { key, value, headers, timestamp } = JSON.parse(line)
    return {
      key: bytes(key),
      value: bytes(value),
      headers: (headers ?? []).map(([name, of]: [string, string | null]) => [name, bytes(of)] as const),
      timestampMs: timestamp,
    }
  })
}

function bytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'base64')
}

function base64(of: Buffer | null | undefined): string | null {
  return of == null ? null : of.toString('base64')
}
