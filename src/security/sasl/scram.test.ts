/** Exchanges as they stand in RFC 7677 and as Kafka's own client and server have them; and what must not let anyone in. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bytes, fromBase64, toBase64, utf8Encode } from '../../base/bytes.js'
import { hash, hmac, pbkdf2 } from '../../base/crypto.js'
import { credentialFromPassword, type ScramCredential, type ScramMechanism, scramMechanisms } from '../scram-credentials.js'
import { talk } from './exchange.test-support.js'
import { type ScramSource, scram } from './scram.js'

const [sha256, sha512] = scramMechanisms as [ScramMechanism, ScramMechanism]
const invalid = (mechanism: string) =>
  `Authentication failed during authentication due to invalid credentials with SASL mechanism ${mechanism}`

function source(given: Partial<ScramSource> = {}): ScramSource {
  return {
    credentialOf: () => null,
    tokenOf: async () => null,
    secret: utf8Encode('the secret of this broker'),
    newNonce: () => 'server',
    ...given,
  }
}

const kafkaNonce = '1f163u8lc978ro7tcm47h576bg1809jlvg5i6aduw26ef4k295mu'
const kafkaCredential = await credentialFromPassword('sha512', 'p,=ü', {
  salt: utf8Encode('0123456789abcdefghijklmnop'),
  iterations: 8192,
})

test('SCRAM-SHA-256 as RFC 7677 has it', async () => {
  const salt = fromBase64('W22ZaJ0SNY7soEsUEjb6gQ==')
  const credential = await credentialFromPassword('sha256', 'pencil', { salt, iterations: 4096 })
  const newNonce = () => '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  const credentialOf = (name: string) => (name === 'user' ? credential : null)
  const say = talk(scram(sha256, source({ newNonce, credentialOf })))
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  expect(await say('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')).toEqual({
    kind: 'continue',
    token: `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`,
  })
  expect(await say(`c=biws,r=${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`)).toEqual({
    kind: 'done',
    token: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    principal: { type: 'User', name: 'user' },
    lifetimeMs: null,
  })
})

test("SCRAM-SHA-512 as Kafka's client and server have it, with a name and a password that are escaped", async () => {
  expect(toBase64(kafkaCredential.storedKey)).toBe(
    'qco0Yb2nfjNgL2zUNxD7rX2L6lB1W0ietwYUEsMpsr7e6mtnibQanWgtXWYNQHu816rTMKCmo5daHLR6ytyIyA==',
  )
  const credentialOf = (name: string) => (name === 'a,b=c' ? kafkaCredential : null)
  const say = talk(scram(sha512, source({ newNonce: () => kafkaNonce.slice(26), credentialOf })))
  expect((await say(`n,,n=a=2Cb=3Dc,r=${kafkaNonce.slice(0, 26)}`)).token).toBe(
    `r=${kafkaNonce},s=MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3A=,i=8192`,
  )
  const proof = 'gXwC7BmHnuZJaILJg+iH+tBH2jQGm62aE2KLgwOzCzz5l2ZaQ5C2P80jvJryhF/NXuV7e3BmbegZAa33XoQruw=='
  expect(await say(`c=biws,r=${kafkaNonce},p=${proof}`)).toMatchObject({
    token: 'v=Uh2k/jZ6dnZl3IXyzD+nuKYTR9Y2UXqEjqQRwpSGSFtxU68MNE+af9sRgbJd42LSgaaZSG/WVXLUkWDR5Jp3iA==',
    principal: { type: 'User', name: 'a,b=c' },
  })
})

test("a delegation token as Kafka's client shows it logs in as its owner, until it expires", async () => {
  const owner = { type: 'User', name: 'owner' }
  const newNonce = () => '9tpr6z9a03ou6qw4cvwa45iop'
  const tokenOf = async (id: string) => (id === 'a,b=c' ? { credential: kafkaCredential, owner, expiryMs: 5 } : null)
  const say = talk(scram(sha512, source({ newNonce, tokenOf })))
  await say('n,,n=a=2Cb=3Dc,r=152253ry8qogokwbydx5a291qd,tokenauth=true')
  const proof = 'iHsdDtCF/k+VGUiFIWEncjqn3O4n6KYKWJvQmCiPoeaY7TkVRF3jJbTa+KvJ0eHoT4YICMcUiMVVGQSCqE+rYA=='
  expect(await say(`c=biws,r=152253ry8qogokwbydx5a291qd9tpr6z9a03ou6qw4cvwa45iop,p=${proof}`)).toEqual({
    kind: 'done',
    token: 'v=ZLLYT5xZ+N1qnkGFH3lufnAC46SIGV3R33zxGJF3gjXzu3nrUj4SI1FPJ0mAX2DOBDiuvYBxmYUxNUDgzvCMSQ==',
    principal: owner,
    lifetimeMs: 5,
    isTokenAuthenticated: true,
  })
})

/** A client of its own: what it sends last, knowing the password. */
async function finalMessage({ hash: name }: ScramMechanism, bare: string, challenge: string, password: string): Promise<string> {
  const [, nonce = '', salt = '', iterations] = /^r=(.*),s=(.*),i=(\d+)$/.exec(challenge) ?? []
  const salted = await pbkdf2(name, utf8Encode(password), fromBase64(salt), Number(iterations))
  const clientKey = hmac(name, salted, utf8Encode('Client Key'))
  const withoutProof = `c=biws,r=${nonce}`
  const signature = hmac(name, hash(name, clientKey), utf8Encode(`${bare},${challenge},${withoutProof}`))
  return `${withoutProof},p=${toBase64(clientKey.map((byte, at) => byte ^ (signature[at] as number)))}`
}

async function login(name: string, password: string, given: ScramSource, first = `n=${name},r=client`) {
  const say = talk(scram(sha256, given))
  const challenge = (await say(`n,,${first}`)).token as string
  return { challenge, ...(await say(await finalMessage(sha256, first, challenge, password))) }
}

test('an unknown user gets a salt, always the same, and fails at the last step like a wrong password', async () => {
  const credential = await credentialFromPassword('sha256', 'right', { salt: new Uint8Array(26).fill(7), iterations: 4096 })
  const given = source({ credentialOf: name => (name === 'alice' ? credential : null) })
  const told = { kind: 'failed', told: invalid('SCRAM-SHA-256') }
  expect(await login('alice', 'wrong', given)).toMatchObject({ ...told, reason: 'wrong password of user alice' })
  const nobody = await login('bob', 'right', given)
  expect(nobody).toMatchObject({ ...told, reason: 'unknown user bob' })
  expect((await login('bob', 'other', given)).challenge).toBe(nobody.challenge)
  expect((await login('eve', 'right', given)).challenge).not.toBe(nobody.challenge)
  expect(nobody.challenge).toHaveLength((await login('alice', 'right', given)).challenge.length)
  expect(await login('bob', 'right', given, 'n=bob,r=client,tokenauth=true')).toMatchObject({ reason: 'unknown token bob' })
  expect(await login('alice', 'right', given)).toMatchObject({ kind: 'done' })
})

test('a nonce that is not the one of this exchange is refused, as is a proof of another length', async () => {
  const credential = await credentialFromPassword('sha256', 'right', { salt: utf8Encode('salt'), iterations: 4096 })
  const given = source({ credentialOf: () => credential })
  for (const nonce of ['client', 'server', 'clientserve', 'clientserverr', 'Clientserver']) {
    const say = talk(scram(sha256, given))
    await say('n,,n=alice,r=client')
    expect(await say(`c=biws,r=${nonce},p=AAAA`)).toMatchObject({ kind: 'failed', reason: expect.stringContaining('nonce') })
  }
  for (const length of [0, 31, 32, 33, 100]) {
    const say = talk(scram(sha256, given))
    await say('n,,n=alice,r=client')
    expect(await say(`c=biws,r=clientserver,p=${toBase64(new Uint8Array(length)) || 'A'}`)).toMatchObject({ kind: 'failed' })
  }
})

test('channel binding, an authorization id of another and too few iterations are refused', async () => {
  const weak: ScramCredential = { ...kafkaCredential, iterations: 4095 }
  const given = source({ credentialOf: () => weak })
  const first = (message: string) => talk(scram(sha512, given))(message)
  for (const message of ['p=tls-unique,,n=u,r=x', 'y,,n=u,r=x', 'n,,n=,r=x', 'n,,n=u', 'n,,n=a=2Db,r=x', '', 'n,,n=u,r=a b']) {
    expect(await first(message)).toMatchObject({ kind: 'failed', told: invalid('SCRAM-SHA-512') })
  }
  expect(await first('n,a=other,n=u,r=x')).toMatchObject({
    told: 'Authentication failed: Client requested an authorization id that is different from username',
  })
  expect(await first('n,,n=u,r=x')).toMatchObject({ kind: 'failed', told: invalid('SCRAM-SHA-512') })
})

test('who knows the password is let in, and nobody else, whatever the name, the extensions and the mechanism', async () => {
  const ascii = fc.string({ unit: fc.integer({ min: 1, max: 127 }).map(code => String.fromCharCode(code)), minLength: 1 })
  await fc.assert(
    fc.asyncProperty(ascii, fc.string(), fc.string(), fc.boolean(), async (name, password, other, isExtended) => {
      const salt: Bytes = utf8Encode(`salt of ${name}`)
      const credential = await credentialFromPassword('sha256', password, { salt, iterations: 4096 })
      const given = source({ credentialOf: asked => (asked === name ? credential : null) })
      const escaped = name.replaceAll('=', '=3D').replaceAll(',', '=2C')
      const first = `n=${escaped},r=client${isExtended ? ',whatever=1' : ''}`
      expect(await login(escaped, password, given, first)).toMatchObject({ kind: 'done', principal: { name } })
      if (other !== password) expect(await login(escaped, other, given, first)).toMatchObject({ kind: 'failed' })
    }),
    { numRuns: 15 },
  )
})
