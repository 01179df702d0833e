import { Errors } from '../../protocol/errors.js'
import { OffsetDelete } from '../../protocol/messages/offset-delete.js'
import type { RequestOf } from '../../protocol/schema.js'
import { handler } from '../handler.js'

type TopicRequest = RequestOf<typeof OffsetDelete>['topics'][number]

// OffsetDelete v0: forgets committed offsets of partitions that no member subscribes to (KIP-496).
export const offsetDelete = handler(OffsetDelete, (request, { broker, version }) => {
  // As in Kafka, a topic of which nothing is asked is left out, unless there is no such topic.
  const isAnswered = ({ name, partitions }: TopicRequest): boolean =>
    partitions.length > 0 || !broker.topics.image.topics.has(name)
  const topics = request.topics.filter(isAnswered)
  return broker.groups.deleteOffsets(
    { ...request, topics },
    {
      version,
      refusalOf: (topic, partition) =>
        broker.topics.partition(topic, partition) === undefined ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.NONE,
    },
  )
})
