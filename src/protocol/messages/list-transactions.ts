import { api, array, arrayOf, int16, int32, int64, string } from '../schema.js'

// ListTransactions v0-2: the transactional ids this broker coordinates (KIP-664). v1: only what has run for so long
// (KIP-994). v2: a pattern of ids (KIP-1152).
export const ListTransactions = api({
  key: 66,
  name: 'ListTransactions',
  versions: '0-2',
  flexible: '0+',
  request: {
    stateFilters: arrayOf('0+', 'string'),
    producerIdFilters: arrayOf('0+', 'int64'),
    durationFilter: int64('1+', { default: -1 }),
    transactionalIdPattern: string('2+', { nullable: '2+', default: null }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    unknownStateFilters: arrayOf('0+', 'string', { default: [] }),
    transactionStates: array('0+', {
      transactionalId: string('0+'),
      producerId: int64('0+'),
      transactionState: string('0+'),
    }),
  },
  failure: (_request, errorCode) => ({ errorCode, transactionStates: [] }),
})
