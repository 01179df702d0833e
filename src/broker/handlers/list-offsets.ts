import type { Int64 } from '../../base/int64.js'
import type { Pause } from '../../base/pause.js'
import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import { ListOffsets } from '../../protocol/messages/list-offsets.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import type { Partition } from '../../storage/partition.js'
import type { Isolation, TimestampedOffset } from '../../storage/types.js'
import { allVisible } from '../acknowledged.js'
import { handler, type RequestContext } from '../handler.js'
import { CloseConnection } from '../outcomes.js'
import { collapsed, type TopicSpelling } from '../repeated.js'
import { resolvePartition } from '../resolve-partition.js'

type PartitionRequest = RequestOf<typeof ListOffsets>['topics'][number]['partitions'][number]
type TopicAnswer = ResponseOf<typeof ListOffsets>['topics'][number]
type PartitionAnswer = TopicAnswer['partitions'][number]

const latest = -1
const earliest = -2
const maxTimestamp = -3
const earliestLocal = -4
const latestTiered = -5
const earliestPendingUpload = -6
/** The version in which each sentinel appeared. */
const sentinelSince: Readonly<Record<number, number>> = {
  [latest]: 0,
  [earliest]: 0,
  [maxTimestamp]: 7,
  [earliestLocal]: 8,
  [latestTiered]: 9,
  [earliestPendingUpload]: 11,
}

// ListOffsets v0-11: from a time, or a sentinel, to an offset. Times are looked up to the record (KIP-79). Nothing is
// tiered here, so -4 is -2, and -5 and -6 find nothing. Look-ups by time open batches: those of
// all clients are done one after the other, so that one batch at a time is decompressed for them, with pauses and, where it is
// large, in another thread.
export const listOffsets = handler(ListOffsets, (request, context) => {
  const isolation: Isolation = request.isolationLevel === 1 ? 'read_committed' : 'read_uncommitted'
  const repeated = new Set<string>()
  const topics = collapsed(request.topics, spelling, ({ name }, { partitionIndex }) => repeated.add(`${name}/${partitionIndex}`))
  const answer = async () => {
    const answers: TopicAnswer[] = []
    for (const { name, partitions } of topics) {
      const partitionAnswers: PartitionAnswer[] = []
      answers.push({ name, partitions: partitionAnswers })
      for (const asked of partitions) {
        const isRepeated = repeated.size > 0 && repeated.has(`${name}/${asked.partitionIndex}`)
        if (!context.may('describe', 'topic', name)) partitionAnswers.push(failed(asked, Errors.TOPIC_AUTHORIZATION_FAILED))
        else if (isRepeated) partitionAnswers.push(failed(asked, Errors.INVALID_REQUEST))
        else if (!opensBatches(asked)) partitionAnswers.push(await listPartition(name, asked, isolation, context))
        else {
          // The client has left.
          const find = () =>
            context.session.isClosed ? failed(asked, Errors.NONE) : listPartition(name, asked, isolation, context)
          partitionAnswers.push(await context.broker.lookUps.take(find))
        }
        const paused = context.pause()
        if (paused !== null) await paused
      }
    }
    return { topics: answers }
  }
  // The start of a log says nothing of its end; anything else must not deny what a producer was told. Who may not ask does not
  // wait, which would tell that there is something to wait for.
  const asked = topics
    .filter(({ name }) => context.may('describe', 'topic', name))
    .flatMap(({ name, partitions }) =>
      partitions.flatMap(({ partitionIndex, timestamp }) =>
        timestamp === earliest ? [] : (context.broker.topics.partition(name, partitionIndex) ?? []),
      ),
    )
  const visible = allVisible(asked)
  return visible === null ? answer() : visible.then(answer)
})

/** By the time of a record, or for the record of the largest time. */
function opensBatches({ timestamp }: PartitionRequest): boolean {
  return timestamp >= 0 || timestamp === maxTimestamp
}

type TopicRequest = RequestOf<typeof ListOffsets>['topics'][number]
const spelling: TopicSpelling<TopicRequest, PartitionRequest> = {
  keyOf: ({ name }) => name,
  partitionsOf: ({ partitions }) => partitions,
  indexOf: ({ partitionIndex }) => partitionIndex,
  withPartitions: (topic, partitions) => ({ ...topic, partitions: [...partitions] }),
}

function listPartition(
  topic: string,
  asked: PartitionRequest,
  isolation: Isolation,
  context: RequestContext,
): PartitionAnswer | Promise<PartitionAnswer> {
  const { partitionIndex, timestamp } = asked
  const { broker, version } = context
  if (timestamp < 0 && version < (sentinelSince[Number(timestamp)] ?? Number.POSITIVE_INFINITY)) {
    return failed(asked, Errors.UNSUPPORTED_VERSION)
  }
  const partition = resolvePartition(context, topic, partitionIndex, 'describe', asked.currentLeaderEpoch)
  if (isErrorCode(partition)) return failed(asked, partition)
  if (version === 0) return listOldStyle(partition, asked, broker.world.nowMs())

  const found = lookUp(partition, timestamp, isolation, pauseFor(context))
  return found instanceof Promise ? found.then(later => answerOf(asked, later)) : answerOf(asked, found)
}

type Found = TimestampedOffset | null | ErrorCode

function answerOf(asked: PartitionRequest, found: Found): PartitionAnswer {
  if (isErrorCode(found)) return failed(asked, found)
  return { partitionIndex: asked.partitionIndex, errorCode: Errors.NONE, ...found }
}

/** Between two steps of a look-up; there are no more once the client has left. */
function pauseFor({ broker, session }: RequestContext): Pause {
  const { pause } = broker.lookUps
  return () => {
    if (session.isClosed) throw new CloseConnection('the client left before its look-up was done')
    return pause()
  }
}

function lookUp(partition: Partition, timestamp: Int64, isolation: Isolation, pause: Pause): Found | Promise<Found> {
  switch (timestamp) {
    case latest:
      return partition.latestOffset(isolation)
    case earliest:
    case earliestLocal:
      return partition.earliestOffset()
    case maxTimestamp:
      return partition.maxTimestampOffset(isolation, pause)
    case latestTiered:
    case earliestPendingUpload:
      return null
    default:
      return partition.offsetForTimestamp(timestamp, isolation, pause)
  }
}

/**
 * v0 answers with a list of places, newest first: the end of the log, dated now, and the starts of segments, dated by their
 * newest record (Kafka takes the file's time). From those that are not younger than the asked time it takes so many; -1 is
 * the youngest, -2 the oldest.
 */
function listOldStyle(partition: Partition, asked: PartitionRequest, nowMs: number): PartitionAnswer {
  const starts = partition.segmentStarts()
  if (isErrorCode(starts)) return failed(asked, starts)
  const places = starts.map(({ offset, datedMs }) => ({ offset, datedMs }))
  if (starts.at(-1)?.isEmpty === false) places.push({ offset: partition.highWatermark, datedMs: nowMs })
  const last =
    asked.timestamp === latest
      ? places.length - 1
      : asked.timestamp === earliest
        ? 0
        : places.findLastIndex(({ datedMs }) => datedMs <= asked.timestamp)
  const first = Math.max(0, last + 1 - Math.max(0, asked.maxNumOffsets))
  // Offsets that are not durable yet are never reported.
  const offsets = places.slice(first, last + 1).map(({ offset }) => Math.min(offset, partition.highWatermark))
  return { partitionIndex: asked.partitionIndex, errorCode: Errors.NONE, oldStyleOffsets: [...new Set(offsets.reverse())] }
}

function failed({ partitionIndex }: PartitionRequest, errorCode: ErrorCode): PartitionAnswer {
  return { partitionIndex, errorCode }
}
