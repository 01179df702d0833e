// TxnOffsetCommit v0-6: stores a group's positions as part of a producer's transaction; they are the group's when it is
// committed. v3: says for which member (KIP-447). v6: a group that is not there is GROUP_ID_NOT_FOUND. Topics are taken by
// name, as in OffsetCommit. Whether the transaction is open is asked before; the log takes the answer with the records.
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import { TxnOffsetCommit } from '../../../protocol/messages/txn-offset-commit.js'
import type { AppendGuard } from '../../../protocol/records/marker.js'
import type { RequestOf, ResponseOf } from '../../../protocol/schema.js'
import { isCrowded } from '../classic/rebalance.js'
import { type Asked, type CallContext, command, type GroupTurn } from '../command.js'
import { nameCharsMax, pendingOffsetsMax } from '../config.js'
import { kindOf } from '../kinds.js'
import type { Group, GroupShard } from '../state.js'
import { beginGroup, metadataError } from './commit.js'

type TxnCommitRequest = RequestOf<typeof TxnOffsetCommit>

export interface TransactionContext extends CallContext {
  /** What the coordinator of transactions said about this producer's, as the log wants to see it. */
  readonly guard: AppendGuard
}

export const commitInTransaction = command(TxnOffsetCommit, commit)

type Asking = Asked<TxnCommitRequest, ResponseOf<typeof TxnOffsetCommit>, TransactionContext>

function commit(shard: GroupShard, { request, context, token }: Asking, turn: GroupTurn): void {
  const { groupId, producerId, producerEpoch } = request
  const group = shard.groups.get(groupId)
  const error = commitError(group, request, context.version, turn) || roomError(shard, group, request)
  const metadataCharsMax = shard.config().offsetMetadataMaxBytes
  const topics = request.topics.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map(partition => {
      const { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, committedMetadata } = partition
      const errorCode = error || metadataError(partition, metadataCharsMax)
      if (errorCode === Errors.NONE) {
        const value = {
          offset,
          leaderEpoch,
          metadata: committedMetadata ?? '',
          commitTimestampMs: turn.nowMs,
          expireTimestampMs: -1,
        }
        turn.write({ type: 'offset', groupId, topic: name, partition: partitionIndex, value })
      }
      return { partitionIndex, errorCode }
    }),
  }))
  if (turn.records.length > 0) {
    turn.producer = { producerId, producerEpoch, guard: context.guard }
    if (group === undefined) beginGroup(shard, groupId, turn)
  }
  turn.answer(token, { topics })
}

function commitError(group: Group | undefined, request: TxnCommitRequest, version: number, turn: GroupTurn): ErrorCode {
  if (group !== undefined) return kindOf(group).transactionalCommitError(group, request, turn)
  if (request.groupId.length > nameCharsMax) return Errors.INVALID_GROUP_ID
  // A group that is not there begins with its first offset, unless the request names a member.
  if (request.generationIdOrMemberEpoch < 0) return Errors.NONE
  return version >= 6 ? Errors.GROUP_ID_NOT_FOUND : Errors.ILLEGAL_GENERATION
}

/**
 * Transactions end, by a timeout at the latest: the client is told to come again. None gets more than half of what the others
 * have left, so that one large one does not keep the groups of its shard waiting.
 */
function roomError(shard: GroupShard, group: Group | undefined, { producerId, topics }: TxnCommitRequest): ErrorCode {
  const { count, byProducer } = shard.pendingOffsets
  let own = byProducer.get(producerId)?.size ?? 0
  const left = pendingOffsetsMax - (count - own)
  for (const { partitions } of topics) own += partitions.length
  const hasRoom = own <= Math.ceil(left / 2) && (group !== undefined || !isCrowded(shard))
  return hasRoom ? Errors.NONE : Errors.COORDINATOR_LOAD_IN_PROGRESS
}
