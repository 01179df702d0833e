/** Sessions of SASL as transcripts: what a client sends, what it is answered, when the connection ends. Time stands still. */
import { expect, test } from 'vitest'
import { emptyBytes, utf8Decode, utf8Encode } from '../base/bytes.js'
import type { World } from '../base/world.js'
import { MutableImage } from '../cluster/image.js'
import type { ConnectionService, FrameBounds } from '../net/connection.js'
import { decode } from '../protocol/codec.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { Heartbeat } from '../protocol/messages/heartbeat.js'
import { SaslAuthenticate } from '../protocol/messages/sasl-authenticate.js'
import { SaslHandshake } from '../protocol/messages/sasl-handshake.js'
import { type Api, type Encodable, type Fields, inRange } from '../protocol/schema.js'
import { Reader } from '../protocol/wire.js'
import { principalText, user } from '../security/principal.js'
import { failed, invalidCredentials, type Mechanism } from '../security/sasl/mechanism.js'
import { plain } from '../security/sasl/plain.js'
import { fakeWorld } from '../testing/fake-world.js'
import { createDispatch } from './dispatch.js'
import { handler } from './handler.js'
import { apiVersions } from './handlers/api-versions.js'
import { saslAuthenticate } from './handlers/sasl-authenticate.js'
import { saslHandshake } from './handlers/sasl-handshake.js'
import type { Broker } from './services.js'
import { requestBytes } from './test-client.test-support.js'

const failureDelayMs = 100

/** Two steps; the second token is what it says: `bob`, `bob until MS`, `no`. */
function steps(name: string): Mechanism {
  return {
    name,
    begin: () => {
      let isFirst = true
      return {
        evaluate: async token => {
          const text = utf8Decode(token, 0, token.byteLength)
          if (isFirst) {
            isFirst = false
            return { kind: 'continue', token: utf8Encode(`after ${text}`) }
          }
          if (text === 'no') return invalidCredentials(name, 'wrong')
          if (text === 'own') return failed('own words')
          const [who = '', untilMs] = text.split(' until ')
          const lifetimeMs = untilMs === undefined ? null : Number(untilMs)
          return { kind: 'done', token: emptyBytes, principal: user(who), lifetimeMs, isTokenAuthenticated: true }
        },
      }
    },
  }
}

function client({ sessionMsMax = 0, hasSasl = true } = {}) {
  const world = fakeWorld()
  const notes: string[] = []
  let bounds: FrameBounds | null = null
  const mechanisms = [plain(name => (name === 'alice' ? 'secret' : null)), steps('STEPS')]
  const listener = {
    mechanisms: new Map(mechanisms.map(mechanism => [mechanism.name, { mechanism, sessionMsMax }])),
    tokenBytesMax: 1000,
    failureDelayMs,
    handshakeMsMax: 10_000,
  }
  const whoAmI = handler(Heartbeat, (_, { session }) => {
    notes.push(principalText(session.principal))
    return { errorCode: 0 }
  })
  const rows = [apiVersions, saslHandshake, saslAuthenticate, whoAmI, handler(Fetch, () => ({ responses: [] }))]
  const serve = createDispatch({
    broker: {
      world: world as World,
      quotas: { areSet: false },
      apiKeys: [],
      metadataLog: { endOffset: 0, highWatermark: 0, leaderEpoch: 0 },
      topics: { image: new MutableImage() },
    } as unknown as Broker,
    rows: rows.map(row => ({ ...row, traits: { needs: [], ...(row.api.key === Fetch.key ? { mayPark: true } : {}) } })),
    sasl: hasSasl ? new Map([['L', listener]]) : new Map(),
    onInvariantBroken: error => {
      throw error
    },
  })
  const info = {
    id: 1,
    listenerName: 'L',
    listenerProtocol: 'SASL_PLAINTEXT' as const,
    connectedMs: world.host.monotonicMs(),
    peerName: null,
    remoteAddress: '127.0.0.1',
    remotePort: 50000,
    localAddress: '127.0.0.1',
    localPort: 9092,
  }
  const service: ConnectionService = serve(info, {
    muteFor() {},
    close: reason => void notes.push(`closed: ${reason}`),
    boundFrames: given => {
      bounds = given
    },
  })
  const raw = async (frame: Uint8Array): Promise<Uint8Array> => {
    const dispatched = service.dispatch(frame, false)
    if (dispatched === null) throw new Error('no answer')
    if (!('answer' in dispatched)) return dispatched.bytes.subarray(4)
    // A refusal is delayed; nothing else waits for the clock.
    const answer = dispatched.answer.then(outgoing => outgoing!.bytes.subarray(4))
    answer.catch(() => {})
    await Promise.resolve().then(() => new Promise(setImmediate))
    world.advance(failureDelayMs)
    return answer
  }
  const call = async <Req extends Fields, Res extends Fields>(api: Api<Req, Res>, version: number, request: Encodable<Req>) => {
    const bytes = await raw(requestBytes(api, version, 7, 'c', request).subarray(4))
    const reader = new Reader(bytes, 4)
    if (inRange(api.flexible, version) && api.key !== ApiVersions.key) reader.skipTags()
    return decode(api.response, version, reader)
  }
  const software = { clientSoftwareName: 'x', clientSoftwareVersion: '1' }
  return {
    world,
    notes,
    service,
    raw,
    boundsNow: () => bounds,
    versions: () => call(ApiVersions, 3, software),
    handshake: (mechanism: string, version = 1) => call(SaslHandshake, version, { mechanism }),
    token: async (text: string, version = 2) => {
      const { errorCode, errorMessage, authBytes, sessionLifetimeMs } = (await call(SaslAuthenticate, version, {
        authBytes: utf8Encode(text),
      })) as Record<string, unknown> & { authBytes: Uint8Array }
      return [errorCode, errorMessage || utf8Decode(authBytes, 0, authBytes.byteLength), Number(sessionLifetimeMs ?? 0)]
    },
    heartbeat: () => call(Heartbeat, 0, { groupId: 'g', generationId: 1, memberId: 'm' }),
    fetch: () => call(Fetch, 12, { maxWaitMs: 0, minBytes: 0, topics: [] }),
  }
}

const rightPassword = '\0alice\0secret'
const names = ['PLAIN', 'STEPS']

test('ApiVersions, a handshake, a token: the client is known, and frames are as large as the listener says', async () => {
  const c = client()
  expect(c.boundsNow()).toEqual({ min: 8, max: 1000 })
  await c.versions()
  expect(await c.handshake('PLAIN')).toEqual({ errorCode: 0, mechanisms: names })
  expect(await c.token(rightPassword)).toEqual([0, '', 0])
  expect(c.boundsNow()).toBeNull()
  await c.heartbeat()
  expect(c.notes).toEqual(['User:alice'])
  c.world.advance(60_000)
  expect(c.notes).toEqual(['User:alice'])
})

test('the handshake may come first, and several steps lead to an end', async () => {
  const c = client()
  await c.handshake('STEPS')
  expect(await c.token('a')).toEqual([0, 'after a', 0])
  expect(await c.token('bob')).toEqual([0, '', 0])
  await c.heartbeat()
  expect(c.notes).toEqual(['User:bob'])
})

test('a token that lasts longer than a long can tell lasts as long as that', async () => {
  const c = client()
  await c.handshake('STEPS')
  await c.token('a')
  const [errorCode, , lifetimeMs] = await c.token('bob until 1e300')
  expect([errorCode, lifetimeMs]).toEqual([0, Number.MAX_SAFE_INTEGER])
  await c.heartbeat()
  expect(c.notes).toEqual(['User:bob'])
})

test('before authentication anything else closes the connection, and so does a second ApiVersions', async () => {
  await expect(client().heartbeat()).rejects.toThrow('Heartbeat before authentication')
  await expect(client().token('x')).rejects.toThrow('SaslAuthenticate before authentication')
  const c = client()
  await c.versions()
  await expect(c.versions()).rejects.toThrow('ApiVersions before authentication')
})

test('an ApiVersions that could not be answered does not count', async () => {
  const c = client()
  const frame = requestBytes(ApiVersions, 3, 7, 'c', { clientSoftwareName: 'x', clientSoftwareVersion: '1' })
  frame[7] = 99
  await c.raw(frame.subarray(4))
  await c.versions()
  await c.handshake('PLAIN')
})

test('an unknown mechanism is told which there are, after the delay; then the connection ends', async () => {
  const c = client()
  expect(await c.handshake('GSSAPI')).toEqual({ errorCode: 33, mechanisms: names })
  expect(c.notes).toEqual(['closed: no mechanism GSSAPI'])
})

test('another API between handshake and token is refused in its own format; then the connection ends', async () => {
  const c = client()
  await c.handshake('PLAIN')
  expect(await c.heartbeat()).toMatchObject({ errorCode: 34 })
  expect(c.notes).toEqual(['closed: Heartbeat during authentication'])
  const d = client()
  await d.handshake('PLAIN')
  expect(await d.fetch()).toMatchObject({ errorCode: 34 })
})

test('a wrong password is told in Kafka’s words after the delay; then the connection ends', async () => {
  const c = client()
  await c.handshake('PLAIN')
  const answer = c.token('\0alice\0wrong')
  expect(c.notes).toEqual([])
  expect(await answer).toEqual([58, 'Authentication failed: Invalid username or password', 0])
  expect(c.notes).toEqual(['closed: authentication with PLAIN failed: Authentication failed: Invalid username or password'])
  await expect(c.token(rightPassword)).rejects.toThrow('before authentication')
})

test('after a handshake v0 tokens travel bare, and a refusal has no answer', async () => {
  const c = client()
  await c.handshake('STEPS', 0)
  expect(c.boundsNow()).toEqual({ min: 0, max: 1000 })
  expect(Buffer.from(await c.raw(utf8Encode('x'))).toString()).toBe('after x')
  expect((await c.raw(utf8Encode('bob'))).byteLength).toBe(0)
  await c.heartbeat()
  expect(c.notes).toEqual(['User:bob'])
  const d = client()
  await d.handshake('PLAIN', 0)
  await expect(d.raw(utf8Encode('\0alice\0wrong'))).rejects.toThrow('authentication with PLAIN failed')
})

test('who has not authenticated in ten seconds is disconnected, however busy it was', async () => {
  const c = client()
  await c.versions()
  c.world.advance(9000)
  expect(c.notes).toEqual([])
  await c.handshake('STEPS')
  c.world.advance(1000)
  expect(c.notes).toEqual(['closed: not authenticated within 10000 ms'])
})

test('a session without an end cannot be begun again: 34, and the connection stays', async () => {
  for (const hasSasl of [true, false]) {
    const c = client({ hasSasl })
    if (hasSasl) {
      await c.handshake('PLAIN')
      await c.token(rightPassword)
    }
    expect(await c.handshake('PLAIN')).toEqual({ errorCode: 34, mechanisms: [] })
    expect(await c.token(rightPassword)).toEqual([34, 'SaslAuthenticate request received after successful authentication', 0])
    await c.heartbeat()
    expect(c.notes).toEqual([hasSasl ? 'User:alice' : 'User:ANONYMOUS'])
  }
})

test('the last answer alone says how long a session lasts: the shorter of the broker’s time and the token’s', async () => {
  const c = client({ sessionMsMax: 60_000 })
  await c.handshake('STEPS')
  expect(await c.token('a')).toEqual([0, 'after a', 0])
  expect(await c.token('bob')).toEqual([0, '', 60_000])
  const d = client({ sessionMsMax: 60_000 })
  await d.handshake('STEPS')
  await d.token('a')
  const nowMs = d.world.nowMs()
  expect(await d.token(`bob until ${nowMs + 30_000}`)).toEqual([0, '', 30_000 - failureDelayMs * 0])
})

test('a session that ends is gone on with by the same client, not twice within a second', async () => {
  const c = client({ sessionMsMax: 60_000 })
  await c.handshake('PLAIN')
  await c.token(rightPassword)
  c.world.advance(50_000)
  expect(await c.handshake('PLAIN')).toEqual({ errorCode: 0, mechanisms: names })
  expect(await c.token(rightPassword)).toEqual([0, '', 60_000])
  expect(await c.handshake('PLAIN')).toEqual({ errorCode: 34, mechanisms: [] })
  c.world.advance(59_000)
  await c.heartbeat()
  c.world.advance(2000)
  await expect(c.heartbeat()).rejects.toThrow('the session has expired')
})

test('an expired session may still be gone on with', async () => {
  const c = client({ sessionMsMax: 60_000 })
  await c.handshake('PLAIN')
  await c.token(rightPassword)
  c.world.advance(90_000)
  await c.handshake('PLAIN')
  expect(await c.token(rightPassword)).toEqual([0, '', 60_000])
  await c.heartbeat()
  expect(c.notes).toEqual(['User:alice'])
})

test('nobody becomes another: not by another name, nor by another mechanism', async () => {
  const c = client({ sessionMsMax: 60_000 })
  await c.handshake('STEPS')
  await c.token('a')
  await c.token('bob')
  c.world.advance(2000)
  await c.handshake('STEPS')
  await c.token('a')
  const told = 'Cannot change principals during re-authentication from User.bob: User.eve'
  expect(await c.token('eve')).toEqual([58, told, 0])
  expect(c.notes).toEqual([`closed: re-authentication with STEPS failed: ${told}`])

  const d = client({ sessionMsMax: 60_000 })
  await d.handshake('PLAIN')
  await d.token(rightPassword)
  d.world.advance(2000)
  expect(await d.handshake('STEPS')).toEqual({ errorCode: 0, mechanisms: names })
  await expect(d.token('a')).rejects.toThrow('another mechanism')

  const e = client({ sessionMsMax: 60_000 })
  await e.handshake('PLAIN')
  await e.token(rightPassword)
  await expect(e.handshake('GSSAPI')).rejects.toThrow('no mechanism GSSAPI')
})

test('a re-authentication that fails says so', async () => {
  const c = client({ sessionMsMax: 60_000 })
  await c.handshake('STEPS')
  await c.token('a')
  await c.token('bob')
  c.world.advance(2000)
  await c.handshake('STEPS')
  await c.token('a')
  const told = 'Authentication failed during re-authentication due to invalid credentials with SASL mechanism STEPS'
  expect(await c.token('no')).toEqual([58, told, 0])
})
