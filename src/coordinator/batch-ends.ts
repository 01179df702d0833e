/** How records that may be written as several batches are cut. */
import type { LogRecord } from './machine.js'

/** Cuts records into batches of at most `bytesMax`: after which record each of them ends. One that is too large is alone. */
export function batchEnds(records: readonly LogRecord[], bytesMax: number): number[] {
  const ends: number[] = []
  let bytes = batchOverheadBytes
  for (const [at, { key, value }] of records.entries()) {
    const size = recordOverheadBytes + key.byteLength + (value?.byteLength ?? 0)
    if (bytes + size > bytesMax && bytes > batchOverheadBytes) {
      ends.push(at)
      bytes = batchOverheadBytes
    }
    bytes += size
  }
  ends.push(records.length)
  return ends
}

/** At least what a batch and a record take beside keys and values. */
const batchOverheadBytes = 61
const recordOverheadBytes = 32
