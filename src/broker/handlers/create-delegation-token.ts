import { delegationTokenRecord } from '../../cluster/access-controller.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { CreateDelegationToken } from '../../protocol/messages/create-delegation-token.js'
import { newToken, tokenHmac } from '../../security/delegation-tokens.js'
import { type Principal, principalText, userType } from '../../security/principal.js'
import { isWithinBounds, renewersMax } from '../../security/token-index.js'
import { handler } from '../handler.js'
import { mayAskForTokens, tokenSettings } from '../token-requests.js'

const errorTimestampMs = -1

// CreateDelegationToken v1-3: a token of the client, or of another user where CREATE_TOKENS allows that (KIP-373).
export const createDelegationToken = handler(CreateDelegationToken, async (request, context) => {
  const { broker, session, version } = context
  const requester = session.principal
  const { ownerPrincipalType, ownerPrincipalName } = request
  const isForOther = ownerPrincipalName !== null && ownerPrincipalName !== ''
  const owner: Principal = isForOther ? { type: ownerPrincipalType ?? '', name: ownerPrincipalName } : requester
  const names = {
    principalType: owner.type,
    principalName: owner.name,
    tokenRequesterPrincipalType: requester.type,
    tokenRequesterPrincipalName: requester.name,
  }
  const refused = (errorCode: ErrorCode, timestampMs: number) => ({
    ...CreateDelegationToken.failure(request, errorCode, version),
    ...names,
    issueTimestampMs: timestampMs,
    expiryTimestampMs: timestampMs,
    maxTimestampMs: timestampMs,
  })
  if (!mayAskForTokens(session)) return refused(Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, errorTimestampMs)
  const ownerText = principalText(owner)
  if (ownerText !== principalText(requester) && !context.may('create_tokens', 'user', ownerText)) {
    return refused(Errors.DELEGATION_TOKEN_AUTHORIZATION_FAILED, errorTimestampMs)
  }
  const settings = tokenSettings(broker.config)
  if (settings === null) return refused(Errors.DELEGATION_TOKEN_AUTH_DISABLED, 0)
  if (request.renewers.length > renewersMax) return refused(Errors.POLICY_VIOLATION, errorTimestampMs)
  const renewers = request.renewers.map(({ principalType, principalName }) => ({ type: principalType, name: principalName }))
  if (renewers.some(({ type }) => type !== userType)) return refused(Errors.INVALID_PRINCIPAL_TYPE, errorTimestampMs)

  const { world } = broker
  const token = newToken({ owner, requester, renewers, lifetimeMsMax: request.maxLifetimeMs }, settings, {
    nowMs: world.nowMs(),
    randomBytes: size => world.randomBytes(size),
  })
  if (!isWithinBounds(token, broker.topics.image.access.delegationTokens)) {
    return refused(Errors.POLICY_VIOLATION, errorTimestampMs)
  }
  await broker.carryOut({ records: [delegationTokenRecord(token)], result: null })
  return {
    errorCode: Errors.NONE,
    ...names,
    issueTimestampMs: token.issueMs,
    expiryTimestampMs: token.expiryMs,
    maxTimestampMs: token.maxMs,
    tokenId: token.tokenId,
    hmac: tokenHmac(token.tokenId, settings.secretKey),
  }
})
