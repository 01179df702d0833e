import { expect, test, vi } from 'vitest'
import * as crypto from '../base/crypto.js'
import { type DelegationToken, tokenHmac } from './delegation-tokens.js'
import { type Principal, user } from './principal.js'
import { isWithinBounds, principalsLengthMax, renewersMax, TokenIndex, tokensMax, tokensPerOwnerMax } from './token-index.js'

vi.mock('../base/crypto.js', { spy: true })

const [alice, bob] = [user('alice'), user('bob')]
const tokenOf = (tokenId: string, owner = alice, renewers: readonly Principal[] = []): DelegationToken => ({
  ...{ tokenId, owner, requester: owner, renewers, issueMs: 0, maxMs: 2, expiryMs: 1 },
})

function indexOf(...tokens: readonly DelegationToken[]): TokenIndex {
  const index = new TokenIndex()
  index.useSecretKey('secret')
  for (const token of tokens) index.set(token)
  return index
}

test('a token is found by its HMAC, also when it was renewed, and not once it is removed', () => {
  const index = indexOf(tokenOf('a'), tokenOf('b'))
  const hmac = tokenHmac('a', 'secret')
  expect(index.byHmac(hmac)?.tokenId).toBe('a')
  expect(index.hmacOf('a')).toEqual(hmac)
  index.set({ ...tokenOf('a'), expiryMs: 2 })
  expect(index.byHmac(hmac)?.expiryMs).toBe(2)
  for (const other of [tokenHmac('a', 'other'), new Uint8Array(0), hmac.subarray(1)]) expect(index.byHmac(other)).toBeNull()
  index.delete('a')
  index.delete('a')
  expect([index.byHmac(hmac), index.hmacOf('a'), index.size]).toEqual([null, undefined, 1])
})

test('a look for an HMAC costs the same however many tokens there are', () => {
  const index = indexOf(...Array.from({ length: 500 }, (_, n) => tokenOf(`t${n}`)))
  vi.mocked(crypto.hmac).mockClear()
  vi.mocked(crypto.hash).mockClear()
  expect(index.byHmac(new Uint8Array(64))).toBeNull()
  expect(vi.mocked(crypto.hmac).mock.calls.length).toBe(0)
  expect(vi.mocked(crypto.hash).mock.calls.length).toBe(1)
})

test('tokens of an owner are counted, whoever they take the place of', () => {
  const index = indexOf(tokenOf('a'), tokenOf('b'), tokenOf('b', bob))
  expect([index.countOf('User:alice'), index.countOf('User:bob')]).toEqual([1, 1])
  index.delete('a')
  expect(index.countOf('User:alice')).toBe(0)
})

test('what tokens take up is bounded: in all, for each owner, and for what one of them names', () => {
  const others = (size: number, ofAlice: number) => ({
    size,
    countOf: (owner: string) => (owner === 'User:alice' ? ofAlice : 0),
  })
  const names = (count: number, length: number) => Array.from({ length: count }, () => user('x'.repeat(length)))
  const ordinary = tokenOf('a')
  expect(isWithinBounds(ordinary, others(tokensMax - 1, tokensPerOwnerMax - 1))).toBe(true)
  expect(isWithinBounds(ordinary, others(tokensMax, 0))).toBe(false)
  expect(isWithinBounds(ordinary, others(tokensPerOwnerMax, tokensPerOwnerMax))).toBe(false)
  expect(isWithinBounds(tokenOf('a', bob), others(tokensPerOwnerMax, tokensPerOwnerMax))).toBe(true)
  expect(isWithinBounds(tokenOf('a', alice, names(renewersMax, 8)), others(0, 0))).toBe(true)
  expect(isWithinBounds(tokenOf('a', alice, names(renewersMax + 1, 1)), others(0, 0))).toBe(false)
  expect(isWithinBounds(tokenOf('a', alice, names(1, principalsLengthMax)), others(0, 0))).toBe(false)
  expect(isWithinBounds(tokenOf('a', user('x'.repeat(principalsLengthMax))), others(0, 0))).toBe(false)
})
