import { api, array, arrayOf, int16, int32, string } from '../schema.js'

// DeleteGroups v0-3: removes empty groups with their offsets (KIP-229). v2: flexible. v3: a message per group.
export const DeleteGroups = api({
  key: 42,
  name: 'DeleteGroups',
  versions: '0-3',
  flexible: '2+',
  request: {
    groupsNames: arrayOf('0+', 'string'),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    results: array('0+', {
      groupId: string('0+'),
      errorCode: int16('0+'),
      errorMessage: string('3+', { nullable: '3+', default: null }),
    }),
  },
  failure: (request, errorCode) => ({ results: request.groupsNames.map(groupId => ({ groupId, errorCode })) }),
})
