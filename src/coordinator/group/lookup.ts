/** What a request that is meant for one kind of groups finds under an id. */
import { assert } from '../../base/assert.js'
import type { GroupTurn } from './command.js'
import { kindOf } from './kinds.js'
import type { Group, GroupOf, GroupShard } from './state.js'

/** Undefined also for a group of another kind. */
export function groupOf<Kind extends Group['kind']>(shard: GroupShard, groupId: string, kind: Kind): GroupOf<Kind> | undefined {
  const group = shard.groups.get(groupId)
  return group?.kind === kind ? (group as GroupOf<Kind>) : undefined
}

/** A group of another kind. */
export function groupOfOther(shard: GroupShard, groupId: string, kind: Group['kind']): Group | undefined {
  const group = shard.groups.get(groupId)
  return group?.kind === kind ? undefined : group
}

/**
 * A group without members turns into what its next member is: it is forgotten here, but for its offsets, and the caller begins
 * another, in the same decision.
 */
export function giveWay(shard: GroupShard, group: Group, turn: GroupTurn): void {
  const kind = kindOf(group)
  assert(kind.isEmpty(group), 'a group with members stays what it is')
  kind.remove(shard, group, turn)
}
