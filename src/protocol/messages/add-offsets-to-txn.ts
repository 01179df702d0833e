import { api, int16, int32, int64, string } from '../schema.js'

// AddOffsetsToTxn v0-4: a group's committed offsets become part of a transaction (KIP-98). v2: may answer PRODUCER_FENCED
// (KIP-588). v3: flexible. v4: may answer TRANSACTION_ABORTABLE (KIP-890).
export const AddOffsetsToTxn = api({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: '0-4',
  flexible: '3+',
  request: {
    transactionalId: string('0+'),
    producerId: int64('0+'),
    producerEpoch: int16('0+'),
    groupId: string('0+'),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
  },
  failure: (_request, errorCode) => ({ errorCode }),
})
