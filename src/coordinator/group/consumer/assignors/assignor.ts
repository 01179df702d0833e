/** What an assignor is: from members and partitions to who gets what. Pure, and the same for the same input. */
import type { Uuid } from '../../../../base/ids.js'
import { type Steps, spent } from '../../steps.js'
import type { Partitions } from '../state.js'

export interface AssignorMember {
  readonly memberId: string
  readonly instanceId: string | null
  /** Topics that it reads, of those there are. */
  readonly topicIds: ReadonlySet<Uuid>
  /** Its target until now. */
  readonly assigned: Partitions
}

export interface AssignorInput {
  readonly members: readonly AssignorMember[]
  partitionCount(topicId: Uuid): number
}

/** By member id; for every member. A step for a partition or so. */
export type Assignor = (input: AssignorInput) => Steps<Map<string, Partitions>>

export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** All want the same topics. */
export function* isHomogeneous(members: readonly AssignorMember[]): Steps<boolean> {
  const first = members[0]?.topicIds
  for (const { topicIds } of members) {
    if (first === undefined || topicIds === first) continue
    if (topicIds.size !== first.size) return false
    yield* spent(first.size)
    for (const topicId of topicIds) if (!first.has(topicId)) return false
  }
  return true
}
