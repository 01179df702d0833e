/** The endpoints of all members, those that have one. What a member has of the topics is kept while its tasks are the same. */
import type { TopicsView } from '../../machine.js'
import { type EndpointPartitions, partitionsOf } from './endpoints.js'
import { currentOf, type StreamsGroup } from './group.js'
import type { Member } from './membership.js'
import type { ConfiguredTopology } from './topology.js'

/** `asking`: as it is from now on. Null while nobody knows how many partitions there are. */
export function endpointsOf(
  group: StreamsGroup,
  asking: Member,
  topology: ConfiguredTopology,
  topics: TopicsView['topics'],
): EndpointPartitions[] | null {
  if (topology.subtopologies === null) return null
  const found: EndpointPartitions[] = []
  for (const [memberId, metadata] of group.state.members) {
    if (memberId === asking.memberId || memberId === asking.replaces) continue
    add(found, group, { memberId, metadata, current: currentOf(group.state, memberId) }, topology, topics)
  }
  add(found, group, asking, topology, topics)
  return found
}

function add(
  found: EndpointPartitions[],
  group: StreamsGroup,
  { memberId, metadata: { userEndpoint }, current }: Pick<Member, 'memberId' | 'metadata' | 'current'>,
  topology: ConfiguredTopology,
  topics: TopicsView['topics'],
): void {
  if (userEndpoint === null) return
  const known = group.endpoints.get(memberId)
  if (known?.current === current && known.topology === topology && known.partitions.userEndpoint === userEndpoint) {
    found.push(known.partitions)
    return
  }
  const partitions = partitionsOf(userEndpoint, current.assigned, topology.subtopologies ?? [], topics)
  group.endpoints.set(memberId, { current, topology, partitions })
  found.push(partitions)
}
