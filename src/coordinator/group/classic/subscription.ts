/**
 * Which topics the members of a consumer group read. This is the only place that looks into a member's metadata, and
 * only to keep offsets of topics in use from expiring or being deleted; a metadata that is not a consumer's is no error.
 */
import type { Bytes } from '../../../base/bytes.js'
import { MalformedError, Reader } from '../../../protocol/wire.js'
import type { ClassicGroup } from './group.js'

export const consumerProtocolType = 'consumer'

/** null: not known. */
export function subscribedTopicsOf(group: ClassicGroup): ReadonlySet<string> | null {
  if (group.protocolType !== consumerProtocolType) return null
  const topics = new Set<string>()
  for (const member of group.members.values()) {
    const metadata = member.protocols.find(protocol => protocol.name === group.protocolName)?.metadata
    if (metadata === undefined || !addTopics(topics, metadata)) return null
  }
  return topics
}

/** A consumer group whose subscriptions cannot be read counts as reading everything. */
export function isSubscribed(group: ClassicGroup, topic: string): boolean {
  return group.subscribedTopics?.has(topic) ?? group.protocolType === consumerProtocolType
}

/** Every version of a consumer's subscription starts with int16 version and an array of topic names. */
function addTopics(topics: Set<string>, metadata: Bytes): boolean {
  try {
    const reader = new Reader(metadata)
    reader.int16()
    const count = reader.nonNullLength(reader.arrayLength(2))
    for (let index = 0; index < count; index++) topics.add(reader.string())
    return true
  } catch (error) {
    if (error instanceof MalformedError) return false
    throw error
  }
}
