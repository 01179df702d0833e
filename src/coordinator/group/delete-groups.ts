// DeleteGroups v0-3: forgets groups that have no members, with their offsets. One that is named twice is answered once.
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import type { DeleteGroups } from '../../protocol/messages/delete-groups.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { askEach } from './ask-each.js'
import type { CallContext, Command, GroupTurn, Shards } from './command.js'
import { kindOf } from './kinds.js'
import { offsetPlacesOf } from './offsets/pending.js'
import type { GroupShard } from './state.js'

export async function deleteGroups(
  shards: Shards,
  request: RequestOf<typeof DeleteGroups>,
  context: CallContext,
): Promise<ResponseOf<typeof DeleteGroups>> {
  const results = await askEach(new Set(request.groupsNames), context.pause, async groupId => ({
    groupId,
    errorCode: await shards.ask(deleteGroup, { groupId }, context),
  }))
  return { results }
}

export const deleteGroup: Command<{ readonly groupId: string }, ErrorCode> = {
  decide(shard, { request, token }, turn) {
    turn.answer(token, remove(shard, request.groupId, turn))
  },
  failure: (_request, errorCode) => errorCode,
}

function remove(shard: GroupShard, groupId: string, turn: GroupTurn): ErrorCode {
  const group = shard.groups.get(groupId)
  if (group === undefined) return Errors.GROUP_ID_NOT_FOUND
  if (!kindOf(group).isEmpty(group)) return Errors.NON_EMPTY_GROUP
  // The group's own record is the last: cut in the middle, it is a group with fewer offsets.
  for (const [topic, partition] of offsetPlacesOf(shard, groupId)) {
    turn.write({ type: 'offset', groupId, topic, partition, value: null })
  }
  turn.isDivisible = true
  kindOf(group).remove(shard, group, turn)
  return Errors.NONE
}
