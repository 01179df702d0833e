import { describe, expect, test } from 'vitest'
import { toBase64Url, utf8Encode } from '../../base/bytes.js'
import { talk } from './exchange.test-support.js'
import { oauthBearer, type TokenValidator } from './oauthbearer.js'
import { unsecuredTokenOptions, unsecuredTokens } from './unsecured-tokens.js'

const invalidClient = 'Authentication failed during authentication due to invalid credentials with SASL mechanism OAUTHBEARER'
const first = (token: string, rest = '', gs2 = 'n,,') => `${gs2}\x01auth=Bearer ${token}\x01${rest}\x01`

describe('an exchange', () => {
  const validate: TokenValidator = token =>
    token === 'good' ? { kind: 'valid', principalName: 'alice', expiryMs: 9 } : { kind: 'invalid', reason: 'no' }
  const begin = () => talk(oauthBearer(validate))

  test('a good token is answered with nothing; its expiry ends the session', async () => {
    const done = { kind: 'done', token: '', principal: { type: 'User', name: 'alice' }, lifetimeMs: 9 }
    expect(await begin()(first('good'))).toEqual(done)
    expect(await begin()(first('good', 'traceId=1\x01', 'n,a=alice,'))).toEqual(done)
    expect(await begin()(first('good').replace('Bearer', 'bEARER  '))).toEqual(done)
  })

  test('a bad token is answered with JSON, and refused after the client has said that it read it', async () => {
    const say = begin()
    expect(await say(first('bad'))).toEqual({ kind: 'continue', token: '{"status":"invalid_token"}' })
    expect(await say('\x01')).toEqual({ kind: 'failed', told: '{"status":"invalid_token"}', reason: 'no' })
    const scoped = talk(oauthBearer(() => ({ kind: 'invalid', reason: 'no', missingScope: '[a, b]' })))
    expect((await scoped(first('x'))).token).toBe('{"status":"insufficient_scope", "scope":"[a, b]"}')
  })

  test('nobody acts for another', async () => {
    expect((await begin()(first('good', '', 'n,a=bob,'))).told).toBe(
      "Authentication failed: Client requested an authorization id (bob) that is different from the token's principal name (alice)",
    )
  })

  test.each([
    ['', ''],
    ['without a token', 'n,,\x01x=y\x01\x01'],
    ['with channel binding', 'p=x,,\x01auth=Bearer good\x01\x01'],
    ['with another scheme', 'n,,\x01auth=Basic good\x01\x01'],
    ['with a token that has no form', 'n,,\x01auth=Bearer go od\x01\x01'],
    ['that is only an acknowledgement', '\x01'],
    ['with a key that is none', 'n,,\x011a=b\x01auth=Bearer good\x01\x01'],
  ])('a first message %s is refused at once', async (_, message) => {
    expect(await begin()(message)).toMatchObject({ kind: 'failed', told: invalidClient })
  })
})

describe('unsecured tokens', () => {
  const nowMs = 1_000_000
  const part = (value: unknown) => toBase64Url(utf8Encode(JSON.stringify(value)))
  const tokenOf = (claims: object, header: object = { alg: 'none' }) => `${part(header)}.${part(claims)}.`
  const verdict = (token: string, given: Record<string, string> = {}) => {
    const options = unsecuredTokenOptions(new Map(Object.entries(given)))
    if ('problem' in options) throw new Error(options.problem)
    return unsecuredTokens(options, () => nowMs)(token)
  }
  const good = { sub: 'alice', iat: 900, exp: 1001 }

  test('say who their bearer is, and until when', () => {
    expect(verdict(tokenOf(good))).toEqual({ kind: 'valid', principalName: 'alice', expiryMs: 1_001_000 })
    expect(verdict(tokenOf({ sub: 'alice', exp: 1000.5 }))).toMatchObject({ expiryMs: 1_000_500 })
    const named = { unsecuredValidatorPrincipalClaimName: 'who' }
    expect(verdict(tokenOf({ ...good, who: 'bob' }), named)).toMatchObject({ principalName: 'bob' })
  })

  test.each<[string, string]>([
    ['signed', `${tokenOf(good)}AAAA`],
    ['of another algorithm', tokenOf(good, { alg: 'HS256' })],
    ['expired', tokenOf({ ...good, exp: 1000 })],
    ['without an expiry', tokenOf({ sub: 'alice' })],
    ['with an expiry that is a text', tokenOf({ sub: 'alice', exp: '1001' })],
    ['issued in the future', tokenOf({ ...good, iat: 1000.5 })],
    ['expired before it was issued', tokenOf({ sub: 'alice', iat: 999, exp: 998 })],
    ['without a subject', tokenOf({ exp: 1001 })],
    ['with a subject that is no text', tokenOf({ ...good, sub: 5 })],
    ['of two parts', tokenOf(good).slice(0, -1)],
    ['of four parts', `${tokenOf(good)}.`],
    ['that is no JSON', 'a.b.'],
    ['with claims that are null', `${part({ alg: 'none' })}.${part(null)}.`],
  ])('%s: refused', (_, token) => expect(verdict(token)).toMatchObject({ kind: 'invalid' }))

  test('clocks may differ as much as is allowed', () => {
    const skewed = { unsecuredValidatorAllowableClockSkewMs: '2000' }
    expect(verdict(tokenOf({ sub: 'alice', exp: 999 }), skewed)).toMatchObject({ kind: 'valid' })
    expect(verdict(tokenOf({ sub: 'alice', exp: 998 }), skewed)).toMatchObject({ kind: 'invalid' })
    expect(unsecuredTokenOptions(new Map([['unsecuredValidatorAllowableClockSkewMs', '-1']]))).toHaveProperty('problem')
  })

  test('a scope that is asked for has to be there, as a text or in a list', () => {
    const required = { unsecuredValidatorRequiredScope: 'a b' }
    expect(verdict(tokenOf({ ...good, scope: ['b', 'a', 'c'] }), required)).toMatchObject({ kind: 'valid' })
    // One text is one element, also with a blank in it.
    expect(verdict(tokenOf({ ...good, scope: 'a b' }), required)).toMatchObject({ kind: 'invalid', missingScope: '[a, b]' })
  })
})
