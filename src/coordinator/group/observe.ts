/** Groups as they are at work, for whoever counts them: read where they are, without a copy, and never changed. */
import type { Command, Shards } from './command.js'
import { kindOf } from './kinds.js'
import type { Group, GroupOffsets, GroupShard } from './state.js'

export interface ObservedGroup {
  readonly groupId: string
  readonly kind: Group['kind']
  /** As ListGroups spells it. */
  readonly state: string
  readonly protocolType: string
  readonly members: number
  /** topic → partition → what was committed. */
  readonly offsets: ReadonlyMap<string, ReadonlyMap<number, { readonly offset: number | bigint }>>
}

/** Those of each shard that is loaded, to be read as often as one likes. Whoever reads on sees what has changed meanwhile. */
export function observe(shards: Shards): Promise<readonly Iterable<ObservedGroup>[]> {
  return shards.askAll(observeShard, null, { version: 0 })
}

const observeShard: Command<null, Iterable<ObservedGroup>> = {
  decide(shard, { token }, turn) {
    turn.answer(token, { [Symbol.iterator]: () => groupsOf(shard) })
  },
  failure: () => [],
}

const noOffsets: GroupOffsets = new Map()

function* groupsOf({ groups, offsets }: GroupShard): Generator<ObservedGroup> {
  for (const group of groups.values()) {
    const kind = kindOf(group)
    const { groupId, protocolType, groupState: state = '' } = kind.listed(group)
    const members = kind.memberCount(group)
    yield { groupId, kind: group.kind, state, protocolType, members, offsets: offsets.get(groupId) ?? noOffsets }
  }
}
