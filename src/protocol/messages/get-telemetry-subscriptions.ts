import { zeroUuid } from '../../base/ids.js'
import { api, arrayOf, bool, int16, int32, uuid } from '../schema.js'

// GetTelemetrySubscriptions v0: which metrics a client is to push, and how often (KIP-714).
export const GetTelemetrySubscriptions = api({
  key: 71,
  name: 'GetTelemetrySubscriptions',
  versions: '0',
  flexible: '0+',
  request: {
    // Zero in the first request, whose answer gives one.
    clientInstanceId: uuid('0+'),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    clientInstanceId: uuid('0+'),
    subscriptionId: int32('0+'),
    acceptedCompressionTypes: arrayOf('0+', 'int8'),
    pushIntervalMs: int32('0+'),
    telemetryMaxBytes: int32('0+'),
    deltaTemporality: bool('0+'),
    // Beginnings of names; none is nothing, * is all.
    requestedMetrics: arrayOf('0+', 'string'),
  },
  failure: (_request, errorCode) => ({
    errorCode,
    clientInstanceId: zeroUuid,
    subscriptionId: 0,
    acceptedCompressionTypes: [],
    pushIntervalMs: 0,
    telemetryMaxBytes: 0,
    deltaTemporality: false,
    requestedMetrics: [],
  }),
})
