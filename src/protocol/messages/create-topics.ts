import { zeroUuid } from '../../base/ids.js'
import { api, array, arrayOf, bool, int8, int16, int32, string, uuid } from '../schema.js'

// CreateTopics v0-7. v1: validate only, error messages. v4: -1 for the broker's default partition count and replication
// factor (KIP-464). v5: flexible; the answer shows the new topic's configuration (KIP-525). v6: may answer
// THROTTLING_QUOTA_EXCEEDED (KIP-599). v7: topic id (KIP-516).
export const CreateTopics = api({
  key: 19,
  name: 'CreateTopics',
  versions: '0-7',
  flexible: '5+',
  request: {
    topics: array('0+', {
      name: string('0+'),
      numPartitions: int32('0+'),
      replicationFactor: int16('0+'),
      assignments: array('0+', {
        partitionIndex: int32('0+'),
        brokerIds: arrayOf('0+', 'int32'),
      }),
      configs: array('0+', {
        name: string('0+'),
        value: string('0+', { nullable: '0+' }),
      }),
    }),
    timeoutMs: int32('0+', { default: 60_000 }),
    validateOnly: bool('1+', { default: false }),
  },
  response: {
    throttleTimeMs: int32('2+', { default: 0 }),
    topics: array('0+', {
      name: string('0+'),
      topicId: uuid('7+', { default: zeroUuid }),
      errorCode: int16('0+'),
      errorMessage: string('1+', { nullable: '0+' }),
      // Why configs is null, when the topic was created but its configuration may not be shown.
      topicConfigErrorCode: int16('5+', { tag: 0, tagged: '5+' }),
      numPartitions: int32('5+', { default: -1 }),
      replicationFactor: int16('5+', { default: -1 }),
      configs: array(
        '5+',
        {
          name: string('5+'),
          value: string('5+', { nullable: '5+' }),
          readOnly: bool('5+'),
          configSource: int8('5+', { default: -1 }),
          isSensitive: bool('5+'),
        },
        { nullable: '5+', default: [] },
      ),
    }),
  },
  failure: (request, errorCode) => ({
    topics: request.topics.map(({ name }) => ({ name, errorCode, errorMessage: null })),
  }),
})
