/**
 * Incremental fetch sessions (KIP-227): the broker remembers which partitions a consumer reads and what it was last told,
 * so that requests and answers carry changes only. No I/O and no clock of its own.
 *
 *   epoch -1   no session (closes the one that is named)
 *   epoch  0   a full fetch that asks for a new session
 *   epoch  n   the n-th incremental fetch; must be the next one of that session
 */
import type { Uuid } from '../base/ids.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'

/** One partition as a consumer asks for it; in a session, also what it was told last. */
export interface FetchPartition {
  readonly topic: string
  readonly topicId: Uuid
  readonly index: number
  /** Of the topic that had the id when it was first asked for; null while none has it. */
  name: string | null
  fetchOffset: number
  maxBytes: number
  currentLeaderEpoch: number
  lastFetchedEpoch: number
  /** What the consumer knows; -1 makes the next answer carry it again. */
  knownHighWatermark: number
  knownLogStartOffset: number
}

export interface FetchSession {
  readonly id: number
  readonly usesTopicIds: boolean
  /** In the order in which they are served: one that returned data goes to the end. */
  readonly partitions: Map<string, FetchPartition>
  nextEpoch: number
  lastUsedMs: number
}

export type FetchContext =
  /** Every asked partition is answered. `session` is the one that this request opened, if there was room. */
  | { readonly kind: 'full'; readonly session: FetchSession | null; readonly partitions: Iterable<FetchPartition> }
  /** Only what changed is answered. */
  | { readonly kind: 'incremental'; readonly session: FetchSession; readonly partitions: Iterable<FetchPartition> }

export interface FetchSessionRequest {
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly usesTopicIds: boolean
  readonly partitions: readonly FetchPartition[]
  readonly forgotten: readonly { readonly topic: string; readonly topicId: Uuid; readonly index: number }[]
}

const finalEpoch = -1
const initialEpoch = 0
/** Kafka's min.incremental.fetch.session.eviction.ms: a session used within this time keeps its slot. */
const evictionMsMin = 120_000
/** Partitions over all sessions, about 300 bytes each. Kafka has no such bound; a request may name what is not there. */
export const sessionPartitionsMax = 500_000

export function partitionKey(topic: string, topicId: Uuid, index: number): string {
  return `${topic}/${topicId}/${index}`
}

export class FetchSessions {
  readonly #slots: number
  readonly #nowMs: () => number
  readonly #newId: () => number
  /** Least recently used first. */
  readonly #sessions = new Map<number, FetchSession>()
  readonly #partitionsMax: number
  #partitionCount = 0

  /** @param newId gives a random positive int32. */
  constructor(slots: number, nowMs: () => number, newId: () => number, partitionsMax = sessionPartitionsMax) {
    this.#partitionsMax = partitionsMax
    this.#slots = slots
    this.#nowMs = nowMs
    this.#newId = newId
  }

  get size(): number {
    return this.#sessions.size
  }
  get partitionCount(): number {
    return this.#partitionCount
  }

  open(request: FetchSessionRequest): FetchContext | ErrorCode {
    const { sessionId, sessionEpoch } = request
    if (sessionEpoch === finalEpoch || sessionEpoch === initialEpoch) {
      this.#end(sessionId)
      const session = sessionEpoch === initialEpoch ? this.#create(request) : null
      return { kind: 'full', session, partitions: session?.partitions.values() ?? eachOnce(request.partitions) }
    }
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return Errors.FETCH_SESSION_ID_NOT_FOUND
    if (session.nextEpoch !== sessionEpoch) return Errors.INVALID_FETCH_SESSION_EPOCH
    if (session.usesTopicIds !== request.usesTopicIds) return Errors.FETCH_SESSION_TOPIC_ID_ERROR

    this.#end(sessionId)
    merge(session, request)
    // A session that forgot everything is over; the answer is that of a fetch without partitions.
    if (session.partitions.size === 0) return { kind: 'full', session: null, partitions: [] }
    // One that grew out of its bound is over too: the client asks for a new one, and fetches without if it gets none.
    if (!this.#makeRoom(session.partitions.size)) return Errors.FETCH_SESSION_ID_NOT_FOUND
    session.nextEpoch = epochAfter(sessionEpoch)
    session.lastUsedMs = this.#nowMs()
    this.#keep(session)
    return { kind: 'incremental', session, partitions: session.partitions.values() }
  }

  /** The client was told nothing, because it has to wait: a session that it has goes on, a new one is not made. Its id, or 0. */
  untouched({ kind, session }: FetchContext): number {
    if (session === null || kind === 'incremental') return session?.id ?? 0
    this.#end(session.id)
    return 0
  }

  #create(request: FetchSessionRequest): FetchSession | null {
    const partitions = byKey(request.partitions)
    if (!this.#makeRoom(partitions.size)) return null
    let id = this.#newId()
    while (id === 0 || this.#sessions.has(id)) id = this.#newId()
    const session: FetchSession = {
      id,
      usesTopicIds: request.usesTopicIds,
      partitions,
      nextEpoch: initialEpoch + 1,
      lastUsedMs: this.#nowMs(),
    }
    this.#keep(session)
    return session
  }

  /** Room for one more session of so many partitions: sessions that were unused for long are evicted. */
  #makeRoom(partitions: number): boolean {
    while (this.#sessions.size >= this.#slots || this.#partitionCount + partitions > this.#partitionsMax) {
      const oldest = this.#sessions.values().next().value
      if (oldest === undefined || this.#nowMs() - oldest.lastUsedMs <= evictionMsMin) return false
      this.#end(oldest.id)
    }
    return true
  }

  #keep(session: FetchSession): void {
    this.#sessions.set(session.id, session)
    this.#partitionCount += session.partitions.size
  }

  #end(sessionId: number): void {
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return
    this.#sessions.delete(sessionId)
    this.#partitionCount -= session.partitions.size
  }
}

function byKey(partitions: readonly FetchPartition[]): Map<string, FetchPartition> {
  return new Map(partitions.map(wanted => [partitionKey(wanted.topic, wanted.topicId, wanted.index), wanted]))
}

/** Of a partition that is named twice, what was said last, in the place of the first. */
function eachOnce(partitions: readonly FetchPartition[]): readonly FetchPartition[] {
  return partitions.length < 2 ? partitions : [...byKey(partitions).values()]
}

function merge(session: FetchSession, request: FetchSessionRequest): void {
  for (const wanted of request.partitions) {
    const key = partitionKey(wanted.topic, wanted.topicId, wanted.index)
    const cached = session.partitions.get(key)
    if (cached === undefined) session.partitions.set(key, wanted)
    else {
      cached.fetchOffset = wanted.fetchOffset
      cached.maxBytes = wanted.maxBytes
      cached.currentLeaderEpoch = wanted.currentLeaderEpoch
      cached.lastFetchedEpoch = wanted.lastFetchedEpoch
    }
  }
  for (const { topic, topicId, index } of request.forgotten) session.partitions.delete(partitionKey(topic, topicId, index))
}

/** What an answer says of one partition, as far as a session cares. */
export interface PartitionAnswer {
  readonly errorCode: ErrorCode
  readonly byteLength: number
  readonly highWatermark: number
  readonly logStartOffset: number
  /** Null unless the consumer read something that this log never had. */
  readonly diverging: object | null
}

/** Whether an incremental answer must carry this partition. */
export function isNews(partition: FetchPartition, answer: PartitionAnswer): boolean {
  return (
    answer.byteLength > 0 ||
    answer.diverging !== null ||
    answer.errorCode !== Errors.NONE ||
    partition.knownHighWatermark !== answer.highWatermark ||
    partition.knownLogStartOffset !== answer.logStartOffset
  )
}

/** Notes what the consumer knows with this answer. */
export function noteAnswered(session: FetchSession, partition: FetchPartition, answer: PartitionAnswer): void {
  // After an error the next answer carries the partition again, so that the consumer learns when the error is gone.
  partition.knownHighWatermark = answer.errorCode === Errors.NONE ? answer.highWatermark : -1
  partition.knownLogStartOffset = answer.logStartOffset
  if (answer.byteLength === 0) return
  // Fairness: who got data is served last next time.
  const key = partitionKey(partition.topic, partition.topicId, partition.index)
  session.partitions.delete(key)
  session.partitions.set(key, partition)
}

function epochAfter(epoch: number): number {
  return epoch === 0x7fff_ffff ? 1 : epoch + 1
}
