import { api, array, arrayOf, bool, int16, int32, int64, string } from '../schema.js'

// AddPartitionsToTxn v0-5: partitions become part of a transaction before they are written to (KIP-98). v2: may answer
// PRODUCER_FENCED (KIP-588). v3: flexible. v4: among brokers only, several transactions, or a mere look (KIP-890).
// v5: may answer TRANSACTION_ABORTABLE (KIP-890).
export const AddPartitionsToTxn = api({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: '0-5',
  flexible: '3+',
  request: {
    transactions: array(
      '4+',
      {
        transactionalId: string('4+'),
        producerId: int64('4+'),
        producerEpoch: int16('4+'),
        verifyOnly: bool('4+', { default: false }),
        topics: array('4+', {
          name: string('0+'),
          partitions: arrayOf('0+', 'int32'),
        }),
      },
      { default: [] },
    ),
    v3AndBelowTransactionalId: string('0-3', { default: '' }),
    v3AndBelowProducerId: int64('0-3', { default: 0 }),
    v3AndBelowProducerEpoch: int16('0-3', { default: 0 }),
    v3AndBelowTopics: array(
      '0-3',
      {
        name: string('0+'),
        partitions: arrayOf('0+', 'int32'),
      },
      { default: [] },
    ),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('4+', { default: 0 }),
    resultsByTransaction: array(
      '4+',
      {
        transactionalId: string('4+'),
        topicResults: array('4+', {
          name: string('0+'),
          resultsByPartition: array('0+', {
            partitionIndex: int32('0+'),
            partitionErrorCode: int16('0+'),
          }),
        }),
      },
      { default: [] },
    ),
    resultsByTopicV3AndBelow: array(
      '0-3',
      {
        name: string('0+'),
        resultsByPartition: array('0+', {
          partitionIndex: int32('0+'),
          partitionErrorCode: int16('0+'),
        }),
      },
      { default: [] },
    ),
  },
  failure: (request, errorCode, version) =>
    version >= 4
      ? { errorCode }
      : {
          resultsByTopicV3AndBelow: request.v3AndBelowTopics.map(({ name, partitions }) => ({
            name,
            resultsByPartition: partitions.map(partitionIndex => ({ partitionIndex, partitionErrorCode: errorCode })),
          })),
        },
})
