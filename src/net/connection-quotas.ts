/**
 * How many connections are open and how fast they come, over all listeners of a broker: Kafka's ConnectionQuotas.
 *
 *   accepted ─▶ in line: max.connection.creation.rate, max.connections ─▶ the rate of its address ─▶ max.connections.per.ip ─▶ in
 *                 └──▶ refused: the line is full                            └──▶ held, then refused   └──▶ refused
 *
 * Kafka stops accepting while the first of its line waits, and the system holds the others. Node cannot stop, so the line is
 * here: nothing is read from those in it, and it is as long as the system's (socket.listen.backlog.size).
 *
 * The listener for brokers, where there are others beside it, is not kept out by what the others have: beyond the broker's bound
 * those close that were least recently used.
 */
import { SampledRate, type SampleWindows, usualWindows } from '../base/sampled-rate.js'
import { Sensors } from '../base/sensors.js'
import type { Clock, Timer } from '../base/world.js'

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

export class ConnectionQuotas {
  readonly clock: Clock
  /** quota.window.num, quota.window.size.seconds */
  readonly windows: SampleWindows
  /** Connections a second that an address may make (connection_creation_rate); Infinity when that has no bound. */
  ratePerAddress: (address: string) => number = () => Number.POSITIVE_INFINITY
  readonly #rate: SampledRate
  readonly #addressRates: Sensors<SampledRate>
  readonly #perAddress = new Map<string, number>()
  readonly #listeners: ListenerQuota[] = []
  #limits: ConnectionLimits
  #count = 0
  #turn = 0

  constructor(clock: Clock, limits: ConnectionLimits, windows = usualWindows) {
    this.clock = clock
    this.windows = windows
    this.#limits = limits
    this.#rate = new SampledRate(windows)
    this.#addressRates = new Sensors(() => new SampledRate(windows))
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
    this.#rate.record(1, nowMs)
    return Math.min(this.windows.lengthMs, this.#rate.excessMs(this.#limits.perSecondMax, nowMs))
  }

  /** [ListenerQuota] How long one of this address is held before it is refused; 0: it may come in. */
  heldMs(address: string, nowMs: number): number {
    const perSecondMax = this.ratePerAddress(address)
    if (perSecondMax === Number.POSITIVE_INFINITY) return 0
    const rate = this.#addressRates.of(address, nowMs)
    rate.record(1, nowMs)
    const heldMs = Math.min(this.windows.lengthMs, Math.round(rate.excessMs(perSecondMax, nowMs)))
    // It did not come in, so it does not count.
    if (heldMs > 0) rate.record(-1, nowMs)
    return heldMs
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
  readonly #rate: SampledRate
  readonly #line: Visitor[] = []
  #count = 0
  /** When the rates let the first of the line in; null: it has not been counted yet. */
  #readyMs: number | null = null
  #waking: Timer | null = null

  /** Refused already, and not told so yet: at most as many as wait. */
  readonly #held = new Map<Visitor, Timer>()

  constructor(quotas: ConnectionQuotas, options: ListenerQuotaOptions) {
    this.#quotas = quotas
    this.#rate = new SampledRate(quotas.windows)
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
    for (const timer of this.#held.values()) timer.cancel()
    for (const visitor of this.#held.keys()) visitor.refused(reason)
    this.#held.clear()
  }

  evictables(): Iterable<Evictable> {
    return this.#options.isProtected ? [] : this.#options.evictables()
  }

  /** Admits from the line as long as the first may come in. */
  goOn(): void {
    for (let first = this.#line[0]; first !== undefined && this.#mayComeIn(); first = this.#line[0]) {
      this.#line.shift()
      this.#readyMs = null
      const { clock } = this.#quotas
      const heldMs = this.#quotas.heldMs(first.remoteAddress, clock.monotonicMs())
      if (heldMs > 0) {
        this.#hold(first, heldMs)
        continue
      }
      const refusal = this.#quotas.enter(first.remoteAddress)
      if (refusal === null) {
        this.#count++
        first.admitted()
      } else first.refused(refusal)
    }
  }

  /** [KIP-612] A client that comes again at once is slowed down. */
  #hold(visitor: Visitor, heldMs: number): void {
    const reason = `connection_creation_rate of ${visitor.remoteAddress} is exceeded`
    if (this.#held.size >= this.#options.waitingMax) {
      visitor.refused(reason)
      return
    }
    const timer = this.#quotas.clock.after(heldMs, () => {
      this.#held.delete(visitor)
      visitor.refused(reason)
    })
    this.#held.set(visitor, timer)
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
    this.#rate.record(1, nowMs)
    const own = Math.min(this.#quotas.windows.lengthMs, this.#rate.excessMs(perSecondMax, nowMs))
    return this.#options.isProtected ? own : Math.max(own, this.#quotas.throttleMs(nowMs))
  }
}
