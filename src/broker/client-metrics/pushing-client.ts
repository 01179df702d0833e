/**
 * A client that pushes metrics, and what it may send when (KIP-714): it asks for its subscription once in an interval, and pushes
 * once in an interval, or once after it has asked.
 */
import type { Uuid } from '../../base/ids.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import type { PushTelemetry } from '../../protocol/messages/push-telemetry.js'
import { Codecs } from '../../protocol/records/batch.js'
import type { RequestOf } from '../../protocol/schema.js'
import { hostAddress } from '../../security/acl/host.js'
import type { Session } from '../session.js'
import { KeptMetrics } from './kept-metrics.js'
import type { Labels } from './metrics-data.js'
import type { ClientAttributes, Subscription } from './subscriptions.js'

/** A client is kept for at least so long, and for three intervals. */
const silentMsMin = 60_000
/** A client may call itself what it likes; what is longer counts as no name. */
export const nameCharsMax = 1000

export interface ClientIdentity {
  readonly clientId: string
  readonly softwareName: string
  readonly softwareVersion: string
  readonly sourceAddress: string
  readonly sourcePort: number
}

export class PushingClient {
  readonly id: Uuid
  /** As it was when it was first heard. */
  readonly identity: ClientIdentity
  readonly kept = new KeptMetrics()
  /** What it says of itself. */
  resource: Labels = new Map()
  /** Of the connection on which it was heard last. */
  session: Session | null = null
  heardMs = 0
  isGone = false
  isTerminating = false
  lastError: ErrorCode = Errors.NONE
  subscriptionVersion = -1
  #subscription: Subscription = { id: 0, metrics: [], pushIntervalMs: 0 }
  #askedMs = Number.NEGATIVE_INFINITY
  #pushedMs = Number.NEGATIVE_INFINITY

  constructor(id: Uuid, session: Session, clientId: string) {
    const { connection, clientSoftwareName, clientSoftwareVersion } = session
    this.id = id
    this.identity = {
      clientId: nameOf(clientId),
      softwareName: nameOf(clientSoftwareName),
      softwareVersion: nameOf(clientSoftwareVersion),
      sourceAddress: hostAddress(connection.remoteAddress),
      sourcePort: connection.remotePort,
    }
  }

  get attributes(): ClientAttributes {
    const { clientId, softwareName, softwareVersion, sourceAddress, sourcePort } = this.identity
    return {
      client_instance_id: this.id,
      client_id: clientId,
      client_software_name: softwareName,
      client_software_version: softwareVersion,
      client_source_address: sourceAddress,
      client_source_port: String(sourcePort),
    }
  }

  get subscription(): Subscription {
    return this.#subscription
  }

  /** Begins anew, as one that was never heard; what it pushed stays. */
  subscribe(subscription: Subscription, version: number): void {
    this.#subscription = subscription
    this.subscriptionVersion = version
    this.#askedMs = Number.NEGATIVE_INFINITY
    this.#pushedMs = Number.NEGATIVE_INFINITY
    this.isTerminating = false
    this.lastError = Errors.NONE
  }

  /** How long it may be silent before it is forgotten. */
  get silentMs(): number {
    return Math.max(silentMsMin, 3 * this.#subscription.pushIntervalMs)
  }

  isSilent(nowMs: number): boolean {
    return nowMs - this.heardMs > this.silentMs
  }

  /** It asks what to push. */
  asks(nowMs: number): ErrorCode {
    const isTime = nowMs - Math.max(this.#askedMs, this.#pushedMs) >= this.#subscription.pushIntervalMs
    const isToldTo = this.lastError === Errors.UNKNOWN_SUBSCRIPTION_ID || this.lastError === Errors.UNSUPPORTED_COMPRESSION_TYPE
    if (!isTime && !isToldTo) return Errors.THROTTLING_QUOTA_EXCEEDED
    if (isTime) this.#askedMs = nowMs
    this.lastError = Errors.NONE
    return Errors.NONE
  }

  /** It pushes; what of it cannot be kept is seen later. */
  pushes(request: RequestOf<typeof PushTelemetry>, nowMs: number, bytesMax: number): ErrorCode {
    const errorCode = this.#refusalOf(request, nowMs, bytesMax)
    this.lastError = errorCode
    // As in Kafka, whatever becomes of the request: one that is refused takes it back.
    this.isTerminating = request.terminating
    return errorCode
  }

  #refusalOf(request: RequestOf<typeof PushTelemetry>, nowMs: number, bytesMax: number): ErrorCode {
    const { terminating, subscriptionId, compressionType, metrics } = request
    if (this.isTerminating) return Errors.INVALID_REQUEST
    const isTime = this.#askedMs > this.#pushedMs || nowMs - this.#pushedMs >= this.#subscription.pushIntervalMs
    if (isTime) this.#pushedMs = nowMs
    else if (!terminating) return Errors.THROTTLING_QUOTA_EXCEEDED
    if (subscriptionId !== this.#subscription.id) return Errors.UNKNOWN_SUBSCRIPTION_ID
    if (compressionType < Codecs.none || compressionType > Codecs.zstd) return Errors.UNSUPPORTED_COMPRESSION_TYPE
    return metrics.byteLength > bytesMax ? Errors.TELEMETRY_TOO_LARGE : Errors.NONE
  }
}

const nameOf = (text: string): string => (text.length <= nameCharsMax ? text : '')
