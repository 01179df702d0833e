import { api, array, arrayOf, int16, int32, int64, string } from '../schema.js'

// DescribeTransactions v0: state, producer and partitions of transactional ids (KIP-664).
export const DescribeTransactions = api({
  key: 65,
  name: 'DescribeTransactions',
  versions: '0',
  flexible: '0+',
  request: {
    transactionalIds: arrayOf('0+', 'string'),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    transactionStates: array('0+', {
      errorCode: int16('0+'),
      transactionalId: string('0+'),
      transactionState: string('0+', { default: '' }),
      transactionTimeoutMs: int32('0+', { default: 0 }),
      transactionStartTimeMs: int64('0+', { default: 0 }),
      producerId: int64('0+', { default: 0 }),
      producerEpoch: int16('0+', { default: 0 }),
      topics: array(
        '0+',
        {
          topic: string('0+'),
          partitions: arrayOf('0+', 'int32'),
        },
        { default: [] },
      ),
    }),
  },
  failure: (request, errorCode) => ({
    transactionStates: request.transactionalIds.map(transactionalId => ({ errorCode, transactionalId })),
  }),
})
