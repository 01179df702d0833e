/**
 * The bearer tokens that Kafka takes when it is told of no issuer: without a signature, so anybody can write one. For development
 * only (KIP-255). The options are those of the listener's JAAS entry.
 */
import { fromBase64Url, utf8Decode } from '../../base/bytes.js'
import type { InvalidToken, TokenValidator, ValidToken } from './oauthbearer.js'

export interface UnsecuredTokenOptions {
  readonly principalClaimName: string
  readonly scopeClaimName: string
  readonly requiredScope: readonly string[]
  readonly allowableClockSkewMs: number
}

/** From `unsecuredValidator…` options, or what is wrong with them. */
export function unsecuredTokenOptions(options: ReadonlyMap<string, string>): UnsecuredTokenOptions | { problem: string } {
  const textOf = (name: string, otherwise: string): string => {
    const text = options.get(`unsecuredValidator${name}`)?.trim() ?? ''
    return text === '' ? otherwise : text
  }
  const skew = textOf('AllowableClockSkewMs', '0')
  if (!/^\d{1,10}$/.test(skew)) return { problem: `unsecuredValidatorAllowableClockSkewMs must be a number, not ${skew}` }
  return {
    principalClaimName: textOf('PrincipalClaimName', 'sub'),
    scopeClaimName: textOf('ScopeClaimName', 'scope'),
    requiredScope: textOf('RequiredScope', '').split(' ').filter(Boolean),
    allowableClockSkewMs: Number(skew),
  }
}

export function unsecuredTokens(options: UnsecuredTokenOptions, nowMs: () => number): TokenValidator {
  return token => validated(token, options, nowMs())
}

function validated(token: string, options: UnsecuredTokenOptions, nowMs: number): ValidToken | InvalidToken {
  const [header, payload, signature, ...more] = token.split('.')
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) {
    return invalid('not three parts')
  }
  if (objectOf(header)?.alg !== 'none') return invalid('the algorithm is not "none"')
  if (signature !== '') return invalid('an unsecured token with a signature')
  const claims = objectOf(payload)
  if (claims === null) return invalid('claims that are no JSON object')
  const { principalClaimName, scopeClaimName, requiredScope, allowableClockSkewMs: skewMs } = options

  const principalName = claims[principalClaimName]
  if (typeof principalName !== 'string') return invalid(`no claim ${principalClaimName} with a text`)
  if (principalName === '') return invalid(`an empty claim ${principalClaimName}`)
  const { iat, exp } = claims
  if (iat !== undefined && typeof iat !== 'number') return invalid('a claim iat that is no number')
  if (iat !== undefined && iat * 1000 > nowMs + skewMs) return invalid('issued in the future')
  if (typeof exp !== 'number') return invalid('no claim exp with a number')
  if (nowMs - skewMs >= exp * 1000) return invalid('expired')
  if (iat !== undefined && exp <= iat) return invalid('expired before it was issued')
  const scope = scopeOf(claims[scopeClaimName])
  if (!requiredScope.every(one => scope.includes(one))) {
    // As Java prints a list.
    return { ...invalid('a scope is missing'), missingScope: `[${requiredScope.join(', ')}]` }
  }
  return { kind: 'valid', principalName, expiryMs: Math.round(exp * 1000) }
}

/** A text is one element, as Kafka reads it, or a list of them. */
function scopeOf(claim: unknown): readonly unknown[] {
  if (typeof claim === 'string') return [claim.trim()]
  return Array.isArray(claim) ? claim.map(one => (typeof one === 'string' ? one.trim() : one)) : []
}

function objectOf(part: string): Record<string, unknown> | null {
  try {
    const bytes = fromBase64Url(part)
    const parsed: unknown = JSON.parse(utf8Decode(bytes, 0, bytes.byteLength))
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null
  } catch {
    return null
  }
}

const invalid = (reason: string): InvalidToken => ({ kind: 'invalid', reason })
