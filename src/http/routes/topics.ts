/** Topics: listed, shown, made, changed in number of partitions, purged, deleted. */
import { createRoute, z } from '@hono/zod-openapi'
import { Errors } from '../../protocol/errors.js'
import { CreatePartitions } from '../../protocol/messages/create-partitions.js'
import { CreateTopics } from '../../protocol/messages/create-topics.js'
import { DeleteRecords } from '../../protocol/messages/delete-records.js'
import { DeleteTopics } from '../../protocol/messages/delete-topics.js'
import type { App } from '../access.js'
import { failure } from '../failures.js'
import type { KafkaClient } from '../kafka-client.js'
import { accepted, kafkaFailure } from '../kafka-failures.js'
import { type ByPartition, earliest, type Found, findOffsets, foundAt, latest } from '../offsets.js'
import { answers, answersNothing, jsonBody } from '../openapi.js'
import {
  ConfigValues,
  flagText,
  int32Max,
  listQuery,
  matching,
  offset,
  paged,
  pageOf,
  partitionIndex,
  sorted,
  topicParams,
} from '../schemas.js'
import { allTopics, indexesOf, sizes, type TopicMetadata, topicOf, total } from '../topics.js'

const tags = ['topics']
const timeoutMs = 30_000

const TopicRow = z
  .object({
    name: z.string(),
    id: z.string(),
    isInternal: z.boolean(),
    partitions: z.number().int(),
    replicationFactor: z.number().int(),
    records: z.number().int().openapi({ description: 'End minus start of all partitions; compaction and markers leave fewer' }),
    sizeBytes: z.number().int().nullable().openapi({ description: 'On disk; null without the right to describe the cluster' }),
  })
  .openapi('TopicRow')

const Partition = z
  .object({
    partition: z.number().int(),
    leader: z.number().int(),
    leaderEpoch: z.number().int(),
    replicas: z.array(z.number().int()),
    inSyncReplicas: z.array(z.number().int()),
    startOffset: z.number().int(),
    endOffset: z.number().int().openapi({ description: 'The high watermark' }),
    lastStableOffset: z.number().int().openapi({ description: 'Where the first open transaction begins' }),
    sizeBytes: z.number().int().nullable(),
  })
  .openapi('Partition')

const Topic = TopicRow.omit({ partitions: true })
  .extend({ partitions: z.array(Partition) })
  .openapi('Topic')

const list = createRoute({
  method: 'get',
  path: '/api/v1/topics',
  tags,
  summary: 'Topics, a page at a time',
  request: {
    query: listQuery.extend({
      sort: z.enum(['name', 'partitions', 'records', 'size']).default('name'),
      internal: flagText.default(false).openapi({ description: 'Kafka’s own as well' }),
    }),
  },
  responses: answers(pageOf(TopicRow), 'A page of topics'),
})

const create = createRoute({
  method: 'post',
  path: '/api/v1/topics',
  tags,
  summary: 'Make a topic',
  request: {
    body: jsonBody(
      z.strictObject({
        name: z.string().max(32_767),
        partitions: z.number().int().min(-1).max(int32Max).default(-1).openapi({ description: '-1: as num.partitions says' }),
        replicationFactor: z.number().int().min(-1).max(32_767).default(-1),
        configs: ConfigValues.default({}),
        validateOnly: z.boolean().default(false),
      }),
    ),
  },
  responses: answers(
    z.object({ name: z.string(), id: z.string(), partitions: z.number().int(), replicationFactor: z.number().int() }),
    'What was made, or would be',
  ),
})

const show = createRoute({
  method: 'get',
  path: '/api/v1/topics/{topic}',
  tags,
  summary: 'A topic and its partitions',
  request: { params: topicParams },
  responses: answers(Topic, 'The topic'),
})

const remove = createRoute({
  method: 'delete',
  path: '/api/v1/topics/{topic}',
  tags,
  summary: 'Delete a topic',
  request: { params: topicParams },
  responses: answersNothing('Deleted'),
})

const grow = createRoute({
  method: 'post',
  path: '/api/v1/topics/{topic}/partitions',
  tags,
  summary: 'Add partitions',
  request: {
    params: topicParams,
    body: jsonBody(
      z.strictObject({
        count: z.number().int().min(1).max(int32Max).openapi({ description: 'In all, with those that are there' }),
        validateOnly: z.boolean().default(false),
      }),
    ),
  },
  responses: answersNothing('Added, or could be'),
})

const Purged = z.object({
  partitions: z.array(z.object({ partition: z.number().int(), startOffset: z.number().int() })),
})

const purge = createRoute({
  method: 'post',
  path: '/api/v1/topics/{topic}/purge',
  tags,
  summary: 'Delete records from the start of partitions on (DeleteRecords)',
  request: {
    params: topicParams,
    body: jsonBody(
      z.strictObject({
        partitions: z
          .array(
            z.strictObject({
              partition: partitionIndex,
              before: offset.optional().openapi({ description: 'The first offset that stays; without it the end' }),
            }),
          )
          .max(10_000)
          .optional()
          .openapi({ description: 'Without them all partitions, to their ends' }),
      }),
    ),
  },
  responses: answers(Purged, 'Where the partitions begin now'),
})

export function topicRoutes(app: App): void {
  app.openapi(list, async context => {
    const query = context.req.valid('query')
    const kafka = context.get('kafka')
    const isWanted = matching(query.search)
    const topics = (await allTopics(kafka)).filter(
      ({ name, isInternal }) => isWanted(name ?? '') && (query.internal || !isInternal),
    )
    const bytes = await sizes(kafka, null)
    const nameOf = ({ name }: TopicMetadata) => name ?? ''
    // Where logs begin and end is asked of a page, unless it decides which topics are on it.
    const ofAll = query.sort === 'records' ? await bounds(kafka, topics) : null
    const keys: Readonly<Record<typeof query.sort, (topic: TopicMetadata) => string | number>> = {
      name: nameOf,
      partitions: topic => topic.partitions.length,
      size: topic => total(bytes?.get(nameOf(topic))),
      records: topic => (ofAll === null ? 0 : recordsOf(ofAll, nameOf(topic))),
    }
    const page = paged(sorted(topics, query.order, keys[query.sort], nameOf), query)
    const logs = ofAll ?? (await bounds(kafka, page.rows))
    return context.json({ ...page, rows: page.rows.map(topic => rowOf(topic, logs, bytes)) }, 200)
  })

  app.openapi(create, async context => {
    const { name, partitions, replicationFactor, configs, validateOnly } = context.req.valid('json')
    const { topics } = await context.get('kafka').call(CreateTopics, {
      topics: [
        {
          name,
          numPartitions: partitions,
          replicationFactor,
          assignments: [],
          configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
        },
      ],
      timeoutMs,
      validateOnly,
    })
    const [made] = topics
    accepted(made)
    const { topicId: id, numPartitions, replicationFactor: factor } = made!
    return context.json({ name, id, partitions: numPartitions, replicationFactor: factor }, 200)
  })

  app.openapi(show, async context => {
    const kafka = context.get('kafka')
    const topic = await topicOf(kafka, context.req.valid('param').topic)
    const name = topic.name ?? ''
    const logs = await bounds(kafka, [topic])
    const stable = await findOffsets(kafka, new Map([[name, indexesOf(topic)]]), latest, 1)
    const bytes = await sizes(kafka, topic)
    const byIndex = new Map(topic.partitions.map(partition => [partition.partitionIndex, partition]))
    const partitions = indexesOf(topic).map(partition => {
      const { leaderId, leaderEpoch, replicaNodes, isrNodes } = byIndex.get(partition)!
      return {
        partition,
        leader: leaderId,
        leaderEpoch,
        replicas: [...replicaNodes],
        inSyncReplicas: [...isrNodes],
        startOffset: foundAt(logs.starts, name, partition),
        endOffset: foundAt(logs.ends, name, partition),
        lastStableOffset: foundAt(stable, name, partition),
        sizeBytes: bytes?.get(name)?.get(partition) ?? null,
      }
    })
    return context.json({ ...rowOf(topic, logs, bytes), partitions }, 200)
  })

  app.openapi(remove, async context => {
    const { topic: name } = context.req.valid('param')
    const { responses } = await context.get('kafka').call(DeleteTopics, { topics: [{ name }], timeoutMs })
    accepted(responses[0])
    return context.body(null, 204)
  })

  app.openapi(grow, async context => {
    const { topic: name } = context.req.valid('param')
    const { count, validateOnly } = context.req.valid('json')
    const request = { topics: [{ name, count, assignments: null }], timeoutMs, validateOnly }
    const { results } = await context.get('kafka').call(CreatePartitions, request)
    accepted(results[0])
    return context.body(null, 204)
  })

  app.openapi(purge, async context => {
    const kafka = context.get('kafka')
    const topic = await topicOf(kafka, context.req.valid('param').topic)
    const asked = context.req.valid('json').partitions ?? indexesOf(topic).map(partition => ({ partition, before: undefined }))
    if (new Set(asked.map(({ partition }) => partition)).size < asked.length) {
      throw failure('INVALID_INPUT', 'json partitions: a partition is named twice')
    }
    // -1 is the end, as in Kafka.
    const partitions = asked.map(({ partition, before }) => ({ partitionIndex: partition, offset: before ?? -1 }))
    const { topics } = await kafka.call(DeleteRecords, { topics: [{ name: topic.name ?? '', partitions }], timeoutMs })
    const answered = topics[0]?.partitions ?? []
    const refused = answered.find(({ errorCode }) => errorCode !== Errors.NONE)
    if (refused !== undefined) throw kafkaFailure(refused.errorCode, `Partition ${refused.partitionIndex} was not purged.`)
    const purged = answered.map(({ partitionIndex: partition, lowWatermark }) => ({ partition, startOffset: lowWatermark }))
    return context.json({ partitions: purged.sort((a, b) => a.partition - b.partition) }, 200)
  })
}

interface Bounds {
  readonly starts: ByPartition<Found>
  readonly ends: ByPartition<Found>
}

async function bounds(kafka: KafkaClient, topics: readonly TopicMetadata[]): Promise<Bounds> {
  const partitions = new Map(topics.map(topic => [topic.name ?? '', indexesOf(topic)]))
  return {
    starts: await findOffsets(kafka, partitions, earliest),
    ends: await findOffsets(kafka, partitions, latest),
  }
}

/** A topic may be deleted meanwhile: then it has none. */
function recordsOf({ starts, ends }: Bounds, topic: string): number {
  let sum = 0
  for (const [partition, end] of ends.get(topic) ?? []) {
    const start = starts.get(topic)?.get(partition)
    if (start !== undefined && start.errorCode === Errors.NONE && end.errorCode === Errors.NONE) sum += end.offset - start.offset
  }
  return sum
}

function rowOf(topic: TopicMetadata, logs: Bounds, bytes: ByPartition<number> | null) {
  const name = topic.name ?? ''
  return {
    name,
    id: topic.topicId,
    isInternal: topic.isInternal,
    partitions: topic.partitions.length,
    replicationFactor: topic.partitions[0]?.replicaNodes.length ?? 0,
    records: recordsOf(logs, name),
    sizeBytes: bytes === null ? null : total(bytes.get(name)),
  }
}
