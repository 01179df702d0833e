/**
 * [KIP-848] How one member gets from what it has to what it is to have, a step with each heartbeat:
 *
 *   1. what it is no longer to have is taken back, and the member stays in its epoch until it says that it has let go;
 *   2. then it is in the epoch of the target, and gets what is free;
 *   3. what others have still comes when they have let go.
 *
 * So a partition never has two owners. Pure: the steps are those of Kafka, state by state.
 */
import type { Uuid } from '../../../base/ids.js'
import {
  type CurrentAssignment,
  type OwnedPartitions,
  type Partitions,
  stable,
  unreleasedPartitions,
  unrevokedPartitions,
} from './state.js'

/** What a member says it has; null: nothing new, so it may have all that it was given. */
export type Owned = readonly { readonly topicId: Uuid; readonly partitions: readonly number[] }[] | null

export interface Reconciling {
  readonly memberId: string
  readonly target: Partitions
  readonly targetEpoch: number
  readonly owned: Owned
  readonly hasNewSubscription: boolean
  isSubscribed(topicId: Uuid): boolean
  /** Who has this partition, or has not let go of it yet. */
  ownerOf(topicId: Uuid, partition: number): string | undefined
}

/** The same object when nothing changes. */
export function reconcile(current: CurrentAssignment, to: Reconciling): CurrentAssignment {
  switch (current.state) {
    case stable:
      if (current.memberEpoch !== to.targetEpoch) return nextAssignment(current, to)
      return to.hasNewSubscription ? withoutUnsubscribed(current, to) : current
    case unrevokedPartitions:
      if (!ownsAnyOf(to.owned, current.pendingRevocation)) return nextAssignment(current, to)
      return to.hasNewSubscription ? withoutUnsubscribed(current, to) : current
    default:
      return nextAssignment(current, to)
  }
}

function nextAssignment(current: CurrentAssignment, to: Reconciling): CurrentAssignment {
  const kept = new Map<Uuid, Map<number, number>>()
  const revoked = new Map<Uuid, Map<number, number>>()
  const added = new Map<Uuid, Map<number, number>>()
  let isWaiting = false
  for (const [topicId, partitions] of current.assigned) {
    const target = to.isSubscribed(topicId) ? new Set(to.target.get(topicId)) : none
    for (const [partition, epoch] of partitions) put(target.has(partition) ? kept : revoked, topicId, partition, epoch)
  }
  for (const [topicId, partitions] of to.target) {
    if (!to.isSubscribed(topicId)) continue
    const has = kept.get(topicId)
    for (const partition of partitions) {
      if (has?.has(partition)) continue
      const owner = to.ownerOf(topicId, partition)
      const isFree = owner === undefined || (owner === to.memberId && current.pendingRevocation.get(topicId)?.has(partition))
      if (isFree) put(added, topicId, partition, to.targetEpoch)
      else isWaiting = true
    }
  }

  // 1. It stays in its epoch, so that it may commit what it gives up.
  if (revoked.size > 0 && ownsAnyOf(to.owned, revoked)) {
    const { memberEpoch } = current
    const assignment = { state: unrevokedPartitions, assigned: kept, pendingRevocation: revoked }
    return { memberEpoch, previousMemberEpoch: memberEpoch, ...assignment }
  }
  // 2. and 3.
  for (const [topicId, partitions] of added) for (const [partition, epoch] of partitions) put(kept, topicId, partition, epoch)
  const state = isWaiting ? unreleasedPartitions : stable
  const isSame = current.state === state && current.memberEpoch === to.targetEpoch && current.pendingRevocation.size === 0
  if (isSame && revoked.size === 0 && added.size === 0) return current
  return {
    memberEpoch: to.targetEpoch,
    previousMemberEpoch: current.memberEpoch,
    state,
    assigned: kept,
    pendingRevocation: nothing,
  }
}

/** The next target is not there yet, or not to be gone to: topics that the member no longer wants are taken back all the same. */
function withoutUnsubscribed(current: CurrentAssignment, to: Reconciling): CurrentAssignment {
  const kept = new Map<Uuid, ReadonlyMap<number, number>>()
  const revoked = new Map<Uuid, Map<number, number>>()
  for (const [topicId, partitions] of current.pendingRevocation) revoked.set(topicId, new Map(partitions))
  for (const [topicId, partitions] of current.assigned) {
    if (to.isSubscribed(topicId)) kept.set(topicId, partitions)
    else for (const [partition, epoch] of partitions) put(revoked, topicId, partition, epoch)
  }
  if (kept.size === current.assigned.size) return current
  if (!ownsAnyOf(to.owned, revoked)) return { ...current, assigned: kept }
  return { ...current, state: unrevokedPartitions, assigned: kept, pendingRevocation: revoked }
}

function ownsAnyOf(owned: Owned, partitions: OwnedPartitions): boolean {
  if (owned === null) return true
  return owned.some(({ topicId, partitions: mine }) => {
    const those = partitions.get(topicId)
    return those !== undefined && mine.some(partition => those.has(partition))
  })
}

function put(into: Map<Uuid, Map<number, number>>, topicId: Uuid, partition: number, epoch: number): void {
  const ofTopic = into.get(topicId)
  if (ofTopic === undefined) into.set(topicId, new Map([[partition, epoch]]))
  else ofTopic.set(partition, epoch)
}

const none: ReadonlySet<number> = new Set()
const nothing: OwnedPartitions = new Map()
