/** Where a browse begins, and how it goes through the partitions of a topic: some records of each, in rounds, within bounds. */
import type { BatchRecord } from '../protocol/records/records.js'
import { failure } from './failures.js'
import type { KafkaClient } from './kafka-client.js'
import { earliest, findOffsets, foundAt, latest } from './offsets.js'
import { type BatchFacts, type RecordJson, recordJson } from './record-json.js'
import type { Isolation, RecordReader } from './record-reader.js'

/** Of one partition. */
export interface Place {
  readonly partition: number
  offset: number
  /** Where it ended when the browse began. */
  readonly endOffset: number
}

export type From =
  | { readonly kind: 'start' }
  | { readonly kind: 'end'; readonly count: number }
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'timestamp'; readonly timestampMs: number }

export async function placesOf(
  kafka: KafkaClient,
  topic: string,
  partitions: readonly number[],
  from: From,
  isolation: Isolation,
): Promise<Place[]> {
  const asked = new Map([[topic, partitions]])
  const starts = await findOffsets(kafka, asked, earliest)
  const ends = await findOffsets(kafka, asked, latest, isolation === 'read_committed' ? 1 : 0)
  const byTime = from.kind === 'timestamp' ? await findOffsets(kafka, asked, from.timestampMs) : null
  return partitions.map(partition => {
    const start = foundAt(starts, topic, partition)
    const endOffset = foundAt(ends, topic, partition)
    const found = byTime === null ? null : foundAt(byTime, topic, partition)
    const offset = Math.max(start, Math.min(beginOf(from, found, partitions.length, endOffset), endOffset))
    return { partition, offset, endOffset }
  })
}

function beginOf(from: From, found: number | null, partitions: number, endOffset: number): number {
  switch (from.kind) {
    case 'start':
      return 0
    case 'end':
      return endOffset - Math.ceil(from.count / partitions)
    case 'offset':
      return from.offset
    case 'timestamp':
      // Nothing is as young.
      return found === null || found < 0 ? endOffset : found
  }
}

export interface BrowseBounds {
  readonly recordsMax: number
  /** Of each key, value and header. */
  readonly fieldBytesMax: number
  /** Of the answer, about. */
  readonly answerBytesMax: number
  /** Of what is read, whatever passes the filter. */
  readonly readBytesMax: number
}

export interface Browsed {
  readonly records: RecordJson[]
  readonly scanned: { records: number; bytes: number }
}

const fetchBytesMax = 1024 * 1024

/** Moves the places on behind what it gives, or behind what it passed over. */
export async function browse(
  kafka: KafkaClient,
  reader: RecordReader,
  topic: string,
  places: readonly Place[],
  isolation: Isolation,
  passes: (record: BatchRecord) => boolean,
  bounds: BrowseBounds,
): Promise<Browsed> {
  const records: RecordJson[] = []
  const scanned = { records: 0, bytes: 0 }
  let answerBytes = 0
  const hasRoom = () =>
    records.length < bounds.recordsMax && answerBytes < bounds.answerBytesMax && scanned.bytes < bounds.readBytesMax
  let active = places.filter(({ offset, endOffset }) => offset < endOffset)
  while (active.length > 0 && hasRoom()) {
    const share = Math.ceil((bounds.recordsMax - records.length) / active.length)
    for (const place of active) {
      if (!hasRoom()) break
      let taken = 0
      const take = (record: BatchRecord, facts: BatchFacts): boolean => {
        if (record.offset >= place.endOffset) return true
        if (taken >= share || !hasRoom()) return false
        scanned.records++
        if (!passes(record)) return true
        taken++
        const json = recordJson(record, facts, bounds.fieldBytesMax)
        answerBytes += sizeOf(json)
        records.push(json)
        return true
      }
      const { partition, offset } = place
      const piece = await reader.read(kafka, { topic, partition, offset, bytesMax: fetchBytesMax, isolation }, take)
      scanned.bytes += piece.bytes
      // Nothing was there: what remains until the end is markers, or has been compacted away.
      place.offset = piece.bytes === 0 ? place.endOffset : Math.min(piece.nextOffset, place.endOffset)
    }
    active = active.filter(({ offset, endOffset }) => offset < endOffset)
  }
  records.sort((a, b) => a.timestampMs - b.timestampMs || a.partition - b.partition || a.offset - b.offset)
  return { records, scanned }
}

/** About. */
function sizeOf({ key, value, headers }: RecordJson): number {
  let size = 200 + (key?.data.length ?? 0) + (value?.data.length ?? 0)
  for (const header of headers) size += 60 + header.key.length + (header.value?.data.length ?? 0)
  return size
}

/** Where to go on, as a text that says nothing to others. */
export function cursorText(places: readonly Place[]): string | null {
  const open = places.filter(({ offset, endOffset }) => offset < endOffset)
  if (open.length === 0) return null
  return Buffer.from(JSON.stringify(open.map(({ partition, offset, endOffset }) => [partition, offset, endOffset]))).toString(
    'base64url',
  )
}

/** @throws HttpFailure */
export function placesOfCursor(cursor: string, partitions: readonly number[]): Place[] {
  try {
    const places: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(places) && places.length <= partitions.length) {
      const isPlace = (place: unknown): place is [number, number, number] =>
        Array.isArray(place) && place.length === 3 && place.every(part => Number.isSafeInteger(part) && part >= 0)
      if (places.every(isPlace) && places.every(([partition]) => partitions.includes(partition))) {
        return places.map(([partition, offset, endOffset]) => ({ partition, offset, endOffset }))
      }
    }
  } catch {}
  throw failure('INVALID_INPUT', 'query cursor: is not one of this topic')
}
