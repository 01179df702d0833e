import { api, array, int8, int16, int32, string } from '../schema.js'

// DescribeUserScramCredentials v0: with which mechanisms users can log in, never with what (KIP-554).
export const DescribeUserScramCredentials = api({
  key: 50,
  name: 'DescribeUserScramCredentials',
  versions: '0',
  flexible: '0+',
  request: { users: array('0+', { name: string('0+') }, { nullable: '0+' }) },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    results: array('0+', {
      user: string('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      credentialInfos: array('0+', { mechanism: int8('0+'), iterations: int32('0+') }),
    }),
  },
  // As in Kafka: as many results as users, without their names.
  failure: ({ users }, errorCode) => ({
    errorCode,
    errorMessage: null,
    results: (users ?? []).map(() => ({ user: '', errorCode, errorMessage: null, credentialInfos: [] })),
  }),
})
