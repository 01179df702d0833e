/** Topics are named in old versions of an API and identified in new ones; the rooms below know names. */
import type { Uuid } from '../base/ids.js'
import type { ClusterImage } from '../cluster/image.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'

/** The name of a topic that a request refers to; null for an unknown topic id. */
export function topicNameOf(
  topic: { readonly name: string; readonly topicId: Uuid },
  usesIds: boolean,
  image: ClusterImage,
): string | null {
  return usesIds ? (image.topicsById.get(topic.topicId)?.name ?? null) : topic.name
}

/** What is wrong with a partition that is not there: its topic id (resolved to no name), or its name or number. */
export function unknownTopicCode(name: string, usesIds: boolean): ErrorCode {
  return usesIds && name === '' ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION
}
