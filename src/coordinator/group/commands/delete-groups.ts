// DeleteGroups v0-2: forgets a group that has no members, with its offsets.
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import type { DeleteGroupCommand } from '../command.js'
import { groupTombstone } from '../metadata.js'
import { type Group, type GroupShard, type GroupTurn, sessionKey } from '../state.js'

export function deleteGroup(shard: GroupShard, { token, groupId }: DeleteGroupCommand, turn: GroupTurn): void {
  turn.answer(token, remove(shard, groupId, turn))
}

function remove(shard: GroupShard, groupId: string, turn: GroupTurn): ErrorCode {
  const group = shard.groups.get(groupId)
  if (group === undefined) return Errors.GROUP_ID_NOT_FOUND
  if (group.state !== 'Empty') return Errors.NON_EMPTY_GROUP
  // The group's own record is the last: cut in the middle, it is a group with fewer offsets.
  for (const [topic, partitions] of shard.offsets.get(groupId) ?? []) {
    for (const partition of partitions.keys()) turn.write({ type: 'offset', groupId, topic, partition, value: null })
  }
  turn.isDivisible = true
  removeEmptyGroup(shard, group, turn)
  return Errors.NONE
}

/** The group only; its offsets are gone already, or go with the same decision. */
export function removeEmptyGroup(shard: GroupShard, group: Group, turn: GroupTurn): void {
  for (const memberId of group.pendingMembers) turn.cancelDeadline(sessionKey(group.groupId, memberId))
  if (shard.metadata.has(group.groupId)) turn.write(groupTombstone(group.groupId))
  shard.groups.delete(group.groupId)
  turn.ifRefused(() => {
    group.pendingMembers.clear()
    shard.groups.set(group.groupId, group)
  })
}
