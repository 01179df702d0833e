import { api, array, arrayOf, int8, int16, int32, string } from '../schema.js'

// FindCoordinator v0-6: which broker coordinates a group (key type 0), a transactional id (1) or a share partition (2).
// v1: key type, error message (KIP-98). v3: flexible. v4: several keys at once (KIP-699). v5: TRANSACTION_ABORTABLE
// (KIP-890). v6: key type 2, whose keys read groupId:topicId:partition (KIP-932).
export const FindCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  versions: '0-6',
  flexible: '3+',
  request: {
    key: string('0-3', { default: '' }),
    keyType: int8('1+', { default: 0 }),
    coordinatorKeys: arrayOf('4+', 'string', { default: [] }),
  },
  response: {
    throttleTimeMs: int32('1+', { default: 0 }),
    errorCode: int16('0-3', { default: 0 }),
    errorMessage: string('1-3', { nullable: '1-3', default: '' }),
    nodeId: int32('0-3', { default: 0 }),
    host: string('0-3', { default: '' }),
    port: int32('0-3', { default: 0 }),
    coordinators: array(
      '4+',
      {
        key: string('4+'),
        nodeId: int32('4+'),
        host: string('4+'),
        port: int32('4+'),
        errorCode: int16('4+'),
        errorMessage: string('4+', { nullable: '4+' }),
      },
      { default: [] },
    ),
  },
  failure: (request, errorCode, version) => {
    const nobody = { nodeId: -1, host: '', port: -1, errorCode, errorMessage: null }
    return version < 4 ? nobody : { coordinators: request.coordinatorKeys.map(key => ({ key, ...nobody })) }
  },
})
