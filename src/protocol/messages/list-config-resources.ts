import { api, array, arrayOf, int8, int16, int32, string } from '../schema.js'

// ListConfigResources v0-1: the resources that have configs of their own. v0: of client metrics alone, under another name of the
// API (KIP-714). v1: of every type (KIP-1142).
export const ListConfigResources = api({
  key: 74,
  name: 'ListConfigResources',
  versions: '0-1',
  flexible: '0+',
  request: {
    // Empty asks for all types.
    resourceTypes: arrayOf('1+', 'int8', { default: [] }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    configResources: array('0+', {
      resourceName: string('0+'),
      resourceType: int8('1+', { default: 16 }),
    }),
  },
  failure: (_request, errorCode) => ({ errorCode, configResources: [] }),
})
