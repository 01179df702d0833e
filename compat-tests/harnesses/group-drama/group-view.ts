/** The group as an administrator sees it: state, members and who owns what, by DescribeGroups. */
import { errorName } from '#protocol/errors.js'
import { DescribeGroups } from '#protocol/messages/describe-groups.js'
import { Reader } from '#protocol/wire.js'
import type { WireClient } from '../../lib/wire-client.js'

export interface GroupView {
  readonly state: string
  readonly protocol: string
  readonly members: readonly { readonly clientId: string; readonly memberId: string; readonly partitions: readonly number[] }[]
}

export async function describeGroup(client: WireClient, group: string, topic: string): Promise<GroupView> {
  const answer = await client.request(DescribeGroups, 4, { groups: [group] })
  const { groupState, protocolData, members, errorCode } = answer.groups[0]!
  // Real Kafka creates __consumer_offsets only when the first member asks for its coordinator.
  if (errorCode !== 0) return { state: errorName(errorCode), protocol: '', members: [] }
  return {
    state: groupState,
    protocol: protocolData,
    members: members.map(({ clientId, memberId, memberAssignment }) => ({
      clientId,
      memberId,
      partitions: assignedPartitions(memberAssignment, topic),
    })),
  }
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

/** null when every partition has exactly one owner, else what is wrong. */
export function ownershipFault(view: GroupView, partitionCount: number): string | null {
  const owners = new Map<number, string[]>()
  for (const { clientId, partitions } of view.members) {
    for (const partition of partitions) owners.set(partition, [...(owners.get(partition) ?? []), clientId])
  }
  const faults: string[] = []
  for (let partition = 0; partition < partitionCount; partition++) {
    const of = owners.get(partition) ?? []
    if (of.length !== 1) faults.push(`partition ${partition} is owned by ${of.length === 0 ? 'nobody' : of.join(' and ')}`)
  }
  return faults.length === 0 ? null : faults.join(', ')
}

export function ownersOf(view: GroupView): Map<number, string> {
  return new Map(view.members.flatMap(({ clientId, partitions }) => partitions.map(partition => [partition, clientId])))
}
