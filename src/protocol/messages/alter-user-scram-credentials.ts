import { api, array, bytes, int8, int16, int32, string } from '../schema.js'

// AlterUserScramCredentials v0: sets and removes the credentials with which users log in, one mechanism each (KIP-554). The
// password itself is never sent.
export const AlterUserScramCredentials = api({
  key: 51,
  name: 'AlterUserScramCredentials',
  versions: '0',
  flexible: '0+',
  request: {
    deletions: array('0+', { name: string('0+'), mechanism: int8('0+') }),
    upsertions: array('0+', {
      name: string('0+'),
      mechanism: int8('0+'),
      iterations: int32('0+'),
      salt: bytes('0+'),
      saltedPassword: bytes('0+'),
    }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    results: array('0+', {
      user: string('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
    }),
  },
  failure: ({ deletions, upsertions }, errorCode) => ({
    results: [...new Set([...deletions, ...upsertions].map(({ name }) => name))].map(user => ({
      user,
      errorCode,
      errorMessage: null,
    })),
  }),
})
