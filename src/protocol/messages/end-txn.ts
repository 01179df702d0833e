import { api, bool, int16, int32, int64, string } from '../schema.js'

// EndTxn v0-5: commits or aborts a transaction (KIP-98). v2: may answer PRODUCER_FENCED (KIP-588). v3: flexible. v4: may
// answer TRANSACTION_ABORTABLE (KIP-890). v5: bumps the epoch, and says who the producer is from now on (KIP-890).
export const EndTxn = api({
  key: 26,
  name: 'EndTxn',
  versions: '0-5',
  flexible: '3+',
  request: {
    transactionalId: string('0+'),
    producerId: int64('0+'),
    producerEpoch: int16('0+'),
    committed: bool('0+'),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    producerId: int64('5+', { default: -1 }),
    producerEpoch: int16('5+', { default: -1 }),
  },
  failure: (_request, errorCode) => ({ errorCode }),
})
