import { api, int16, int32, string } from '../schema.js'

// UnregisterController v0: forgets a controller that is no voter any more (since Kafka 4.4). Flexible from the start.
export const UnregisterController = api({
  key: 94,
  name: 'UnregisterController',
  versions: '0',
  flexible: '0+',
  request: { controllerId: int32('0+') },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
  },
  failure: (_request, errorCode) => ({ errorCode, errorMessage: null }),
})
