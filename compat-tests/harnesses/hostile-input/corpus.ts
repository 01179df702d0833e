/**
 * The captured frames, made ready to be spoiled: they speak of topics that exist now, create and delete nothing that the
 * run needs, and know where their record batches and waiting times are.
 */

import { decode } from '#protocol/codec.js'
import { readRequestHeader } from '#protocol/frame.js'
import { Produce } from '#protocol/messages/produce.js'
import { inRange } from '#protocol/schema.js'
import { Reader } from '#protocol/wire.js'
import { type CapturedFrame, capturedTopic, readCaptures } from './captures.js'

export interface Seed {
  readonly frame: Buffer
  /** How often it is taken, beside others. */
  readonly weight: number
  /** Where Fetch says how long it may wait, in milliseconds; -1 elsewhere. */
  readonly waitAt: number
  /** Where the record batch of a Produce begins and ends; -1 elsewhere. */
  readonly batchAt: number
  readonly batchEnd: number
}

const FETCH = 1
const CREATE_TOPICS = 19
const DELETE_TOPICS = 20
const CREATE_PARTITIONS = 37

/**
 * The rest weighs 4. What leaves state behind that Kafka keeps too (groups, committed offsets, producers) is rare, so that
 * state is not mistaken for a leak; what makes topics is rarer.
 */
const weights: Readonly<Record<number, number>> = {
  0: 16,
  [FETCH]: 16,
  3: 8,
  8: 1,
  11: 0.5,
  [CREATE_TOPICS]: 0.25,
  [DELETE_TOPICS]: 0.25,
  [CREATE_PARTITIONS]: 0.25,
}
const OTHER_WEIGHT = 4

/** `topicId` is that of the topic with the captured name in the broker under test. */
export function loadCorpus(topicId: Buffer): Seed[] {
  const { frames, topicIds } = readCaptures()
  const countOf = new Map<number, number>()
  for (const { apiKey } of frames) countOf.set(apiKey, (countOf.get(apiKey) ?? 0) + 1)
  return frames.map(captured => {
    const frame = Buffer.from(captured.bytes)
    for (const old of topicIds) replaceAll(frame, old, topicId)
    disarm(captured, frame)
    const weight = (weights[captured.apiKey] ?? OTHER_WEIGHT) / countOf.get(captured.apiKey)!
    return { frame, weight, waitAt: waitPosition(captured), ...batchRange(captured, frame) }
  })
}

function replaceAll(bytes: Buffer, old: Buffer, by: Buffer): void {
  for (let at = bytes.indexOf(old); at !== -1; at = bytes.indexOf(old, at + 1)) by.copy(bytes, at)
}

/** Topics are only validated, and the one that everything speaks of is not deleted. */
function disarm({ apiKey, apiVersion }: CapturedFrame, frame: Buffer): void {
  if (apiKey === DELETE_TOPICS)
    replaceAll(frame, Buffer.from(capturedTopic), Buffer.from(capturedTopic.replace('lines', 'trash')))
  const isFlexible = apiKey === CREATE_TOPICS ? apiVersion >= 5 : apiVersion >= 2
  // validate_only is the last field, before the tags if there are any.
  if (apiKey === CREATE_TOPICS || apiKey === CREATE_PARTITIONS) frame[frame.length - (isFlexible ? 2 : 1)] = 1
}

function waitPosition({ apiKey, apiVersion, bytes }: CapturedFrame): number {
  if (apiKey !== FETCH) return -1
  const headerEnd = 10 + Math.max(0, bytes.readInt16BE(8)) + (apiVersion >= 12 ? 1 : 0)
  return apiVersion >= 15 ? headerEnd : headerEnd + 4
}

function batchRange({ apiKey, apiVersion }: CapturedFrame, frame: Buffer): { batchAt: number; batchEnd: number } {
  if (apiKey !== Produce.key || !inRange(Produce.versions, apiVersion)) return { batchAt: -1, batchEnd: -1 }
  const reader = new Reader(frame)
  readRequestHeader(reader)
  reader.nullableString()
  if (inRange(Produce.flexible, apiVersion)) reader.skipTags()
  const { records } = decode(Produce.request, apiVersion, reader).topicData[0]!.partitionData[0]!
  if (records === null) return { batchAt: -1, batchEnd: -1 }
  const batchAt = records.byteOffset - frame.byteOffset
  return { batchAt, batchEnd: batchAt + records.byteLength }
}
