import { emptyBytes } from '../../base/bytes.js'
import { zeroUuid } from '../../base/ids.js'
import { api, array, arrayOf, int8, int16, int32, int64, records, string, struct, uuid } from '../schema.js'

// Fetch v0-18: reads record batches, up to v3 as message sets of the formats before. v1: throttle time. v2: messages with
// magic 1. v3: a limit on all bytes. v4: isolation level, last stable offset, aborted transactions (KIP-98). v5: log
// start offset (KIP-107). v6: may answer KAFKA_STORAGE_ERROR. v7: fetch sessions (KIP-227). v9: leader epoch fencing
// (KIP-320). v10: zstd (KIP-110). v11: rack, preferred read replica (KIP-392). v12: flexible, diverging epochs (KIP-595).
// v13: topics by id (KIP-516). v14: tiered storage error (KIP-405). v15: replica state (KIP-903). v16: leader endpoints
// (KIP-951). v17: directory id (KIP-853). v18: the follower's high watermark (KIP-1166).
export const Fetch = api({
  key: 1,
  name: 'Fetch',
  versions: '0-18',
  flexible: '12+',
  request: {
    clusterId: string('12+', { nullable: '12+', default: null, tag: 0, tagged: '12+' }),
    replicaId: int32('0-14', { default: -1 }),
    replicaState: struct(
      '15+',
      {
        replicaId: int32('15+', { default: -1 }),
        replicaEpoch: int64('15+', { default: -1 }),
      },
      { tag: 1, tagged: '15+' },
    ),
    maxWaitMs: int32('0+'),
    minBytes: int32('0+'),
    maxBytes: int32('3+', { default: 0x7fff_ffff }),
    isolationLevel: int8('4+', { default: 0 }),
    sessionId: int32('7+', { default: 0 }),
    sessionEpoch: int32('7+', { default: -1 }),
    topics: array('0+', {
      topic: string('0-12', { default: '' }),
      topicId: uuid('13+', { default: zeroUuid }),
      partitions: array('0+', {
        partition: int32('0+'),
        currentLeaderEpoch: int32('9+', { default: -1 }),
        fetchOffset: int64('0+'),
        lastFetchedEpoch: int32('12+', { default: -1 }),
        logStartOffset: int64('5+', { default: -1 }),
        partitionMaxBytes: int32('0+'),
        replicaDirectoryId: uuid('17+', { tag: 0, tagged: '17+' }),
        // Kafka's default is Long.MAX, "unknown"; clamped here.
        highWatermark: int64('18+', { tag: 1, tagged: '18+', default: Number.MAX_SAFE_INTEGER }),
      }),
    }),
    forgottenTopicsData: array(
      '7+',
      {
        topic: string('7-12', { default: '' }),
        topicId: uuid('13+', { default: zeroUuid }),
        partitions: arrayOf('7+', 'int32'),
      },
      { default: [] },
    ),
    rackId: string('11+', { default: '' }),
  },
  response: {
    throttleTimeMs: int32('1+', { default: 0 }),
    errorCode: int16('7+', { default: 0 }),
    sessionId: int32('7+', { default: 0 }),
    responses: array('0+', {
      topic: string('0-12', { default: '' }),
      topicId: uuid('13+', { default: zeroUuid }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        highWatermark: int64('0+'),
        lastStableOffset: int64('4+', { default: -1 }),
        logStartOffset: int64('5+', { default: -1 }),
        divergingEpoch: struct(
          '12+',
          {
            epoch: int32('12+', { default: -1 }),
            endOffset: int64('12+', { default: -1 }),
          },
          { tag: 0, tagged: '12+' },
        ),
        currentLeader: struct(
          '12+',
          {
            leaderId: int32('12+', { default: -1 }),
            leaderEpoch: int32('12+', { default: -1 }),
          },
          { tag: 1, tagged: '12+' },
        ),
        snapshotId: struct(
          '12+',
          {
            endOffset: int64('0+', { default: -1 }),
            epoch: int32('0+', { default: -1 }),
          },
          { tag: 2, tagged: '12+' },
        ),
        abortedTransactions: array(
          '4+',
          {
            producerId: int64('4+'),
            firstOffset: int64('4+'),
          },
          { nullable: '4+' },
        ),
        preferredReadReplica: int32('11+', { default: -1 }),
        records: records('0+'),
      }),
    }),
    nodeEndpoints: array(
      '16+',
      {
        nodeId: int32('16+'),
        host: string('16+'),
        port: int32('16+'),
        rack: string('16+', { nullable: '16+', default: null }),
      },
      { tag: 0, tagged: '16+' },
    ),
  },
  // v13+ says it once, at the top. Below, each partition says it too: versions before 7 have no other place.
  failure: (request, errorCode, version) => ({
    errorCode,
    sessionId: request.sessionId,
    responses:
      version >= 13
        ? []
        : request.topics.map(({ topic, partitions }) => ({
            topic,
            partitions: partitions.map(({ partition }) => ({
              partitionIndex: partition,
              errorCode,
              highWatermark: -1,
              abortedTransactions: [],
              records: emptyBytes,
            })),
          })),
  }),
})
