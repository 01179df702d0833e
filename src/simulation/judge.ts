/**
 * Holds a recovered broker against what its clients know (ledger.ts). Every sentence of docs/durability.md that a client can
 * check is one question here; an answer that breaks a promise is a line of text. Afterwards the ledger knows what became of
 * everything that was under way, so that the run can go on from there.
 */

import { atOnce, copyAtOnce } from '../base/slice.js'
import { topicResource } from '../cluster/image.js'
import { Errors, isErrorCode } from '../protocol/errors.js'
import { InitProducerId } from '../protocol/messages/init-producer-id.js'
import { OffsetFetch } from '../protocol/messages/offset-fetch.js'
import { Produce } from '../protocol/messages/produce.js'
import { baseOffset, batchLength, computeCrc, crc, lastOffset } from '../protocol/records/batch.js'
import { recordsOf } from '../protocol/records/records.js'
import type { Partition } from '../storage/partition.js'
import { noPause } from '../testing/no-pause.js'
import type { SeededRandom } from '../testing/seeded-random.js'
import { commitKey, type Ledger, type PartitionLedger, type SentBatch, type TopicLedger } from './ledger.js'
import type { SimulatedBroker } from './simulated-broker.js'

/** `resends`: whether the producers of all partitions send again what they have in flight, or those of one. */
export async function judge(
  broker: SimulatedBroker,
  ledger: Ledger,
  random: SeededRandom,
  resends: 'all' | 'one' = 'all',
): Promise<string[]> {
  const problems: string[] = []
  const onTheWayOut = new Set([...ledger.topics.values()].filter(({ state }) => state === 'deleting').map(({ name }) => name))
  judgeTopics(broker, ledger, problems)
  const places = [...ledger.topics.values()].flatMap(topic =>
    topic.partitions.map((partition, index) => ({ topic, partition, index })),
  )
  const chosen = random.below(places.length)
  for (const [n, { topic, partition, index }] of places.entries()) {
    if (resends === 'all' || n === chosen) await resendWindow(broker, topic, index, partition, problems)
    await judgePartition(broker, topic, index, partition, random, problems)
  }
  await judgeCommits(broker, ledger, onTheWayOut, problems)
  await judgeProducerIds(broker, ledger, problems)
  for (const error of broker.errors) if (!isOfDeletedTopic(broker, error)) problems.push(`logged an error: ${error}`)
  for (const error of broker.fatal) problems.push(`gave up: ${error.message}`)
  return problems
}

/**
 * The power may fail while the files of a deleted topic go, one by one, and bring its folder back under its old name. That
 * the end of its log is missing is reported before it is known that it was deleted; its files are then not those of a partition.
 */
function isOfDeletedTopic(broker: SimulatedBroker, error: string): boolean {
  const [, topic = '', index = '', lastOffset = ''] = /\/([^/]+)-(\d+)\/\d+-\d+\.damaged .*lastOffset=(\d+) /.exec(error) ?? []
  if (topic === '') return false
  return (broker.core.services.topics.partition(topic, Number(index))?.logEndOffset ?? 0) <= Number(lastOffset)
}

/** Which topics there are, under which ids, with how many partitions and which configs. */
function judgeTopics(broker: SimulatedBroker, ledger: Ledger, problems: string[]): void {
  const { image } = broker.core.services.topics
  for (const name of ledger.gone) {
    if (image.topics.has(name) && !ledger.topics.has(name)) problems.push(`topic ${name} was deleted and is back`)
  }
  for (const topic of [...ledger.topics.values()]) {
    const found = image.topics.get(topic.name)
    if (found === undefined) {
      if (topic.state === 'there') problems.push(`topic ${topic.name} is lost`)
      ledger.forget(topic.name, topic.state === 'deleting')
      if (topic.state === 'deleting') ledger.gone.add(topic.name)
      continue
    }
    if (topic.topicId !== null && found.topicId !== topic.topicId) {
      problems.push(`topic ${topic.name} has the id ${found.topicId}, answered was ${topic.topicId}`)
    }
    const count = found.partitions.length
    if (count < topic.partitionsMin || count > topic.partitionsMax) {
      problems.push(`topic ${topic.name} has ${count} partitions, not ${topic.partitionsMin} to ${topic.partitionsMax}`)
    }
    const configs = image.configsOf(topicResource, topic.name)
    for (const [key, value] of topic.configs) {
      if (configs.get(key) !== value) problems.push(`topic ${topic.name}: ${key} is ${configs.get(key)}, not ${value}`)
    }
    // A deletion that was not acknowledged may have taken the files, or what was written down of them: little is left to promise.
    if (topic.state === 'deleting') forgetWhatWentWithIt(broker, topic)
    topic.topicId = found.topicId
    topic.state = 'there'
    topic.partitionsMin = topic.partitionsMax = count
    topic.partitions.length = Math.min(topic.partitions.length, count)
  }
}

function forgetWhatWentWithIt(broker: SimulatedBroker, topic: TopicLedger): void {
  for (const [index, partition] of topic.partitions.entries()) {
    partition.startMin = 0
    const open = broker.core.services.topics.partition(topic.name, index)
    if (open !== undefined && open.logEndOffset > 0) continue
    partition.sent.length = 0
    partition.acknowledged.clear()
    partition.observed.clear()
    partition.readAt = 0
  }
}

async function judgePartition(
  broker: SimulatedBroker,
  topic: TopicLedger,
  index: number,
  ledger: PartitionLedger,
  random: SeededRandom,
  problems: string[],
): Promise<void> {
  const where = `${topic.name}-${index}`
  const partition = broker.core.services.topics.partition(topic.name, index)
  if (partition === undefined) {
    problems.push(`${where} is not open`)
    return
  }
  if (partition.highWatermark !== partition.logEndOffset) {
    problems.push(`${where}: recovered up to ${partition.logEndOffset}, but shown only up to ${partition.highWatermark}`)
  }
  const { logStartOffset } = partition
  if (logStartOffset < ledger.startMin || logStartOffset > ledger.startMax) {
    problems.push(`${where} starts at ${logStartOffset}, not between ${ledger.startMin} and ${ledger.startMax}`)
  }
  // 1. The log, batch by batch.
  const log = readLog(partition, where, problems)
  const sent = new Map(ledger.sent.map(batch => [batch.label, batch]))
  const offsets = new Map<string, number>()
  for (const { label, offset, count } of log) {
    const batch = sent.get(label)
    if (batch === undefined) problems.push(`${where}: ${label} at ${offset} was never sent`)
    else if (batch.count !== count) problems.push(`${where}: ${label} has ${count} records, sent were ${batch.count}`)
    if (offsets.has(label)) problems.push(`${where}: ${label} stands at ${offsets.get(label)} and at ${offset}`)
    offsets.set(label, offset)
  }
  for (const [label, offset] of ledger.acknowledged) {
    if (offsets.get(label) === offset || offset < logStartOffset) continue
    if (sent.get(label)?.acks === -1)
      problems.push(`${where}: ${label} was acknowledged at ${offset}, is at ${offsets.get(label)}`)
  }
  for (const [offset, label] of ledger.observed) {
    if (offset < logStartOffset) continue
    if (offsets.get(label) !== offset) problems.push(`${where}: ${label} was read at ${offset}, is at ${offsets.get(label)}`)
  }

  // 2. Lookups by time agree with the records.
  const times = log.map(({ label, offset }) => ({ offset, timestampMs: sent.get(label)?.timestampMs ?? -1 }))
  for (let n = 0; n < 3 && times.length > 0 && logStartOffset === 0; n++) {
    const { timestampMs } = random.pick(times)
    const expected = times.find(one => one.timestampMs >= timestampMs)!.offset
    const found = await partition.offsetForTimestamp(timestampMs, 'read_uncommitted', noPause)
    if (found === null || isErrorCode(found) || found.offset !== expected) {
      problems.push(`${where}: the first record since ${timestampMs} is at ${expected}, not ${JSON.stringify(found)}`)
    }
  }

  // 3. From here on everything in the log counts as shown.
  const kept = ledger.sent.filter(batch => offsets.has(batch.label))
  ledger.sent.splice(0, ledger.sent.length, ...kept)
  ledger.acknowledged.clear()
  ledger.observed.clear()
  for (const { label, offset } of log) {
    ledger.acknowledged.set(label, offset)
    ledger.observed.set(offset, label)
  }
  ledger.readAt = partition.logEndOffset
  ledger.startMin = ledger.startMax = logStartOffset
}

export const batchesInFlightMax = 5

/** What got no answer is sent again, as a client would, behind the last of what did. */
async function resendWindow(
  broker: SimulatedBroker,
  topic: TopicLedger,
  index: number,
  ledger: PartitionLedger,
  problems: string[],
): Promise<void> {
  if (broker.core.services.topics.partition(topic.name, index) === undefined) return
  const isDeleted = ({ label }: SentBatch): boolean => (ledger.acknowledged.get(label) ?? Infinity) < ledger.startMax
  // With its batches a producer's sequence may be forgotten.
  const window = ledger.sent.filter(batch => batch.producer !== null && !isDeleted(batch)).slice(-batchesInFlightMax)
  for (const batch of window) await resend(broker, topic, index, ledger, batch, problems)
}

async function resend(
  broker: SimulatedBroker,
  topic: TopicLedger,
  index: number,
  ledger: PartitionLedger,
  batch: SentBatch,
  problems: string[],
): Promise<void> {
  const answered = await broker.until(
    broker.request(Produce, 9, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: topic.name, partitionData: [{ index, records: Buffer.from(batch.bytes) }] }],
    }),
  )
  const { errorCode, baseOffset: offset } = answered.responses[0]!.partitionResponses[0]!
  const before = ledger.acknowledged.get(batch.label)
  if (errorCode !== Errors.NONE) problems.push(`${topic.name}-${index}: ${batch.label}, sent again, is refused with ${errorCode}`)
  else if (before !== undefined && batch.acks === -1 && offset !== before) {
    problems.push(`${topic.name}-${index}: ${batch.label} was answered ${before}, sent again ${offset}`)
  } else ledger.acknowledged.set(batch.label, offset)
}

interface FoundBatch {
  readonly label: string
  readonly offset: number
  readonly count: number
}

/** Every batch of the log; says what is not whole, not in order or not contiguous. */
function readLog(partition: Partition, where: string, problems: string[]): FoundBatch[] {
  const found: FoundBatch[] = []
  let next = partition.logStartOffset
  while (next < partition.logEndOffset) {
    const read = atOnce(partition.read(next, { maxBytes: 1 << 20, atLeastOneBatch: true, isolation: 'read_uncommitted' }))
    if (isErrorCode(read) || read.byteLength === 0) {
      problems.push(`${where}: cannot be read at ${next}: ${isErrorCode(read) ? read : 'nothing there'}`)
      return found
    }
    const bytes = Buffer.alloc(read.byteLength)
    let end = 0
    for (const slice of read.slices) {
      end += copyAtOnce(slice, bytes, end)
      slice.release()
    }
    for (let at = 0; at < end; at += batchLength(bytes, at)) {
      const offset = baseOffset(bytes, at)
      if (crc(bytes, at) !== computeCrc(bytes, at)) problems.push(`${where}: the batch at ${offset} has a wrong checksum`)
      // The first one may begin before the log does.
      const isExpected = offset === next || (found.length === 0 && offset < next)
      if (!isExpected) problems.push(`${where}: after ${next} comes ${offset}`)
      next = lastOffset(bytes, at) + 1
      found.push({ label: labelOf(bytes, at), offset, count: next - offset })
    }
  }
  if (next !== partition.logEndOffset) problems.push(`${where}: the log ends with ${next}, it says ${partition.logEndOffset}`)
  return found
}

export function labelOf(bytes: Uint8Array, at: number): string {
  for (const { value } of recordsOf(bytes, at))
    return Buffer.from(value ?? [])
      .toString()
      .split('|')[0]!
  return ''
}

async function judgeCommits(
  broker: SimulatedBroker,
  ledger: Ledger,
  onTheWayOut: ReadonlySet<string>,
  problems: string[],
): Promise<void> {
  const groups = new Set([...ledger.commits.keys()].map(key => key.split(' ')[0]!))
  for (const groupId of groups) {
    const answer = await broker.until(broker.request(OffsetFetch, 8, { groups: [{ groupId, topics: null }] }))
    const found = new Map<string, number>()
    for (const { name, partitions } of answer.groups[0]!.topics) {
      for (const one of partitions) found.set(commitKey(groupId, name, one.partitionIndex), Number(one.committedOffset))
    }
    for (const [key, commit] of ledger.commits) {
      if (!key.startsWith(`${groupId} `)) continue
      const topic = key.split(' ')[1]!
      if (!ledger.topics.has(topic)) continue
      const offset = found.get(key) ?? null
      const isGoneWithTopic = offset === null && onTheWayOut.has(topic)
      const isLeftOver = commit.acknowledged === null && ledger.leftCommits.get(key)?.has(offset ?? -1) === true
      const isExpected = isGoneWithTopic || isLeftOver || offset === commit.acknowledged || commit.pending.includes(offset ?? -1)
      if (!isExpected) problems.push(`commit ${key}: ${commit.acknowledged} was acknowledged, ${offset} is there`)
      commit.acknowledged = offset
      commit.pending = []
    }
  }
}

async function judgeProducerIds(broker: SimulatedBroker, ledger: Ledger, problems: string[]): Promise<void> {
  const body = { transactionalId: null, transactionTimeoutMs: 1000 }
  const { producerId } = await broker.until(broker.request(InitProducerId, 4, body))
  if (ledger.producerIds.has(producerId)) problems.push(`producer id ${producerId} was given before`)
  ledger.producerIds.add(producerId)
}
