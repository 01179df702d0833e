import { Errors } from '../../protocol/errors.js'
import { DescribeDelegationToken } from '../../protocol/messages/describe-delegation-token.js'
import { type DelegationToken, isAllowed, tokenHmac } from '../../security/delegation-tokens.js'
import { type Principal, principalText } from '../../security/principal.js'
import { handler } from '../handler.js'
import { mayAskForTokens, tokenSettings } from '../token-requests.js'

// DescribeDelegationToken v1-3: the tokens that the client may see, or those among them that the named users own or may renew.
export const describeDelegationToken = handler(DescribeDelegationToken, (request, context) => {
  const { broker, session, version } = context
  const refused = (errorCode: number) => DescribeDelegationToken.failure(request, errorCode as never, version)
  if (!mayAskForTokens(session)) return refused(Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED)
  const settings = tokenSettings(broker.config)
  if (settings === null) return refused(Errors.DELEGATION_TOKEN_AUTH_DISABLED)
  const owners = request.owners?.map(({ principalType, principalName }) => ({ type: principalType, name: principalName })) ?? null
  const isVisible = (token: DelegationToken): boolean =>
    isAllowed(token, session.principal) ||
    context.may('describe', 'delegation_token', token.tokenId) ||
    context.may('describe_tokens', 'user', principalText(token.owner))
  const tokens = [...broker.topics.image.access.delegationTokens.values()].filter(
    token => (owners === null || owners.some(owner => isAllowed(token, owner))) && isVisible(token),
  )
  return { errorCode: Errors.NONE, tokens: tokens.map(token => described(token, tokenHmac(token.tokenId, settings.secretKey))) }
})

function described({ tokenId, owner, requester, renewers, issueMs, expiryMs, maxMs }: DelegationToken, hmac: Uint8Array) {
  return {
    ...named(owner),
    tokenRequesterPrincipalType: requester.type,
    tokenRequesterPrincipalName: requester.name,
    issueTimestamp: issueMs,
    expiryTimestamp: expiryMs,
    maxTimestamp: maxMs,
    tokenId,
    hmac,
    renewers: renewers.map(named),
  }
}

const named = ({ type, name }: Principal) => ({ principalType: type, principalName: name })
