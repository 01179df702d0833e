/** The kinds of groups, a row each. */
import { classicKind } from './classic/kind.js'
import { consumerKind } from './consumer/kind.js'
import type { GroupKind } from './kind.js'
import type { Group, GroupOf } from './state.js'
import { streamsKind } from './streams/kind.js'

export const kinds: { readonly [Kind in Group['kind']]: GroupKind<GroupOf<Kind>> } = {
  classic: classicKind,
  consumer: consumerKind,
  streams: streamsKind,
}

export const kindOf = (group: Group): GroupKind<Group> => kinds[group.kind] as GroupKind<Group>
