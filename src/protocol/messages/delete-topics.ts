import { zeroUuid } from '../../base/ids.js'
import { api, array, arrayOf, int16, int32, string, uuid } from '../schema.js'

// DeleteTopics v0-6. v3: may answer TOPIC_DELETION_DISABLED (KIP-322). v4: flexible. v5: error messages, may answer
// THROTTLING_QUOTA_EXCEEDED (KIP-599). v6: by name or by id, each in its own entry (KIP-516).
export const DeleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: '0-6',
  flexible: '4+',
  request: {
    topics: array(
      '6+',
      {
        name: string('6+', { nullable: '6+', default: null }),
        topicId: uuid('6+', { default: zeroUuid }),
      },
      { default: [] },
    ),
    topicNames: arrayOf('0-5', 'string', { default: [] }),
    timeoutMs: int32('0+'),
  },
  response: {
    throttleTimeMs: int32('1+', { default: 0 }),
    responses: array('0+', {
      name: string('0+', { nullable: '6+' }),
      topicId: uuid('6+', { default: zeroUuid }),
      errorCode: int16('0+'),
      errorMessage: string('5+', { nullable: '5+', default: null }),
    }),
  },
  failure: (request, errorCode, version) => ({
    responses:
      version >= 6
        ? request.topics.map(({ name, topicId }) => ({ name, topicId, errorCode }))
        : request.topicNames.map(name => ({ name, errorCode })),
  }),
})
