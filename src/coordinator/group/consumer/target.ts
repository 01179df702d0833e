/** Who is to have what, in the epoch of the group: worked out over all members, and written where it differs from before. */
import type { Uuid } from '../../../base/ids.js'
import type { TopicsView } from '../../machine.js'
import { assign } from '../assigning.js'
import type { GroupTurn } from '../command.js'
import type { ConsumerGroupConfig } from '../config.js'
import { spent, type WritingSteps } from '../steps.js'
import type { Assignor, AssignorMember } from './assignors/assignor.js'
import { range } from './assignors/range.js'
import { uniform } from './assignors/uniform.js'
import type { ConsumerGroup } from './group.js'
import { type ConsumerRecord, type MemberMetadata, noPartitions, type Partitions } from './state.js'
import { TopicsOfMembers } from './subscriptions.js'

export const assignors: Readonly<Record<string, Assignor>> = { uniform, range }

/** The members that there are after this decision: one may have come, changed, or taken the place of another. */
export interface Members {
  readonly group: ConsumerGroup
  readonly memberId: string
  readonly metadata: MemberMetadata
  /** What it is to have until now. */
  readonly target: Partitions
  /** Whose place it has taken. */
  readonly replacedId: string | null
}

/** What the member at work is to have now; null when that takes longer than this turn. */
export function writeTarget(
  members: Members,
  epoch: number,
  { assignors: names, assignmentStepsPerTurn }: ConsumerGroupConfig,
  turn: GroupTurn,
): Partitions | null {
  return assign(members.group, targetSteps(members, epoch, names, turn), assignmentStepsPerTurn, turn)
}

/** Over the members there are when it begins. */
function* targetSteps(
  members: Members,
  epoch: number,
  assignorNames: readonly string[],
  { env: { topics }, nowMs }: GroupTurn,
): WritingSteps<ConsumerRecord, Partitions> {
  const { group, memberId } = members
  const { groupId, state } = group
  const all = [...membersOf(members)]
  const assignor = assignors[preferredAssignor(metadataOf(all), assignorNames)] ?? uniform
  const wanted = new TopicsOfMembers(topics, new Map(state.regexes))
  const input: AssignorMember[] = []
  for (const [id, metadata, target] of all) {
    yield* spent(metadata.subscribedTopicNames.length)
    input.push({ memberId: id, instanceId: metadata.instanceId, topicIds: wanted.of(metadata), assigned: target })
  }
  const assigned = yield* assignor({ members: input, partitionCount: partitionCounts(topics) })
  for (const { memberId: id, assigned: before } of input) {
    const after = assigned.get(id) ?? noPartitions
    for (const partitions of after.values()) yield* spent(partitions.length)
    if (!areEqual(before, after)) yield { type: 'consumer-target', key: { groupId, memberId: id }, value: after }
  }
  const value = { assignmentEpoch: epoch, assignmentTimestamp: nowMs }
  yield { type: 'consumer-target-epoch', key: { groupId }, value }
  return assigned.get(memberId) ?? noPartitions
}

function* metadataOf(members: Iterable<readonly [string, MemberMetadata, Partitions]>): Generator<MemberMetadata> {
  for (const [, metadata] of members) yield metadata
}

/** The same for all who ask, whatever becomes of the topics meanwhile. */
function partitionCounts({ topicsById }: TopicsView): (topicId: Uuid) => number {
  const counts = new Map<Uuid, number>()
  return topicId => {
    const known = counts.get(topicId)
    if (known !== undefined) return known
    const count = topicsById.get(topicId)?.partitions.length ?? 0
    counts.set(topicId, count)
    return count
  }
}

export function* membersOf(members: Members): Generator<[string, MemberMetadata, Partitions]> {
  const { group, memberId, metadata, target, replacedId } = members
  for (const [id, other] of group.state.members) {
    if (id !== memberId && id !== replacedId) yield [id, other, group.state.targets.get(id) ?? noPartitions]
  }
  yield [memberId, metadata, target]
}

/** The one that most members ask for; the first of the broker's where none does. */
export function preferredAssignor(members: Iterable<MemberMetadata>, assignorNames: readonly string[]): string {
  const votes = new Map<string, number>()
  for (const { serverAssignor } of members) {
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1)
  }
  let [winner, most] = [assignorNames[0] ?? 'uniform', 0]
  for (const [name, count] of votes) if (count > most) [winner, most] = [name, count]
  return winner
}

function areEqual(a: Partitions, b: Partitions): boolean {
  if (a.size !== b.size) return false
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId)
    if (others === undefined || others.length !== partitions.length) return false
    if (partitions.some((partition, at) => partition !== others[at])) return false
  }
  return true
}
