/** Producers and their transactions: what is open since when, what holds readers of committed records up, and ending it. */
import { createRoute, z } from '@hono/zod-openapi'
import type { World } from '../../base/world.js'
import { Errors } from '../../protocol/errors.js'
import { DescribeProducers } from '../../protocol/messages/describe-producers.js'
import { DescribeTransactions } from '../../protocol/messages/describe-transactions.js'
import { InitProducerId } from '../../protocol/messages/init-producer-id.js'
import { ListTransactions } from '../../protocol/messages/list-transactions.js'
import { WriteTxnMarkers } from '../../protocol/messages/write-txn-markers.js'
import type { App } from '../access.js'
import type { KafkaClient } from '../kafka-client.js'
import { accepted, kafkaFailure } from '../kafka-failures.js'
import { answers, answersNothing, jsonBody } from '../openapi.js'
import type { HttpParts } from '../parts.js'
import { listQuery, matching, offset, paged, pageOf, partitionIndex, sorted, topicParams } from '../schemas.js'
import { indexesOf, topicOf } from '../topics.js'

const tags = ['transactions']

const Producer = z
  .object({
    partition: z.number().int(),
    producerId: z.number().int(),
    producerEpoch: z.number().int(),
    lastSequence: z.number().int(),
    lastTimestampMs: z.number().int(),
    coordinatorEpoch: z.number().int(),
    openSinceOffset: z.number().int().nullable().openapi({ description: 'Where its open transaction begins; null without one' }),
  })
  .openapi('Producer')

const TransactionRow = z
  .object({ transactionalId: z.string(), producerId: z.number().int(), state: z.string() })
  .openapi('TransactionRow')

const Transaction = TransactionRow.extend({
  producerEpoch: z.number().int(),
  timeoutMs: z.number().int(),
  startedMs: z.number().int().nullable().openapi({ description: 'Since 1970; null when none is open' }),
  openForMs: z.number().int().nullable(),
  topics: z.array(z.object({ topic: z.string(), partitions: z.array(z.number().int()) })),
}).openapi('Transaction')

const producers = createRoute({
  method: 'get',
  path: '/api/v1/topics/{topic}/producers',
  tags,
  summary: 'Who writes to a topic under a producer id, and in which open transactions',
  request: { params: topicParams },
  responses: answers(z.object({ producers: z.array(Producer) }), 'By partition'),
})

const end = createRoute({
  method: 'post',
  path: '/api/v1/topics/{topic}/producers/abort',
  tags,
  summary: 'Abort a transaction that hangs on one partition, as kafka-transactions abort does',
  request: {
    params: topicParams,
    body: jsonBody(z.strictObject({ partition: partitionIndex, producerId: offset })),
  },
  responses: answersNothing('Aborted'),
})

const list = createRoute({
  method: 'get',
  path: '/api/v1/transactions',
  tags,
  summary: 'Transactional ids, a page at a time',
  request: {
    query: listQuery.extend({
      sort: z.enum(['transactionalId', 'producerId', 'state']).default('transactionalId'),
      state: z.string().max(64).optional().openapi({ description: 'Ongoing, for those that are open' }),
    }),
  },
  responses: answers(pageOf(TransactionRow), 'A page of transactional ids'),
})

const show = createRoute({
  method: 'get',
  path: '/api/v1/transactions/{id}',
  tags,
  summary: 'A transactional id and what it has open',
  request: { params: z.object({ id: z.string().min(1).max(32_767) }) },
  responses: answers(Transaction, 'The transaction'),
})

const abort = createRoute({
  method: 'post',
  path: '/api/v1/transactions/{id}/abort',
  tags,
  summary: 'Abort what is open, and fence its producer',
  request: { params: z.object({ id: z.string().min(1).max(32_767) }), body: jsonBody(z.strictObject({})) },
  responses: answersNothing('Aborted'),
})

/** How often, and how many times, a transaction that ends is asked for. */
const endingMs = 50
const endingTriesMax = 100
const transactionTimeoutMs = 60_000

export function transactionRoutes(app: App, { world }: HttpParts): void {
  app.openapi(producers, async context => {
    const found = await producersOf(context.get('kafka'), context.req.valid('param').topic)
    return context.json({ producers: found }, 200)
  })

  app.openapi(end, async context => {
    const kafka = context.get('kafka')
    const { topic: name } = context.req.valid('param')
    const { partition, producerId } = context.req.valid('json')
    const hanging = (await producersOf(kafka, name)).find(one => one.partition === partition && one.producerId === producerId)
    if (hanging === undefined || hanging.openSinceOffset === null) {
      throw kafkaFailure(Errors.INVALID_TXN_STATE, 'This producer has no open transaction on this partition.')
    }
    const { producerEpoch, coordinatorEpoch } = hanging
    const marker = {
      producerId,
      producerEpoch,
      transactionResult: false,
      topics: [{ name, partitionIndexes: [partition] }],
      // [KIP-664] Of a transaction without a coordinator.
      coordinatorEpoch: Math.max(coordinatorEpoch, 0),
    }
    const { markers } = await kafka.call(WriteTxnMarkers, { markers: [marker] })
    accepted(markers[0]?.topics[0]?.partitions[0])
    return context.body(null, 204)
  })

  app.openapi(list, async context => {
    const query = context.req.valid('query')
    const isWanted = matching(query.search)
    const stateFilters = query.state === undefined ? [] : [query.state]
    const answer = await context.get('kafka').call(ListTransactions, { stateFilters, producerIdFilters: [] })
    accepted(answer)
    const rows = answer.transactionStates
      .map(({ transactionalId, producerId, transactionState: state }) => ({ transactionalId, producerId, state }))
      .filter(({ transactionalId }) => isWanted(transactionalId))
    const byKey = sorted(
      rows,
      query.order,
      row => row[query.sort],
      ({ transactionalId }) => transactionalId,
    )
    return context.json(paged(byKey, query), 200)
  })

  app.openapi(show, async context => {
    return context.json(await transactionOf(context.get('kafka'), context.req.valid('param').id, world), 200)
  })

  app.openapi(abort, async context => {
    const kafka = context.get('kafka')
    const { id: transactionalId } = context.req.valid('param')
    const { startedMs } = await transactionOf(kafka, transactionalId, world)
    if (startedMs === null) throw kafkaFailure(Errors.INVALID_TXN_STATE, 'There is no open transaction.')
    // A producer that comes with the same id is a new one: the coordinator ends what the old one left.
    const request = { transactionalId, transactionTimeoutMs, producerId: -1, producerEpoch: -1 }
    for (let tries = 0; ; tries++) {
      const answer = await kafka.call(InitProducerId, request)
      if (answer.errorCode !== Errors.CONCURRENT_TRANSACTIONS || tries >= endingTriesMax) {
        accepted(answer)
        return context.body(null, 204)
      }
      await new Promise<void>(resolve => world.host.after(endingMs, resolve))
    }
  })
}

async function producersOf(kafka: KafkaClient, name: string): Promise<z.infer<typeof Producer>[]> {
  const topic = await topicOf(kafka, name)
  const { topics } = await kafka.call(DescribeProducers, { topics: [{ name, partitionIndexes: indexesOf(topic) }] })
  return (topics[0]?.partitions ?? []).flatMap(partition => {
    accepted(partition)
    return partition.activeProducers.map(producer => ({
      partition: partition.partitionIndex,
      producerId: producer.producerId,
      producerEpoch: producer.producerEpoch,
      lastSequence: producer.lastSequence ?? -1,
      lastTimestampMs: producer.lastTimestamp ?? -1,
      coordinatorEpoch: producer.coordinatorEpoch,
      openSinceOffset: (producer.currentTxnStartOffset ?? -1) < 0 ? null : producer.currentTxnStartOffset!,
    }))
  })
}

async function transactionOf(kafka: KafkaClient, id: string, world: World): Promise<z.infer<typeof Transaction>> {
  const { transactionStates } = await kafka.call(DescribeTransactions, { transactionalIds: [id] })
  const [found] = transactionStates
  accepted(found)
  const { transactionStartTimeMs = -1 } = found!
  const startedMs = transactionStartTimeMs < 0 ? null : transactionStartTimeMs
  return {
    transactionalId: id,
    producerId: found!.producerId ?? -1,
    producerEpoch: found!.producerEpoch ?? -1,
    state: found!.transactionState ?? '',
    timeoutMs: found!.transactionTimeoutMs ?? 0,
    startedMs,
    openForMs: startedMs === null ? null : Math.max(0, world.nowMs() - startedMs),
    topics: (found!.topics ?? []).map(({ topic, partitions }) => ({ topic, partitions: [...partitions] })),
  }
}
