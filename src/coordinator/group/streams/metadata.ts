/** What a heartbeat changes of what is known of its member. */
import type { MemberContext } from '../command.js'
import { type HeartbeatRequest, joining } from './heartbeat-request.js'
import type { MemberMetadata } from './state.js'

/** null, or -1, is what has not changed; but who joins without an endpoint has none. */
export function updated(
  before: MemberMetadata,
  request: HeartbeatRequest,
  { clientId, clientHost }: MemberContext,
): MemberMetadata {
  const { memberEpoch, instanceId, rackId, rebalanceTimeoutMs, topology, processId, userEndpoint, clientTags } = request
  return {
    instanceId: instanceId ?? before.instanceId,
    rackId: rackId ?? before.rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? before.rebalanceTimeoutMs : rebalanceTimeoutMs,
    topologyEpoch: topology?.epoch ?? before.topologyEpoch,
    processId: processId ?? before.processId,
    userEndpoint: memberEpoch === joining ? userEndpoint : (userEndpoint ?? before.userEndpoint),
    clientTags: clientTags === null ? before.clientTags : sorted(clientTags),
  }
}

function sorted(clientTags: MemberMetadata['clientTags']): MemberMetadata['clientTags'] {
  const tags = new Map(clientTags.map(({ key, value }) => [key, value]))
  return Array.from(tags, ([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1))
}

export function isSameMetadata(one: MemberMetadata, other: MemberMetadata): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** Whether tasks may depend on what has changed of a static member; of another, all may. */
export function isOther(one: MemberMetadata, other: MemberMetadata): boolean {
  const relevant = ({ topologyEpoch, rackId, clientTags, processId }: MemberMetadata): string =>
    JSON.stringify([topologyEpoch, rackId, clientTags, processId])
  return relevant(one) !== relevant(other)
}
