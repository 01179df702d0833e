import { api, int16, int32, string } from '../schema.js'

// UnregisterBroker v0: takes a broker out of the cluster (KIP-500). Flexible from the start.
export const UnregisterBroker = api({
  key: 64,
  name: 'UnregisterBroker',
  versions: '0',
  flexible: '0+',
  request: { brokerId: int32('0+') },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
  },
  failure: (_request, errorCode) => ({ errorCode, errorMessage: null }),
})
