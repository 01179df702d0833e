/**
 * Producer state as Kafka's `.snapshot` files hold it, version 1. Kafka keeps only the last batch of each producer, so that
 * a client whose five batches in flight lost their answers in a crash is refused when it sends them again. Here a producer
 * has one entry per batch that is still known, oldest first: Kafka, which takes the last entry of a producer, reads the same
 * file as its own.
 *
 *   version i16 = 1 · crc32c u32 over everything after it · count i32 · entries of 46 bytes:
 *   producerId i64 · epoch i16 · lastSequence i32 · lastOffset i64 · offsetDelta i32 · timestamp i64 ·
 *   coordinatorEpoch i32 · currentTxnFirstOffset i64
 */
import { allocate, type Bytes, viewOf } from '../../base/bytes.js'
import { noSequence } from '../../protocol/records/batch.js'
import { crc32c } from '../../protocol/records/crc32c.js'
import { MalformedError } from '../../protocol/wire.js'
import { batchesPerProducerMax, type ProducerEntry, ProducerStates } from './producers.js'

const version = 1
const crcAt = 2
const countAt = 6
const headerSize = 10
const entrySize = 46

/** The state of all producers as the bytes of a snapshot file. */
export function encodeProducerSnapshot(states: ProducerStates): Bytes {
  let count = 0
  for (const entry of states.entries()) count += Math.max(1, entry.batches.length)
  const bytes = allocate(headerSize + count * entrySize)
  const view = viewOf(bytes)
  view.setInt16(0, version)
  view.setInt32(countAt, count)
  let at = headerSize
  for (const entry of states.entries()) {
    // A producer of which no batch is known still has its epoch.
    for (let index = 0; index < Math.max(1, entry.batches.length); index++) {
      writeEntry(view, at, entry, entry.batches[index])
      at += entrySize
    }
  }
  view.setUint32(crcAt, crc32c(bytes, countAt, bytes.byteLength))
  return bytes
}

function writeEntry(view: DataView, at: number, entry: ProducerEntry, batch: ProducerEntry['batches'][number] | undefined): void {
  view.setBigInt64(at, BigInt(entry.producerId))
  view.setInt16(at + 8, entry.producerEpoch)
  view.setInt32(at + 10, batch?.lastSequence ?? noSequence)
  view.setBigInt64(at + 14, BigInt(batch?.lastOffset ?? -1))
  view.setInt32(at + 22, batch === undefined ? 0 : batch.lastOffset - batch.baseOffset)
  // As in Kafka, the timestamp of the batch; when it was appended is not kept.
  view.setBigInt64(at + 26, BigInt(batch?.timestampMs ?? entry.lastTimestampMs))
  view.setInt32(at + 34, entry.coordinatorEpoch)
  view.setBigInt64(at + 38, BigInt(entry.currentTxnFirstOffset))
}

/** The state that a snapshot file holds. Throws MalformedError for a damaged or unknown one: then an older one is tried. */
export function decodeProducerSnapshot(bytes: Bytes): ProducerStates {
  if (bytes.byteLength < headerSize) throw new MalformedError('producer snapshot cut off')
  const view = viewOf(bytes)
  if (view.getInt16(0) !== version) throw new MalformedError(`producer snapshot of version ${view.getInt16(0)}`)
  if (view.getUint32(crcAt) !== crc32c(bytes, countAt, bytes.byteLength)) throw new MalformedError('producer snapshot: CRC')
  const count = view.getInt32(countAt)
  if (count < 0 || bytes.byteLength !== headerSize + count * entrySize) throw new MalformedError('producer snapshot: size')
  const states = new ProducerStates()
  for (let at = headerSize; at < bytes.byteLength; at += entrySize) states.load(withOlderBatches(states, entryAt(view, at)))
  return states
}

/** The entry, and before its batch those that earlier entries told of the same producer and epoch. */
function withOlderBatches(states: ProducerStates, entry: ProducerEntry): ProducerEntry {
  const older = states.entry(entry.producerId)
  if (older === undefined || older.producerEpoch !== entry.producerEpoch) return entry
  return { ...entry, batches: [...older.batches, ...entry.batches].slice(-batchesPerProducerMax) }
}

function entryAt(view: DataView, at: number): ProducerEntry {
  const lastSequence = view.getInt32(at + 10)
  const lastOffset = Number(view.getBigInt64(at + 14))
  const offsetDelta = view.getInt32(at + 22)
  const timestampMs = Number(view.getBigInt64(at + 26))
  const batches: ProducerEntry['batches'] = []
  if (lastOffset >= 0) {
    // Sequences wrap from 2^31-1 to 0, so the first may be the larger number.
    const difference = lastSequence - offsetDelta
    const baseSequence = lastSequence >= 0 && difference < 0 ? difference + 0x8000_0000 : difference
    batches.push({ baseSequence, lastSequence, baseOffset: lastOffset - offsetDelta, lastOffset, timestampMs })
  }
  return {
    producerId: Number(view.getBigInt64(at)),
    producerEpoch: view.getInt16(at + 8),
    coordinatorEpoch: view.getInt32(at + 34),
    currentTxnFirstOffset: Number(view.getBigInt64(at + 38)),
    lastHeardMs: timestampMs,
    lastTimestampMs: timestampMs,
    batches,
  }
}
