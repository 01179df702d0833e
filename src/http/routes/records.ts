/** Records of a topic: browsed by offset, time or end, and produced. */
import { createRoute, z } from '@hono/zod-openapi'
import { Errors } from '../../protocol/errors.js'
import type { App } from '../access.js'
import { browse, cursorText, type From, placesOf, placesOfCursor } from '../browse.js'
import { failure } from '../failures.js'
import { kafkaFailure } from '../kafka-failures.js'
import { answers, jsonBody } from '../openapi.js'
import type { HttpParts } from '../parts.js'
import { piecesOfJson, streamOf } from '../pieces.js'
import { produce } from '../produce.js'
import { filterOf, RecordInput, RecordJson } from '../record-json.js'
import type { RecordReader } from '../record-reader.js'
import { int32Max, numberText, topicParams } from '../schemas.js'
import { indexesOf, type TopicMetadata, topicOf } from '../topics.js'

const tags = ['records']
const mebibyte = 1024 * 1024
const recordsMax = 500
const answerBytesMax = 4 * mebibyte
/** What a filter may look through for one answer; the cursor goes on behind it. */
const readBytesMax = 32 * mebibyte
const fieldBytesMax = 4 * mebibyte
const producedMax = 1000

export const recordQuery = z.strictObject({
  partition: numberText(z.number().int().min(0).max(int32Max)).optional().openapi({ description: 'Without it all of them' }),
  from: z.enum(['start', 'end', 'offset', 'timestamp']).default('start').openapi({
    description: 'start, end: the last records · offset, timestamp: from the one in `at` on',
  }),
  at: numberText(z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)).optional(),
  isolation: z.enum(['read_committed', 'read_uncommitted']).default('read_committed'),
  filter: z.string().max(1000).optional().openapi({
    description: 'Only records that have this text, whatever its case, in the first 256 KiB of their key, value or a header',
  }),
})

const list = createRoute({
  method: 'get',
  path: '/api/v1/topics/{topic}/records',
  tags,
  summary: 'Browse records',
  request: {
    params: topicParams,
    query: recordQuery.extend({
      limit: numberText(z.number().int().min(1).max(recordsMax)).default(50),
      fieldBytes: numberText(z.number().int().min(0).max(fieldBytesMax))
        .default(16_384)
        .openapi({ description: 'How much of each key, value and header is shown' }),
      cursor: z
        .string()
        .max(100_000)
        .optional()
        .openapi({ description: 'Of the page before; then `from` and `at` do not count' }),
    }),
  },
  responses: answers(
    z.object({
      records: z.array(RecordJson).openapi({ description: 'By time' }),
      cursor: z.string().nullable().openapi({ description: 'For the next page; null at the end' }),
      scanned: z.object({ records: z.number().int(), bytes: z.number().int() }),
    }),
    'Records',
  ),
})

const add = createRoute({
  method: 'post',
  path: '/api/v1/topics/{topic}/records',
  tags,
  summary: 'Produce records, acknowledged as by acks=all',
  request: {
    params: topicParams,
    body: jsonBody(z.strictObject({ records: z.array(RecordInput).min(1).max(producedMax) })),
  },
  responses: answers(
    z.object({ records: z.array(z.object({ partition: z.number().int(), offset: z.number().int() })) }),
    'Where each of them is',
  ),
})

export function recordRoutes(app: App, { world }: HttpParts, reader: RecordReader): void {
  app.openapi(list, async context => {
    const query = context.req.valid('query')
    const kafka = context.get('kafka')
    const topic = await topicOf(kafka, context.req.valid('param').topic)
    const name = topic.name ?? ''
    const partitions = partitionsOf(topic, query.partition)
    const places =
      query.cursor === undefined
        ? await placesOf(kafka, name, partitions, fromOf(query, query.limit), query.isolation)
        : placesOfCursor(query.cursor, partitions)
    const bounds = { recordsMax: query.limit, fieldBytesMax: query.fieldBytes, answerBytesMax, readBytesMax }
    const browsed = await browse(kafka, reader, name, places, query.isolation, filterOf(query.filter), bounds)
    const rest = { cursor: cursorText(places), scanned: browsed.scanned }
    const pieces = await piecesOfJson(world.host, 'records', browsed.records, rest)
    // Its schema is that of the route, although it comes as a stream.
    return context.body(streamOf(pieces), 200, { 'Content-Type': 'application/json' }) as never
  })

  app.openapi(add, async context => {
    const kafka = context.get('kafka')
    const topic = await topicOf(kafka, context.req.valid('param').topic)
    const { records } = context.req.valid('json')
    return context.json({ records: await produce(kafka, topic.name ?? '', indexesOf(topic), records, world) }, 200)
  })
}

/** @throws HttpFailure when there is no such partition */
export function partitionsOf(topic: TopicMetadata, partition: number | undefined): number[] {
  const all = indexesOf(topic)
  if (partition === undefined) return all
  if (!all.includes(partition)) throw kafkaFailure(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  return [partition]
}

export function fromOf({ from, at }: { readonly from: From['kind']; readonly at?: number | undefined }, count: number): From {
  if (from === 'start') return { kind: from }
  if (from === 'end') return { kind: from, count }
  if (at === undefined) throw failure('INVALID_INPUT', `query at: is needed with from=${from}`)
  return from === 'offset' ? { kind: from, offset: at } : { kind: from, timestampMs: at }
}
