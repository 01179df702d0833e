import { type Uuid, zeroUuid } from '../../base/ids.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { OffsetFetch } from '../../protocol/messages/offset-fetch.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'
import { answersTo } from '../many.js'
import { topicNameOf } from '../topic-reference.js'

type FetchRequest = RequestOf<typeof OffsetFetch>
type GroupRequest = FetchRequest['groups'][number]
type GroupAnswer = NonNullable<ResponseOf<typeof OffsetFetch>['groups']>[number]
type TopicAnswer = GroupAnswer['topics'][number]

/** Versions before have one group, in fields of their own. */
const groupsVersionMin = 8
const idsVersionMin = 10

// OffsetFetch v0-10: reads a group's committed positions; one that was never committed is -1 without an error. v10: topics
// by id, which the coordinator does not know: they are resolved on the way in and put back on the way out.
export const offsetFetch = handler(OffsetFetch, async (request, context) => {
  const { version } = context
  if (version < groupsVersionMin) return fetchOfOne(request, context)
  const asked = await answersTo(request.groups, context, group => askedOf(group, context))
  const groups = asked.flatMap(one => (one === null ? [] : one.group))
  const call = { version, pause: () => context.pause() }
  const response = groups.length === 0 ? {} : await context.broker.groups.fetchOffsets({ ...request, groups }, call)
  const found = response.groups?.values()
  return {
    ...response,
    groups: asked.map((one, at): GroupAnswer => {
      const group = one === null ? undefined : found?.next().value
      if (one === null || group === undefined) {
        const { groupId } = request.groups[at]!
        return { groupId, topics: [], errorCode: Errors.GROUP_AUTHORIZATION_FAILED }
      }
      const isDone = group.errorCode === undefined || group.errorCode === Errors.NONE
      return { ...group, topics: [...shown(group.topics, one, context), ...(isDone ? one.unasked : [])] }
    }),
  }
})

async function fetchOfOne(request: FetchRequest, context: RequestContext): Promise<ResponseOf<typeof OffsetFetch>> {
  const { version, broker } = context
  const one = askedOf({ ...noMember, groupId: request.groupId, topics: withoutIds(request.topics) }, context)
  if (one === null) return OffsetFetch.failure(request, Errors.GROUP_AUTHORIZATION_FAILED, version)
  const response = await broker.groups.fetchOffsets({ ...request, topics: one.group.topics }, { version })
  const isDone = response.errorCode === undefined || response.errorCode === Errors.NONE
  const topics = shown(response.topics ?? [], one, context) as NonNullable<typeof response.topics>
  return { ...response, topics: [...topics, ...(isDone ? (one.unasked as typeof topics) : [])] }
}

const noMember = { memberId: null, memberEpoch: -1 }
const withoutIds = (topics: FetchRequest['topics']) => topics?.map(topic => ({ ...topic, topicId: zeroUuid })) ?? null

interface Asked {
  /** With the topics that the coordinator is asked about. */
  readonly group: GroupRequest
  readonly isAllTopics: boolean
  /** The answers for those about which it is not. */
  readonly unasked: readonly TopicAnswer[]
}

/** Null for a group that the client may not see. */
function askedOf(group: GroupRequest, context: RequestContext): Asked | null {
  if (!context.may('describe', 'group', group.groupId)) return null
  const usesIds = context.version >= idsVersionMin
  const { image } = context.broker.topics
  const unasked: TopicAnswer[] = []
  const topics = group.topics?.flatMap(topic => {
    const name = topicNameOf(topic, usesIds, image)
    if (name !== null && context.may('describe', 'topic', name)) return [{ ...topic, name }]
    unasked.push(refusedTopic(topic, name === null ? Errors.UNKNOWN_TOPIC_ID : Errors.TOPIC_AUTHORIZATION_FAILED))
    return []
  })
  return { group: { ...group, topics: topics ?? null }, isAllTopics: topics === undefined, unasked }
}

function refusedTopic(
  { name, topicId, partitionIndexes }: { name: string; topicId: Uuid; partitionIndexes: readonly number[] },
  errorCode: ErrorCode,
): TopicAnswer {
  const partitions = partitionIndexes.map(partitionIndex => ({ partitionIndex, committedOffset: -1, metadata: '', errorCode }))
  return { name, topicId, partitions }
}

/** What the coordinator found, without what the client may not see, and with ids where it asked by them. */
function shown(topics: readonly TopicAnswer[], { isAllTopics }: Asked, context: RequestContext): readonly TopicAnswer[] {
  const visible = isAllTopics ? topics.filter(({ name = '' }) => context.may('describe', 'topic', name)) : topics
  if (context.version < idsVersionMin) return visible
  const { image } = context.broker.topics
  return visible.flatMap(topic => {
    // A topic that was deleted meanwhile has no id to be told by.
    const topicId = image.topics.get(topic.name ?? '')?.topicId ?? zeroUuid
    return topicId === zeroUuid ? [] : [{ ...topic, topicId }]
  })
}
