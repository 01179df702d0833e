import type { Bytes } from '../../base/bytes.js'
import { type ErrorCode, Errors, isErrorCode, isRefusal } from '../../protocol/errors.js'
import { Produce } from '../../protocol/messages/produce.js'
import { batchHeaderSize, Codecs, codecOf } from '../../protocol/records/batch.js'
import { decompressed } from '../../protocol/records/compression.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import type { Partition } from '../../storage/partition.js'
import { turnInLine } from '../../storage/slices.js'
import type { Appended, AppendRefusal, Inspection } from '../../storage/types.js'
import { handler, type RequestContext } from '../handler.js'
import { CloseConnection, noAnswer, Ordered } from '../outcomes.js'
import { collapsed, type TopicSpelling } from '../repeated.js'
import { resolvePartition } from '../resolve-partition.js'
import { storageErrorFor } from '../storage-error.js'
import { hasTransaction, type Verdicts, verdictsOn } from '../transactional-produce.js'

type ProduceRequest = RequestOf<typeof Produce>
type ProduceResponse = ResponseOf<typeof Produce>
type TopicResponses = ResponseOf<typeof Produce>['responses']
type PartitionResponse = TopicResponses[number]['partitionResponses'][number]

// Produce v0-13: appends one record batch per partition; of old clients (v0-2) it is made from a message set. Every append is
// done when the handler returns, in the order of the request, unless they take longer than a few milliseconds: then the
// connection waits for them, and no other client. acks=all then waits until they are durable, acks=1 does not, acks=0 is not
// answered. The first batches of a transaction wait for the transaction coordinator, too.
export const produce = handler(Produce, (request, context) => {
  const verdicts = hasTransaction(request) ? verdictsOn(request, context) : null
  if (verdicts instanceof Promise) return appendedLater(request, context, verdicts)
  if (isErrorCode(verdicts)) {
    if (request.acks === 0) throw new CloseConnection('a transactional produce with acks=0 was refused')
    return Produce.failure(request, verdicts, context.version)
  }
  const appends = new Appends(context, request.acks, verdicts)
  if (appends.run(request)) return outcome(appends, request.acks, context)
  appends.forget()
  // All others are served between two slices; the connection starts its next request when everything is appended.
  const appended = finished(appends, context.keepFrame(request))
  return ordered(appended, () => outcome(appends, request.acks, context))
})

/** Batches of a transaction about which the coordinator is asked. The connection waits: a producer's batches stay in order. */
function appendedLater(request: ProduceRequest, context: RequestContext, asked: Promise<Verdicts>): Ordered<ProduceResponse> {
  const kept = context.keepFrame(request)
  const appending = asked.then(async verdicts => {
    const appends = new Appends(context, kept.acks, verdicts)
    if (!appends.run(kept)) await finished(appends, kept)
    return appends
  })
  return ordered(appending, appends => outcome(appends, kept.acks, context))
}

type ProduceOutcome = ProduceResponse | Ordered<ProduceResponse> | typeof noAnswer

function ordered<Result>(appended: Promise<Result>, answer: (result: Result) => ProduceOutcome): Ordered<ProduceResponse> {
  const response = appended.then(result => {
    const last = answer(result)
    return last instanceof Ordered ? last.response : last
  })
  return new Ordered(response, appended.then(nothing, nothing))
}

const nothing = (): void => {}

async function finished(appends: Appends, request: ProduceRequest): Promise<void> {
  for (let isDone = false; !isDone; ) {
    const end = await appends.others(request)
    try {
      isDone = appends.run(request)
    } finally {
      end()
    }
  }
}

function outcome({ responses, unwritten, durables }: Appends, acks: number, { version }: RequestContext): ProduceOutcome {
  if (acks === 0) {
    // With acks=0 a closed connection is the only way to report an error.
    if (hasError(responses)) throw new CloseConnection('a produce with acks=0 was refused')
    for (const durable of durables) durable.catch(() => {}) // A failed sync stops the broker by itself.
    return noAnswer
  }
  if (acks === 1) for (const durable of durables) durable.catch(() => {})
  const awaited = acks === 1 ? unwritten : durables
  return awaited.length === 0 ? { responses } : new Ordered(whenSettled(responses, awaited, version))
}

/** Apart from the handler, so that what waits here keeps the answer and not the request with its batches. */
async function whenSettled(
  responses: TopicResponses,
  awaited: readonly Promise<void>[],
  version: number,
): Promise<ResponseOf<typeof Produce>> {
  try {
    await Promise.all(awaited)
    return { responses }
  } catch {
    const errorCode = storageErrorFor(Errors.KAFKA_STORAGE_ERROR, version >= 4)
    const failed = responses.map(topic => ({
      ...topic,
      partitionResponses: topic.partitionResponses.map(partition =>
        partition.errorCode === Errors.NONE ? refused(partition.index, errorCode, null) : partition,
      ),
    }))
    return { responses: failed }
  }
}

/** How long one request may append before others are served. */
const sliceMs = 1
/** Batches below take no time to speak of … */
const largeBatchBytes = 16 * 1024
/** … unless they are many: the clock is looked at after so many. */
const smallBatchesPerLook = 32
/** What the batches of one request may decompress to: so much, and so many times what they have on the wire. */
export const decompressedBytesPerRequestMin = 64 * 1024 * 1024
export const decompressionFactorMax = 64

/** The appends of one request, in its order. */
class Appends {
  readonly responses: TopicResponses[number][] = []
  /** Where the engine has not answered yet. */
  readonly unwritten: Promise<void>[] = []
  readonly durables: Promise<void>[] = []
  readonly #context: RequestContext
  readonly #areAcks: boolean
  /** Null where there is no transaction. */
  readonly #verdicts: Verdicts | null
  /** Where to go on. */
  #topic = 0
  #partition = 0
  #decompressedBytes = 0
  #decompressedBytesMax: number | null = null
  #topicData: readonly TopicData[] | null = null
  /** The partition whose batch is put off until it has been looked into. */
  #deferring: Partition | null = null
  /** What was found in the next batch. */
  #inspection: Inspection | null = null

  constructor(context: RequestContext, acks: number, verdicts: Verdicts | null) {
    this.#context = context
    this.#verdicts = verdicts
    this.#areAcks = acks >= -1 && acks <= 1
  }

  /** What was looked at lies in a frame that does not last; the next call brings the same request in one that does. */
  forget(): void {
    this.#topicData = null
  }

  /** Between two runs: others are served, while a batch that takes long is looked into. The result is called after the next. */
  async others(request: ProduceRequest): Promise<() => void> {
    const partition = this.#deferring
    this.#deferring = null
    const others = partition === null ? turnInLine() : partition.ahead.over
    if (partition === null || others !== null) {
      await others
      return nothing
    }
    const records = this.#topicDataOf(request)[this.#topic]!.partitionData[this.#partition]!.records as Bytes
    const { inspections } = this.#context.broker
    const { version } = this.#context
    this.#inspection = await inspections.take(() => partition.inspect(records, version, inspections.pause))
    this.#decompressedBytes += this.#inspection.decompressedBytes
    return () => partition.ahead.end(records)
  }

  #topicDataOf({ topicData }: ProduceRequest): readonly TopicData[] {
    this.#topicData ??= collapsed(topicData, this.#context.version >= 13 ? byId : byName)
    return this.#topicData
  }

  /** Appends for a few milliseconds; false when there is more to do, for which it is called again. */
  run(request: ProduceRequest): boolean {
    const { host } = this.#context.broker.world
    const usesIds = this.#context.version >= 13
    const topicData = this.#topicDataOf(request)
    let endMs = 0
    let small = 0
    for (; this.#topic < topicData.length; this.#topic++) {
      const { name, topicId, partitionData } = topicData[this.#topic]!
      if (this.responses.length === this.#topic) this.responses.push({ name, topicId, partitionResponses: [] })
      const partitionResponses = this.responses[this.#topic]!.partitionResponses as PartitionResponse[]
      const known = usesIds ? (this.#context.broker.topics.image.topicsById.get(topicId)?.name ?? null) : name
      while (this.#partition < partitionData.length) {
        const { index, records } = partitionData[this.#partition++]!
        const isSmall = records === null || (records.byteLength < largeBatchBytes && !this.#isOpened(records))
        const isLook = !isSmall || ++small % smallBatchesPerLook === 0
        if (isLook && endMs === 0) endMs = host.monotonicMs() + sliceMs
        const inspection = this.#inspection ?? 'later'
        this.#inspection = null
        const response =
          records !== null && this.#isOpened(records)
            ? this.#appendOpened(request, known, index, records, inspection)
            : this.#append(known, index, records, inspection)
        if (response === null) {
          this.#partition--
          return false
        }
        partitionResponses.push(response)
        if (isLook && host.monotonicMs() >= endMs && !this.#isAll(topicData)) return false
      }
      this.#partition = 0
    }
    return true
  }

  #isAll(topicData: readonly TopicData[]): boolean {
    return this.#topic === topicData.length - 1 && this.#partition === topicData[this.#topic]!.partitionData.length
  }

  /** Whether appending may have to decompress: what message sets hold is not looked for here. */
  #isOpened(records: Bytes): boolean {
    return this.#context.version <= 2 || (records.byteLength >= batchHeaderSize && codecOf(records, 0) !== Codecs.none)
  }

  /** What all batches together decompress to has a bound that no honest request meets. */
  #appendOpened(
    request: ProduceRequest,
    topic: string | null,
    index: number,
    records: Bytes,
    inspection: Inspection | 'later',
  ): PartitionResponse | null {
    this.#decompressedBytesMax ??= Math.max(decompressedBytesPerRequestMin, decompressionFactorMax * recordBytesOf(request))
    const bytesMax = this.#decompressedBytesMax
    if (this.#decompressedBytes > bytesMax && inspection === 'later') {
      return refused(index, Errors.MESSAGE_TOO_LARGE, `The batches of this request decompress to more than ${bytesMax} bytes`)
    }
    const before = decompressed.bytes
    const response = this.#append(topic, index, records, inspection)
    this.#decompressedBytes += decompressed.bytes - before
    return response
  }

  /** Null: not yet. */
  #append(name: string | null, index: number, records: Bytes | null, inspection: Inspection | 'later'): PartitionResponse | null {
    const { version } = this.#context
    const partition = resolvePartition(this.#context, name, index, 'write')
    if (isErrorCode(partition)) {
      const isInternal = partition === Errors.INVALID_TOPIC_EXCEPTION
      return refused(index, partition, isInternal ? `Cannot append to internal topic ${name}` : null)
    }
    if (!this.#areAcks) return refused(index, Errors.INVALID_REQUIRED_ACKS, null)
    // A message set may be empty: there is nothing to store and nothing to complain about.
    if (version <= 2 && records?.byteLength === 0) return { index, errorCode: Errors.NONE, baseOffset: -1 }
    if (records === null) return refused(index, Errors.INVALID_RECORD, 'No record batch was given.')
    const refusal = this.#verdicts?.refusals.get(partition.producerStates)
    if (refusal !== undefined) return refused(index, refusal.errorCode, refusal.message)
    const guard = this.#verdicts?.guards.get(partition.producerStates) ?? null
    const origin = { kind: 'client', apiVersion: version, guard } as const
    const result = partition.appendOrDefer(records, origin, inspection)
    if (result === null) {
      this.#deferring = partition
      return null
    }
    if (isRefusal(result)) return appendRefused(index, result, version)
    if (result.written !== null) this.unwritten.push(result.written)
    if (result.durable !== null) this.durables.push(result.durable)
    return appended(index, result)
  }
}

function recordBytesOf(request: ProduceRequest): number {
  let bytes = 0
  for (const { partitionData } of request.topicData) for (const { records } of partitionData) bytes += records?.byteLength ?? 0
  return bytes
}

type TopicData = ProduceRequest['topicData'][number]
const byName: TopicSpelling<TopicData, TopicData['partitionData'][number]> = {
  keyOf: ({ name }) => name,
  partitionsOf: ({ partitionData }) => partitionData,
  indexOf: ({ index }) => index,
  withPartitions: (topicData, partitionData) => ({ ...topicData, partitionData: [...partitionData] }),
}
const byId: typeof byName = { ...byName, keyOf: ({ topicId }) => topicId }

function appended(index: number, { baseOffset, logAppendTimeMs, logStartOffset }: Appended): PartitionResponse {
  return { index, errorCode: Errors.NONE, baseOffset, logAppendTimeMs, logStartOffset }
}

function appendRefused(index: number, refusal: AppendRefusal, version: number): PartitionResponse {
  const recordErrors = refusal.recordErrors.map(({ batchIndex, message }) => ({ batchIndex, batchIndexErrorMessage: message }))
  const errorCode = storageErrorFor(refusal.errorCode, version >= 4)
  const { message, logStartOffset } = refusal
  return { ...refused(index, errorCode, message), recordErrors, logStartOffset }
}

function refused(index: number, errorCode: ErrorCode, errorMessage: string | null): PartitionResponse {
  return { index, errorCode, baseOffset: -1, errorMessage }
}

function hasError(responses: TopicResponses): boolean {
  return responses.some(topic => topic.partitionResponses.some(partition => partition.errorCode !== Errors.NONE))
}
