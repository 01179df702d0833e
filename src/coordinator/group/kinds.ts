/** The kinds of groups, a row each. */
import { classicKind } from './classic/kind.js'
import type { GroupKind } from './kind.js'
import type { Group } from './state.js'

const kinds: { readonly [Kind in Group['kind']]: GroupKind<Extract<Group, { kind: Kind }>> } = { classic: classicKind }

export const kindOf = (group: Group): GroupKind<Group> => kinds[group.kind]
