import { expect, test } from 'vitest'
import { toHex } from '../base/bytes.js'
import { Errors } from '../protocol/errors.js'
import { type DelegationToken, expired, newToken, renewed, tokenHmac, tokenPassword } from './delegation-tokens.js'
import { user } from './principal.js'

const settings = { secretKey: 'secret', lifetimeMsMax: 1000, expiryTimeMs: 100 }
const [alice, bob, eve] = [user('alice'), user('bob'), user('eve')]
const request = { owner: alice, requester: alice, renewers: [bob], lifetimeMsMax: -1 }
const env = { nowMs: 5000, randomBytes: (size: number) => new Uint8Array(size).fill(255) }
const token: DelegationToken = newToken(request, settings, env)

test('a token expires long before it cannot be renewed any more', () => {
  expect(token).toEqual({
    ...{ tokenId: '_____________________w', owner: alice, requester: alice, renewers: [bob] },
    ...{ issueMs: 5000, maxMs: 6000, expiryMs: 5100 },
  })
  expect(newToken({ ...request, lifetimeMsMax: 50 }, settings, env)).toMatchObject({ maxMs: 5050, expiryMs: 5050 })
  expect(newToken({ ...request, lifetimeMsMax: 5000 }, settings, env)).toMatchObject({ maxMs: 6000 })
})

test('its HMAC is made of its id and the secret of the broker', () => {
  // openssl dgst -sha512 -hmac secret
  expect(toHex(tokenHmac('id', 'secret'))).toMatch(/^[\da-f]{128}$/)
  expect(tokenPassword('id', 'secret')).toBe(Buffer.from(tokenHmac('id', 'secret')).toString('base64'))
})

test('owner and renewers renew it, up to its maximum, and not once it has expired', () => {
  expect(renewed(token, bob, -1, settings, 5050)).toMatchObject({ expiryMs: 5150 })
  expect(renewed(token, alice, 7, settings, 5050)).toMatchObject({ expiryMs: 5057 })
  expect(renewed(token, alice, 500, settings, 5050)).toMatchObject({ expiryMs: 5150 })
  expect(renewed({ ...token, expiryMs: 5990 }, alice, 50, settings, 5980)).toMatchObject({ expiryMs: 6000 })
  expect(renewed(token, eve, 7, settings, 5050)).toBe(Errors.DELEGATION_TOKEN_OWNER_MISMATCH)
  expect(renewed(token, eve, 7, settings, 5101)).toBe(Errors.DELEGATION_TOKEN_EXPIRED)
})

test('they expire it, below zero at once, also when it is over already', () => {
  expect(expired(token, bob, 20, 5050)).toMatchObject({ expiryMs: 5070 })
  expect(expired(token, alice, 20, 5101)).toBe(Errors.DELEGATION_TOKEN_EXPIRED)
  expect(expired(token, alice, -1, 5101)).toBe('removed')
  expect(expired(token, eve, -1, 5101)).toBe(Errors.DELEGATION_TOKEN_OWNER_MISMATCH)
})
