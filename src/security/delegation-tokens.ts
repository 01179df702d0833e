/**
 * Delegation tokens (KIP-48): a credential that its owner may pass on, so that others can log in as the owner until it expires.
 * The broker keeps no secret of a token: its HMAC follows from its id. Decides; what is decided is recorded by the controller.
 */
import { type Bytes, toBase64, toBase64Url, utf8Encode } from '../base/bytes.js'
import { hmac } from '../base/crypto.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import type { Principal } from './principal.js'

export interface DelegationToken {
  readonly tokenId: string
  readonly owner: Principal
  readonly requester: Principal
  readonly renewers: readonly Principal[]
  readonly issueMs: number
  /** Beyond it the token cannot be renewed. */
  readonly maxMs: number
  readonly expiryMs: number
}

/** `delegation.token.…`. */
export interface TokenSettings {
  readonly secretKey: string
  readonly lifetimeMsMax: number
  readonly expiryTimeMs: number
}

export interface TokenRequest {
  readonly owner: Principal
  readonly requester: Principal
  readonly renewers: readonly Principal[]
  /** Not above zero: the broker's maximum. */
  readonly lifetimeMsMax: number
}

/** The id is 128 random bits, as Kafka's. */
const tokenIdBytes = 16

export function newToken(
  request: TokenRequest,
  settings: TokenSettings,
  env: { readonly nowMs: number; readonly randomBytes: (size: number) => Bytes },
): DelegationToken {
  const { owner, requester, renewers, lifetimeMsMax } = request
  const { nowMs } = env
  const lifetimeMs = lifetimeMsMax > 0 ? Math.min(lifetimeMsMax, settings.lifetimeMsMax) : settings.lifetimeMsMax
  const maxMs = nowMs + lifetimeMs
  return {
    tokenId: toBase64Url(env.randomBytes(tokenIdBytes)),
    owner,
    requester,
    renewers,
    issueMs: nowMs,
    maxMs,
    expiryMs: Math.min(maxMs, nowMs + settings.expiryTimeMs),
  }
}

export function tokenHmac(tokenId: string, secretKey: string): Bytes {
  return hmac('sha512', utf8Encode(secretKey), utf8Encode(tokenId))
}

/** With which the token logs in by SCRAM. */
export function tokenPassword(tokenId: string, secretKey: string): string {
  return toBase64(tokenHmac(tokenId, secretKey))
}

/** The token lasts `periodMs` from now, at most as long as the broker's setting, which counts for what is not above zero. */
export function renewed(
  token: DelegationToken,
  by: Principal,
  periodMs: number,
  settings: TokenSettings,
  nowMs: number,
): DelegationToken | ErrorCode {
  if (isOver(token, nowMs)) return Errors.DELEGATION_TOKEN_EXPIRED
  if (!isAllowed(token, by)) return Errors.DELEGATION_TOKEN_OWNER_MISMATCH
  const lastsMs = periodMs > 0 ? Math.min(periodMs, settings.expiryTimeMs) : settings.expiryTimeMs
  return { ...token, expiryMs: Math.min(token.maxMs, nowMs + lastsMs) }
}

/** `'removed'` for a period below zero, even when the token has expired. In Kafka's order, which is not that of `renewed`. */
export function expired(
  token: DelegationToken,
  by: Principal,
  periodMs: number,
  nowMs: number,
): DelegationToken | 'removed' | ErrorCode {
  if (!isAllowed(token, by)) return Errors.DELEGATION_TOKEN_OWNER_MISMATCH
  if (periodMs < 0) return 'removed'
  if (isOver(token, nowMs)) return Errors.DELEGATION_TOKEN_EXPIRED
  return { ...token, expiryMs: Math.min(token.maxMs, nowMs + periodMs) }
}

export function isOver({ maxMs, expiryMs }: DelegationToken, nowMs: number): boolean {
  return maxMs < nowMs || expiryMs < nowMs
}

/** Owners and renewers may renew and expire a token. */
export function isAllowed({ owner, renewers }: DelegationToken, who: Principal): boolean {
  return isSame(owner, who) || renewers.some(renewer => isSame(renewer, who))
}

/** They may see it, and so may who asked for it. */
export function isShown(token: DelegationToken, who: Principal): boolean {
  return isSame(token.requester, who) || isAllowed(token, who)
}

const isSame = (one: Principal, other: Principal): boolean => one.type === other.type && one.name === other.name
