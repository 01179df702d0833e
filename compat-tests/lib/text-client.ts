/**
 * The command line that the npm clients share (see lib/run.sh for the contract). A client says how it produces lines and
 * how it consumes as a group; this file reads the lines, writes what was received, and watches the deadline.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

export interface TextClient {
  readonly version: string
  /** Resolves when every line is acknowledged. */
  produce(bootstrap: string, topic: string, lines: readonly Buffer[]): Promise<void>
  /** Joins the group, hands over every record, and once `sink.satisfied` resolves commits, leaves and resolves. */
  consume(bootstrap: string, topic: string, group: string, sink: Sink): Promise<void>
}

/** Takes the records of one subscription and says when there is nothing more to wait for. */
export interface Sink {
  readonly satisfied: Promise<void>
  received(partition: number, offset: string | bigint, value: Buffer): void
}

class FileSink implements Sink {
  readonly satisfied: Promise<void>
  #missing: number
  #resolve: () => void
  readonly #file
  readonly #deadline: NodeJS.Timeout

  constructor(path: string, count: number, deadlineMs: number) {
    const { promise, resolve } = withResolvers()
    this.satisfied = promise
    this.#resolve = resolve
    this.#missing = count
    this.#file = createWriteStream(path)
    this.#deadline = setTimeout(resolve, deadlineMs)
  }

  received(partition: number, offset: string | bigint, value: Buffer): void {
    this.#file.write(outputLine(partition, offset, value))
    if (--this.#missing === 0) this.#resolve()
  }

  /** True when all the records asked for have come. */
  async close(): Promise<boolean> {
    clearTimeout(this.#deadline)
    this.#file.end()
    await finished(this.#file)
    return this.#missing <= 0
  }
}

export async function runTextClient(client: TextClient): Promise<void> {
  const [verb, ...args] = process.argv.slice(2)
  switch (verb) {
    case 'version':
      console.log(client.version)
      break
    case 'produce': {
      const [bootstrap, topic, path] = args as [string, string, string]
      await client.produce(bootstrap, topic, await readLines(path))
      break
    }
    case 'consume':
      process.exitCode = (await consumeAll(client, args)) ? 0 : 1
      break
    default:
      process.exitCode = 64
  }
}

async function consumeAll(client: TextClient, args: readonly string[]): Promise<boolean> {
  const [bootstrap, count, ...subscriptions] = args as [string, string, ...string[]]
  const deadlineMs = Number(process.env.COMPAT_DEADLINE_S ?? '60') * 1000
  let complete = true
  for (let at = 0; at + 2 < subscriptions.length; at += 3) {
    const [topic, group, path] = subscriptions.slice(at, at + 3) as [string, string, string]
    const sink = new FileSink(path, Number(count), deadlineMs)
    try {
      await client.consume(bootstrap, topic, group, sink)
    } catch (error) {
      // One bad topic must not hide the result of the next.
      console.error(`${topic}:`, error)
      complete = false
    }
    if (!(await sink.close())) complete = false
  }
  return complete
}

/** The lines of a file as bytes, split at \n only; the last line ends with \n too. */
async function readLines(path: string): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  for await (const chunk of createReadStream(path)) chunks.push(chunk as Buffer)
  return splitLines(Buffer.concat(chunks))
}

export function splitLines(text: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let from = 0
  for (let end = text.indexOf(10); end !== -1; end = text.indexOf(10, from)) {
    lines.push(text.subarray(from, end))
    from = end + 1
  }
  return lines
}

/** Runs of up to `size` elements, in order. */
export function* inBatches<T>(elements: readonly T[], size: number): Generator<T[]> {
  for (let from = 0; from < elements.length; from += size) yield elements.slice(from, from + size)
}

/** The form in which every client writes what it received. */
export function outputLine(partition: number, offset: string | bigint, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${partition}\t${offset}\t`), value, NEWLINE])
}

const NEWLINE = Buffer.from('\n')

/** Promise.withResolvers, which Node 20 lacks. */
export function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>(fulfil => {
    resolve = fulfil
  })
  return { promise, resolve }
}
