import { api, int16, int32, string, struct } from '../schema.js'
import { topologyDescription } from './streams-fields.js'

// StreamsGroupTopologyDescriptionUpdate v0: what a streams application does, for a broker that keeps it (KIP-1331).
export const StreamsGroupTopologyDescriptionUpdate = api({
  key: 93,
  name: 'StreamsGroupTopologyDescriptionUpdate',
  versions: '0',
  flexible: '0+',
  request: {
    groupId: string('0+'),
    memberId: string('0+'),
    topologyEpoch: int32('0+'),
    topologyDescription: struct('0+', topologyDescription('0+')),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
  },
  failure: (_request, errorCode) => ({ errorCode }),
})
