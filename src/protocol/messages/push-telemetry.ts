import { api, bool, bytes, int8, int16, int32, uuid } from '../schema.js'

// PushTelemetry v0: metrics of a client, as OpenTelemetry's MetricsData (KIP-714).
export const PushTelemetry = api({
  key: 72,
  name: 'PushTelemetry',
  versions: '0',
  flexible: '0+',
  request: {
    clientInstanceId: uuid('0+'),
    subscriptionId: int32('0+'),
    terminating: bool('0+'),
    compressionType: int8('0+'),
    metrics: bytes('0+'),
  },
  response: { throttleTimeMs: int32('0+', { default: 0 }), errorCode: int16('0+') },
  failure: (_request, errorCode) => ({ errorCode }),
})
