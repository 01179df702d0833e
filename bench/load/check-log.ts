// Reads a whole log back after a load and accounts for every batch: offsets without a gap, checksums that are right, each
// acknowledged batch at the offset that its answer named, and no unknown record. So a run of throughput is a run of
// correctness too. Off the measured path, and therefore in no hurry.
import { Fetch } from '#protocol/messages/fetch.js'
import { baseOffset, batchLength, batchPrefixSize, computeCrc, crc, recordCount } from '#protocol/records/batch.js'
import { WireClient } from '../../compat-tests/lib/wire-client.js'
import { markOf, recordsIn } from './batches.js'
import type { Acknowledged } from './produce-load.js'
import { type Endpoint, type Topic, versionFor } from './requests.js'

const versionWanted = 12
const answerBytes = 8 * 1024 * 1024

export interface Sent {
  readonly batch: Buffer
  /** Of the whole load, over all partitions. */
  readonly requests: number
  /** Empty when nothing was acknowledged one by one (acks=0). */
  readonly acknowledged: Acknowledged
}

/** The number of records found right. @throws Error that names the first batch that is wrong. */
export async function checkLog(endpoint: Endpoint, topic: Topic, sent: Sent): Promise<number> {
  const version = versionFor(endpoint, Fetch, versionWanted)
  if (version < versionWanted) throw new Error('the log cannot be read back')
  const client = await WireClient.connect(`127.0.0.1:${endpoint.port}`, 'gregor-bench')
  try {
    let records = 0
    for (let partition = 0; partition < topic.partitions; partition++) {
      const acknowledged = sent.acknowledged[partition]
      const due = acknowledged === undefined ? null : marksByOffset(acknowledged)
      records += await checkPartition(client, topic.name, partition, sent.batch, due)
    }
    const sentRecords = sent.requests * recordsIn(sent.batch)
    if (records !== sentRecords) throw new Error(`${topic.name} holds ${records} records where ${sentRecords} were sent`)
    return records
  } finally {
    client.close()
  }
}

/** @throws Error when two batches were acknowledged at one offset. */
function marksByOffset(acknowledged: readonly number[]): Map<number, number> {
  const marks = new Map<number, number>()
  for (let at = 0; at < acknowledged.length; at += 2) marks.set(acknowledged[at]!, acknowledged[at + 1]!)
  if (marks.size !== acknowledged.length / 2) throw new Error('two batches were acknowledged at the same offset')
  return marks
}

async function checkPartition(
  client: WireClient,
  topic: string,
  partition: number,
  batch: Buffer,
  due: ReadonlyMap<number, number> | null,
): Promise<number> {
  let offset = 0
  for (;;) {
    const { responses } = await client.request(Fetch, versionWanted, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: answerBytes,
      topics: [{ topic, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: answerBytes }] }],
    })
    const answer = responses[0]?.partitions[0]
    if (answer?.errorCode !== 0) throw new Error(`${topic}-${partition} cannot be read: error ${answer?.errorCode}`)
    const bytes = answer.records === null ? Buffer.alloc(0) : Buffer.from(answer.records)
    const start = offset
    for (let at = 0; at + batchPrefixSize <= bytes.length; ) {
      const length = batchLength(bytes, at)
      if (at + length > bytes.length) break
      checkBatch(`${topic}-${partition}`, bytes.subarray(at, at + length), offset, batch, due)
      offset += recordCount(bytes, at)
      at += length
    }
    if (offset === answer.highWatermark) return checkedAll(due, offset, batch, `${topic}-${partition}`)
    if (offset === start) throw new Error(`${topic}-${partition} gives nothing at offset ${offset} of ${answer.highWatermark}`)
  }
}

function checkBatch(where: string, found: Buffer, offset: number, batch: Buffer, due: ReadonlyMap<number, number> | null): void {
  const at = `${where}, offset ${offset}`
  if (baseOffset(found, 0) !== offset) throw new Error(`${at}: a batch of offset ${baseOffset(found, 0)} stands there`)
  if (found.length !== batch.length || recordCount(found, 0) !== recordsIn(batch)) throw new Error(`${at}: not what was sent`)
  if (crc(found, 0) !== computeCrc(found, 0)) throw new Error(`${at}: the checksum is wrong`)
  if (due !== null && due.get(offset) !== markOf(found)) throw new Error(`${at}: another batch than the one acknowledged there`)
}

function checkedAll(due: ReadonlyMap<number, number> | null, endOffset: number, batch: Buffer, where: string): number {
  if (due !== null && due.size * recordsIn(batch) !== endOffset) {
    throw new Error(`${where}: ${due.size} batches were acknowledged, the log ends at ${endOffset}`)
  }
  return endOffset
}
