/**
 * All delegation tokens, so that one is found by its id and by its HMAC without looking at the others. HMACs are made once per
 * token, when its record is applied: who asks, with whatever, costs one look.
 */
import { type Bytes, toBase64 } from '../base/bytes.js'
import { hash } from '../base/crypto.js'
import { type DelegationToken, tokenHmac } from './delegation-tokens.js'
import { principalText } from './principal.js'

/**
 * What tokens may take up, of which whoever is known may make some: all of them together fit into one answer that describes them.
 * Kafka has no such bounds, but for the length of a record.
 */
export const tokensMax = 10_000
export const tokensPerOwnerMax = 1_000
export const renewersMax = 100
/** Of the principals that a token names, in UTF-16 units. */
export const principalsLengthMax = 4_096

/** Whether there is room for `token` among the others. */
export function isWithinBounds(
  { owner, requester, renewers }: DelegationToken,
  others: Pick<TokenIndex, 'size' | 'countOf'>,
): boolean {
  if (renewers.length > renewersMax || others.size >= tokensMax) return false
  if (others.countOf(principalText(owner)) >= tokensPerOwnerMax) return false
  const length = [owner, requester, ...renewers].reduce((sum, { type, name }) => sum + type.length + name.length, 0)
  return length <= principalsLengthMax
}

export class TokenIndex {
  readonly #byId = new Map<string, DelegationToken>()
  readonly #hmacs = new Map<string, Bytes>()
  /** By a hash of the HMAC, so that how long a look takes tells nothing of it. */
  readonly #ids = new Map<string, string>()
  readonly #countByOwner = new Map<string, number>()
  #secretKey: string | null = null

  /** Of the tokens that are added from now on; without it none is found by its HMAC. */
  useSecretKey(secretKey: string): void {
    this.#secretKey = secretKey
  }

  get size(): number {
    return this.#byId.size
  }

  get(tokenId: string): DelegationToken | undefined {
    return this.#byId.get(tokenId)
  }

  values(): IterableIterator<DelegationToken> {
    return this.#byId.values()
  }

  byHmac(hmac: Bytes): DelegationToken | null {
    const tokenId = this.#ids.get(keyOf(hmac))
    return tokenId === undefined ? null : (this.#byId.get(tokenId) ?? null)
  }

  hmacOf(tokenId: string): Bytes | undefined {
    return this.#hmacs.get(tokenId)
  }

  countOf(ownerText: string): number {
    return this.#countByOwner.get(ownerText) ?? 0
  }

  /** Takes the place of a token with the same id. */
  set(token: DelegationToken): void {
    const { tokenId } = token
    const before = this.#byId.get(tokenId)
    if (before !== undefined) this.#count(before, -1)
    this.#byId.set(tokenId, token)
    this.#count(token, 1)
    if (this.#secretKey === null || this.#hmacs.has(tokenId)) return
    const hmac = tokenHmac(tokenId, this.#secretKey)
    this.#hmacs.set(tokenId, hmac)
    this.#ids.set(keyOf(hmac), tokenId)
  }

  delete(tokenId: string): void {
    const token = this.#byId.get(tokenId)
    if (token === undefined) return
    this.#byId.delete(tokenId)
    this.#count(token, -1)
    const hmac = this.#hmacs.get(tokenId)
    if (hmac === undefined) return
    this.#hmacs.delete(tokenId)
    this.#ids.delete(keyOf(hmac))
  }

  #count({ owner }: DelegationToken, by: number): void {
    const text = principalText(owner)
    const after = this.countOf(text) + by
    if (after === 0) this.#countByOwner.delete(text)
    else this.#countByOwner.set(text, after)
  }
}

const keyOf = (hmac: Bytes): string => toBase64(hash('sha256', hmac))
