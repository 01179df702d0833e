/**
 * How many connections are open and how fast they come, over all listeners of a broker: Kafka's ConnectionQuotas.
 *
 *   accepted ─▶ in line: max.connection.creation.rate, max.connections ─▶ max.connections.per.ip ─▶ admitted
 *                 └──▶ refused: the line is full                             └──▶ refused
 *
 * Kafka stops accepting while the first of its line waits, and the system holds the others. Node cannot stop, so the line is
 * here: nothing is read from those in it, and it is as long as the system's (socket.listen.backlog.size).
 *
 * The listener for brokers, where there are others beside it, is not kept out by what the others have: beyond the broker's bound
 * those close that were least recently used.
 */
import type { Clock, Timer } from '../base/world.js'
import { SampledRate } from './sampled-rate.js'

export interface ConnectionLimits {
  /** max.connections */
  readonly connectionsMax: number
  /** max.connection.creation.rate */
  readonly perSecondMax: number
  /** max.connections.per.ip */
  readonly perAddressMax: number
  /** max.connections.per.ip.overrides, by address. */
  readonly perAddressOverrides: ReadonlyMap<string, number>
  /** The first two as they hold for one listener. */
  ofListener(name: string): Pick<ConnectionLimits, 'connectionsMax' | 'perSecondMax'>
}

/** An accepted socket. Told one of the two, once. */
export interface Visitor {
  readonly remoteAddress: string
  admitted(): void
  refused(reason: string): void
}

/** An open connection that may have to give way. */
export interface Evictable {
  readonly lastActiveMs: number
  /** Leaves its listener's quota at once. */
  evict(reason: string): void
}

export interface ListenerQuotaOptions {
  readonly name: string
  /** The listener for brokers, where there are others. */
  readonly isProtected: boolean
  /** socket.listen.backlog.size */
  readonly waitingMax: number
  /** In any order. */
  readonly evictables: () => Iterable<Evictable>
  readonly onWaiting: (reason: string) => void
}

/** Nobody waits for the rate longer than this at a time (quota.window.size.seconds). */
const throttleMsMax = 1000

export class ConnectionQuotas {
  readonly clock: Clock
  readonly #rate = new SampledRate()
  readonly #perAddress = new Map<string, number>()
  readonly #listeners: ListenerQuota[] = []
  #limits: ConnectionLimits
  #count = 0
  #turn = 0

  constructor(clock: Clock, limits: ConnectionLimits) {
    this.clock = clock
    this.#limits = limits
  }

  get limits(): ConnectionLimits {
    return this.#limits
  }

  /** Counts from now on, for those who are connected, too. */
  set limits(limits: ConnectionLimits) {
    this.#limits = limits
    this.#evictExcess()
    this.#roomWasMade()
  }

  quotaOf(options: ListenerQuotaOptions): ListenerQuota {
    const quota = new ListenerQuota(this, options)
    this.#listeners.push(quota)
    return quota
  }

  /** [ListenerQuota] A connection comes to a listener that all may use; how long it waits, and for which bound. */
  throttleMs(nowMs: number): number {
    this.#rate.record(nowMs)
    return Math.min(throttleMsMax, this.#rate.excessMs(this.#limits.perSecondMax, nowMs))
  }

  /** [ListenerQuota] */
  get hasRoom(): boolean {
    return this.#count < this.#limits.connectionsMax
  }

  /** [ListenerQuota] Counts one more of this address; the sentence that says why it may not be. */
  enter(address: string): string | null {
    const ofAddress = this.#perAddress.get(address) ?? 0
    const { perAddressMax, perAddressOverrides } = this.#limits
    const override = perAddressOverrides.get(address)
    if (ofAddress >= (override ?? perAddressMax)) {
      return override === undefined
        ? `max.connections.per.ip (${perAddressMax}) is reached`
        : `max.connections.per.ip.overrides (${address}:${override}) is reached`
    }
    this.#perAddress.set(address, ofAddress + 1)
    this.#count++
    this.#evictExcess()
    return null
  }

  /** [ListenerQuota] */
  leave(address: string): void {
    const left = (this.#perAddress.get(address) ?? 1) - 1
    if (left === 0) this.#perAddress.delete(address)
    else this.#perAddress.set(address, left)
    this.#count--
    this.#roomWasMade()
  }

  /** Each time another listener is the first that is asked. */
  #roomWasMade(): void {
    this.#turn++
    for (const at of this.#listeners.keys()) this.#listeners[(this.#turn + at) % this.#listeners.length]?.goOn()
  }

  #evictExcess(): void {
    const excess = this.#count - this.#limits.connectionsMax
    if (excess <= 0) return
    const open = this.#listeners.flatMap(listener => [...listener.evictables()])
    open.sort((one, other) => one.lastActiveMs - other.lastActiveMs)
    const reason = `max.connections (${this.#limits.connectionsMax}) is exceeded, and it was the least recently used`
    for (const connection of open.slice(0, excess)) connection.evict(reason)
  }
}

/** One listener's part. */
export class ListenerQuota {
  readonly #quotas: ConnectionQuotas
  readonly #options: ListenerQuotaOptions
  readonly #rate = new SampledRate()
  readonly #line: Visitor[] = []
  #count = 0
  /** When the rates let the first of the line in; null: it has not been counted yet. */
  #readyMs: number | null = null
  #waking: Timer | null = null

  constructor(quotas: ConnectionQuotas, options: ListenerQuotaOptions) {
    this.#quotas = quotas
    this.#options = options
  }

  enter(visitor: Visitor): void {
    const { waitingMax } = this.#options
    if (this.#line.length >= waitingMax) {
      visitor.refused(`${waitingMax} connections wait already (socket.listen.backlog.size)`)
      return
    }
    this.#line.push(visitor)
    this.goOn()
  }

  /** An admitted one has gone. */
  leave(address: string): void {
    this.#count--
    this.#quotas.leave(address)
  }

  /** Nobody is admitted any more. */
  close(reason: string): void {
    this.#waking?.cancel()
    for (const visitor of this.#line.splice(0)) visitor.refused(reason)
  }

  evictables(): Iterable<Evictable> {
    return this.#options.isProtected ? [] : this.#options.evictables()
  }

  /** Admits from the line as long as the first may come in. */
  goOn(): void {
    for (let first = this.#line[0]; first !== undefined && this.#mayComeIn(); first = this.#line[0]) {
      this.#line.shift()
      this.#readyMs = null
      const refusal = this.#quotas.enter(first.remoteAddress)
      if (refusal === null) {
        this.#count++
        first.admitted()
      } else first.refused(refusal)
    }
  }

  #mayComeIn(): boolean {
    const nowMs = this.#quotas.clock.monotonicMs()
    const { name, isProtected, onWaiting } = this.#options
    const own = this.#quotas.limits.ofListener(name)
    if (this.#readyMs === null) {
      const throttleMs = this.#throttleMs(own.perSecondMax, nowMs)
      this.#readyMs = nowMs + Math.round(throttleMs)
      if (throttleMs > 0) onWaiting('max.connection.creation.rate is exceeded')
    }
    if (this.#readyMs > nowMs) {
      this.#waking?.cancel()
      this.#waking = this.#quotas.clock.after(this.#readyMs - nowMs, () => this.goOn())
      return false
    }
    if (this.#count < own.connectionsMax && (isProtected || this.#quotas.hasRoom)) return true
    onWaiting('max.connections is reached')
    return false
  }

  #throttleMs(perSecondMax: number, nowMs: number): number {
    this.#rate.record(nowMs)
    const own = Math.min(throttleMsMax, this.#rate.excessMs(perSecondMax, nowMs))
    return this.#options.isProtected ? own : Math.max(own, this.#quotas.throttleMs(nowMs))
  }
}
