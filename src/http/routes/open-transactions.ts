/** What holds readers of committed records up: partitions whose last stable offset is behind their end, and who is at work. */
import { createRoute, z } from '@hono/zod-openapi'
import { Errors } from '../../protocol/errors.js'
import { DescribeProducers } from '../../protocol/messages/describe-producers.js'
import { DescribeTransactions } from '../../protocol/messages/describe-transactions.js'
import { ListTransactions } from '../../protocol/messages/list-transactions.js'
import type { DecodedResponseOf } from '../../protocol/schema.js'
import type { App } from '../access.js'
import type { KafkaClient } from '../kafka-client.js'
import { accepted } from '../kafka-failures.js'
import { type ByPartition, findOffsets, latest } from '../offsets.js'
import { answers } from '../openapi.js'
import type { HttpParts } from '../parts.js'
import { listQuery, matching, paged, pageOf, sorted } from '../schemas.js'
import { allTopics, indexesOf } from '../topics.js'

const OpenTransaction = z
  .object({
    topic: z.string(),
    partition: z.number().int(),
    lastStableOffset: z.number().int().openapi({ description: 'Readers of committed records come up to here' }),
    endOffset: z.number().int(),
    heldBack: z.number().int().openapi({ description: 'Records, markers among them, that they do not get' }),
    producerId: z.number().int().nullable().openapi({ description: 'Null for who may not describe the topic’s producers' }),
    openSinceOffset: z.number().int().nullable(),
    lastTimestampMs: z.number().int().nullable().openapi({ description: 'When the producer wrote last' }),
    transactionalId: z
      .string()
      .nullable()
      .openapi({ description: 'Null: no coordinator knows of the transaction, it hangs; or the client may not see it' }),
    openForMs: z.number().int().nullable(),
    timeoutMs: z.number().int().nullable().openapi({ description: 'After which the broker aborts it' }),
  })
  .openapi('OpenTransaction')
type OpenTransaction = z.infer<typeof OpenTransaction>

const list = createRoute({
  method: 'get',
  path: '/api/v1/open-transactions',
  tags: ['transactions'],
  summary: 'Open transactions that hold readers of committed records up, by partition',
  request: {
    query: listQuery.extend({ sort: z.enum(['topic', 'heldBack', 'transactionalId', 'openForMs']).default('topic') }),
  },
  responses: answers(pageOf(OpenTransaction), 'A page of partitions with their producers'),
})

export function openTransactionRoutes(app: App, { world }: HttpParts): void {
  app.openapi(list, async context => {
    const query = context.req.valid('query')
    const isWanted = matching(query.search)
    const rows = (await openTransactions(context.get('kafka'), world.nowMs())).filter(({ topic, transactionalId }) =>
      isWanted(`${topic} ${transactionalId ?? ''}`),
    )
    const byKey = sorted(
      rows,
      query.order,
      row => row[query.sort] ?? -1,
      ({ topic, partition }) => `${topic} ${`${partition}`.padStart(10, '0')}`,
    )
    return context.json(paged(byKey, query), 200)
  })
}

interface HeldUp {
  readonly lastStableOffset: number
  readonly endOffset: number
}

async function openTransactions(kafka: KafkaClient, nowMs: number): Promise<OpenTransaction[]> {
  const heldUp = await heldUpPartitions(kafka)
  if (heldUp.size === 0) return []
  const asked = Array.from(heldUp, ([name, partitions]) => ({ name, partitionIndexes: [...partitions.keys()] }))
  const { topics } = await kafka.call(DescribeProducers, { topics: asked })
  const transactions = await openByProducer(kafka)
  const rows: OpenTransaction[] = []
  for (const { name: topic, partitions } of topics) {
    for (const { partitionIndex: partition, activeProducers } of partitions) {
      const held = heldUp.get(topic)?.get(partition)
      if (held === undefined) continue
      const row = { topic, partition, ...held, heldBack: held.endOffset - held.lastStableOffset }
      const open = activeProducers.filter(({ currentTxnStartOffset = -1 }) => currentTxnStartOffset >= 0)
      for (const producer of open) {
        const transaction = transactions.get(producer.producerId)
        const startedMs = transaction?.transactionStartTimeMs ?? -1
        rows.push({
          ...row,
          producerId: producer.producerId,
          openSinceOffset: producer.currentTxnStartOffset!,
          lastTimestampMs: producer.lastTimestamp ?? null,
          transactionalId: transaction?.transactionalId ?? null,
          openForMs: startedMs < 0 ? null : Math.max(0, nowMs - startedMs),
          timeoutMs: transaction?.transactionTimeoutMs ?? null,
        })
      }
      if (open.length === 0) rows.push({ ...row, ...nobody })
    }
  }
  return rows
}

const nobody = {
  producerId: null,
  openSinceOffset: null,
  lastTimestampMs: null,
  transactionalId: null,
  openForMs: null,
  timeoutMs: null,
}

async function heldUpPartitions(kafka: KafkaClient): Promise<ByPartition<HeldUp>> {
  const partitions = new Map((await allTopics(kafka)).map(topic => [topic.name ?? '', indexesOf(topic)]))
  // The end first: what is committed between the two is not held up.
  const ends = await findOffsets(kafka, partitions, latest)
  const stable = await findOffsets(kafka, partitions, latest, 1)
  const found: ByPartition<HeldUp> = new Map()
  for (const [topic, ofTopic] of ends) {
    for (const [partition, end] of ofTopic) {
      const at = stable.get(topic)?.get(partition)
      if (at === undefined || at.errorCode !== Errors.NONE || end.errorCode !== Errors.NONE || at.offset >= end.offset) continue
      const heldUp = found.get(topic) ?? new Map<number, HeldUp>()
      found.set(topic, heldUp)
      heldUp.set(partition, { lastStableOffset: at.offset, endOffset: end.offset })
    }
  }
  return found
}

type Transaction = DecodedResponseOf<typeof DescribeTransactions>['transactionStates'][number]

/** Those that are open or about to end, by the ids of their producers. */
async function openByProducer(kafka: KafkaClient): Promise<Map<number, Transaction>> {
  const stateFilters = ['Ongoing', 'PrepareCommit', 'PrepareAbort']
  const listed = await kafka.call(ListTransactions, { stateFilters, producerIdFilters: [] })
  accepted(listed)
  const transactionalIds = listed.transactionStates.map(({ transactionalId }) => transactionalId)
  if (transactionalIds.length === 0) return new Map()
  const { transactionStates } = await kafka.call(DescribeTransactions, { transactionalIds })
  return new Map(transactionStates.flatMap(found => (found.errorCode === Errors.NONE ? [[found.producerId ?? -1, found]] : [])))
}
