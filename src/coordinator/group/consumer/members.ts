/** Who a member of a consumer group is, and whether it is who it says it is. */
import { Errors, type Refusal, refuse } from '../../../protocol/errors.js'
import type { GroupTurn } from '../command.js'
import type { GroupShard } from '../state.js'
import type { ConsumerGroup } from './group.js'
import type { Owned } from './reconcile.js'
import {
  type CurrentAssignment,
  type MemberMetadata,
  newcomer,
  noPartitions,
  type OwnedPartitions,
  type Partitions,
} from './state.js'
import { cancelTimers } from './timers.js'

/** Of an instance that is away and will be back. */
export const awayEpoch = -2

export interface Found {
  readonly memberId: string
  /** Undefined for one that has just come. */
  readonly metadata: MemberMetadata | undefined
  readonly current: CurrentAssignment
  readonly target: Partitions
  /** Whose place it has taken, as the same instance. */
  readonly replacedId: string | null
}

/** The member as the log has it. */
export function memberOf({ state }: ConsumerGroup, memberId: string): Found {
  return {
    memberId,
    metadata: state.members.get(memberId),
    current: state.current.get(memberId) ?? newcomer,
    target: state.targets.get(memberId) ?? noPartitions,
    replacedId: null,
  }
}

export function unknownMember({ groupId }: ConsumerGroup, memberId: string): Refusal {
  return refuse(Errors.UNKNOWN_MEMBER_ID, `Member ${memberId} is not a member of group ${groupId}.`)
}

/** The member that is this instance, if its id is the one that is given. */
export function instanceProblem({ state }: ConsumerGroup, memberId: string, instanceId: string): Refusal | null {
  const current = state.staticMembers.get(instanceId)
  if (current === undefined) return refuse(Errors.UNKNOWN_MEMBER_ID, `Instance id ${instanceId} is unknown.`)
  if (current === memberId) return null
  return refuse(
    Errors.FENCED_INSTANCE_ID,
    `Static member ${memberId} with instance id ${instanceId} was fenced by member ${current}.`,
  )
}

/**
 * A member is in the epoch that it was last told. The one before will do when it has nothing that is not its own: the answer
 * that told it of the next may have got lost.
 */
export function epochProblem(
  { memberEpoch, previousMemberEpoch, assigned }: CurrentAssignment,
  epoch: number,
  owned: Owned,
): Refusal | null {
  if (epoch === memberEpoch) return null
  if (epoch < memberEpoch && epoch === previousMemberEpoch && isSubset(owned, assigned)) return null
  const how = epoch > memberEpoch ? 'greater' : 'smaller'
  return refuse(
    Errors.FENCED_MEMBER_EPOCH,
    `The consumer group member has a ${how} member epoch (${epoch}) than the one known by the group coordinator ` +
      `(${memberEpoch}). The member must abandon all its partitions and rejoin.`,
  )
}

function isSubset(owned: Owned, assigned: OwnedPartitions): boolean {
  if (owned === null) return false
  return owned.every(({ topicId, partitions }) => {
    const those = assigned.get(topicId)
    return those !== undefined && partitions.every(partition => those.has(partition))
  })
}

/** [KIP-345] The instance is back under another id: it has what it had, and is to have what it was to have. */
export function replaceInstance(shard: GroupShard, group: ConsumerGroup, found: Found, turn: GroupTurn): Found {
  const { groupId } = group
  const { memberId, metadata, current, target, replacedId } = found
  if (replacedId !== null) removeMember(shard, group, replacedId, turn)
  // It was worked out for another member.
  group.assigning = null
  const kept: CurrentAssignment = { ...newcomer, state: current.state, assigned: sinceNever(current.assigned) }
  const key = { groupId, memberId }
  if (metadata !== undefined) turn.write({ type: 'consumer-member', key, value: metadata })
  turn.write({ type: 'consumer-target', key, value: target })
  turn.write({ type: 'consumer-current', key, value: kept })
  return { ...found, current: kept }
}

/** An instance that has left may commit nothing in epochs of before. */
export function sinceNever(assigned: OwnedPartitions): OwnedPartitions {
  return new Map(
    Array.from(assigned, ([topicId, partitions]) => [
      topicId,
      new Map(Array.from(partitions.keys(), partition => [partition, 0])),
    ]),
  )
}

/** Its records and timers; the group's epoch is the caller's business. */
export function removeMember(shard: GroupShard, group: ConsumerGroup, memberId: string, turn: GroupTurn): void {
  const key = { groupId: group.groupId, memberId }
  cancelTimers(shard, group, memberId, turn)
  turn.write({ type: 'consumer-current', key, value: null })
  turn.write({ type: 'consumer-target', key, value: null })
  turn.write({ type: 'consumer-member', key, value: null })
}
