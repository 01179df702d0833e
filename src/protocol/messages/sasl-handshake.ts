import { api, arrayOf, int16, string } from '../schema.js'

// SaslHandshake v0-1: names the mechanism of the authentication that follows (KIP-43). After v0 its tokens travel bare, after v1
// in SaslAuthenticate (KIP-152). Never flexible: clients up to 2.4 negotiate it wrongly.
export const SaslHandshake = api({
  key: 17,
  name: 'SaslHandshake',
  versions: '0-1',
  flexible: 'none',
  request: { mechanism: string('0+') },
  response: { errorCode: int16('0+'), mechanisms: arrayOf('0+', 'string') },
  failure: (_request, errorCode) => ({ errorCode, mechanisms: [] }),
})
