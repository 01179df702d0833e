import { zeroUuid } from '../../base/ids.js'
import { Errors } from '../../protocol/errors.js'
import { OffsetFetch } from '../../protocol/messages/offset-fetch.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'
import { topicNameOf } from '../topic-reference.js'

type GroupAnswer = NonNullable<ResponseOf<typeof OffsetFetch>['groups']>[number]

// OffsetFetch v0-10: reads a group's committed positions; one that was never committed is -1 without an error. v10: topics
// by id, which the coordinator does not know: they are resolved on the way in and put back on the way out.
export const offsetFetch = handler(OffsetFetch, async (request, context) => {
  if (context.version < 10) return context.broker.groups.fetchOffsets(request, { version: context.version })
  const { image } = context.broker.topics
  const unknown = unknownTopics(request, context)
  const groups = request.groups.map(group => ({
    ...group,
    topics:
      group.topics?.flatMap(topic => {
        const name = topicNameOf(topic, true, image)
        return name === null ? [] : [{ ...topic, name }]
      }) ?? null,
  }))
  const response = await context.broker.groups.fetchOffsets({ ...request, groups }, { version: context.version })
  return {
    ...response,
    groups: (response.groups ?? []).map((group, at) => ({
      ...group,
      // A topic that was deleted meanwhile has no id to be told by.
      topics: [
        ...group.topics.flatMap(topic => {
          const topicId = image.topics.get(topic.name ?? '')?.topicId ?? zeroUuid
          return topicId === zeroUuid ? [] : [{ ...topic, topicId }]
        }),
        ...(group.errorCode === undefined || group.errorCode === Errors.NONE ? (unknown[at] ?? []) : []),
      ],
    })),
  }
})

/** Per group, the answers for unknown topic ids. */
function unknownTopics(request: RequestOf<typeof OffsetFetch>, { broker }: RequestContext): GroupAnswer['topics'][] {
  return request.groups.map(group =>
    (group.topics ?? [])
      .filter(topic => topicNameOf(topic, true, broker.topics.image) === null)
      .map(({ topicId, partitionIndexes }) => ({
        topicId,
        partitions: partitionIndexes.map(partitionIndex => ({
          partitionIndex,
          committedOffset: -1,
          metadata: '',
          errorCode: Errors.UNKNOWN_TOPIC_ID,
        })),
      })),
  )
}
