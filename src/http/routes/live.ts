/**
 * The live tail of a topic as server-sent events: a sample of what comes, at most so many records a second, and how many were
 * left out. What it costs does not depend on how much is produced: each look reads a bounded piece behind where the last one
 * ended, and goes on at the end.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import type { App } from '../access.js'
import { HttpFailure } from '../failures.js'
import type { KafkaClient } from '../kafka-client.js'
import { findOffsets, foundAt, latest } from '../offsets.js'
import { answersStream } from '../openapi.js'
import type { HttpParts } from '../parts.js'
import { filterOf, recordJson } from '../record-json.js'
import type { RecordReader } from '../record-reader.js'
import { numberText, topicParams } from '../schemas.js'
import type { Streams } from '../streams.js'
import { topicOf } from '../topics.js'
import { partitionsOf, recordQuery } from './records.js'

const rateMax = 200
const tickMs = 250
const pieceBytesMax = 128 * 1024
const quietMsMax = 15_000
/** Then the browser connects again. */
const streamMsMax = 60 * 60 * 1000

const live = createRoute({
  method: 'get',
  path: '/api/v1/topics/{topic}/records/live',
  tags: ['records'],
  summary: 'Records as they come, as server-sent events',
  description:
    'Events: `record`, with a record; `skipped`, with {"records": n} that were not looked at; `failure`, with the last word.',
  request: {
    params: topicParams,
    query: recordQuery.omit({ from: true, at: true }).extend({
      rate: numberText(z.number().int().min(1).max(rateMax)).default(20).openapi({ description: 'Records a second at most' }),
      fieldBytes: numberText(z.number().int().min(0).max(65_536)).default(4096),
    }),
  },
  responses: answersStream('text/event-stream', 'Events'),
})

export function liveRoutes(app: App, parts: HttpParts, reader: RecordReader, streams: Streams): void {
  app.openapi(live, async context => {
    const query = context.req.valid('query')
    const topic = await topicOf(context.get('kafka'), context.req.valid('param').topic)
    const partitions = partitionsOf(topic, query.partition)
    const tail: Tail = { ...query, topic: topic.name ?? '', partitions, passes: filterOf(query.filter) }
    const places = await ends(context.get('kafka'), tail)
    const finish = streams.begin(context)
    const kafka = context.get('openKafka')()
    return streamSSE(context, async stream => {
      stream.onAbort(() => kafka.close())
      try {
        await follow(kafka, reader, tail, places, stream, parts)
      } catch (error) {
        if (!stream.aborted && !parts.closing.aborted) await lastWord(stream, error, parts)
      } finally {
        kafka.close()
        finish()
      }
    })
  })
}

interface Tail {
  readonly topic: string
  readonly partitions: readonly number[]
  readonly isolation: 'read_committed' | 'read_uncommitted'
  readonly rate: number
  readonly fieldBytes: number
  readonly passes: ReturnType<typeof filterOf>
}

async function ends(kafka: KafkaClient, { topic, partitions, isolation }: Tail): Promise<Map<number, number>> {
  const found = await findOffsets(kafka, new Map([[topic, partitions]]), latest, isolation === 'read_committed' ? 1 : 0)
  return new Map(partitions.map(partition => [partition, foundAt(found, topic, partition)]))
}

async function follow(
  kafka: KafkaClient,
  reader: RecordReader,
  tail: Tail,
  places: Map<number, number>,
  stream: SSEStreamingApi,
  { world, closing }: HttpParts,
): Promise<void> {
  const { host } = world
  const untilMs = host.monotonicMs() + streamMsMax
  let saidMs = host.monotonicMs()
  // A burst of as much as a tick has; what is left of a slow tick is not saved.
  const perTick = Math.max(1, Math.ceil((tail.rate * tickMs) / 1000))
  await stream.write(': live\n\n')
  while (!stream.aborted && !closing.aborted && host.monotonicMs() < untilMs) {
    const now = await ends(kafka, tail)
    const grown = tail.partitions.filter(partition => now.get(partition)! > places.get(partition)!)
    let left = perTick
    let skipped = 0
    for (const [at, partition] of grown.entries()) {
      const share = Math.ceil(left / (grown.length - at))
      const end = now.get(partition)!
      const shown: string[] = []
      let next = places.get(partition)!
      if (share > 0) {
        const read = { topic: tail.topic, partition, offset: next, bytesMax: pieceBytesMax, isolation: tail.isolation }
        const piece = await reader.read(kafka, read, (record, facts) => {
          if (shown.length >= share || record.offset >= end) return false
          if (tail.passes(record)) shown.push(JSON.stringify(recordJson(record, facts, tail.fieldBytes)))
          return true
        })
        next = Math.min(piece.bytes === 0 ? end : piece.nextOffset, end)
      }
      skipped += end - next
      left -= shown.length
      places.set(partition, end)
      for (const data of shown) await stream.writeSSE({ event: 'record', data })
      if (shown.length > 0) saidMs = host.monotonicMs()
    }
    if (skipped > 0) {
      await stream.writeSSE({ event: 'skipped', data: JSON.stringify({ records: skipped }) })
      saidMs = host.monotonicMs()
    }
    if (host.monotonicMs() - saidMs >= quietMsMax) {
      await stream.write(': \n\n')
      saidMs = host.monotonicMs()
    }
    await new Promise<void>(resolve => host.after(tickMs, resolve))
  }
}

async function lastWord(stream: SSEStreamingApi, error: unknown, { log }: HttpParts): Promise<void> {
  if (!(error instanceof HttpFailure)) log.error({ err: error }, 'a stream of the HTTP port failed by a bug')
  const body = error instanceof HttpFailure ? error.body : { error: { type: 'INTERNAL_ERROR', code: null, message: '' } }
  await stream.writeSSE({ event: 'failure', data: JSON.stringify(body) })
}
