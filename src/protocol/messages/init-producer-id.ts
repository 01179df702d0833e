import { api, int16, int32, int64, string } from '../schema.js'

// InitProducerId v0-5: a producer's identity, new or with its epoch bumped. v2: flexible. v3: the producer says who it
// was (KIP-360). v4: may answer PRODUCER_FENCED (KIP-588). v5: may answer TRANSACTION_ABORTABLE (KIP-890).
// Not here: v6, two-phase commit (KIP-939), which Kafka itself calls unstable.
export const InitProducerId = api({
  key: 22,
  name: 'InitProducerId',
  versions: '0-5',
  flexible: '2+',
  request: {
    transactionalId: string('0+', { nullable: '0+' }),
    transactionTimeoutMs: int32('0+'),
    producerId: int64('3+', { default: -1 }),
    producerEpoch: int16('3+', { default: -1 }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    producerId: int64('0+', { default: -1 }),
    producerEpoch: int16('0+'),
  },
  failure: (_request, errorCode) => ({ errorCode, producerEpoch: -1 }),
})
