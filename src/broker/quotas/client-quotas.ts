/**
 * What clients may use, and what they have used: Kafka's quota managers (KIP-13, KIP-124, KIP-599). The limits are those of the
 * cluster's image; while none is set nothing is counted, and a request pays one comparison.
 */
import { SampledRate, type SampleWindows } from '../../base/sampled-rate.js'
import { Sensors } from '../../base/sensors.js'
import type { Clock } from '../../base/world.js'
import { byteRateKeys, mutationRateKey, requestPercentageKey } from '../../cluster/quota-controller.js'
import type { Quotas } from '../../cluster/quota-image.js'
import type { QuotaHolder, QuotaTable } from '../../cluster/quota-table.js'
import { TokenBucket } from './token-bucket.js'

export interface ClientQuotaOptions {
  readonly quotas: Quotas
  readonly clock: Clock
  /** quota.window.num, quota.window.size.seconds */
  readonly windows: SampleWindows
  /** controller.quota.window.num, controller.quota.window.size.seconds */
  readonly mutationWindows: SampleWindows
}

/** Whose use it is. */
export interface QuotaClient {
  readonly user: string
  readonly clientId: string
}

export class ClientQuotas {
  readonly clock: Clock
  /** Bytes of requests. */
  readonly produce: RateQuota
  /** Bytes of answers. */
  readonly fetch: RateQuota
  /** Time on the event loop, in percent of a second. */
  readonly request: RateQuota
  /** Partitions made and removed. */
  readonly mutation: MutationQuota
  readonly #quotas: Quotas
  #revision = -1
  #areSet = false

  constructor({ quotas, clock, windows, mutationWindows }: ClientQuotaOptions) {
    this.#quotas = quotas
    this.clock = clock
    this.produce = new RateQuota(byteRateKeys.produce, windows, int32Max)
    this.fetch = new RateQuota(byteRateKeys.fetch, windows, int32Max)
    this.request = new RateQuota(requestPercentageKey, windows, windows.lengthMs)
    this.mutation = new MutationQuota(mutationWindows)
  }

  /** Whether anything is to be counted at all. */
  get areSet(): boolean {
    if (this.#revision !== this.#quotas.revision) this.#renew()
    return this.#areSet
  }

  #renew(): void {
    this.#revision = this.#quotas.revision
    const all = [this.produce, this.fetch, this.request, this.mutation]
    for (const quota of all) quota.renew(this.#quotas)
    this.#areSet = all.some(quota => quota.isSet)
  }
}

const int32Max = 0x7fff_ffff

const nameOf = ({ user, clientId }: QuotaHolder): string => `${user.length}:${user}${clientId}`

export class RateQuota {
  readonly #key: string
  readonly #windows: SampleWindows
  readonly #throttleMsMax: number
  readonly #sensors: Sensors<SampledRate>
  #table: QuotaTable | null = null

  constructor(key: string, windows: SampleWindows, throttleMsMax: number) {
    this.#key = key
    this.#windows = windows
    this.#throttleMsMax = throttleMsMax
    this.#sensors = new Sensors(() => new SampledRate(windows))
  }

  /** Whether some client has a limit: then the use of all counts, so that a limit set later finds it. */
  get isSet(): boolean {
    return this.#table !== null
  }

  renew(quotas: Quotas): void {
    const table = quotas.limitsOf(this.#key)
    this.#table = table.isEmpty ? null : table
  }

  /** So much was used: how long its user has to wait. */
  throttleMs(client: QuotaClient, amount: number, nowMs: number): number {
    if (this.#table === null) return 0
    const holder = this.#table.holderOf(client.user, client.clientId)
    const sensor = this.#sensors.of(nameOf(holder), nowMs)
    sensor.record(amount, nowMs)
    return Math.min(this.#throttleMsMax, Math.round(sensor.excessMs(this.#table.limitOf(holder), nowMs)))
  }

  /** So much more was used, or less; the next use will tell. */
  count(client: QuotaClient, amount: number, nowMs: number): void {
    const table = this.#table
    if (table !== null) this.#sensors.of(nameOf(table.holderOf(client.user, client.clientId)), nowMs).record(amount, nowMs)
  }

  /** More at once is always throttled, whatever was used before. */
  amountMax(client: QuotaClient): number {
    if (this.#table === null) return Number.POSITIVE_INFINITY
    const { count, lengthMs } = this.#windows
    const limit = this.#table.limitOf(this.#table.holderOf(client.user, client.clientId))
    return Math.floor((limit * (count - 1) * lengthMs) / 1000)
  }
}

export class MutationQuota {
  readonly #sensors: Sensors<TokenBucket>
  #table: QuotaTable | null = null

  constructor(windows: SampleWindows) {
    this.#sensors = new Sensors(() => new TokenBucket(windows))
  }

  get isSet(): boolean {
    return this.#table !== null
  }

  renew(quotas: Quotas): void {
    const table = quotas.limitsOf(mutationRateKey)
    this.#table = table.isEmpty ? null : table
  }

  /**
   * Takes tokens; how long their user has to wait. `isStrict`: none are taken while some are owed, and what is owed afterwards
   * need not be waited for.
   */
  throttleMs(client: QuotaClient, tokens: number, isStrict: boolean, nowMs: number): number {
    if (this.#table === null) return 0
    const holder = this.#table.holderOf(client.user, client.clientId)
    const perSecond = this.#table.limitOf(holder)
    if (perSecond === Number.POSITIVE_INFINITY) return 0
    const bucket = this.#sensors.of(nameOf(holder), nowMs)
    const owedMs = Math.round(bucket.debtMs(perSecond, nowMs))
    if (isStrict && owedMs > 0) return owedMs
    bucket.take(tokens, perSecond, nowMs)
    return isStrict ? 0 : Math.round(bucket.debtMs(perSecond, nowMs))
  }
}
