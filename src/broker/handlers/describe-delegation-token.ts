import { Errors } from '../../protocol/errors.js'
import { DescribeDelegationToken } from '../../protocol/messages/describe-delegation-token.js'
import { type DelegationToken, isShown } from '../../security/delegation-tokens.js'
import { type Principal, principalText } from '../../security/principal.js'
import { handler } from '../handler.js'
import { mayAskForTokens, tokenSettings } from '../token-requests.js'

// DescribeDelegationToken v1-3: the tokens that the client may see, or those among them that concern one of the named users.
export const describeDelegationToken = handler(DescribeDelegationToken, async (request, context) => {
  const { broker, session, version } = context
  const refused = (errorCode: number) => DescribeDelegationToken.failure(request, errorCode as never, version)
  if (!mayAskForTokens(session)) return refused(Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED)
  if (tokenSettings(broker.config) === null) return refused(Errors.DELEGATION_TOKEN_AUTH_DISABLED)
  const wanted = request.owners === null ? null : new Set(request.owners.map(textOf))
  const isWanted = ({ owner, requester, renewers }: DelegationToken): boolean =>
    wanted === null || [owner, requester, ...renewers].some(who => wanted.has(principalText(who)))
  const isVisible = (token: DelegationToken): boolean =>
    isShown(token, session.principal) ||
    context.may('describe', 'delegation_token', token.tokenId) ||
    context.may('describe_tokens', 'user', principalText(token.owner))
  const { delegationTokens } = broker.topics.image.access
  const tokens: ReturnType<typeof described>[] = []
  for (const token of delegationTokens.values()) {
    const pausing = context.pause()
    if (pausing !== null) await pausing
    if (!isWanted(token) || !isVisible(token)) continue
    const hmac = delegationTokens.hmacOf(token.tokenId)
    if (hmac !== undefined) tokens.push(described(token, hmac))
  }
  return { errorCode: Errors.NONE, tokens }
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
const textOf = ({ principalType, principalName }: ReturnType<typeof named>) =>
  principalText({ type: principalType, name: principalName })
