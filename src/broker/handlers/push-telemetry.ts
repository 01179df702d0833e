import { type Uuid, zeroUuid } from '../../base/ids.js'
import { Errors } from '../../protocol/errors.js'
import { PushTelemetry } from '../../protocol/messages/push-telemetry.js'
import { handler } from '../handler.js'

/** Ids that are nobody's, in Kafka's text form. */
const reserved: readonly Uuid[] = [zeroUuid, 'AAAAAAAAAAAAAAAAAAAAAQ']

// PushTelemetry v0: metrics of a client (KIP-714), kept in memory while it is there.
// Not here: Kafka's plug-ins that receive them; the receiver is built in.
export const pushTelemetry = handler(PushTelemetry, (request, context) => {
  const { session, clientId } = context
  const { clientMetrics, world } = context.broker
  if (reserved.includes(request.clientInstanceId)) return { errorCode: Errors.INVALID_REQUEST }
  const client = clientMetrics.heard(request.clientInstanceId, session, clientId)
  const errorCode = client.pushes(request, world.monotonicMs(), clientMetrics.pushedBytesMax)
  if (errorCode !== Errors.NONE || request.metrics.byteLength === 0) return { errorCode }
  const { compressionType, metrics } = context.keepFrame(request)
  return clientMetrics.take(client, compressionType, metrics).then(taken => ({ errorCode: taken }))
})
