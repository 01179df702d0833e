import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { WriteTxnMarkers } from '../../protocol/messages/write-txn-markers.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler } from '../handler.js'
import { collapsed, type TopicSpelling } from '../repeated.js'

type RequestedMarker = RequestOf<typeof WriteTxnMarkers>['markers'][number]
/** Producer id → topic → partition. */
type Outcomes = Map<number, Map<string, Map<number, ErrorCode | Promise<ErrorCode>>>>

// WriteTxnMarkers v0-2: ends transactions on partitions. Our own coordinator writes without a request; this is for operators,
// who abort a transaction that hangs (KIP-664), of whatever producer it is. Markers of one producer are answered as one. v2: by
// the rules of which transaction.version (KIP-1228).
export const writeTxnMarkers = handler(WriteTxnMarkers, async (request, context) => {
  const { broker, version } = context
  if (!(context.may('alter', 'cluster', '') || context.may('cluster_action', 'cluster', ''))) {
    return WriteTxnMarkers.failure(request, Errors.CLUSTER_AUTHORIZATION_FAILED, version)
  }
  const outcomes: Outcomes = new Map()
  for (const requested of request.markers) {
    const { producerId, producerEpoch, transactionResult, coordinatorEpoch, transactionVersion } = requested
    const marker = { producer: { producerId, producerEpoch }, isCommit: transactionResult, coordinatorEpoch }
    for (const { name: topic, partitionIndexes } of collapsed(requested.topics, spelling)) {
      const ofTopic = within(within(outcomes, producerId), topic)
      for (const partition of partitionIndexes) {
        ofTopic.set(partition, broker.transactionMarkers.write({ topic, partition }, { marker, transactionVersion }))
        const paused = context.pause()
        if (paused !== null) await paused
      }
    }
  }
  return { markers: await answered(outcomes) }
})

function within<Key, Inner, Value>(maps: Map<Key, Map<Inner, Value>>, key: Key): Map<Inner, Value> {
  const found = maps.get(key) ?? new Map<Inner, Value>()
  maps.set(key, found)
  return found
}

async function answered(outcomes: Outcomes): Promise<ResponseOf<typeof WriteTxnMarkers>['markers']> {
  const markers = []
  for (const [producerId, byTopic] of outcomes) {
    const topics = []
    for (const [name, byPartition] of byTopic) {
      const codes = await Promise.all(byPartition.values())
      const partitions = Array.from(byPartition.keys(), (partitionIndex, at) => ({ partitionIndex, errorCode: codes[at]! }))
      topics.push({ name, partitions })
    }
    markers.push({ producerId, topics })
  }
  return markers
}

const spelling: TopicSpelling<RequestedMarker['topics'][number], number> = {
  keyOf: ({ name }) => name,
  partitionsOf: ({ partitionIndexes }) => partitionIndexes,
  indexOf: partition => partition,
  withPartitions: (topic, partitionIndexes) => ({ ...topic, partitionIndexes: [...partitionIndexes] }),
}
