/**
 * Time lookup inside one batch, for ListOffsets at record granularity. The engine finds the batch by its index and header;
 * here the batch is opened (and decompressed where it is compressed). Pure.
 */
import type { Bytes } from '../../base/bytes.js'
import type { Offset } from '../../base/ids.js'
import * as batch from '../../protocol/records/batch.js'
import { decompressedBytesMax } from '../../protocol/records/compression.js'
import { RecordCursor } from '../../protocol/records/records.js'

export interface TimestampedOffset {
  readonly offset: Offset
  readonly timestampMs: number
}

/**
 * The first record of the batch at `at` whose timestamp is at least `timestampMs` and whose offset at least `startOffset`;
 * null when there is none, even if the header promised one: the search then goes on with the next batch. Throws
 * MalformedError for a batch that cannot be read.
 */
export function firstRecordSince(
  bytes: Bytes,
  at: number,
  timestampMs: number,
  startOffset: Offset = 0,
  bytesMax = decompressedBytesMax,
): TimestampedOffset | null {
  if (batch.maxTimestamp(bytes, at) < timestampMs) return null
  const cursor = new RecordCursor()
  cursor.open(bytes, at, bytesMax)
  while (cursor.next()) {
    if (cursor.timestampMs >= timestampMs && cursor.offset >= startOffset) {
      return { offset: cursor.offset, timestampMs: cursor.timestampMs }
    }
  }
  return null
}

/**
 * The first record that holds the largest timestamp of the batch at `at` [KIP-734]; null when no record has a timestamp.
 * It goes by the records, not by the header. Throws MalformedError for a batch that cannot be read.
 */
export function recordOfMaxTimestamp(bytes: Bytes, at: number, bytesMax = decompressedBytesMax): TimestampedOffset | null {
  const cursor = new RecordCursor()
  cursor.open(bytes, at, bytesMax)
  let offset: Offset = -1
  let timestampMs = batch.noTimestamp
  while (cursor.next()) {
    if (cursor.timestampMs <= timestampMs) continue
    offset = cursor.offset
    timestampMs = cursor.timestampMs
  }
  return offset < 0 ? null : { offset, timestampMs }
}
