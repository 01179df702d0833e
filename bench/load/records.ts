// The batch that is sent over and over: 64 records of 1,000 incompressible bytes, close to 64 KiB, the size at which stock
// producers are usually measured.
import { randomFillSync } from 'node:crypto'
import { buildBatch } from '#protocol/records/build.js'

export const recordsPerBatch = 64
const valueBytes = 1000

export function newBatch(): Buffer {
  const timestampMs = Date.now()
  const records = Array.from({ length: recordsPerBatch }, () => ({
    key: null,
    value: randomFillSync(Buffer.allocUnsafe(valueBytes)),
  }))
  return Buffer.from(buildBatch(records, { timestampMs }))
}
