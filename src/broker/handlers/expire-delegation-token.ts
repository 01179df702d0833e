import { delegationTokenRecord } from '../../cluster/access-controller.js'
import { Errors, isErrorCode } from '../../protocol/errors.js'
import { ExpireDelegationToken } from '../../protocol/messages/expire-delegation-token.js'
import { expired } from '../../security/delegation-tokens.js'
import { handler } from '../handler.js'
import { mayAskForTokens, tokenSettings } from '../token-requests.js'

// ExpireDelegationToken v1-2: a token lasts so much longer and no more; below zero it is removed, also when it has expired.
export const expireDelegationToken = handler(ExpireDelegationToken, async (request, { broker, session, version }) => {
  if (!mayAskForTokens(session))
    return ExpireDelegationToken.failure(request, Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, version)
  if (tokenSettings(broker.config) === null) return { errorCode: Errors.DELEGATION_TOKEN_AUTH_DISABLED, expiryTimestampMs: 0 }
  const token = broker.topics.image.access.delegationTokens.byHmac(request.hmac)
  if (token === null) return { errorCode: Errors.DELEGATION_TOKEN_NOT_FOUND, expiryTimestampMs: 0 }
  const nowMs = broker.world.nowMs()
  const outcome = expired(token, session.principal, request.expiryTimePeriodMs, nowMs)
  if (outcome === 'removed') {
    await broker.carryOut({ records: [{ kind: 'removeDelegationToken', tokenId: token.tokenId }], result: null })
    return { errorCode: Errors.NONE, expiryTimestampMs: nowMs }
  }
  if (isErrorCode(outcome)) return { errorCode: outcome, expiryTimestampMs: 0 }
  await broker.carryOut({ records: [delegationTokenRecord(outcome)], result: null })
  return { errorCode: Errors.NONE, expiryTimestampMs: outcome.expiryMs }
})
