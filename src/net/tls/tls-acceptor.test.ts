/** A listener that speaks TLS, as clients of node:tls see it. */
import { X509Certificate } from 'node:crypto'
import net from 'node:net'
import tls from 'node:tls'
import { expect, test } from 'vitest'
import { authority, certificate } from '../../testing/certificates.js'
import { fakeWorld } from '../../testing/fake-world.js'
import type { Dispatched } from '../connection.js'
import {
  answerTo,
  answerWithRanges,
  deferred,
  eventually,
  later,
  listenerOptions,
  listening,
  quotasOf,
  RawClient,
  reported,
  requestFrame,
  type Served,
  SourceFile,
  serveBy,
} from '../harness.test-support.js'
import { subjectOf } from './subject.js'
import { bytesAnswered, pemValues, secureListener, secureSocket, testSettings } from './tls.test-support.js'

const echo = serveBy(id => answerTo(id))
const broker = certificate('broker', 'root')
const alice = certificate('alice', 'root', { subject: '/C=DE/O=Gregor/OU=tests/CN=alice/emailAddress=alice@example.org' })
const shows = ({ keyText, certificateText }: typeof broker) => ({ key: keyText, cert: certificateText })

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a client is served over ${version}; large frames and many arrive whole and in order`, async () => {
    const served: Partial<Served> = {}
    await using listener = await secureListener(
      serveBy((id, frame) => answerTo(id, frame.byteLength), served),
      pemValues(broker),
    )
    using client = RawClient.of(await secureSocket(listener.port, { minVersion: version, maxVersion: version }))
    client.send(requestFrame(1), requestFrame(2, { padding: 900_000 }), requestFrame(3))
    expect([await client.answer(), await client.answer(), await client.answer()]).toEqual([1, 2, 3])
    client.send(...Array.from({ length: 5000 }, (_, id) => requestFrame(id)))
    for (let id = 0; id < 5000; id++) expect(await client.answer()).toBe(id)
    expect(served.info).toMatchObject({
      listenerName: 'SSL',
      listenerProtocol: 'SSL',
      peerName: null,
      localPort: listener.port,
    })
    expect(reported).toMatchObject({ faults: [], refused: [] })
  })
}

test('ranges of files are read and encrypted, small ones and large ones, and every range is let go', async () => {
  const file = new SourceFile(3_000_000)
  const expected: Buffer[] = []
  const serve = serveBy(id => {
    const small = { memory: 10, position: id * 100, byteLength: 1000 }
    const pieces = id % 2 === 0 ? [small] : [small, { memory: 40, position: 5000, byteLength: 2_900_000 }]
    const made = answerWithRanges(id, file, pieces, id * 7)
    expected.push(made.expected)
    return made.answer
  })
  await using listener = await secureListener(serve, pemValues(broker))
  using client = RawClient.of(await secureSocket(listener.port))
  client.send(...[1, 2, 3, 4].map(id => requestFrame(id)))
  await eventually(() => expected.length === 4)
  const all = Buffer.concat(expected)
  expect((await client.bytes(all.byteLength)).equals(all)).toBe(true)
  await eventually(() => file.retained === 0)
  expect(file.releasedTwice).toBe(false)
  file.close()
})

test('a long answer without files is encrypted in pieces', async () => {
  await using listener = await secureListener(
    serveBy(id => answerTo(id, 20_000_000)),
    pemValues(broker),
  )
  using client = RawClient.of(await secureSocket(listener.port))
  client.send(requestFrame(1), requestFrame(2))
  expect([await client.answer(), await client.answer()]).toEqual([1, 2])
})

test('a client that half-closes after its requests has them all served, and is told the end', async () => {
  const first = deferred<ReturnType<typeof answerTo>>()
  const started: number[] = []
  const serve = serveBy((id): Dispatched => {
    started.push(id)
    return id === 0 ? later(first.promise) : null
  })
  await using listener = await secureListener(serve, pemValues(broker))
  const socket = await secureSocket(listener.port)
  using client = RawClient.of(socket)
  client.send(requestFrame(0), requestFrame(1), requestFrame(2))
  socket.end()
  await eventually(() => started.length === 1)
  first.resolve(answerTo(0))
  await eventually(() => started.length === 3)
  await client.closed()
  await eventually(() => listener.connectionCount === 0)
})

// --- certificates, as clients see them ---

test.each([
  [
    'of an authority that the client does not know',
    'broker',
    { ca: authority('other').certificateText },
    'SELF_SIGNED_CERT_IN_CHAIN',
  ],
  ['for another host', 'broker', { servername: 'kafka.example.org' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['that has expired', 'expired', {}, 'CERT_HAS_EXPIRED'],
  ['that is not valid yet', 'early', {}, 'CERT_NOT_YET_VALID'],
])('a certificate %s is refused by the client', async (_, name, options, code) => {
  certificate('expired', 'root', { notAfter: '20210101000000Z' })
  certificate('early', 'root', { notBefore: '20480101000000Z' })
  await using listener = await secureListener(echo, pemValues(certificate(name, 'root')))
  await expect(secureSocket(listener.port, options)).rejects.toMatchObject({ code })
  expect(listener.warnings).toHaveLength(name === 'broker' ? 0 : 1)
  await eventually(() => listener.connectionCount === 0)
})

test('a client that does not accept the certificate and says so is told of in the log', async () => {
  await using listener = await secureListener(echo, pemValues(broker))
  const refuses = { ca: authority('other').certificateText, maxVersion: 'TLSv1.2' as const }
  await expect(secureSocket(listener.port, refuses)).rejects.toThrow()
  await eventually(() => reported.refused.length + listener.connectionCount > 0)
})

// --- clients' certificates ---

test('the subject of a client’s certificate is known, with its kinds of text', async () => {
  const served: Partial<Served> = {}
  const values = { ...pemValues(broker), 'ssl.client.auth': 'required' }
  await using listener = await secureListener(
    serveBy(id => answerTo(id), served),
    values,
  )
  using client = RawClient.of(await secureSocket(listener.port, shows(alice)))
  client.send(requestFrame(1))
  expect(await client.answer()).toBe(1)
  expect(served.info?.peerName).toBe(
    '2.5.4.6=DE,2.5.4.10=Gregor,2.5.4.11=tests,2.5.4.3=alice,1.2.840.113549.1.9.1=alice@example.org',
  )
  const subject = subjectOf(new X509Certificate(alice.certificateText).raw)
  expect(Buffer.from(subject[4]?.[0]?.der ?? []).toString('latin1')).toBe('\x16\x11alice@example.org')
})

test('a client whose certificate gives no name is not let in', async () => {
  const values = { ...pemValues(broker), 'ssl.client.auth': 'requested' }
  await using listener = await secureListener(echo, values, {}, { nameOf: () => null })
  const socket = await secureSocket(listener.port, shows(alice))
  await new Promise(resolve => socket.on('error', resolve).on('close', resolve).resume())
  expect(reported.refused).toEqual([
    'no rule of ssl.principal.mapping.rules matches the client’s certificate: ' +
      'C=DE, O=Gregor, OU=tests, CN=alice, emailAddress=alice@example.org',
  ])
  using nameless = RawClient.of(await secureSocket(listener.port))
  nameless.send(requestFrame(1))
  expect(await nameless.answer()).toBe(1)
})

const strangers = () => ({
  stranger: certificate('stranger', 'other'),
  late: certificate('late', 'root', { notAfter: '20210101000000Z' }),
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`over ${version} only valid certificates are accepted, and none may be shown where none is required`, async () => {
    const { stranger, late } = strangers()
    const outcome = async (clientAuth: string, options: tls.ConnectionOptions): Promise<string> => {
      await using listener = await secureListener(echo, { ...pemValues(broker), 'ssl.client.auth': clientAuth })
      try {
        using client = RawClient.of(await secureSocket(listener.port, { ...options, minVersion: version, maxVersion: version }))
        client.send(requestFrame(1))
        return String(await client.answer())
      } catch {
        await eventually(() => reported.refused.length === 1)
        return reported.refused.join()
      }
    }
    const none = 'the client shows no certificate, and ssl.client.auth is required'
    const expired = 'the client’s certificate is not accepted: CERT_HAS_EXPIRED'
    expect(await outcome('required', {})).toBe(none)
    expect(await outcome('required', shows(alice))).toBe('1')
    expect(await outcome('required', shows(stranger))).toMatch(/^the client’s certificate is not accepted: UNABLE_TO_/)
    expect(await outcome('required', shows(late))).toBe(expired)
    expect(await outcome('requested', {})).toBe('1')
    expect(await outcome('requested', shows(alice))).toBe('1')
    expect(await outcome('requested', shows(stranger))).toMatch(/^the client’s certificate is not accepted: UNABLE_TO_/)
    expect(await outcome('none', shows(stranger))).toBe('1')
  })
}

test.each([
  ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
  ['TLSv1.3', 'TLS_AES_256_GCM_SHA384'],
  ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
] as const)(
  'over %s with %s a client is told that its certificate is not accepted, by the alert of Kafka',
  async (version, suite) => {
    const { stranger, late } = strangers()
    await using listener = await secureListener(echo, { ...pemValues(broker), 'ssl.client.auth': 'required' })
    let session: Buffer | undefined
    const told = async (options: tls.ConnectionOptions): Promise<unknown> => {
      const versions = { minVersion: version, maxVersion: version, ciphers: suite }
      try {
        const socket = await secureSocket(listener.port, { ...options, ...versions })
        socket.on('session', given => {
          session = given
        })
        socket.write(requestFrame(1))
        return await new Promise((resolve, reject) => socket.on('error', reject).on('close', resolve).on('data', resolve))
      } catch (error) {
        return (error as NodeJS.ErrnoException).code
      }
    }
    // What the code begins with depends on the OpenSSL of this Node.
    expect(await told(shows(late))).toMatch(/_ALERT_CERTIFICATE_UNKNOWN$/)
    expect(await told(shows(stranger))).toMatch(/_ALERT_CERTIFICATE_UNKNOWN$/)
    expect(await told({})).toMatch(/_ALERT_BAD_CERTIFICATE$/)
    expect(session).toBeUndefined()
    expect(listener.connectionCount).toBe(0)
  },
)

// --- what is no TLS ---

test.each([
  [
    'a plain Kafka request',
    requestFrame(1),
    'the client speaks without TLS; this listener is SSL: set security.protocol=SSL in the client',
  ],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'the client speaks HTTP; this listener speaks Kafka’s protocol over TLS'],
  ['noise', Buffer.from('hello, world'), 'what the client sends is no TLS handshake'],
  ['a record that is too long', Buffer.from([22, 3, 1, 0xff, 0xff, 1]), 'what the client sends is no TLS handshake'],
])('%s on a TLS port ends the connection at once, with a sentence', async (_, bytes, reason) => {
  await using listener = await secureListener(echo, pemValues(broker))
  expect(await bytesAnswered(listener.port, bytes)).toHaveLength(0)
  expect(reported.refused).toEqual([reason])
})

test('TLS on a plain port ends the connection at once, with a hint', async () => {
  await using listener = await listening(listenerOptions(echo))
  await expect(secureSocket(listener.port)).rejects.toThrow()
  expect(String(reported.faults[0])).toContain('the client speaks TLS, and this listener does not')
})

test('what follows the beginning of a handshake must be one', async () => {
  await using listener = await secureListener(echo, pemValues(broker))
  await bytesAnswered(listener.port, Buffer.from([22, 3, 1, 0, 4, 1, 0, 0, 0]))
  expect(reported.refused).toEqual([expect.stringMatching(/^the TLS handshake failed: /)])
})

test('a client that offers only versions before TLS 1.2 is refused', async () => {
  await using listener = await secureListener(echo, pemValues(broker))
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  await expect(secureSocket(listener.port, old)).rejects.toMatchObject({
    code: expect.stringMatching(/_ALERT_PROTOCOL_VERSION$/),
  })
  expect(reported.refused).toEqual(['the client offers no version of TLS that ssl.enabled.protocols has'])
})

test('versions and cipher suites are those of the configuration', async () => {
  const suites = ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'TLS_DHE_DSS_WITH_AES_128_CBC_SHA']
  const values = { ...pemValues(broker), 'ssl.enabled.protocols': ['TLSv1.2', 'TLSv1'], 'ssl.cipher.suites': suites }
  await using listener = await secureListener(echo, values)
  expect(listener.warnings).toEqual(['ssl.cipher.suites: this runtime does not have TLS_DHE_DSS_WITH_AES_128_CBC_SHA; left out'])
  const socket = await secureSocket(listener.port)
  expect([socket.getProtocol(), socket.getCipher().standardName]).toEqual(['TLSv1.2', suites[0]])
  socket.destroy()
  await expect(secureSocket(listener.port, { minVersion: 'TLSv1.3' })).rejects.toThrow()
  await expect(secureSocket(listener.port, { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).rejects.toThrow()
  expect(reported.refused[1]).toBe('the client offers no cipher suite that this listener has')
})

test('a client cannot ask for another handshake', async () => {
  await using listener = await secureListener(echo, pemValues(broker))
  const socket = await secureSocket(listener.port, { maxVersion: 'TLSv1.2' })
  socket.on('error', () => {})
  const outcome = await new Promise<unknown>(resolve => {
    socket.renegotiate({}, error => resolve(error))
    socket.once('error', resolve)
  })
  expect(String(outcome)).toMatch(/no renegotiation/i)
  socket.destroy()
})

test('a session is resumed', async () => {
  await using listener = await secureListener(echo, pemValues(broker))
  const first = await secureSocket(listener.port)
  const session = await new Promise<Buffer>(resolve => first.once('session', resolve))
  first.destroy()
  const second = await secureSocket(listener.port, { session })
  expect(second.isSessionReused()).toBe(true)
  second.destroy()
})

// --- bounds ---

test('a handshake that takes too long is ended, before its first message and in the middle', async () => {
  const world = fakeWorld()
  await using listener = await secureListener(echo, pemValues(broker), { clock: world })
  const hello = await helloOf()
  const silent = net.connect(listener.port, '127.0.0.1')
  const halfway = net.connect(listener.port, '127.0.0.1', () => halfway.write(hello.subarray(0, 50)))
  const waiting = net.connect(listener.port, '127.0.0.1', () => waiting.write(hello))
  let closed = 0
  for (const socket of [silent, halfway, waiting]) {
    socket.on('error', () => {})
    socket.on('close', () => {
      closed++
    })
  }
  await new Promise(resolve => waiting.once('data', resolve))
  await eventually(() => listener.acceptor.handshakeCount === 3)
  world.advance(10_000)
  await eventually(() => closed === 3)
  expect(reported.refused).toEqual(Array(3).fill('the TLS handshake took longer than 10000 ms'))
  expect(listener.acceptor.handshakeCount).toBe(0)
})

test('handshakes from one port of a peer to two addresses of the listener are two', async () => {
  const world = fakeWorld()
  const values = { ...pemValues(broker), 'ssl.client.auth': 'required' }
  await using listener = await secureListener(echo, values, { host: '0.0.0.0', clock: world })
  const connected = (host: string, localPort?: number): Promise<net.Socket> =>
    new Promise((resolve, reject) => {
      const from = localPort === undefined ? {} : { localPort }
      const socket = net.connect({ port: listener.port, host, localAddress: '127.0.0.1', ...from }, () => resolve(socket))
      socket.once('error', reject)
    })
  const first = await connected('127.0.0.1')
  const second = await connected('127.0.0.2', first.localPort)
  second.write(Buffer.from([22, 3, 1]))
  await eventually(() => listener.acceptor.handshakeCount === 2)
  using client = RawClient.of(await secureSocket(listener.port, { ...shows(alice), socket: first }))
  await eventually(() => listener.acceptor.handshakeCount === 1)
  second.destroy()
  await eventually(() => listener.acceptor.handshakeCount === 0)
  world.advance(10_000)
  client.send(requestFrame(1))
  expect(await client.answer()).toBe(1)
})

test('a handshake counts as a connection', async () => {
  await using listener = await secureListener(echo, pemValues(broker), { quotas: quotasOf({ connectionsMax: 2 }) })
  const silent = net.connect(listener.port, '127.0.0.1')
  using _first = RawClient.of(await secureSocket(listener.port))
  await eventually(() => listener.acceptor.handshakeCount === 1 && listener.connectionCount === 1)
  const waiting = secureSocket(listener.port)
  await eventually(() => reported.waiting.length === 1)
  silent.destroy()
  using next = RawClient.of(await waiting)
  next.send(requestFrame(1))
  expect(await next.answer()).toBe(1)
})

test('a client that leaves before it has said anything is no event', async () => {
  await using listener = await secureListener(echo, pemValues(broker))
  const probe = net.connect(listener.port, '127.0.0.1', () => probe.end())
  await new Promise(resolve => probe.once('close', resolve))
  await eventually(() => listener.acceptor.handshakeCount === 0)
  expect(reported.refused).toEqual([])
})

test('a stop ends handshakes and answers what is under way', async () => {
  const answer = deferred<ReturnType<typeof answerTo>>()
  let hasStarted = false
  const serve = serveBy((): Dispatched => {
    hasStarted = true
    return later(answer.promise)
  })
  const listener = await secureListener(serve, pemValues(broker))
  const silent = net.connect(listener.port, '127.0.0.1')
  silent.on('error', () => {})
  const socket = await secureSocket(listener.port)
  using client = RawClient.of(socket)
  client.send(requestFrame(5))
  await eventually(() => hasStarted && listener.acceptor.handshakeCount === 1)
  const closed = listener.close(60_000)
  answer.resolve(answerTo(5, 500_000))
  expect(await client.answer()).toBe(5)
  await closed
  await client.closed()
})

// --- reading again ---

test('certificates are read again: new clients see the new one, connections live on, a wrong one changes nothing', async () => {
  const renewed = certificate('renewed', 'root', { subject: '/O=Gregor/CN=broker' })
  const moved = certificate('moved', 'root', { subject: '/O=Elsewhere/CN=broker' })
  const narrow = certificate('narrow', 'root', { subject: '/O=Gregor/CN=broker', names: 'DNS:localhost' })
  const values = pemValues(broker)
  await using listener = await secureListener(echo, values)
  const seen = async (): Promise<string> => {
    const socket = await secureSocket(listener.port)
    const { serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
  }
  using client = RawClient.of(await secureSocket(listener.port))
  const before = await seen()
  Object.assign(values, pemValues(renewed))
  const { acceptor } = listener
  await acceptor.reload(testSettings(values))
  const after = await seen()
  expect(after).not.toBe(before)
  client.send(requestFrame(1))
  expect(await client.answer()).toBe(1)

  await expect(acceptor.reload(testSettings({ ...values, 'ssl.keystore.key': 'nonsense' }))).rejects.toThrow(/no private key/)
  await expect(acceptor.reload(testSettings(pemValues(moved)))).rejects.toThrow(
    'the subject of the certificate was O=Gregor, CN=broker and is now O=Elsewhere, CN=broker; ssl.allow.dn.changes=true would allow it',
  )
  await expect(acceptor.reload(testSettings(pemValues(narrow)))).rejects.toThrow(
    'the certificate lacks the alternative names IP Address:127.0.0.1 that the one before had; ssl.allow.san.changes=true would allow it',
  )
  expect(await seen()).toBe(after)
  await acceptor.reload(testSettings({ ...pemValues(moved), 'ssl.allow.dn.changes': true }))
  expect(await seen()).not.toBe(after)
})

/** The first message of a handshake. */
function helloOf(): Promise<Buffer> {
  return new Promise(resolve => {
    const server = net.createServer(socket => {
      socket.once('data', bytes => {
        socket.destroy()
        server.close()
        resolve(bytes)
      })
    })
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      tls.connect({ port, host: '127.0.0.1' }).on('error', () => {})
    })
  })
}
