import { zeroUuid } from '../../base/ids.js'
import { api, array, int16, int32, int64, records, string, struct, uuid } from '../schema.js'

// Produce v0-13: appends record batches to partitions, up to v2 message sets of the formats before. v1: throttle time. v2:
// append time in the answer. v3: message format v2, transactional id (KIP-98). v4: may answer
// KAFKA_STORAGE_ERROR. v5: log start offset in the answer. v7: zstd (KIP-110). v8: which records were refused (KIP-467).
// v9: flexible. v10: current leader and its endpoint (KIP-951). v11: TRANSACTION_ABORTABLE, v12: a transactional
// produce adds its partition by itself (both KIP-890). v13: topics by id (KIP-516).
export const Produce = api({
  key: 0,
  name: 'Produce',
  versions: '0-13',
  flexible: '9+',
  request: {
    transactionalId: string('3+', { nullable: '3+', default: null }),
    acks: int16('0+'),
    timeoutMs: int32('0+'),
    topicData: array('0+', {
      name: string('0-12', { default: '' }),
      topicId: uuid('13+', { default: zeroUuid }),
      partitionData: array('0+', {
        index: int32('0+'),
        records: records('0+'),
      }),
    }),
  },
  response: {
    responses: array('0+', {
      name: string('0-12', { default: '' }),
      topicId: uuid('13+', { default: zeroUuid }),
      partitionResponses: array('0+', {
        index: int32('0+'),
        errorCode: int16('0+'),
        baseOffset: int64('0+'),
        logAppendTimeMs: int64('2+', { default: -1 }),
        logStartOffset: int64('5+', { default: -1 }),
        recordErrors: array(
          '8+',
          {
            batchIndex: int32('8+'),
            batchIndexErrorMessage: string('8+', { nullable: '8+', default: null }),
          },
          { default: [] },
        ),
        errorMessage: string('8+', { nullable: '8+', default: null }),
        currentLeader: struct(
          '10+',
          {
            leaderId: int32('10+', { default: -1 }),
            leaderEpoch: int32('10+', { default: -1 }),
          },
          { tag: 0, tagged: '10+' },
        ),
      }),
    }),
    throttleTimeMs: int32('1+', { default: 0 }),
    nodeEndpoints: array(
      '10+',
      {
        nodeId: int32('10+'),
        host: string('10+'),
        port: int32('10+'),
        rack: string('10+', { nullable: '10+', default: null }),
      },
      { tag: 0, tagged: '10+' },
    ),
  },
  // With acks=0 no response is sent.
  failure: (request, errorCode) => ({
    responses: request.topicData.map(({ name, topicId, partitionData }) => ({
      name,
      topicId,
      partitionResponses: partitionData.map(({ index }) => ({ index, errorCode, baseOffset: -1 })),
    })),
  }),
})
