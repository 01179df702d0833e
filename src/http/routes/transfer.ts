/** Records out of a topic into a file, and back: a piece at a time, as fast as the other side takes them. */
import { createRoute, z } from '@hono/zod-openapi'
import { stream } from 'hono/streaming'
import type { App } from '../access.js'
import { type Place, placesOf } from '../browse.js'
import { failure, HttpFailure } from '../failures.js'
import type { KafkaClient } from '../kafka-client.js'
import { answers, answersStream } from '../openapi.js'
import type { HttpParts } from '../parts.js'
import { produce } from '../produce.js'
import { filterOf, type RecordInput, recordJson } from '../record-json.js'
import type { RecordReader } from '../record-reader.js'
import { firstLine, formats, Imported, lineOf, parserOf } from '../record-text.js'
import { flagText, numberText, topicParams } from '../schemas.js'
import type { Streams } from '../streams.js'
import { indexesOf, topicOf } from '../topics.js'
import { fromOf, partitionsOf, recordQuery } from './records.js'

const tags = ['records']
const pieceBytesMax = 256 * 1024
const chunkCharsMin = 64 * 1024

const exported = createRoute({
  method: 'get',
  path: '/api/v1/topics/{topic}/export',
  tags,
  summary: 'Records as a file, up to where the topic ends now',
  description:
    'ndjson: a record a line, as browsing shows it, with nothing cut · csv: with bytes as base64 where they are no text, which the ' +
    'columns key_encoding and value_encoding say; a cell that begins with = + - or @ is left so, and a spreadsheet may take it ' +
    'for a formula · kcat: as kcat -C -J prints it. By partition, then by offset.',
  request: {
    params: topicParams,
    query: recordQuery.extend({
      format: z.enum(['ndjson', 'csv', 'kcat']).default('ndjson'),
      limit: numberText(z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)).optional(),
    }),
  },
  responses: answersStream('application/x-ndjson', 'Lines; text/csv for csv'),
})

const imported = createRoute({
  method: 'post',
  path: '/api/v1/topics/{topic}/import',
  tags,
  summary: 'Records from a file, as export writes it as ndjson or csv',
  description: 'The first line that is wrong ends it; the records before it are written, and the message says how many they are.',
  request: {
    params: topicParams,
    query: z.strictObject({
      keepPartitions: flagText.default(false).openapi({ description: 'To the partitions of the file, not by the keys' }),
    }),
    body: { required: true, content: { 'application/x-ndjson': { schema: z.string() }, 'text/csv': { schema: z.string() } } },
  },
  responses: answers(Imported, 'How many records were written'),
})

export function transferRoutes(app: App, parts: HttpParts, reader: RecordReader, streams: Streams): void {
  const { world } = parts
  app.openapi(exported, async context => {
    const query = context.req.valid('query')
    const topic = await topicOf(context.get('kafka'), context.req.valid('param').topic)
    const name = topic.name ?? ''
    const partitions = partitionsOf(topic, query.partition)
    const limit = query.limit ?? Number.MAX_SAFE_INTEGER
    const places = await placesOf(context.get('kafka'), name, partitions, fromOf(query, limit), query.isolation)
    const finish = streams.begin(context)
    const kafka = context.get('openKafka')()
    context.header('Content-Type', `${formats[query.format]}; charset=utf-8`)
    context.header('Content-Disposition', `attachment; filename="${name}.${query.format === 'csv' ? 'csv' : 'ndjson'}"`)
    return stream(context, async out => {
      out.onAbort(() => kafka.close())
      try {
        await out.write(firstLine(query.format))
        const passes = filterOf(query.filter)
        let left = limit
        for (const place of places) {
          left -= await exportPartition(kafka, reader, name, place, { ...query, left, passes }, async lines => {
            if (out.aborted || parts.closing.aborted) throw new Error('the client has left')
            await out.write(lines)
          })
        }
      } catch (error) {
        // A file that ends early must not look like a whole one.
        if (!out.aborted) context.env.outgoing.destroy()
        if (!out.aborted && !(error instanceof HttpFailure)) parts.log.warn({ err: error }, 'an export ended early')
      } finally {
        kafka.close()
        finish()
      }
    })
  })

  app.openapi(imported, async context => {
    const type = context.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
    if (type !== 'text/csv' && type !== 'application/x-ndjson') {
      throw failure('UNSUPPORTED_MEDIA_TYPE', 'An import is application/x-ndjson or text/csv.')
    }
    const { keepPartitions } = context.req.valid('query')
    const topic = await topicOf(context.get('kafka'), context.req.valid('param').topic)
    const finish = streams.begin(context)
    const kafka = context.get('openKafka')()
    let written = 0
    const write = async (records: readonly RecordInput[]): Promise<void> => {
      const placed = keepPartitions ? records : records.map(({ partition: _, ...record }) => record)
      await produce(kafka, topic.name ?? '', indexesOf(topic), placed, world)
      written += placed.length
    }
    /** What is in front of a line that is wrong is written. */
    const writeAll = async (records: Iterable<RecordInput>): Promise<void> => {
      let ready: RecordInput[] = []
      const flush = async (): Promise<void> => {
        const part = ready
        ready = []
        if (part.length > 0) await write(part)
      }
      try {
        for (const record of records) if (ready.push(record) === recordsPerProduceMax) await flush()
      } finally {
        await flush()
      }
    }
    try {
      const parser = parserOf(type === 'text/csv' ? 'csv' : 'ndjson')
      const text = textOf()
      // Whoever is refused in the middle goes on sending, and reads the answer only then.
      const body = context.env.incoming.iterator({ destroyOnReturn: false })
      for await (const chunk of body) await writeAll(parser.push(text(chunk)))
      await writeAll(parser.push(text(null)))
      await writeAll(parser.end())
      return context.json({ imported: written }, 200)
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error
      const { type, code, message } = error.body.error
      throw new HttpFailure(error.status, { error: { type, code, message: `${message} (${written} records were written)` } })
    } finally {
      kafka.close()
      finish()
    }
  })
}

const recordsPerProduceMax = 500

/** Bytes as they come; null is their end. @throws HttpFailure */
function textOf(): (bytes: Uint8Array | null) => string {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return bytes => {
    try {
      return bytes === null ? decoder.decode() : decoder.decode(bytes, { stream: true })
    } catch {
      throw failure('INVALID_INPUT', 'The file is not UTF-8.')
    }
  }
}

async function exportPartition(
  kafka: KafkaClient,
  reader: RecordReader,
  topic: string,
  place: Place,
  how: {
    readonly format: 'ndjson' | 'csv' | 'kcat'
    readonly isolation: 'read_committed' | 'read_uncommitted'
    readonly left: number
    readonly passes: ReturnType<typeof filterOf>
  },
  write: (lines: string) => Promise<void>,
): Promise<number> {
  const { partition, endOffset } = place
  let taken = 0
  while (place.offset < endOffset && taken < how.left) {
    const chunks: string[] = []
    let lines = ''
    const read = { topic, partition, offset: place.offset, bytesMax: pieceBytesMax, isolation: how.isolation }
    const piece = await reader.read(kafka, read, (record, facts) => {
      if (record.offset >= endOffset || taken >= how.left) return false
      if (!how.passes(record)) return true
      taken++
      lines += lineOf(how.format, topic, recordJson(record, facts, Number.POSITIVE_INFINITY))
      if (lines.length >= chunkCharsMin) {
        chunks.push(lines)
        lines = ''
      }
      return true
    })
    for (const chunk of [...chunks, lines]) if (chunk !== '') await write(chunk)
    place.offset = piece.bytes === 0 ? endOffset : piece.nextOffset
  }
  return taken
}
