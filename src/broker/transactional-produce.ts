/**
 * What the transaction coordinator has to say about a Produce before its batches are appended (KIP-890): a partition on which
 * the producer's transaction is not open yet must be one that was added to it, or is added now. Partitions where it is open
 * are not asked about. Nothing here appends: an answer comes with a guard, and the log refuses a batch whose transaction
 * ended meanwhile.
 */
import type { ProducerEpoch, ProducerId } from '../base/ids.js'
import { type ErrorCode, Errors, errorName, isErrorCode } from '../protocol/errors.js'
import type { Produce } from '../protocol/messages/produce.js'
import * as batch from '../protocol/records/batch.js'
import type { AppendGuard } from '../protocol/records/marker.js'
import type { RequestOf } from '../protocol/schema.js'
import type { Partition } from '../storage/partition.js'
import type { RequestContext } from './handler.js'
import { resolvePartition } from './resolve-partition.js'

type ProduceRequest = RequestOf<typeof Produce>

/** From this version on a client leaves it to the broker to add the partitions that it writes to. */
export const implicitAddProduceVersionMin = 12
const abortableProduceVersionMin = 11

/** A partition that does not belong to the transaction. */
export interface NotInTransaction {
  readonly errorCode: ErrorCode
  readonly message: string | null
}

type ProducerStates = Partition['producerStates']

/** What the batches of a transaction are appended with, or why they are not; by what outlives a partition that is moved. */
export interface Verdicts {
  readonly guards: ReadonlyMap<ProducerStates, AppendGuard>
  readonly refusals: ReadonlyMap<ProducerStates, NotInTransaction>
}

interface MutableVerdicts extends Verdicts {
  readonly guards: Map<ProducerStates, AppendGuard>
  readonly refusals: Map<ProducerStates, NotInTransaction>
}

/** Whether one of the batches is of a transaction. What is no batch at all is found out where it is appended. */
export function hasTransaction({ topicData }: ProduceRequest): boolean {
  for (const { partitionData } of topicData) {
    for (const { records } of partitionData) if (records !== null && isInTransaction(records)) return true
  }
  return false
}

function isInTransaction(records: Uint8Array): boolean {
  const isBatch = records.byteLength >= batch.batchHeaderSize && batch.magic(records, 0) === batch.batchMagic
  return isBatch && batch.isTransactional(records, 0)
}

interface Producer {
  readonly producerId: ProducerId
  readonly producerEpoch: ProducerEpoch
}

interface Asked extends Producer {
  readonly transactionalId: string
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[]
}

/** Partitions on which the producer's transaction is not open yet. */
type Unopened = Map<string, Map<number, UnopenedPartition>>

interface UnopenedPartition {
  readonly partition: Partition
  readonly baseSequence: number
}

/**
 * An error for the whole request: TRANSACTIONAL_ID_AUTHORIZATION_FAILED without a transactional id that this client may use,
 * INVALID_PRODUCER_ID_MAPPING with the batches of two producers. Answers later when the coordinator has to be asked.
 */
export function verdictsOn(request: ProduceRequest, context: RequestContext): Verdicts | ErrorCode | Promise<Verdicts> {
  const { transactionalId } = request
  const mayWrite = transactionalId !== null && context.may('write', 'transactional_id', transactionalId)
  if (!mayWrite) return Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  const isImplicitAdd = context.version >= implicitAddProduceVersionMin
  const isVerified = isImplicitAdd || context.broker.config.get('transaction.partition.verification.enable')
  const verdicts: MutableVerdicts = { guards: new Map(), refusals: new Map() }
  const unopened: Unopened = new Map()
  let producer: Producer | null = null
  for (const { name, topicId, partitionData } of request.topicData) {
    const topic = context.version >= 13 ? (context.broker.topics.image.topicsById.get(topicId)?.name ?? null) : name
    for (const { index, records } of partitionData) {
      if (records === null || !isInTransaction(records) || batch.producerId(records, 0) < 0) continue
      const partition = resolvePartition(context, topic, index, 'write')
      if (isErrorCode(partition)) continue
      const writer: Producer = { producerId: batch.producerId(records, 0), producerEpoch: batch.producerEpoch(records, 0) }
      if (producer !== null && !isSame(producer, writer)) return Errors.INVALID_PRODUCER_ID_MAPPING
      producer = writer
      const { producerId, producerEpoch } = writer
      const baseSequence = batch.baseSequence(records, 0)
      const guard = isVerified ? partition.transactionGuard(producerId, producerEpoch, baseSequence, isImplicitAdd) : 'unverified'
      verdicts.guards.set(partition.producerStates, guard)
      if (guard !== null && guard !== 'unverified') noteUnopened(unopened, { partition, baseSequence })
    }
  }
  if (producer === null || unopened.size === 0) return verdicts
  const topics = [...unopened].map(([name, partitions]) => ({ name, partitions: [...partitions.keys()] }))
  const asked = { transactionalId, ...producer, topics }
  return isImplicitAdd ? added(asked, unopened, verdicts, context) : verified(asked, unopened, verdicts, context)
}

function isSame(one: Producer, other: Producer): boolean {
  return one.producerId === other.producerId && one.producerEpoch === other.producerEpoch
}

function noteUnopened(unopened: Unopened, noted: UnopenedPartition): void {
  const { topic, index } = noted.partition
  const partitions = unopened.get(topic)
  if (partitions === undefined) unopened.set(topic, new Map([[index, noted]]))
  else partitions.set(index, noted)
}

/**
 * Adds the partitions. While the transaction before is being ended, it tries again for a moment: clients begin at once. The
 * marker of that transaction voids the guards that were there before it, so each question goes with guards of its own.
 */
async function added(asked: Asked, unopened: Unopened, verdicts: MutableVerdicts, context: RequestContext): Promise<Verdicts> {
  const { broker, session, version } = context
  const { host } = broker.world
  const backoffMs = broker.config.get('add.partitions.to.txn.retry.backoff.ms')
  const endMs = host.monotonicMs() + broker.config.get('add.partitions.to.txn.retry.backoff.max.ms')
  for (;;) {
    const answer = await broker.transactions.addPartitions(asked, { version, api: 'implicit' })
    const errorCode = answer === Errors.NONE && !areCurrent(verdicts.guards) ? Errors.CONCURRENT_TRANSACTIONS : answer
    if (errorCode === Errors.NONE) return verdicts
    const isOver = host.monotonicMs() >= endMs || session.isClosed || broker.waiting.isStopped
    if (errorCode !== Errors.CONCURRENT_TRANSACTIONS || isOver) {
      for (const partitions of unopened.values()) {
        for (const { partition } of partitions.values()) refuse(verdicts, partition, notInTransaction(errorCode, version))
      }
      return verdicts
    }
    if (answer !== Errors.NONE) await new Promise<void>(resolve => host.after(backoffMs, resolve))
    takeGuards(asked, unopened, verdicts)
  }
}

function areCurrent(guards: ReadonlyMap<ProducerStates, AppendGuard>): boolean {
  for (const guard of guards.values()) if (guard !== null && guard !== 'unverified' && !guard.isCurrent) return false
  return true
}

function takeGuards({ producerId, producerEpoch }: Producer, unopened: Unopened, { guards }: MutableVerdicts): void {
  for (const partitions of unopened.values()) {
    for (const { partition, baseSequence } of partitions.values()) {
      dropGuard(guards, partition)
      guards.set(partition.producerStates, partition.transactionGuard(producerId, producerEpoch, baseSequence, true))
    }
  }
}

async function verified(asked: Asked, unopened: Unopened, verdicts: MutableVerdicts, context: RequestContext): Promise<Verdicts> {
  const { broker, version } = context
  const answer = await broker.transactions.verifyPartitions(asked, { version })
  for (const [n, { name, partitions }] of asked.topics.entries()) {
    for (const [m, index] of partitions.entries()) {
      const errorCode = isErrorCode(answer) ? answer : answer[n]!.partitions[m]!.errorCode
      if (errorCode === Errors.NONE) continue
      refuse(verdicts, unopened.get(name)!.get(index)!.partition, notInTransaction(errorCode, version))
    }
  }
  return verdicts
}

function refuse({ guards, refusals }: MutableVerdicts, partition: Partition, refusal: NotInTransaction): void {
  dropGuard(guards, partition)
  refusals.set(partition.producerStates, refusal)
}

function dropGuard(guards: ReadonlyMap<ProducerStates, AppendGuard>, partition: Partition): void {
  const guard = guards.get(partition.producerStates) ?? null
  if (guard !== null && guard !== 'unverified') partition.dropGuard(guard)
}

/** In words that clients of this version know what to do about. */
function notInTransaction(errorCode: ErrorCode, version: number): NotInTransaction {
  switch (errorCode) {
    case Errors.PRODUCER_FENCED:
      return { errorCode: Errors.INVALID_PRODUCER_EPOCH, message: null }
    case Errors.TRANSACTION_ABORTABLE:
      if (version >= abortableProduceVersionMin) return { errorCode, message: null }
      return { errorCode: Errors.INVALID_TXN_STATE, message: 'Partition was not added to the transaction' }
    case Errors.CONCURRENT_TRANSACTIONS:
      return version >= implicitAddProduceVersionMin ? { errorCode, message: null } : comeAgain(errorCode)
    case Errors.COORDINATOR_LOAD_IN_PROGRESS:
    case Errors.COORDINATOR_NOT_AVAILABLE:
    case Errors.NOT_COORDINATOR:
      return comeAgain(errorCode)
    default:
      return { errorCode, message: null }
  }
}

/** The one code at which old producers send the batch again without anything else. */
function comeAgain(errorCode: ErrorCode): NotInTransaction {
  const message = `Unable to verify the partition has been added to the transaction. Underlying error: ${errorName(errorCode)}`
  return { errorCode: Errors.NOT_ENOUGH_REPLICAS, message }
}
