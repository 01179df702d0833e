/**
 * The spans that records come from, by the header `traceparent` (W3C Trace Context). Looks at the beginning of a request and no
 * further: whatever a client sends, that takes less than a slice.
 */
import { type Bytes, utf8Decode } from '../base/bytes.js'
import * as batch from '../protocol/records/batch.js'
import { RecordCursor } from '../protocol/records/records.js'
import { MalformedError } from '../protocol/wire.js'

export interface SpanName {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
}

/** Spans that one request is linked with. */
export const linksMax = 32
/** Records of one request that are looked at. */
const recordsMax = 256
/** Their bytes. A compressed batch that becomes more gives no links. */
const recordBytesMax = 128 * 1024
/** A larger batch gives none either: its first record may be all of it. */
const batchBytesMax = 1024 * 1024
/** Of all headers of a record. */
const headerBytesMax = 4096

const cursor = new RecordCursor()

/** Each span once, in the order of the records. @param partitions the batch of each partition */
export function spansOfRecords(partitions: Iterable<Bytes>): SpanName[] {
  const found = new Map<string, SpanName>()
  let recordsLeft = recordsMax
  let bytesLeft = recordBytesMax
  const hasRoom = (): boolean => recordsLeft > 0 && bytesLeft > 0 && found.size < linksMax
  for (const bytes of partitions) {
    if (!hasRoom()) break
    const { byteLength } = bytes
    if (byteLength < batch.batchHeaderSize || byteLength > batchBytesMax || batch.magic(bytes, 0) !== batch.batchMagic) continue
    try {
      cursor.open(bytes, 0, bytesLeft)
      while (hasRoom() && cursor.next()) {
        const span = spanOf(cursor)
        if (span !== null) found.set(`${span.traceId}${span.spanId}`, span)
        recordsLeft--
        bytesLeft -= cursor.size
      }
    } catch (error) {
      // What is wrong with it, its handler says.
      if (!(error instanceof MalformedError)) throw error
    } finally {
      cursor.close()
    }
  }
  return [...found.values()]
}

function spanOf(record: RecordCursor): SpanName | null {
  if (record.size - Math.max(record.keyLength, 0) - Math.max(record.valueLength, 0) > headerBytesMax) return null
  for (const { key, value } of record.headers()) {
    if (key === 'traceparent' && value !== null) return parseTraceParent(utf8Decode(value, 0, value.byteLength))
  }
  return null
}

/** A later version than 00 may have more behind it. */
const pattern = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

export function parseTraceParent(text: string): SpanName | null {
  const [, version, traceId, spanId, flags, rest] = pattern.exec(text) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  return version === '00' && rest !== undefined ? null : { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 }
}
