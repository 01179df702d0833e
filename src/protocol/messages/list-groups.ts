import { api, array, arrayOf, int16, int32, string } from '../schema.js'

// ListGroups v0-5: the groups this broker coordinates. v3: flexible. v4: states, and a filter by them (KIP-518).
// v5: types, and a filter by them (KIP-848).
export const ListGroups = api({
  key: 16,
  name: 'ListGroups',
  versions: '0-5',
  flexible: '3+',
  request: {
    statesFilter: arrayOf('4+', 'string', { default: [] }),
    typesFilter: arrayOf('5+', 'string', { default: [] }),
  },
  response: {
    throttleTimeMs: int32('1+', { default: 0 }),
    errorCode: int16('0+'),
    groups: array('0+', {
      groupId: string('0+'),
      protocolType: string('0+'),
      groupState: string('4+'),
      groupType: string('5+'),
    }),
  },
  failure: (_request, errorCode) => ({ errorCode, groups: [] }),
})
