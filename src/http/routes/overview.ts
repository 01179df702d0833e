/** The broker at one glance. */
import { createRoute, z } from '@hono/zod-openapi'
import type { App } from '../access.js'
import { describeCluster } from '../cluster.js'
import { countersOf } from '../counters.js'
import { listGroups } from '../groups.js'
import { answers } from '../openapi.js'
import type { HttpParts } from '../parts.js'
import { allTopics, sizes, total } from '../topics.js'

const tags = ['overview']

const Counters = z
  .object({
    startedMs: z.number().openapi({ description: 'When the broker was started' }),
    messagesIn: z.number().int(),
    bytesIn: z.number().int().openapi({ description: 'Of records, as they are stored' }),
    bytesOut: z.number().int(),
    requests: z.number().int(),
    failedRequests: z
      .number()
      .int()
      .openapi({ description: 'Answered with an error for all of it, or by closing the connection' }),
    apis: z.array(
      z.object({
        name: z.string(),
        requests: z.number().int(),
        failedRequests: z.number().int(),
        cumulatedUs: z
          .array(z.number().int())
          .openapi({ description: 'How many were answered in less than 2^n microseconds, for each n' }),
      }),
    ),
  })
  .openapi('Counters')

const Overview = z
  .object({
    clusterId: z.string(),
    brokerId: z.number().int(),
    listeners: z.array(z.object({ name: z.string(), protocol: z.string(), host: z.string(), port: z.number().int() })),
    durability: z.enum(['fsync', 'os', 'none']),
    isEphemeral: z.boolean(),
    topics: z.number().int().openapi({ description: 'That the client may see, Kafka’s own aside' }),
    partitions: z.number().int(),
    groups: z.number().int(),
    groupsByState: z.record(z.string(), z.number().int()),
    connections: z.number().int(),
    sizeBytes: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'Of all logs; null without the right to describe the cluster' }),
    counters: Counters.nullable().openapi({ description: 'Since the start; null without the right to describe the cluster' }),
  })
  .openapi('Overview')

const Broker = z
  .object({
    id: z.number().int(),
    host: z.string(),
    port: z.number().int(),
    rack: z.string().nullable(),
    isController: z.boolean(),
  })
  .openapi('Broker')

const overview = createRoute({
  method: 'get',
  path: '/api/v1/overview',
  tags,
  summary: 'The broker at one glance',
  responses: answers(Overview, 'What there is'),
})

const brokers = createRoute({
  method: 'get',
  path: '/api/v1/brokers',
  tags: ['brokers'],
  summary: 'The brokers of the cluster, of which there is one',
  responses: answers(z.object({ brokers: z.array(Broker) }), 'Brokers'),
})

export function overviewRoutes(app: App, { broker }: HttpParts): void {
  app.openapi(overview, async context => {
    const kafka = context.get('kafka')
    const topics = (await allTopics(kafka)).filter(({ isInternal }) => !isInternal)
    const groups = await listGroups(kafka)
    const groupsByState: Record<string, number> = {}
    for (const { state } of groups) groupsByState[state] = (groupsByState[state] ?? 0) + 1
    const bytes = await sizes(kafka, null)
    let connections = 0
    for (const _ of broker.observed.connections()) connections++
    return context.json(
      {
        clusterId: broker.services.clusterId,
        brokerId: broker.services.nodeId,
        listeners: broker.listeners.map(({ name, protocol, host, port }) => ({ name, protocol, host, port })),
        durability: broker.durability,
        isEphemeral: broker.directory.isEphemeral,
        topics: topics.length,
        partitions: topics.reduce((sum, { partitions }) => sum + partitions.length, 0),
        groups: groups.length,
        groupsByState,
        connections,
        sizeBytes: bytes === null ? null : Array.from(bytes.values(), total).reduce((sum, size) => sum + size, 0),
        counters: bytes === null ? null : countersOf(broker),
      },
      200,
    )
  })

  app.openapi(brokers, async context => {
    const { brokers, controllerId } = await describeCluster(context.get('kafka'))
    // Of the client's own connection, which has no port here: the first listener is where Kafka's clients go.
    const [listener] = broker.listeners
    return context.json(
      {
        brokers: brokers.map(({ brokerId: id, rack = null }) => ({
          id,
          host: listener?.host ?? '',
          port: listener?.port ?? 0,
          rack,
          isController: id === controllerId,
        })),
      },
      200,
    )
  })
}
