import { utf8Decode, utf8Encode } from '../../base/bytes.js'
import type { Mechanism, SaslExchange, SaslStep } from './mechanism.js'

/** One authentication as a transcript: what the client says, what comes back. */
export function talk(mechanism: Mechanism): (message: string) => Promise<Record<string, unknown>> {
  const exchange: SaslExchange = mechanism.begin()
  return async message => {
    const step: SaslStep = await exchange.evaluate(utf8Encode(message))
    return 'token' in step ? { ...step, token: utf8Decode(step.token, 0, step.token.byteLength) } : { ...step }
  }
}
