// ListGroups v0-5: the groups of one shard. v4: filter by state (KIP-518). v5: filter by type (KIP-848).
import type { ListCommand, ListedGroup } from '../command.js'
import type { GroupShard, GroupTurn } from '../state.js'

const groupType = 'classic'

export function list(shard: GroupShard, { token, states, types }: ListCommand, turn: GroupTurn): void {
  const groups: ListedGroup[] = []
  for (const group of shard.groups.values()) {
    if (states.size > 0 && !states.has(group.state.toLowerCase())) continue
    if (types.size > 0 && !types.has(groupType)) continue
    groups.push({ groupId: group.groupId, protocolType: group.protocolType ?? '', groupState: group.state, groupType })
  }
  turn.answer(token, groups)
}
