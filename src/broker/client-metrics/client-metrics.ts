/**
 * Clients that push metrics (KIP-714), by the id that each was given: what they are asked for, when they were heard last, and
 * what they pushed. The receiver is built in: Kafka's answers are those of a broker with a plug-in.
 *
 * A client is forgotten when the connection closes on which it was heard last, or when it was not heard for three intervals. All
 * that grows is bounded; where there is no room, who holds the most makes it.
 */
import type { Bytes } from '../../base/bytes.js'
import type { Uuid } from '../../base/ids.js'
import type { Log } from '../../base/log.js'
import { randomUuid, type Timer, type World } from '../../base/world.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import type { CodecId } from '../../protocol/records/batch.js'
import { UnsupportedCodecError } from '../../protocol/records/codecs/codec.js'
import { decompressAside } from '../../protocol/records/compression.js'
import { MalformedError } from '../../protocol/wire.js'
import type { Session } from '../session.js'
import { Turns } from '../turns.js'
import type { PushedMetric } from './kept-metrics.js'
import { type Labels, readMetricsData } from './metrics-data.js'
import { type ClientIdentity, PushingClient } from './pushing-client.js'
import type { Subscriptions } from './subscriptions.js'

/** As in Kafka. */
export const clientsMax = 16_384
/** Heard on one connection; as a rule it is one. */
export const clientsPerConnectionMax = 16
/** What all pushed metrics take together, about. */
export const keptBytesMax = 64 * 1024 * 1024
const sweepMs = 60_000
/** Between two lines about what could not be read. */
const toldMsMin = 60_000

/** One client and what it pushed, for whoever shows metrics. */
export interface MetricsOfClient extends ClientIdentity {
  readonly clientInstanceId: Uuid
  /** What it says of itself: group_id, client_rack, transactional_id and the like. */
  readonly resource: Labels
  readonly metrics: Iterable<PushedMetric>
  /** Points for which there was no room. */
  readonly leftOut: number
}

export interface ClientMetricsOptions {
  readonly world: World
  readonly log: Log
  readonly subscriptions: Subscriptions
  /** telemetry.max.bytes: of what is pushed, compressed and decompressed. */
  readonly pushedBytesMax: number
  /** Another bound than `keptBytesMax`. */
  readonly keptBytesMax?: number
}

export class ClientMetrics {
  readonly pushedBytesMax: number
  readonly #world: World
  readonly #log: Log
  readonly #subscriptions: Subscriptions
  readonly #keptBytesMax: number
  /** Who was heard last is last. */
  readonly #clients = new Map<Uuid, PushingClient>()
  readonly #bySession = new Map<Session, Set<PushingClient>>()
  /** One push is read at a time, in slices. */
  readonly #turns: Turns
  #keptBytes = 0
  #sweeping: Timer | null = null
  #toldMs = Number.NEGATIVE_INFINITY

  constructor(options: ClientMetricsOptions) {
    this.#world = options.world
    this.#log = options.log
    this.#subscriptions = options.subscriptions
    this.pushedBytesMax = options.pushedBytesMax
    this.#keptBytesMax = options.keptBytesMax ?? keptBytesMax
    this.#turns = new Turns(options.world)
  }

  get count(): number {
    return this.#clients.size
  }
  /** About what all that is kept takes in memory. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  /** Every client whose time is not over, with the latest that it pushed. */
  *clients(): Generator<MetricsOfClient, void> {
    const nowMs = this.#world.monotonicMs()
    for (const client of this.#clients.values()) {
      if (client.isSilent(nowMs)) continue
      const { id: clientInstanceId, identity, resource, kept } = client
      yield { clientInstanceId, ...identity, resource, metrics: kept.values(), leftOut: kept.leftOut }
    }
  }

  newId(): Uuid {
    for (;;) {
      const id = randomUuid(this.#world)
      if (!this.#clients.has(id)) return id
    }
  }

  /** The client of that id, who is heard on this connection now; a new one if there is none. */
  heard(id: Uuid, session: Session, clientId: string): PushingClient {
    const nowMs = this.#world.monotonicMs()
    const version = this.#subscriptions.version
    let client = this.#clients.get(id)
    if (client?.isSilent(nowMs)) this.#forget(client)
    if (client === undefined || client.isGone) client = new PushingClient(id, session, clientId)
    if (client.subscriptionVersion !== version) client.subscribe(this.#subscriptions.of(id, client.attributes), version)
    client.heardMs = nowMs
    this.#clients.delete(id)
    this.#clients.set(id, client)
    this.#assign(client, session)
    for (const [, eldest] of this.#clients) {
      if (this.#clients.size <= clientsMax) break
      this.#forget(eldest)
    }
    this.#sweeping ??= this.#world.after(sweepMs, this.#sweep)
    return client
  }

  /** Keeps what was pushed. The bytes must stay valid until this resolves. */
  async take(client: PushingClient, codec: CodecId, bytes: Bytes): Promise<ErrorCode> {
    client.lastError = await this.#turns.take(() => this.#read(client, codec, bytes))
    this.#makeRoom()
    return client.lastError
  }

  stop(): void {
    this.#sweeping?.cancel()
    this.#sweeping = null
    for (const client of [...this.#clients.values()]) this.#forget(client)
  }

  async #read(client: PushingClient, codec: CodecId, bytes: Bytes): Promise<ErrorCode> {
    const { pause } = this.#turns
    const nowMs = this.#world.monotonicMs()
    const { kept } = client
    try {
      const opened = decompressAside(codec, bytes, this.pushedBytesMax, pause)
      for (const found of readMetricsData(opened instanceof Promise ? await opened : opened)) {
        if (client.isGone) return Errors.NONE
        if (found === null) {
          const paused = pause()
          if (paused !== null) await paused
        } else if ('resource' in found) client.resource = found.resource
        else {
          this.#keptBytes -= kept.bytes
          kept.keep(found.point, nowMs)
          this.#keptBytes += kept.bytes
        }
      }
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      this.#tell(client, error)
      return error instanceof UnsupportedCodecError ? Errors.UNSUPPORTED_COMPRESSION_TYPE : Errors.INVALID_RECORD
    }
    this.#keptBytes -= kept.bytes
    kept.forgetBefore(nowMs - client.silentMs)
    this.#keptBytes += kept.bytes
    return Errors.NONE
  }

  #assign(client: PushingClient, session: Session): void {
    if (client.session === session) return
    if (client.session !== null) this.#bySession.get(client.session)?.delete(client)
    client.session = session
    let clients = this.#bySession.get(session)
    if (clients === undefined) {
      clients = new Set()
      this.#bySession.set(session, clients)
      session.onClosed(() => {
        for (const one of this.#bySession.get(session) ?? []) this.#forget(one)
        this.#bySession.delete(session)
      })
    }
    clients.add(client)
    const [eldest] = clients
    if (clients.size > clientsPerConnectionMax && eldest !== undefined) this.#forget(eldest)
  }

  #forget(client: PushingClient): void {
    client.isGone = true
    this.#clients.delete(client.id)
    if (client.session !== null) this.#bySession.get(client.session)?.delete(client)
    this.#keptBytes -= client.kept.bytes
    client.kept.clear()
  }

  /** Who holds the most loses what it pushed, and begins anew with its next push. */
  #makeRoom(): void {
    while (this.#keptBytes > this.#keptBytesMax) {
      let largest: PushingClient | null = null
      for (const client of this.#clients.values()) {
        if (largest === null || client.kept.bytes > largest.kept.bytes) largest = client
      }
      if (largest === null) return
      this.#keptBytes -= largest.kept.bytes
      largest.kept.clear()
    }
  }

  readonly #sweep = (): void => {
    const nowMs = this.#world.monotonicMs()
    for (const client of this.#clients.values()) if (client.isSilent(nowMs)) this.#forget(client)
    this.#sweeping = this.#clients.size > 0 ? this.#world.after(sweepMs, this.#sweep) : null
  }

  #tell({ id, identity }: PushingClient, error: MalformedError): void {
    const nowMs = this.#world.monotonicMs()
    if (nowMs - this.#toldMs < toldMsMin) return
    this.#toldMs = nowMs
    const { clientId, sourceAddress } = identity
    this.#log.warn({ clientInstanceId: id, clientId, sourceAddress, reason: error.message }, 'metrics of a client are not read')
  }
}
