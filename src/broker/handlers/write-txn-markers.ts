import type { TopicPartition } from '../../node/transaction-markers.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { WriteTxnMarkers } from '../../protocol/messages/write-txn-markers.js'
import type { RequestOf } from '../../protocol/schema.js'
import { Slices, turnInLine } from '../../storage/slices.js'
import { handler } from '../handler.js'
import { collapsed, type TopicSpelling } from '../repeated.js'

type RequestedMarker = RequestOf<typeof WriteTxnMarkers>['markers'][number]

// WriteTxnMarkers v0-2: ends transactions on partitions. Our own coordinator writes without a request; this is for operators, who
// abort a transaction that hangs (KIP-664), of whatever producer it is. v2: by the rules of which transaction.version (KIP-1228).
export const writeTxnMarkers = handler(WriteTxnMarkers, async (request, context) => {
  const { broker, version } = context
  if (!(context.may('alter', 'cluster', '') || context.may('cluster_action', 'cluster', ''))) {
    return WriteTxnMarkers.failure(request, Errors.CLUSTER_AUTHORIZATION_FAILED, version)
  }
  const slices = new Slices(broker.world.host, turnInLine)
  const markers = []
  for (const requested of request.markers) {
    const { producerId, producerEpoch, transactionResult, coordinatorEpoch, transactionVersion } = requested
    const marker = { producer: { producerId, producerEpoch }, isCommit: transactionResult, coordinatorEpoch }
    const topics = []
    for (const { name, partitionIndexes } of collapsed(requested.topics, spelling)) {
      const outcomes: (ErrorCode | Promise<ErrorCode>)[] = []
      for (const partition of partitionIndexes) {
        const place: TopicPartition = { topic: name, partition }
        outcomes.push(broker.transactionMarkers.write(place, { marker, transactionVersion }))
        if (slices.isOver) await slices.next()
      }
      topics.push({ name, partitionIndexes, outcomes })
    }
    markers.push({ producerId, topics })
  }
  return {
    markers: await Promise.all(
      markers.map(async ({ producerId, topics }) => ({
        producerId,
        topics: await Promise.all(
          topics.map(async ({ name, partitionIndexes, outcomes }) => {
            const codes = await Promise.all(outcomes)
            const partitions = partitionIndexes.map((partitionIndex, at) => ({ partitionIndex, errorCode: codes[at]! }))
            return { name, partitions }
          }),
        ),
      })),
    ),
  }
})

const spelling: TopicSpelling<RequestedMarker['topics'][number], number> = {
  keyOf: ({ name }) => name,
  partitionsOf: ({ partitionIndexes }) => partitionIndexes,
  indexOf: partition => partition,
  withPartitions: (topic, partitionIndexes) => ({ ...topic, partitionIndexes: [...partitionIndexes] }),
}
