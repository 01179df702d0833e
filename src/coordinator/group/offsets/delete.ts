// OffsetDelete v0: forgets positions that no member of the group uses (KIP-496). Also: a topic is deleted.
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import { OffsetDelete } from '../../../protocol/messages/offset-delete.js'
import { type Command, command, type Shards } from '../command.js'
import { kindOf } from '../kinds.js'
import type { Group } from '../state.js'
import { isPending } from './pending.js'

export const deleteOffsets = command(OffsetDelete, (shard, { request, token }, turn) => {
  const { groupId } = request
  const group = shard.groups.get(groupId)
  const error = deleteError(group, groupId)
  if (error !== Errors.NONE || group === undefined) {
    turn.answer(token, { errorCode: error, topics: [] })
    return
  }

  const offsets = shard.offsets.get(groupId)
  const isThere = (topic: string, partition: number): boolean =>
    offsets?.get(topic)?.has(partition) === true || isPending(shard, groupId, topic, partition)
  turn.isDivisible = true
  const topics = request.topics.map(({ name, partitions }) => {
    const errorCode = kindOf(group).isSubscribed(group, name) ? Errors.GROUP_SUBSCRIBED_TO_TOPIC : Errors.NONE
    return {
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        if (errorCode === Errors.NONE && isThere(name, partitionIndex)) {
          turn.write({ type: 'offset', groupId, topic: name, partition: partitionIndex, value: null })
        }
        return { partitionIndex, errorCode }
      }),
    }
  })
  turn.answer(token, { errorCode: Errors.NONE, topics })
})

function deleteError(group: Group | undefined, groupId: string): ErrorCode {
  if (groupId === '') return Errors.INVALID_GROUP_ID
  if (group === undefined) return Errors.GROUP_ID_NOT_FOUND
  return kindOf(group).offsetDeletionError(group)
}

/** Forgets every group's offsets on a deleted topic; resolves when that is durable. */
export async function topicDeleted(shards: Shards, topic: string): Promise<void> {
  await shards.askAll(forgetTopic, topic, { version: 0 }, 'waits')
}

export const forgetTopic: Command<string, ErrorCode> = {
  decide(shard, { request: topic, token }, turn) {
    for (const [groupId, offsets] of shard.offsets) {
      for (const partition of offsets.get(topic)?.keys() ?? []) {
        turn.write({ type: 'offset', groupId, topic, partition, value: null })
      }
    }
    for (const [groupId, topics] of shard.pendingOffsets.byGroup) {
      const committed = shard.offsets.get(groupId)?.get(topic)
      for (const partition of topics.get(topic)?.keys() ?? []) {
        if (committed?.has(partition) !== true) turn.write({ type: 'offset', groupId, topic, partition, value: null })
      }
    }
    turn.isDivisible = true
    turn.answer(token, Errors.NONE)
  },
  failure: (_topic, errorCode) => errorCode,
}
