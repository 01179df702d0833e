/**
 * Stock clients as read_committed readers. A reader program gets BOOTSTRAP TOPIC:PARTITIONS..., reads all of them from the start,
 * and hears on stdin where it may end, a line `TOPIC PARTITION END` each, up to the end of stdin; it prints
 * `read TOPIC PARTITION OFFSET VALUE` per record and exits with 0 when it is behind every END.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { CopyingClient } from './clients.js'
import { parseRecord } from './copier-lines.js'
import type { HistoryEvent } from './history.js'

export interface StockReader {
  readonly name: string
  /** Tells it where the ends are; resolves to what went wrong once it has ended, or null. */
  finish(ends: readonly { topic: string; partition: number; end: number }[]): Promise<string | null>
}

/** So long a reader may read nothing while it is behind the ends. */
const SILENCE_MS_MAX = 120_000

export function startReader(
  { name: client, reader }: CopyingClient,
  name: string,
  bootstrap: string,
  topics: ReadonlyMap<string, number>,
  tell: (event: HistoryEvent) => void,
): StockReader {
  if (reader === null) throw new Error(`${client} is no reader`)
  const [program, ...args] = [...reader, bootstrap, ...[...topics].map(([topic, partitions]) => `${topic}:${partitions}`)]
  const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', chunk => {
    stderr = (stderr + chunk).slice(-2000)
  })
  child.stdin.on('error', () => {}) // Its exit code tells.
  let lastLineMs = Date.now()
  let oddLine: string | null = null
  createInterface({ input: child.stdout }).on('line', line => {
    lastLineMs = Date.now()
    const [verb, topic, partition, offset, value] = line.split(' ')
    if (verb !== 'read' || value === undefined) {
      oddLine ??= line
      return
    }
    const place = { topic: topic!, partition: Number(partition), offset: Number(offset) }
    tell({ type: 'read', reader: name, ...place, ...parseRecord(value), atMs: Date.now() })
  })
  const closed = once(child, 'close')
  return {
    name,
    finish: async ends => {
      child.stdin.end(ends.map(({ topic, partition, end }) => `${topic} ${partition} ${end}\n`).join(''))
      lastLineMs = Date.now()
      const watch = setInterval(() => {
        if (Date.now() - lastLineMs > SILENCE_MS_MAX) child.kill('SIGKILL')
      }, 1000)
      const [exitCode, signal] = await closed
      clearInterval(watch)
      if (exitCode !== 0) return `${name} ended with ${signal ?? exitCode}: ${stderr}`
      if (oddLine !== null) return `${name} said: ${oddLine.slice(0, 200)}`
      tell({ type: 'read all', reader: name })
      return null
    },
  }
}
