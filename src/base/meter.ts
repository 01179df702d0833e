/**
 * What is counted about requests, connections and records. The rooms are given a Meter, as they are given a Log, and add to its
 * plain counters; who made it reads them whenever it likes. Counting allocates nothing and reads the clock once for a request.
 *
 * Times are microseconds of a clock that wraps around at 2^32, as integers that fit into a field: differences of up to an hour
 * are exact, and a longer one counts as what it is beyond full hours.
 *
 *   received ──queue──▶ started ──handler──▶ handled ──wait──▶ answered ──send──▶ sent
 *   └────────────────────────────────────── total ─────────────────────────────────┘
 */
import type { Clock } from './world.js'

export const microsecondsOf = (ms: number): number => (ms * 1000) | 0

/** Bucket n has what took less than 2^n microseconds, and not less than half of that. */
const bucketsMax = 33

/** How long something took, how often. */
export class Durations {
  /** By bucket; behind them the sum, in microseconds. */
  readonly #counts = new Float64Array(bucketsMax + 1)

  record(us: number): void {
    const counts = this.#counts
    counts[32 - Math.clz32(us)]!++
    counts[bucketsMax]! += us >>> 0
  }

  get sumSeconds(): number {
    return this.#counts[bucketsMax]! / 1e6
  }
  get count(): number {
    let count = 0
    for (let at = 0; at < bucketsMax; at++) count += this.#counts[at]!
    return count
  }

  /** How many took less than 2^n microseconds, for each n. */
  cumulated(): number[] {
    let sum = 0
    return Array.from(this.#counts.subarray(0, bucketsMax), count => {
      sum += count
      return sum
    })
  }
}

export class ApiCounters {
  readonly apiName: string
  readonly #clock: Clock
  /** Requests by version. */
  readonly byVersion: number[]
  /** Requests that failed as a whole: answered with an error for all of it, or the connection closed. */
  failures = 0
  bytesIn = 0
  bytesOut = 0
  /** Behind other requests of its connection. */
  readonly queue = new Durations()
  /** The event loop's time until the handler has returned; of an answer that is known then, encoding included. */
  readonly handler = new Durations()
  /** Until the answer is known: for records to be durable, for data, for other members. */
  readonly wait = new Durations()
  /** Behind other answers of its connection, and until the system, or Node for it, has taken all of it. */
  readonly send = new Durations()
  /** Of those that are answered. */
  readonly total = new Durations()

  constructor(apiName: string, versionMax: number, clock: Clock) {
    this.apiName = apiName
    this.#clock = clock
    this.byVersion = Array.from({ length: versionMax + 1 }, () => 0)
  }

  get requests(): number {
    return this.byVersion.reduce((sum, count) => sum + count, 0)
  }

  nowUs(): number {
    return microsecondsOf(this.#clock.monotonicMs())
  }
}

/** An answer on its way out, as who counts it has marked it. Not marked where nobody counts. */
export interface Counted {
  counters?: ApiCounters | null
  receivedUs?: number
  /** When its handler returned. */
  handledUs?: number
  answeredUs?: number
}

/** The later of two readings of the clock. */
export const laterUs = (one: number, other: number): number => (((one - other) | 0) > 0 ? one : other)

export function noteAnswered(answer: Counted, nowUs: number): void {
  const { counters } = answer
  if (counters === undefined || counters === null) return
  counters.wait.record(nowUs - answer.handledUs!)
  answer.answeredUs = nowUs
}

export function noteSent({ counters, receivedUs, answeredUs }: Counted, sentUs: number): void {
  if (counters === undefined || counters === null) return
  counters.send.record(sentUs - answeredUs!)
  counters.total.record(sentUs - receivedUs!)
}

export class ListenerCounters {
  opened = 0
  closed = 0
  /** Of connections that are closed. */
  requests = 0
  bytesIn = 0
  bytesOut = 0

  left(connection: Pick<ListenerCounters, 'requests' | 'bytesIn' | 'bytesOut'>): void {
    this.closed++
    this.requests += connection.requests
    this.bytesIn += connection.bytesIn
    this.bytesOut += connection.bytesOut
  }
}

export interface Meter {
  /** Called once for every API. Null: it is not counted, and costs nothing. */
  countersOf(apiName: string, versionMax: number): ApiCounters | null
  listener(name: string): ListenerCounters | null
}

export const silentMeter: Meter = { countersOf: () => null, listener: () => null }

/** Counts everything. */
export class CountingMeter implements Meter {
  readonly apis = new Map<string, ApiCounters>()
  readonly listeners = new Map<string, ListenerCounters>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  countersOf(apiName: string, versionMax: number): ApiCounters {
    let counters = this.apis.get(apiName)
    if (counters === undefined) {
      counters = new ApiCounters(apiName, versionMax, this.#clock)
      this.apis.set(apiName, counters)
    }
    return counters
  }

  listener(name: string): ListenerCounters {
    let counters = this.listeners.get(name)
    if (counters === undefined) {
      counters = new ListenerCounters()
      this.listeners.set(name, counters)
    }
    return counters
  }
}

/** What has gone into a log, and out of it. */
export class Traffic {
  messagesIn = 0
  bytesIn = 0
  bytesOut = 0
  /** Of batches that were too large. */
  bytesRejected = 0
  /** Batches that were to be appended, and reads: one request may have many. */
  produceRequests = 0
  fetchRequests = 0
  /** Where the log or its disk failed, and not the client. */
  failedProduceRequests = 0
  failedFetchRequests = 0

  add(other: Traffic): void {
    this.messagesIn += other.messagesIn
    this.bytesIn += other.bytesIn
    this.bytesOut += other.bytesOut
    this.bytesRejected += other.bytesRejected
    this.produceRequests += other.produceRequests
    this.fetchRequests += other.fetchRequests
    this.failedProduceRequests += other.failedProduceRequests
    this.failedFetchRequests += other.failedFetchRequests
  }
}
