// ListGroups v0-5: every group of every shard. v4: filter by state (KIP-518). v5: filter by type (KIP-848).
import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import type { ListGroups } from '../../protocol/messages/list-groups.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import type { CallContext, Command, Shards } from './command.js'
import type { ListedGroup } from './kind.js'
import { kindOf } from './kinds.js'

/** In lower case; none asks for all. */
interface Filters {
  readonly states: ReadonlySet<string>
  readonly types: ReadonlySet<string>
}

export async function list(
  shards: Shards,
  { statesFilter, typesFilter }: RequestOf<typeof ListGroups>,
  context: CallContext,
): Promise<ResponseOf<typeof ListGroups>> {
  // Once for all shards: the filters may be long.
  const filters: Filters = { states: asFilter(statesFilter), types: asFilter(typesFilter) }
  const parts: (readonly ListedGroup[])[] = []
  for (const part of await shards.askAll(listShard, filters, context)) {
    if (isErrorCode(part)) return { errorCode: part, groups: [] }
    parts.push(part)
  }
  return { errorCode: Errors.NONE, groups: parts.flat() }
}

const listShard: Command<Filters, readonly ListedGroup[] | ErrorCode> = {
  decide(shard, { request: { states, types }, token }, turn) {
    const groups: ListedGroup[] = []
    for (const group of shard.groups.values()) {
      const listed = kindOf(group).listed(group)
      if (isIn(states, stateInFilters(listed.groupState)) && isIn(types, listed.groupType)) groups.push(listed)
    }
    turn.answer(token, groups)
  },
  failure: (_filters, errorCode) => errorCode,
}

const asFilter = (names: readonly string[]): ReadonlySet<string> => new Set(names.map(name => name.trim().toLowerCase()))

/** Kafka looks for its own name of a state, which is not always the one that it answers with. */
const stateInFilters = (state = ''): string => (state === 'NotReady' ? 'not_ready' : state)

const isIn = (names: ReadonlySet<string>, name = ''): boolean => names.size === 0 || names.has(name.toLowerCase())
