import { type Bytes, emptyBytes } from '../../base/bytes.js'
import type { Uuid } from '../../base/ids.js'
import type { Slice } from '../../base/slice.js'
import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import { encodedBytes } from '../../protocol/frame.js'
import { Fetch } from '../../protocol/messages/fetch.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import type { Partition } from '../../storage/partition.js'
import type { EpochEndOffset, Isolation, Read } from '../../storage/types.js'
import { downConvertedBytesMax, hardLimitFetchVersionMax, messageSetFetchVersionMax } from '../down-conversion.js'
import { type FetchContext, type FetchPartition, type FetchSessionRequest, isNews, noteAnswered } from '../fetch-session.js'
import { handler, type RequestContext } from '../handler.js'
import { anyLeaderEpoch, resolvePartition } from '../resolve-partition.js'
import { storageErrorFor } from '../storage-error.js'

type FetchRequest = RequestOf<typeof Fetch>
type FetchResponse = ResponseOf<typeof Fetch>
type TopicAnswer = FetchResponse['responses'][number]
type PartitionAnswer = TopicAnswer['partitions'][number]

// Fetch v0-18: reads record batches, and waits for them if asked to. The answer carries ranges of segment files, not
// bytes. A plan that does not satisfy min_bytes lets go of its ranges, waits for an advance, and is made again. For v0-3
// the ranges of the last plan are read and converted to message sets.
export const fetch = handler(Fetch, (request, context) => {
  const session = context.broker.fetchSessions.open(sessionRequest(request, context))
  if (isErrorCode(session)) return { errorCode: session, sessionId: 0, responses: [] }

  const isOld = context.version <= messageSetFetchVersionMax
  if (isOld) context.broker.downConversions.letGo(context.session)
  const maxBytes = Math.min(
    request.maxBytes,
    context.broker.config.get('fetch.max.bytes'),
    isOld ? downConvertedBytesMax : int32Max,
    context.metered?.fetchBytesMax ?? int32Max,
  )
  const limits: PlanLimits = {
    maxBytes,
    // More than an answer may hold is not to be waited for.
    minBytes: Math.min(request.minBytes, maxBytes),
    isolation: request.isolationLevel === 1 ? 'read_committed' : 'read_uncommitted',
    version: context.version,
    isReplica: Math.max(request.replicaId, request.replicaState?.replicaId ?? -1) >= 0,
  }
  const first = plan(session, limits, context)
  const isDue = !(first instanceof Promise) && (request.maxWaitMs <= 0 || isEnough(first, limits, context))
  if (isDue === true && !isOld) return answer(session, first as Plan, context)
  return answerLater(session, first, isDue, request.maxWaitMs, limits, context)
})

async function answerLater(
  session: FetchContext,
  firstPlan: Plan | Promise<Plan>,
  isFirstDue: boolean | Promise<boolean>,
  maxWaitMs: number,
  limits: PlanLimits,
  context: RequestContext,
): Promise<FetchResponse> {
  const last = await longPoll(session, firstPlan, isFirstDue, maxWaitMs, limits, context)
  const isOld = limits.version <= messageSetFetchVersionMax
  return answer(session, isOld ? await convertPlan(last, limits, context) : last, context)
}

async function longPoll(
  session: FetchContext,
  firstPlan: Plan | Promise<Plan>,
  isFirstDue: boolean | Promise<boolean>,
  maxWaitMs: number,
  limits: PlanLimits,
  context: RequestContext,
): Promise<Plan> {
  const { waiting } = context.broker
  const { host } = context.broker.world
  const deadlineMs = host.monotonicMs() + maxWaitMs
  // Awaited only where an engine answers later: between a plan and the wait for what it does not have, nothing may be missed.
  let current = firstPlan instanceof Promise ? await firstPlan : firstPlan
  let isDue = firstPlan instanceof Promise ? isEnough(current, limits, context) : isFirstDue
  for (;;) {
    if (isDue instanceof Promise) {
      current.isLate = true
      isDue = await isDue
    }
    const leftMs = deadlineMs - host.monotonicMs()
    if (isDue || leftMs <= 0 || waiting.isStopped || context.session.isClosed) return current
    release(current)
    context.metered?.waits()
    if (!current.isLate || !isOutdated(current)) await waiting.advanceOrDeadline(current.partitions, leftMs, context.session)
    context.metered?.goesOn()
    const next = plan(session, limits, context)
    current = next instanceof Promise ? await next : next
    isDue = isEnough(current, limits, context)
  }
}

/** Whether one of the partitions went on, or away, while others were still being read. */
function isOutdated({ parts, partitions, isolation }: Plan): boolean {
  // Of those without an error, in their order.
  let n = 0
  for (const { errorCode, highWatermark, lastStableOffset } of parts) {
    if (errorCode !== Errors.NONE) continue
    const partition = partitions[n++]!
    if (partition.isClosed || partition.highWatermark !== highWatermark) return true
    if (isolation === 'read_committed' && partition.lastStableOffset !== lastStableOffset) return true
  }
  return false
}

/**
 * Whether a plan is worth an answer. Kafka cuts a batch where the limit falls and so reaches min_bytes exactly; whole
 * batches stop short of it. So what counts for a partition is what there is to read, up to what the client lets it return.
 */
function isEnough(current: Plan, { minBytes }: PlanLimits, context: RequestContext): boolean | Promise<boolean> {
  const { parts, byteLength, mustAnswer, isolation } = current
  if (mustAnswer || byteLength >= minBytes) return true
  // The first partition with data always returns some.
  if (byteLength === 0) return false
  let available = 0
  let later: Promise<number>[] | null = null
  for (const { wanted } of parts) {
    const partition = partitionOf(wanted, context)
    if (partition === undefined) continue
    const read = partition.read(wanted.fetchOffset, { maxBytes: int32Max, atLeastOneBatch: true, isolation, isCount: true })
    if (read instanceof Promise) {
      later ??= []
      later.push(read.then(one => bytesToReturn(one, wanted)))
    } else available += bytesToReturn(read, wanted)
  }
  if (later === null) return available >= minBytes
  const sum = Promise.all(later).then(counts => counts.reduce((total, count) => total + count, available))
  // What was counted and is not in the plan is for the next one.
  return sum.then(total => total >= minBytes && !isOutdated(current))
}

function bytesToReturn(read: Read | ErrorCode, wanted: FetchPartition): number {
  if (isErrorCode(read)) return 0
  for (const slice of read.slices) slice.release()
  return Math.min(read.byteLength, Math.max(0, wanted.maxBytes))
}

const int32Max = 0x7fff_ffff

interface PlanLimits {
  readonly maxBytes: number
  readonly minBytes: number
  readonly isolation: Isolation
  readonly version: number
  readonly isReplica: boolean
}

/** What one partition would answer now. */
interface PartitionPlan {
  readonly wanted: FetchPartition
  readonly errorCode: ErrorCode
  readonly slices: readonly Slice[]
  readonly byteLength: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly abortedTransactions: Read['abortedTransactions']
  readonly diverging: EpochEndOffset | null
  /** Null where nothing was read. */
  readonly partition: Partition | null
  /** What old clients get instead of the slices. */
  readonly messageSet: Bytes
}

interface Plan {
  readonly parts: PartitionPlan[]
  /** Those that a wait would watch. */
  readonly partitions: Partition[]
  byteLength: number
  /** An error or a diverging log is told at once; so is that there is nothing to wait for. */
  mustAnswer: boolean
  readonly isolation: Isolation
  /** An engine answered later: what was planned first may be outdated. */
  isLate: boolean
}

function plan(session: FetchContext, limits: PlanLimits, context: RequestContext): Plan | Promise<Plan> {
  const made: Plan = { parts: [], partitions: [], byteLength: 0, mustAnswer: false, isolation: limits.isolation, isLate: false }
  const wanteds = session.kind === 'incremental' ? session.session.partitions.values() : fullPartitions(session)
  const left = wanteds[Symbol.iterator]()
  for (let next = left.next(); next.done !== true; next = left.next()) {
    const part = planPartition(next.value, limits, made.byteLength, context, made.partitions)
    if (part instanceof Promise) return planRest(made, part, left, limits, context)
    addPart(made, part)
  }
  made.mustAnswer ||= made.parts.length === 0
  return made
}

/** What a partition may return depends on those before it: they are read one after the other. */
async function planRest(
  made: Plan,
  first: Promise<PartitionPlan>,
  left: Iterator<FetchPartition>,
  limits: PlanLimits,
  context: RequestContext,
): Promise<Plan> {
  made.isLate = true
  addPart(made, await first)
  for (let next = left.next(); next.done !== true; next = left.next()) {
    addPart(made, await planPartition(next.value, limits, made.byteLength, context, made.partitions))
  }
  return made
}

function addPart(made: Plan, part: PartitionPlan): void {
  made.parts.push(part)
  made.byteLength += part.byteLength
  if (part.errorCode !== Errors.NONE || part.diverging !== null) made.mustAnswer = true
}

function fullPartitions(context: Extract<FetchContext, { kind: 'full' }>): Iterable<FetchPartition> {
  return context.session === null ? context.partitions : context.session.partitions.values()
}

function planPartition(
  wanted: FetchPartition,
  limits: PlanLimits,
  bytesSoFar: number,
  context: RequestContext,
  partitions: Partition[],
): PartitionPlan | Promise<PartitionPlan> {
  // 1. Which partition?
  const topicId = limits.version >= 13 ? wanted.topicId : null
  const name = topicOf(wanted, context)
  // Here, and here alone, Kafka takes any negative epoch for none.
  const knownEpoch = Math.max(anyLeaderEpoch, wanted.currentLeaderEpoch)
  // A follower may by what it is, not by the topic.
  if (limits.isReplica && !context.may('cluster_action', 'cluster', '')) return failed(wanted, Errors.TOPIC_AUTHORIZATION_FAILED)
  const operation = limits.isReplica ? null : 'read'
  const partition = resolvePartition(context, name, wanted.index, operation, knownEpoch, topicId)
  if (isErrorCode(partition)) return failed(wanted, partition)
  // A replica that this leader does not have.
  if (limits.isReplica) return failed(wanted, Errors.NOT_LEADER_OR_FOLLOWER)
  // 2. A client of these versions cannot know zstd.
  if (limits.version < 10 && context.broker.topics.config(partition.topic).get('compression.type') === 'zstd') {
    return failed(wanted, Errors.UNSUPPORTED_COMPRESSION_TYPE)
  }
  // 3. [KIP-595] Did the consumer read something that this log never had?
  if (wanted.lastFetchedEpoch >= 0) {
    const end = partition.endOffsetForEpoch(wanted.lastFetchedEpoch)
    if (end.endOffset === -1) return failed(wanted, Errors.OFFSET_OUT_OF_RANGE)
    if (end.leaderEpoch < wanted.lastFetchedEpoch || end.endOffset < wanted.fetchOffset) {
      partitions.push(partition)
      return {
        ...failed(wanted, Errors.NONE),
        highWatermark: partition.highWatermark,
        lastStableOffset: partition.lastStableOffset,
        logStartOffset: partition.logStartOffset,
        diverging: end,
      }
    }
  }
  // 4. The first partition with data returns a whole batch whatever the limits say.
  const read = partition.read(wanted.fetchOffset, {
    maxBytes: Math.max(0, Math.min(wanted.maxBytes, limits.maxBytes - bytesSoFar)),
    // Under a hard limit too: what of the batch fits is sent.
    atLeastOneBatch: bytesSoFar === 0 || limits.version <= hardLimitFetchVersionMax,
    isolation: limits.isolation,
  })
  if (read instanceof Promise) return read.then(answered => planOfRead(wanted, partition, answered, partitions))
  return planOfRead(wanted, partition, read, partitions)
}

function planOfRead(
  wanted: FetchPartition,
  partition: Partition,
  read: Read | ErrorCode,
  partitions: Partition[],
): PartitionPlan {
  partition.traffic.fetchRequests++
  if (isErrorCode(read)) {
    if (read === Errors.KAFKA_STORAGE_ERROR || read === Errors.CORRUPT_MESSAGE) partition.traffic.failedFetchRequests++
    return failed(wanted, read)
  }
  partitions.push(partition)
  const { slices, byteLength, highWatermark, lastStableOffset, logStartOffset, abortedTransactions } = read
  return {
    wanted,
    errorCode: Errors.NONE,
    slices,
    byteLength,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    abortedTransactions,
    diverging: null,
    partition,
    messageSet: emptyBytes,
  }
}

/** The same plan with message sets in memory instead of slices, which are let go. */
async function convertPlan(current: Plan, limits: PlanLimits, context: RequestContext): Promise<Plan> {
  const { version } = limits
  const { downConversions } = context.broker
  // What there is to read was found through them; it is read piece by piece.
  release(current)
  const parts: PartitionPlan[] = []
  let byteLength = 0
  for (const part of current.parts) {
    const { wanted, slices } = part
    const partition = slices.length === 0 ? undefined : partitionOf(wanted, context)
    if (partition === undefined) {
      parts.push({ ...part, slices: [] })
      continue
    }
    const bytesLeft = limits.maxBytes - byteLength
    // A message cut short says that the client's own limit for the partition is too small, and nothing else.
    const isCut = version <= hardLimitFetchVersionMax && bytesLeft >= wanted.maxBytes
    const converted = await downConversions.convert(context.session, partition, wanted.fetchOffset, version, {
      bytesMax: Math.min(wanted.maxBytes, bytesLeft),
      firstMessage: isCut ? 'cut' : version > hardLimitFetchVersionMax && byteLength === 0 ? 'whole' : 'none',
    })
    if (isErrorCode(converted)) parts.push(failed(wanted, converted))
    else {
      parts.push({ ...part, slices: [], messageSet: converted })
      byteLength += converted.byteLength
    }
  }
  return { ...current, parts, byteLength }
}

function isHidden(errorCode: ErrorCode): boolean {
  return (
    errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION ||
    errorCode === Errors.UNKNOWN_TOPIC_ID ||
    errorCode === Errors.TOPIC_AUTHORIZATION_FAILED
  )
}

/** Kept once it is known: for a topic that was deleted or recreated, Kafka answers that, and not that its id is unknown. */
function topicOf(wanted: FetchPartition, { broker }: RequestContext): string | null {
  wanted.name ??= broker.topics.image.topicsById.get(wanted.topicId)?.name ?? null
  return wanted.name
}

function partitionOf(wanted: FetchPartition, context: RequestContext): Partition | undefined {
  const name = topicOf(wanted, context)
  const partition = name === null ? undefined : context.broker.topics.partition(name, wanted.index)
  return context.version >= 13 && partition?.topicId !== wanted.topicId ? undefined : partition
}

function failed(wanted: FetchPartition, errorCode: ErrorCode): PartitionPlan {
  return {
    wanted,
    errorCode,
    slices: [],
    byteLength: 0,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    diverging: null,
    partition: null,
    messageSet: emptyBytes,
  }
}

function answer(session: FetchContext, current: Plan, context: RequestContext): FetchResponse {
  const { metered } = context
  const isNoted = metered === null
  const response = answerOf(session, current, context, isNoted)
  if (metered === null) return response
  const { response: message } = Fetch
  if (!metered.mayFetch(encodedBytes(message, context.version, response))) {
    release(current)
    for (const part of current.parts) if (part.partition !== null) part.partition.traffic.bytesOut -= bytesOf(part)
    return { sessionId: context.broker.fetchSessions.untouched(session), responses: [] }
  }
  if (session.session !== null) for (const part of current.parts) noteAnswered(session.session, part.wanted, part)
  return response
}

/** `isNoted`: the session knows what its client is told. */
function answerOf(session: FetchContext, current: Plan, context: RequestContext, isNoted: boolean): FetchResponse {
  const responses: { topic: string; topicId: Uuid; partitions: PartitionAnswer[] }[] = []
  for (const part of current.parts) {
    const { wanted } = part
    if (session.session !== null) {
      const isNew = isNews(wanted, part)
      if (isNoted) noteAnswered(session.session, wanted, part)
      if (!isNew && session.kind === 'incremental') continue
    }
    let topic = responses.at(-1)
    if (topic === undefined || topic.topic !== wanted.topic || topic.topicId !== wanted.topicId) {
      topic = { topic: wanted.topic, topicId: wanted.topicId, partitions: [] }
      responses.push(topic)
    }
    topic.partitions.push(partitionAnswer(part, context))
  }
  return { sessionId: session.session?.id ?? 0, responses }
}

const bytesOf = ({ slices, byteLength, messageSet }: PartitionPlan): number =>
  slices.length === 0 ? messageSet.byteLength : byteLength

function partitionAnswer(part: PartitionPlan, context: RequestContext): PartitionAnswer {
  const { wanted, errorCode, highWatermark, lastStableOffset, logStartOffset, diverging, partition, slices } = part
  if (partition !== null) partition.traffic.bytesOut += bytesOf(part)
  const isLeaderNews =
    errorCode === Errors.FENCED_LEADER_EPOCH || (errorCode === Errors.NOT_LEADER_OR_FOLLOWER && context.version >= 16)
  return {
    partitionIndex: wanted.index,
    errorCode: storageErrorFor(errorCode, context.version >= 6),
    highWatermark,
    lastStableOffset,
    logStartOffset,
    // Null says "not asked for", which an empty list would not. What is hidden is answered with an empty list.
    abortedTransactions: isHidden(errorCode) ? [] : part.abortedTransactions,
    divergingEpoch: diverging === null ? undefined : { epoch: diverging.leaderEpoch, endOffset: diverging.endOffset },
    // [KIP-951]
    currentLeader: isLeaderNews ? currentLeader(wanted, context) : undefined,
    records: slices.length === 0 ? part.messageSet : slices,
  }
}

function currentLeader(wanted: FetchPartition, context: RequestContext): { leaderId: number; leaderEpoch: number } {
  return { leaderId: context.broker.nodeId, leaderEpoch: partitionOf(wanted, context)?.leaderEpoch ?? -1 }
}

function release(current: Plan): void {
  for (const { slices } of current.parts) for (const slice of slices) slice.release()
}

function sessionRequest(request: FetchRequest, context: RequestContext): FetchSessionRequest {
  const partitions: FetchPartition[] = []
  for (const { topic, topicId, partitions: asked } of request.topics) {
    for (const { partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch, lastFetchedEpoch } of asked) {
      partitions.push({
        topic,
        topicId,
        index: partition,
        name: context.version >= 13 ? null : topic,
        fetchOffset,
        maxBytes: partitionMaxBytes,
        currentLeaderEpoch,
        lastFetchedEpoch,
        knownHighWatermark: -1,
        knownLogStartOffset: -1,
      })
    }
  }
  const forgotten = request.forgottenTopicsData.flatMap(({ topic, topicId, partitions: indexes }) =>
    indexes.map(index => ({ topic, topicId, index })),
  )
  const { sessionId, sessionEpoch } = request
  return { sessionId, sessionEpoch, usesTopicIds: context.version >= 13, partitions, forgotten }
}
