import { delegationTokenRecord } from '../../cluster/access-controller.js'
import { Errors, isErrorCode } from '../../protocol/errors.js'
import { RenewDelegationToken } from '../../protocol/messages/renew-delegation-token.js'
import { renewed } from '../../security/delegation-tokens.js'
import { handler } from '../handler.js'
import { mayAskForTokens, tokenSettings } from '../token-requests.js'

// RenewDelegationToken v1-2: a token lasts longer, up to its maximum.
export const renewDelegationToken = handler(RenewDelegationToken, async (request, { broker, session, version }) => {
  if (!mayAskForTokens(session))
    return RenewDelegationToken.failure(request, Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, version)
  const settings = tokenSettings(broker.config)
  if (settings === null) return { errorCode: Errors.DELEGATION_TOKEN_AUTH_DISABLED, expiryTimestampMs: 0 }
  const token = broker.topics.image.access.delegationTokens.byHmac(request.hmac)
  if (token === null) return { errorCode: Errors.DELEGATION_TOKEN_NOT_FOUND, expiryTimestampMs: 0 }
  const outcome = renewed(token, session.principal, request.renewPeriodMs, settings, broker.world.nowMs())
  if (isErrorCode(outcome)) return { errorCode: outcome, expiryTimestampMs: 0 }
  await broker.carryOut({ records: [delegationTokenRecord(outcome)], result: null })
  return { errorCode: Errors.NONE, expiryTimestampMs: outcome.expiryMs }
})
