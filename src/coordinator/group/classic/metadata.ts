/** Between a group at work and its record: what is written of a group, and what a group is after a restart. */

import type { GroupMetadata, GroupRecord } from '../state.js'
import { type ClassicGroup, createGroup, createMember, metadataOf } from './group.js'
import { subscribedTopicsOf } from './subscription.js'

/** The record that makes the group's present generation durable. Call it when state, members and assignments are final. */
export function groupRecord(group: ClassicGroup): GroupRecord {
  return {
    type: 'group',
    groupId: group.groupId,
    value: {
      protocolType: group.protocolType ?? '',
      generation: group.generation,
      protocol: group.protocolName,
      leader: group.leaderId,
      currentStateTimestamp: group.stateSinceMs,
      members: Array.from(group.members.values(), member => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeout: member.rebalanceTimeoutMs,
        sessionTimeout: member.sessionTimeoutMs,
        subscription: metadataOf(member, group.protocolName),
        assignment: member.assignment,
      })),
    },
  }
}

export const groupTombstone = (groupId: string): GroupRecord => ({ type: 'group', groupId, value: null })

export function restoreGroup(groupId: string, metadata: GroupMetadata): ClassicGroup {
  const group = createGroup(groupId, metadata.currentStateTimestamp)
  group.state = metadata.members.length === 0 ? 'Empty' : 'Stable'
  group.previousState = group.state
  group.generation = metadata.generation
  group.protocolType = metadata.protocolType === '' ? null : metadata.protocolType
  group.protocolName = metadata.protocol
  group.leaderId = metadata.leader
  for (const written of metadata.members) {
    const member = createMember(written, groupId, {
      // Versions without a rebalance timeout meant the session timeout.
      rebalanceTimeoutMs: written.rebalanceTimeout === -1 ? written.sessionTimeout : written.rebalanceTimeout,
      sessionTimeoutMs: written.sessionTimeout,
      protocols: [{ name: metadata.protocol ?? '', metadata: written.subscription }],
      assignment: written.assignment,
      isNew: false,
    })
    group.members.set(member.memberId, member)
    if (member.groupInstanceId !== null) group.staticMembers.set(member.groupInstanceId, member.memberId)
  }
  if (group.members.size > 0) group.protocolSupport.set(metadata.protocol ?? '', group.members.size)
  group.subscribedTopics = subscribedTopicsOf(group)
  return group
}
