/** Tokens signed with keys made here: what an issuer does, and what others try. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { fakeWorld } from '../../testing/fake-world.js'
import { type JwksSettings, JwksTokens, jwksUrlProblem } from './jwks.js'

const settings: JwksSettings = {
  url: 'https://issuer/keys',
  refreshMs: 3_600_000,
  retryBackoffMs: 100,
  retryBackoffMsMax: 10_000,
  expectedIssuer: null,
  expectedAudience: null,
  clockSkewSeconds: 30,
  subClaimName: 'sub',
  scopeClaimName: 'scope',
}

type Keys = Awaited<ReturnType<typeof generateKeyPair>>
let pairs: Record<'a' | 'b', Keys>
beforeAll(async () => {
  pairs = { a: await generateKeyPair('ES256'), b: await generateKeyPair('ES256') }
})
const jwkOf = async (kid: 'a' | 'b') => ({ ...(await exportJWK(pairs[kid].publicKey)), kid, alg: 'ES256' })
const setOf = async (...kids: ('a' | 'b')[]) => JSON.stringify({ keys: await Promise.all(kids.map(jwkOf)) })

async function tokens(given: Partial<JwksSettings> = {}, read = (): Promise<string> => setOf('a')) {
  const world = fakeWorld()
  const warned: string[] = []
  const ports = { read, clock: world, nowMs: () => world.nowMs(), warn: (reason: string) => void warned.push(reason) }
  const made = new JwksTokens({ ...settings, ...given }, ports)
  await made.start()
  const nowSeconds = Math.floor(world.nowMs() / 1000)
  const sign = (claims: object, kid: 'a' | 'b' = 'a', by: 'a' | 'b' = kid) =>
    new SignJWT({ sub: 'alice', iat: nowSeconds, exp: nowSeconds + 60, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(pairs[by].privateKey)
  return { world, warned, sign, nowSeconds, validate: made.validate, stop: () => made.stop() }
}

describe('a signed token', () => {
  test('says who its bearer is, and until when', async () => {
    const { validate, sign, nowSeconds } = await tokens()
    const expiryMs = (nowSeconds + 60) * 1000
    expect(await validate(await sign({}))).toEqual({ kind: 'valid', principalName: 'alice', expiryMs })
    const { validate: validateWho, sign: signWho } = await tokens({ subClaimName: 'who' })
    expect(await validateWho(await signWho({ who: 'bob', scope: ['x'] }))).toMatchObject({ principalName: 'bob' })
  })

  test.each<[string, object, Partial<JwksSettings>]>([
    ['expired longer ago than clocks may differ', { exp: -31 }, {}],
    ['not yet valid', { nbf: 31 }, {}],
    ['without an expiry', { exp: undefined }, {}],
    ['without the time of its issue', { iat: undefined }, {}],
    ['without a subject', { sub: undefined }, {}],
    ['with an empty subject', { sub: ' ' }, {}],
    ['with an empty scope', { scope: '' }, {}],
    ['with a scope that is there twice', { scope: ['a', ' a'] }, {}],
    ['with a scope that is no text', { scope: ['a', null] }, {}],
    ['that had expired before it was issued', { iat: 61 }, {}],
    ['that had expired before it was valid', { exp: -10, iat: -20, nbf: 10 }, {}],
    ['of another issuer', { iss: 'x' }, { expectedIssuer: 'y' }],
    ['of no issuer', {}, { expectedIssuer: 'y' }],
    ['for another audience', { aud: 'x' }, { expectedAudience: ['y', 'z'] }],
    ['for an audience, where none is expected', { aud: 'x' }, {}],
  ])('%s: refused', async (_, claims, given) => {
    const { validate, sign, nowSeconds } = await tokens(given)
    const timed = Object.fromEntries(
      Object.entries(claims).map(([name, value]) => [name, typeof value === 'number' ? nowSeconds + value : value]),
    )
    expect(await validate(await sign(timed))).toMatchObject({ kind: 'invalid' })
  })

  test('that clocks differ a little, one of several audiences, a scope of another kind: good enough', async () => {
    const { validate, sign, nowSeconds } = await tokens({ expectedAudience: ['y', 'z'] })
    const { validate: validateAny, sign: signAny } = await tokens()
    expect(await validate(await sign({ aud: ['x', 'z'], iat: nowSeconds - 60, exp: nowSeconds - 29 }))).toMatchObject({
      kind: 'valid',
    })
    for (const scope of [5, null, true, {}, [], 'a a'])
      expect(await validateAny(await signAny({ scope }))).toMatchObject({ kind: 'valid' })
  })

  test('without a signature, or with that of another key, is refused', async () => {
    const { validate, sign } = await tokens()
    expect(await validate(await sign({}, 'a', 'b'))).toMatchObject({ kind: 'invalid' })
    const [, payload] = (await sign({})).split('.')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    for (const token of [`${none}.${payload}.`, `${none}.${payload}`, '', 'a.b.c', '..']) {
      expect(await validate(token)).toMatchObject({ kind: 'invalid' })
    }
  })
})

describe('the keys of an issuer', () => {
  const settled = () => new Promise(resolve => setImmediate(resolve))

  test('are read again for a key that is not known: the token fails now, and the next one does not', async () => {
    let reads = 0
    const { validate, sign, stop } = await tokens({}, () => setOf(...(reads++ === 0 ? (['a'] as const) : (['a', 'b'] as const))))
    expect(await validate(await sign({}, 'b'))).toMatchObject({ kind: 'invalid' })
    await settled()
    await settled()
    expect(await validate(await sign({}, 'b'))).toMatchObject({ kind: 'valid' })
    expect(reads).toBe(2)
    stop()
  })

  test('are not asked for again and again by tokens that nobody signed, which keep no new key of the issuer out', async () => {
    let reads = 0
    let isRotated = false
    const { validate, sign, world, stop } = await tokens({}, () => {
      reads++
      return isRotated ? setOf('a', 'b') : setOf('a')
    })
    const token = await sign({}, 'b')
    const junk = async (count: number) => {
      for (let n = 0; n < count; n++) {
        const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: `made up ${n}` })).toString('base64url')
        await validate(`${header}${token.slice(token.indexOf('.'))}`)
        await settled()
      }
    }
    await junk(100)
    expect(reads).toBe(2)
    isRotated = true
    expect(await validate(token)).toMatchObject({ kind: 'invalid' })
    for (let second = 1; second <= 5; second++) {
      await junk(20)
      expect(await validate(token)).toMatchObject({ kind: 'invalid' })
      world.advance(1000)
    }
    await settled()
    await settled()
    expect(await validate(token)).toMatchObject({ kind: 'valid' })
    expect(reads).toBe(3)
    stop()
    world.advance(3_600_000)
    await settled()
    expect(reads).toBe(3)
  })

  test('are read later and later while they cannot be, also when tokens name others all the time', async () => {
    let isDown = false
    let reads = 0
    const { validate, sign, world, stop } = await tokens({ retryBackoffMs: 4000, retryBackoffMsMax: 60_000 }, async () => {
      reads++
      if (isDown) throw new Error('down')
      return setOf('a')
    })
    isDown = true
    const token = await sign({}, 'b')
    for (let second = 0; second < 100; second++) {
      await validate(token)
      await settled()
      world.advance(1000)
      await settled()
    }
    expect(reads).toBeLessThanOrEqual(1 + 100 / 5 + 5)
    stop()
  })

  test('stay good when they cannot be read, which is tried again later and later', async () => {
    let isDown = false
    let reads = 0
    const { validate, sign, world, warned, stop } = await tokens({}, async () => {
      reads++
      if (isDown) throw new Error('down')
      return setOf('a')
    })
    isDown = true
    world.advance(3_600_000)
    await settled()
    expect(warned).toEqual(['down'])
    world.advance(100)
    await settled()
    world.advance(100)
    await settled()
    expect(reads).toBe(3)
    world.advance(100)
    await settled()
    expect(reads).toBe(4)
    const late = world.nowMs() / 1000
    expect(await validate(await sign({ exp: late + 60 }))).toMatchObject({ kind: 'valid' })
    stop()
  })

  test('are needed at the start, and have to be keys', async () => {
    await expect(tokens({}, () => Promise.reject(new Error('down')))).rejects.toThrow('down')
    await expect(tokens({}, async () => '<html>')).rejects.toThrow('what https://issuer/keys holds is no set of keys')
  })

  test('are read from allowed places only', () => {
    expect(jwksUrlProblem('https://a/keys', ['https://a/keys'])).toBeNull()
    expect(jwksUrlProblem('https://a/keys', ['https://a/'])).toContain('is not allowed')
    expect(jwksUrlProblem('http://169.254.169.254/', [])).toContain('org.apache.kafka.sasl.oauthbearer.allowed.urls must name it')
    expect(jwksUrlProblem('gopher://x', ['gopher://x'])).toContain('is no URL')
  })
})
