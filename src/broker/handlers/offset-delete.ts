import { Errors } from '../../protocol/errors.js'
import { OffsetDelete } from '../../protocol/messages/offset-delete.js'
import { handler } from '../handler.js'

// OffsetDelete v0: forgets committed offsets of partitions that no member subscribes to (KIP-496).
export const offsetDelete = handler(OffsetDelete, (request, { broker, version }) => {
  const topics = request.topics.filter(({ partitions }) => partitions.length > 0)
  return broker.groups.deleteOffsets(
    { ...request, topics },
    {
      version,
      refusalOf: (topic, partition) =>
        broker.topics.partition(topic, partition) === undefined ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.NONE,
    },
  )
})
