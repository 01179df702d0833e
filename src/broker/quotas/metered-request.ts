/**
 * What one request uses, counted against the quotas of its client. As in Kafka: it is served and answered at once, the answer
 * tells how long its client has to wait, and the connection is mute for so long. Made only while quotas are set.
 */
import type { Session } from '../session.js'
import type { ClientQuotas, QuotaClient } from './client-quotas.js'

/** Which quota a request counts against, beside the one of request time. */
type QuotaKind = 'produce' | 'fetch' | 'controller_mutation'

export interface QuotaTraits {
  readonly quota?: QuotaKind
  /** Its time does not count against a quota. */
  readonly isExempt?: true
}

export class MeteredRequest {
  readonly #quotas: ClientQuotas
  readonly #session: Session
  readonly #traits: QuotaTraits
  readonly #frameBytes: number
  readonly #client: QuotaClient
  /** When it was last given the event loop; null while it waits. */
  #runningSinceMs: number | null
  #ranMs = 0
  #throttleMs = 0
  #isTimeCounted = false

  constructor(quotas: ClientQuotas, session: Session, clientId: string, traits: QuotaTraits, frameBytes: number) {
    this.#quotas = quotas
    this.#session = session
    this.#traits = traits
    this.#frameBytes = frameBytes
    this.#client = { user: session.principal.name, clientId }
    this.#runningSinceMs = quotas.clock.monotonicMs()
  }

  /** Others have the event loop from now on. */
  waits(): void {
    if (this.#runningSinceMs === null) return
    this.#ranMs += this.#quotas.clock.monotonicMs() - this.#runningSinceMs
    this.#runningSinceMs = null
  }

  goesOn(): void {
    this.#runningSinceMs ??= this.#quotas.clock.monotonicMs()
  }

  /** An answer to a fetch with more bytes would never be let through. */
  get fetchBytesMax(): number {
    return this.#quotas.fetch.amountMax(this.#client)
  }

  /** Whether the client may have an answer of so many bytes now. One that it does not get is not counted, so that it will be. */
  mayFetch(bytes: number): boolean {
    const nowMs = this.#quotas.clock.monotonicMs()
    this.#countTime(nowMs)
    this.#throttle(this.#quotas.fetch.throttleMs(this.#client, bytes, nowMs))
    if (this.#throttleMs === 0) return true
    this.#quotas.fetch.count(this.#client, -bytes, nowMs)
    return false
  }

  /** Whether so many partitions may be made or removed: those of old clients, which are not strict, may at any rate. */
  mayMutate(partitions: number, isStrict: boolean): boolean {
    const throttleMs = this.#quotas.mutation.throttleMs(this.#client, partitions, isStrict, this.#quotas.clock.monotonicMs())
    this.#throttle(throttleMs)
    return throttleMs === 0 || !isStrict
  }

  /** Its answer is known, and may leave. How long its client has to wait, in milliseconds; the connection is mute from now on. */
  answered(): number {
    const nowMs = this.#quotas.clock.monotonicMs()
    this.#countTime(nowMs)
    return this.#muted(nowMs)
  }

  /** It gets no answer (acks=0), and its time is not counted. */
  unanswered(): void {
    this.#muted(this.#quotas.clock.monotonicMs())
  }

  /** What came after the answer was known: it is encoded. */
  encoded(): void {
    this.waits()
    if (!this.#traits.isExempt) this.#quotas.request.count(this.#client, percentOf(this.#ranMs), this.#quotas.clock.monotonicMs())
  }

  #muted(nowMs: number): number {
    if (this.#traits.quota === 'produce') this.#throttle(this.#quotas.produce.throttleMs(this.#client, this.#frameBytes, nowMs))
    this.#session.control.muteFor(this.#throttleMs)
    return this.#throttleMs
  }

  #countTime(nowMs: number): void {
    if (this.#isTimeCounted) return
    this.#isTimeCounted = true
    this.waits()
    if (!this.#traits.isExempt) this.#throttle(this.#quotas.request.throttleMs(this.#client, percentOf(this.#ranMs), nowMs))
    this.#ranMs = 0
    this.goesOn()
  }

  #throttle(throttleMs: number): void {
    this.#throttleMs = Math.max(this.#throttleMs, throttleMs)
  }
}

/** Of a second on one thread. */
const percentOf = (ms: number): number => ms / 10
