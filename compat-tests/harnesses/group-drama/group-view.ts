/** The group as an administrator sees it: state, members and who owns what, by ConsumerGroupDescribe or DescribeGroups. */
import { Errors, errorName } from '#protocol/errors.js'
import { ConsumerGroupDescribe } from '#protocol/messages/consumer-group-describe.js'
import { DescribeGroups } from '#protocol/messages/describe-groups.js'
import { Reader } from '#protocol/wire.js'
import type { WireClient } from '../../lib/wire-client.js'
import type { GroupProtocol } from './member-options.js'

export interface GroupView {
  /** Of the group; a group of the consumer protocol may have members of the classic one. */
  readonly kind: GroupProtocol
  readonly isMixed: boolean
  readonly state: string
  readonly members: readonly { readonly clientId: string; readonly memberId: string; readonly partitions: readonly number[] }[]
}

export async function describeGroup(client: WireClient, group: string, topic: string): Promise<GroupView> {
  const asConsumer = await describeConsumerGroup(client, group, topic)
  if (asConsumer !== null) return asConsumer
  const answer = await client.request(DescribeGroups, 4, { groups: [group] })
  const { groupState, members, errorCode } = answer.groups[0]!
  // Real Kafka creates __consumer_offsets only when the first member asks for its coordinator.
  if (errorCode !== 0) return unavailable(errorCode)
  return {
    kind: 'classic',
    isMixed: false,
    state: groupState,
    members: members.map(({ clientId, memberId, memberAssignment }) => ({
      clientId,
      memberId,
      partitions: assignedPartitions(memberAssignment, topic),
    })),
  }
}

/** null for a group of another kind, or of none. */
async function describeConsumerGroup(client: WireClient, group: string, topic: string): Promise<GroupView | null> {
  const answer = await client.request(ConsumerGroupDescribe, 1, { groupIds: [group], includeAuthorizedOperations: false })
  const { errorCode, groupState, members } = answer.groups[0]!
  if (errorCode === Errors.GROUP_ID_NOT_FOUND) return null
  if (errorCode !== 0) return unavailable(errorCode)
  return {
    kind: 'consumer',
    isMixed: new Set(members.map(({ memberType }) => memberType)).size > 1,
    state: groupState,
    members: members.map(({ clientId, memberId, assignment }) => ({
      clientId,
      memberId,
      partitions: assignment.topicPartitions
        .filter(({ topicName }) => topicName === topic)
        .flatMap(({ partitions }) => partitions),
    })),
  }
}

function unavailable(errorCode: number): GroupView {
  return { kind: 'classic', isMixed: false, state: errorName(errorCode), members: [] }
}

/** Kafka's ConsumerProtocolAssignment, of which every version begins alike: version, topics with partitions. */
function assignedPartitions(assignment: Uint8Array, topic: string): number[] {
  if (assignment.length === 0) return []
  const reader = new Reader(assignment)
  reader.int16()
  const partitions: number[] = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    const name = reader.string()
    for (let count = reader.int32(); count > 0; count--) {
      const partition = reader.int32()
      if (name === topic) partitions.push(partition)
    }
  }
  return partitions
}

/** null when every partition has exactly one owner, or at most one where some `mayBeFree`, else what is wrong. */
export function ownershipFault(view: GroupView, partitionCount: number, mayBeFree: boolean): string | null {
  const owners = new Map<number, string[]>()
  for (const { clientId, partitions } of view.members) {
    for (const partition of partitions) owners.set(partition, [...(owners.get(partition) ?? []), clientId])
  }
  const faults: string[] = []
  for (let partition = 0; partition < partitionCount; partition++) {
    const of = owners.get(partition) ?? []
    if (of.length > 1 || (of.length === 0 && !mayBeFree))
      faults.push(`partition ${partition} is owned by ${of.length === 0 ? 'nobody' : of.join(' and ')}`)
  }
  return faults.length === 0 ? null : faults.join(', ')
}

export function ownersOf(view: GroupView): Map<number, string> {
  return new Map(view.members.flatMap(({ clientId, partitions }) => partitions.map(partition => [partition, clientId])))
}
