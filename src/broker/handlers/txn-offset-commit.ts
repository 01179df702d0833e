import type { VerifiedPartitions } from '../../coordinator/transaction/verify-partitions.js'
import { offsetsTopic } from '../../node/internal-topics.js'
import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import { TxnOffsetCommit } from '../../protocol/messages/txn-offset-commit.js'
import type { AppendGuard } from '../../protocol/records/marker.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'
import { knownPartitions, mergedTopics } from '../known-partitions.js'
import { topicNameOf, unknownTopicCode } from '../topic-reference.js'

type CommitRequest = RequestOf<typeof TxnOffsetCommit>
type Topic = CommitRequest['topics'][number]

// TxnOffsetCommit v0-6: a group's positions, as part of a producer's transaction. v5: the group's offsets become part of it by
// this request, without AddOffsetsToTxn (KIP-890). v6: topics by id; the coordinator knows names only, so ids are resolved here.
export const txnOffsetCommit = handler(TxnOffsetCommit, async (request, context) => {
  const { version } = context
  if (!context.may('write', 'transactional_id', request.transactionalId)) {
    return TxnOffsetCommit.failure(request, Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, version)
  }
  if (!context.may('read', 'group', request.groupId)) {
    return TxnOffsetCommit.failure(request, Errors.GROUP_AUTHORIZATION_FAILED, version)
  }
  const usesIds = version >= 6
  const topics = request.topics
    .filter(({ partitions }) => partitions.length > 0)
    .map(topic => ({ ...topic, name: topicNameOf(topic, usesIds, context.broker.topics.image) ?? '' }))
  const { known, refused } = knownPartitions(topics, (topic, partition) => partitionError(context, topic, partition))
  if (known.length === 0) return { topics: refused }
  const answer = await commit({ ...request, topics: known }, context)
  return refused.length === 0 ? answer : { topics: mergedTopics([...refused, ...answer.topics]) }
})

function partitionError(context: RequestContext, { name }: Topic, partition: number): ErrorCode {
  const isKnown = context.broker.topics.partition(name, partition) !== undefined
  if (name !== '' && !context.may('read', 'topic', name)) return Errors.TOPIC_AUTHORIZATION_FAILED
  return isKnown ? Errors.NONE : unknownTopicCode(name, context.version >= 6)
}

async function commit(request: CommitRequest, context: RequestContext): Promise<ResponseOf<typeof TxnOffsetCommit>> {
  const { broker, version } = context
  if (request.groupId === '') return TxnOffsetCommit.failure(request, Errors.INVALID_GROUP_ID, version)
  const guard = await verified(request, context)
  if (isErrorCode(guard)) return TxnOffsetCommit.failure(request, forVersion(guard, version), version)
  const { topics } = await broker.groups.commitInTransaction(request, { version, guard })
  return {
    topics: topics.map(topic => ({
      ...topic,
      partitions: topic.partitions.map(({ partitionIndex, errorCode }) => ({
        partitionIndex,
        errorCode: forVersion(errorCode, version),
      })),
    })),
  }
}

/** Old clients do not come again at COORDINATOR_LOAD_IN_PROGRESS, nor do they know of epochs of members. */
function forVersion(errorCode: number, version: number): ErrorCode {
  if (errorCode === Errors.STALE_MEMBER_EPOCH && version < 6) return Errors.ILLEGAL_GENERATION
  const isUnknown = version < 2 && errorCode === Errors.COORDINATOR_LOAD_IN_PROGRESS
  return isUnknown ? Errors.COORDINATOR_NOT_AVAILABLE : (errorCode as ErrorCode)
}

/** What the log wants to see of this producer's transaction, or why it may not write in it. */
async function verified(request: CommitRequest, { broker, version }: RequestContext): Promise<AppendGuard | ErrorCode> {
  const { transactionalId, groupId, producerId, producerEpoch } = request
  await broker.topics.createInternal(offsetsTopic)
  const index = broker.groups.partitionOf(groupId)
  const partition = broker.topics.partition(offsetsTopic.name, index)
  if (partition === undefined) return Errors.COORDINATOR_NOT_AVAILABLE
  const isImplicitAdd = version >= 5
  const asked = { transactionalId, producerId, producerEpoch, topics: [{ name: offsetsTopic.name, partitions: [index] }] }
  for (let question = 0; question < questionsMax; question++) {
    const guard = partition.transactionGuard(producerId, producerEpoch, noSequence, isImplicitAdd)
    if (guard === null) return null
    if (!(isImplicitAdd || broker.config.get('transaction.partition.verification.enable'))) return 'unverified'
    const errorCode = isImplicitAdd
      ? await broker.transactions.addPartitions(asked, { version, api: 'implicit' })
      : codeOf(await broker.transactions.verifyPartitions(asked, { version }))
    if (errorCode !== Errors.NONE) return verificationError(errorCode, version)
    // The marker of the transaction before voids a guard that was there before it.
    if (guard.isCurrent) return guard
  }
  return Errors.CONCURRENT_TRANSACTIONS
}

/** Each with a guard of its own. One transaction ends at a time, so the second one is the last. */
const questionsMax = 3

/** The records of a commit have no sequence of their own. */
const noSequence = -1

const codeOf = (verified: VerifiedPartitions | ErrorCode): ErrorCode =>
  isErrorCode(verified) ? verified : verified[0]!.partitions[0]!.errorCode

function verificationError(errorCode: ErrorCode, version: number): ErrorCode {
  switch (errorCode) {
    case Errors.PRODUCER_FENCED:
      return Errors.INVALID_PRODUCER_EPOCH
    // [KIP-890] Abortable only for clients that know it.
    case Errors.TRANSACTION_ABORTABLE:
      return version >= 4 ? errorCode : Errors.INVALID_TXN_STATE
    default:
      return errorCode
  }
}
