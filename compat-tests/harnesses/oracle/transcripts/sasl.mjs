// Logging in: every mechanism, wrong passwords and tokens, requests out of turn, and again on a live connection. What a client is
// told goes to its user, so the words are compared like any other field.
import { bearer, plain, scramFinal, unsecuredToken, upsertion } from '../lib/sasl.mjs'

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER']
const scram = mechanisms.slice(1, 3)
const right = plain('alice', 'alice-secret')

// Tokens of a server as text, without what is random in them.
const shown = body => {
  const token = /^hex:/.test(body.authBytes) ? Buffer.from(body.authBytes.slice(4), 'hex').toString() : body.authBytes
  const { errorMessage, sessionLifetimeMs, authBytes: _, ...rest } = body
  return {
    ...rest,
    told: errorMessage,
    ...(token !== undefined && { token: token.replace(/^r=[^,]+,s=[^,]+/, 'r=…,s=…').replace(/^v=.+/, 'v=…') }),
    // That of a token that expires is as long as is left of it.
    ...(sessionLifetimeMs !== undefined && { lasts: Math.ceil(sessionLifetimeMs / 60_000) }),
  }
}

// One connection that nobody has logged in on yet.
class Client {
  static #next = new WeakMap()
  constructor(t) {
    const n = (Client.#next.get(t) ?? 0) + 1
    Client.#next.set(t, n)
    this.t = t
    this.on = `sasl ${n}`
  }
  handshake(mechanism, as = `handshake of ${mechanism}`, options = {}) {
    return this.t.call('SaslHandshake', { mechanism }, { v: 1, ...options, on: this.on, as })
  }
  token(authBytes, as, options = {}) {
    return this.t.call('SaslAuthenticate', { authBytes }, { view: shown, ...options, on: this.on, as })
  }
  rawToken(bytes, as) {
    return this.t.rawToken(bytes, { on: this.on, as })
  }
  // Whether the connection is still served, and as whom.
  async next(as) {
    await this.t.call(
      'DescribeCluster',
      {},
      { v: 0, on: this.on, as: `${as}: and then`, view: ({ errorCode }) => ({ errorCode }) },
    )
  }
  // A user without any right sees what it is from a refusal that names it: a token for itself is asked for, and not kept.
  async whoAmI(as) {
    const renewers = [{ principalType: 'Group', principalName: 'x' }]
    const view = ({ errorCode, principalName }) => ({ errorCode, principalName })
    await this.t.call(
      'CreateDelegationToken',
      { renewers, maxLifetimeMs: -1 },
      { v: 2, on: this.on, as: `${as}: who am I`, view },
    )
  }
}

// A handshake and one token.
async function tries(t, mechanism, tokens, options = {}) {
  for (const [as, token] of Object.entries(tokens)) {
    const client = new Client(t)
    await client.handshake(mechanism, `${as}: handshake`)
    await client.token(token, as, options)
    await client.next(as)
  }
}

const text = answer => Buffer.from(answer.authBytes ?? '').toString()

// The two messages of a client; `first` and `final` make them wrong.
async function scramLogIn(client, mechanism, user, password, { as, first, final = {}, bytes, extension = '', quiet } = {}) {
  const bare = `n=${user},r=nonce-of-the-oracle${extension}`
  await client.handshake(mechanism, `${as}: handshake`, { quiet })
  const challenge = await client.token(first ?? Buffer.from(`n,,${bare}`), `${as}: first`, { quiet })
  if (first !== undefined) return challenge
  if (challenge.errorCode !== 0) return client.token(Buffer.alloc(0), `${as}: final`, { quiet })
  const message = bytes ?? scramFinal(mechanism, password, bare, text(challenge), final)
  return client.token(message, `${as}: final`, { quiet })
}

// Kafka takes a new user a moment later than it says.
async function users(t, ...upsertions) {
  for (const one of upsertions) await t.quiet('AlterUserScramCredentials', { deletions: [], upsertions: [one] })
  const [name] = upsertions.map(one => one.name).slice(-1)
  const mechanism = upsertions.at(-1).mechanism === 1 ? scram[0] : scram[1]
  for (let i = 0; i < 50; i++) {
    const answer = await scramLogIn(new Client(t), mechanism, name, 'pw', { quiet: true })
    if (answer.errorCode === 0) return
  }
  throw new Error(`${name} does not come`)
}

export const transcripts = [
  {
    name: 'sasl-handshake',
    api: 'SaslHandshake',
    async run(t) {
      for (const mechanism of [...mechanisms, 'plain', '', 'GSSAPI', 'SCRAM-SHA-1', 'x'.repeat(300)]) {
        const client = new Client(t)
        await client.handshake(mechanism, `mechanism ${mechanism.slice(0, 20)}`, { v: t.v })
        if (!mechanisms.includes(mechanism)) await client.next(`mechanism ${mechanism.slice(0, 20)}`)
      }
    },
  },
  {
    name: 'sasl-plain',
    api: 'SaslAuthenticate',
    async run(t) {
      await tries(t, 'PLAIN', {
        right,
        'with its own name as the authorization id': plain('alice', 'alice-secret', 'alice'),
        'with another authorization id': plain('alice', 'alice-secret', 'bob'),
        'wrong password': plain('alice', 'bob-secret'),
        'unknown user': plain('nobody', 'alice-secret'),
        'no password': plain('alice', ''),
        'no user': plain('', 'alice-secret'),
        'two parts': Buffer.from('alice\0alice-secret'),
        'four parts': Buffer.from('\0alice\0alice-secret\0'),
        nothing: Buffer.alloc(0),
        'no UTF-8': Buffer.from([0, 0xff, 0xfe, 0, 0x61]),
      })
    },
  },
  {
    name: 'sasl-raw-tokens',
    once: true,
    async run(t) {
      for (const [as, token] of Object.entries({ right, 'wrong password': plain('alice', 'x'), nothing: Buffer.alloc(0) })) {
        const client = new Client(t)
        await client.handshake('PLAIN', `${as}: handshake`, { v: 0 })
        await client.rawToken(token, as)
        await client.next(as)
      }
      const request = new Client(t)
      await request.handshake('PLAIN', 'a request for a token: handshake', { v: 0 })
      await request.next('a request for a token')
    },
  },
  {
    name: 'sasl-out-of-turn',
    once: true,
    async run(t) {
      const versions = (client, as, options = {}) =>
        t.call(
          'ApiVersions',
          { clientSoftwareName: 'oracle', clientSoftwareVersion: '1' },
          {
            ...{ v: 3, on: client.on, as, view: ({ errorCode }) => ({ errorCode }) },
            ...options,
          },
        )
      const metadata = (client, as) =>
        t.call('Metadata', { topics: [] }, { v: 9, on: client.on, as, view: ({ topics }) => ({ topics }) })
      const walks = {
        'a token first': [c => c.token(right, 'a token first')],
        'a request first': [c => metadata(c, 'a request first')],
        'versions twice': [c => versions(c, 'versions once'), c => versions(c, 'versions twice')],
        'versions, then a token': [c => versions(c, 'versions, then'), c => c.token(right, 'a token')],
        'unknown version of versions': [
          c => versions(c, 'an unknown version of versions', { v: 4, asVersion: 99, decodeAs: 0 }),
          c => versions(c, 'and a known one'),
          c => c.handshake('PLAIN', 'and a handshake'),
        ],
        'versions after a handshake': [c => c.handshake('PLAIN'), c => versions(c, 'versions after a handshake')],
        'a request after a handshake': [c => c.handshake('PLAIN'), c => metadata(c, 'a request after a handshake')],
        'two handshakes': [c => c.handshake('PLAIN', 'one'), c => c.handshake('PLAIN', 'two')],
        'a group request after a handshake': [
          c => c.handshake('PLAIN'),
          c => t.call('Heartbeat', { groupId: 'g' }, { on: c.on, as: 'a heartbeat after a handshake' }),
        ],
        'a token after all': [
          c => c.handshake('PLAIN'),
          c => c.token(right, 'right'),
          c => c.token(right, 'one more token'),
          c => c.next('one more token'),
        ],
      }
      for (const [as, steps] of Object.entries(walks)) {
        const client = new Client(t)
        for (const step of steps) await step(client)
        await client.next(as)
      }
    },
  },
  {
    name: 'sasl-scram',
    once: true,
    async run(t) {
      const [odd, alice, both] = ['a,b=c', 'alice', 'both'].map(suffix => t.name(suffix))
      await users(
        t,
        ...[odd, alice, both].map(name => upsertion(name, scram[0], 'pw')),
        ...[odd, alice].map(name => upsertion(name, scram[1], 'pw')),
      )
      const escaped = odd.replace('=', '=3D').replace(',', '=2C')
      for (const mechanism of scram) {
        const log = async (as, user = alice, options = {}, password = 'pw') => {
          const client = new Client(t)
          const label = `${mechanism} ${as}`
          await scramLogIn(client, mechanism, user, password, { ...options, as: label })
          await client.next(label)
        }
        const first = body => ({ first: Buffer.from(body) })
        await log('right')
        const halfway = new Client(t)
        await halfway.handshake(mechanism, `${mechanism} halfway: handshake`)
        await halfway.token(Buffer.from(`n,,n=${alice},r=x`), `${mechanism} halfway: first`)
        await halfway.next(`${mechanism} halfway`)
        await halfway.next(`${mechanism} halfway, once more`)
        await log('an escaped name', escaped)
        await log('wrong password', alice, {}, 'no')
        await log('unknown user', t.name('nobody'))
        await log('user of the other mechanism', both)
        await log('with a channel binding', alice, first(`p=tls-unique,,n=${alice},r=x`))
        await log('that could bind', alice, first(`y,,n=${alice},r=x`))
        await log('with an authorization id of its own', alice, first(`n,a=${alice},n=${alice},r=x`))
        await log('with another authorization id', alice, first(`n,a=bob,n=${alice},r=x`))
        await log('without a nonce', alice, first(`n,,n=${alice}`))
        await log('with an empty nonce', alice, first(`n,,n=${alice},r=`))
        await log('without a name', alice, first('n,,r=x'))
        await log('with a bad escape', alice, first('n,,n=a=2Db,r=x'))
        await log('garbage', alice, first('garbage'))
        await log('nothing', alice, first(''))
        await log('an extension', alice, { extension: ',x=y' })
        await log('a mandatory extension', alice, first(`n,,m=x,n=${alice},r=x`))
        await log('a token that is not there', 'no-such-token', { extension: ',tokenauth=true' })
        await log('another nonce at the end', alice, { final: { nonce: 'other' } })
        await log('another binding at the end', alice, { final: { binding: 'eSws' } })
        await log('garbage at the end', alice, { bytes: Buffer.from('garbage') })
        await log('no proof at the end', alice, { bytes: Buffer.from('c=biws,r=x') })
      }
    },
  },
  {
    name: 'sasl-oauthbearer',
    once: true,
    async run(t) {
      const user = t.name('u')
      const token = rest => unsecuredToken(user, rest)
      const accepted = {
        right: bearer(token()),
        'with an extension': bearer(token(), { extensions: 'traceId=123\x01' }),
        'with a name of its own': bearer(token(), { gs2: `n,a=${user},` }),
        'of a lower-case scheme': Buffer.from(`n,,\x01auth=bearer ${token()}\x01\x01`),
      }
      const malformed = {
        'with another name': bearer(token(), { gs2: 'n,a=other,' }),
        'without a token': Buffer.from('n,,\x01\x01'),
        'of another scheme': Buffer.from(`n,,\x01auth=Basic ${token()}\x01\x01`),
        'with the extension auth': bearer(token(), { extensions: 'auth=x\x01' }),
        'with a bad extension': bearer(token(), { extensions: 'a1=x\x01' }),
        garbage: Buffer.from('garbage'),
        nothing: Buffer.alloc(0),
      }
      await tries(t, 'OAUTHBEARER', { ...accepted, ...malformed })
      const rejected = {
        expired: token({ lifetimeMs: -60_000 }),
        'of two parts': token().replace(/\.$/, ''),
        signed: `${token()}abc`,
        'with another algorithm': token({ header: { alg: 'RS256' } }),
        'without an end': token({ exp: undefined }),
        'without a name': token({ sub: undefined }),
        'with a number for a name': token({ sub: 5 }),
        'that ends before it begins': token({ iat: 4_000_000_000, exp: 3_900_000_000 }),
        'from the future': token({ iat: 4_000_000_000, exp: 4_000_000_100 }),
        'without a beginning': token({ iat: undefined }),
        'that is no JSON': 'e30.e30.',
      }
      for (const [as, one] of Object.entries(rejected)) {
        for (const [answer, bytes] of Object.entries({ '^A': Buffer.from([1]), 'something else': Buffer.from('x') })) {
          if (answer !== '^A' && as !== 'expired') continue
          const client = new Client(t)
          await client.handshake('OAUTHBEARER', `a token ${as}: handshake`)
          await client.token(bearer(one), `a token ${as}`)
          await client.token(bytes, `a token ${as}, then ${answer}`)
          await client.next(`a token ${as}`)
        }
      }
    },
  },
  {
    name: 'sasl-again',
    once: true,
    async run(t) {
      const known = async (as, mechanism = 'PLAIN', token = right) => {
        const client = new Client(t)
        await client.handshake(mechanism, `${as}: handshake`)
        await client.token(token, `${as}: token`)
        return client
      }
      const again = async (as, token, { first = ['PLAIN', right], mechanism = first[0], last } = {}) => {
        const client = await known(as, ...first)
        await client.handshake(mechanism, `${as}: handshake again`)
        const answer = await client.token(token, `${as}: again`)
        if (last !== undefined && answer.errorCode === 0) await client.token(last, `${as}: and then`)
        await client.whoAmI(as)
        await client.next(as)
        return client
      }
      const mine = rest => bearer(unsecuredToken(t.name('u'), rest))
      const asBearer = { first: ['OAUTHBEARER', mine()] }
      const soon = await again('as the same', right)
      await soon.handshake('PLAIN', 'once more within a second')
      await soon.next('once more within a second')
      await again('as another', plain('bob', 'bob-secret'))
      await again('with a wrong password', plain('alice', 'x'))
      await again('by another mechanism', mine(), { mechanism: 'OAUTHBEARER' })
      await again('by an unknown mechanism', right, { mechanism: 'x' })
      await again('with a new token', mine(), asBearer)
      await again('with the token of another', bearer(unsecuredToken('other')), asBearer)
      await again('with a rejected token', mine({ lifetimeMs: -60_000 }), { ...asBearer, last: Buffer.from([1]) })
      const old = await known('by an old handshake')
      await old.handshake('PLAIN', 'by an old handshake: again', { v: 0 })
      await old.rawToken(right, 'by an old handshake: token')
      await old.next('by an old handshake')
      const busy = await known('a request in the middle')
      await busy.handshake('PLAIN', 'a request in the middle: again')
      await busy.next('a request in the middle')
    },
  },
].map(one => ({ ...one, isSecured: true }))
