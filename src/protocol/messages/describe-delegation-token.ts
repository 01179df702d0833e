import { api, array, bytes, int16, int32, int64, string } from '../schema.js'

// DescribeDelegationToken v1-3: the tokens that the client may see, with their HMACs (KIP-48). v2: flexible. v3: who asked for
// them (KIP-373).
export const DescribeDelegationToken = api({
  key: 41,
  name: 'DescribeDelegationToken',
  versions: '1-3',
  flexible: '2+',
  request: {
    owners: array('0+', { principalType: string('0+'), principalName: string('0+') }, { nullable: '0+' }),
  },
  response: {
    errorCode: int16('0+'),
    tokens: array('0+', {
      principalType: string('0+'),
      principalName: string('0+'),
      tokenRequesterPrincipalType: string('3+'),
      tokenRequesterPrincipalName: string('3+'),
      issueTimestamp: int64('0+'),
      expiryTimestamp: int64('0+'),
      maxTimestamp: int64('0+'),
      tokenId: string('0+'),
      hmac: bytes('0+'),
      renewers: array('0+', { principalType: string('0+'), principalName: string('0+') }),
    }),
    throttleTimeMs: int32('0+', { default: 0 }),
  },
  failure: (_request, errorCode) => ({ errorCode, tokens: [] }),
})
