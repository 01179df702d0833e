import { zeroUuid } from '../../base/ids.js'
import { Errors } from '../../protocol/errors.js'
import { GetTelemetrySubscriptions } from '../../protocol/messages/get-telemetry-subscriptions.js'
import { Codecs } from '../../protocol/records/batch.js'
import { handler } from '../handler.js'

/** The one that a client should take first. */
const acceptedCompressionTypes = [Codecs.zstd, Codecs.lz4, Codecs.gzip, Codecs.snappy]

// GetTelemetrySubscriptions v0: what those client metrics ask for that match this client (KIP-714); nothing, if none does. Who
// asks too early is throttled, unless something else is asked for now.
export const getTelemetrySubscriptions = handler(GetTelemetrySubscriptions, (request, { broker, session, clientId, version }) => {
  const { clientMetrics, world } = broker
  const id = request.clientInstanceId === zeroUuid ? clientMetrics.newId() : request.clientInstanceId
  const client = clientMetrics.heard(id, session, clientId)
  const errorCode = client.asks(world.monotonicMs())
  if (errorCode !== Errors.NONE) return GetTelemetrySubscriptions.failure(request, errorCode, version)
  const { subscription } = client
  return {
    errorCode,
    clientInstanceId: id,
    subscriptionId: subscription.id,
    acceptedCompressionTypes,
    pushIntervalMs: subscription.pushIntervalMs,
    telemetryMaxBytes: clientMetrics.pushedBytesMax,
    deltaTemporality: true,
    requestedMetrics: subscription.metrics,
  }
})
