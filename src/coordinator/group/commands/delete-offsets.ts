// OffsetDelete v0: forgets positions that no member of the group uses (KIP-496). Also: a topic is deleted.
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import type { DeleteOffsetsCommand, TopicDeletedCommand } from '../command.js'
import type { Group, GroupShard, GroupTurn } from '../state.js'
import { consumerProtocolType, isSubscribed } from '../subscription.js'

export function deleteOffsets(shard: GroupShard, command: DeleteOffsetsCommand, turn: GroupTurn): void {
  const { request, token } = command
  const { groupId } = request
  const group = shard.groups.get(groupId)
  const error = deleteError(group, groupId)
  if (error !== Errors.NONE || group === undefined) {
    turn.answer(token, { errorCode: error, topics: [] })
    return
  }

  const offsets = shard.offsets.get(groupId)
  turn.isDivisible = true
  const topics = request.topics.map(({ name, partitions }) => {
    const errorCode = isSubscribed(group, name) ? Errors.GROUP_SUBSCRIBED_TO_TOPIC : Errors.NONE
    return {
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        if (errorCode === Errors.NONE && offsets?.get(name)?.has(partitionIndex)) {
          turn.write({ type: 'offset', groupId, topic: name, partition: partitionIndex, value: null })
        }
        return { partitionIndex, errorCode }
      }),
    }
  })
  turn.answer(token, { errorCode: Errors.NONE, topics })
}

function deleteError(group: Group | undefined, groupId: string): ErrorCode {
  if (groupId === '') return Errors.INVALID_GROUP_ID
  if (group === undefined) return Errors.GROUP_ID_NOT_FOUND
  // What members of another kind read cannot be known.
  if (group.state !== 'Empty' && group.protocolType !== consumerProtocolType) return Errors.NON_EMPTY_GROUP
  return Errors.NONE
}

export function topicDeleted(shard: GroupShard, { token, topic }: TopicDeletedCommand, turn: GroupTurn): void {
  for (const [groupId, offsets] of shard.offsets) {
    for (const partition of offsets.get(topic)?.keys() ?? [])
      turn.write({ type: 'offset', groupId, topic, partition, value: null })
  }
  turn.isDivisible = true
  turn.answer(token, Errors.NONE)
}
