import { api, array, arrayOf, bool, bytes, int16, int32, string } from '../schema.js'

// DescribeGroups v0-6: state and members of classic groups. v3: authorised operations (KIP-430). v4: static members
// (KIP-345). v5: flexible. v6: an unknown group is GROUP_ID_NOT_FOUND with a message, no longer a Dead group (KIP-1043).
export const DescribeGroups = api({
  key: 15,
  name: 'DescribeGroups',
  versions: '0-6',
  flexible: '5+',
  request: {
    groups: arrayOf('0+', 'string'),
    includeAuthorizedOperations: bool('3+', { default: false }),
  },
  response: {
    throttleTimeMs: int32('1+', { default: 0 }),
    groups: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('6+', { nullable: '6+', default: null }),
      groupId: string('0+'),
      groupState: string('0+'),
      protocolType: string('0+'),
      // The name of the chosen assignor; only a stable group has one, and only its members show bytes.
      protocolData: string('0+'),
      members: array('0+', {
        memberId: string('0+'),
        groupInstanceId: string('4+', { nullable: '4+', default: null }),
        clientId: string('0+'),
        clientHost: string('0+'),
        memberMetadata: bytes('0+'),
        memberAssignment: bytes('0+'),
      }),
      authorizedOperations: int32('3+', { default: -0x8000_0000 }),
    }),
  },
  failure: (request, errorCode) => ({
    groups: request.groups.map(groupId => ({
      errorCode,
      groupId,
      groupState: '',
      protocolType: '',
      protocolData: '',
      members: [],
    })),
  }),
})
