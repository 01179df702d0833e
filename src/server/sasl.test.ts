/** A whole broker with SASL, as stock clients use it. */
import { writeFileSync } from 'node:fs'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import type { LogFields } from '../base/log.js'
import type { Interceptor } from '../broker/handler.js'
import { fetchRequest, type TestBroker, temporaryDirectory, testBroker } from '../broker/test-client.test-support.js'
import { startBroker } from '../index.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { SaslAuthenticate } from '../protocol/messages/sasl-authenticate.js'
import { SaslHandshake } from '../protocol/messages/sasl-handshake.js'
import { principalText } from '../security/principal.js'
import { credentialFromPassword, scramMechanisms } from '../security/scram-credentials.js'
import { authority, certificate, inFolder } from '../testing/certificates.js'

const plainUsers = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="alice-secret";'
const unsecured = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;'
const config = {
  listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  'listener.name.sasl_plaintext.plain.sasl.jaas.config': plainUsers,
  'listener.name.sasl_plaintext.oauthbearer.sasl.jaas.config': unsecured,
  'offsets.topic.num.partitions': '1',
}

function noted() {
  const lines: string[] = []
  const note = (fields: LogFields, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`)
  return { lines, log: { debug: note, info: note, warn: note, error: note } }
}

async function addUser({ running: { services } }: TestBroker, name: string, password: string): Promise<void> {
  for (const { type, hash } of scramMechanisms) {
    const salt = services.world.randomBytes(26)
    const credential = await credentialFromPassword(hash, password, { salt, iterations: 4096 })
    await services.carryOut({ records: [{ kind: 'scramCredential', name, mechanism: type, ...credential }], result: null })
  }
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const bearer = (sub: string): string => `${part({ alg: 'none' })}.${part({ sub, exp: Math.ceil(Date.now() / 1000) + 600 })}.`

async function roundTrip(client: KafkaConfig, topic: string): Promise<string> {
  const kafka = new Kafka({ logLevel: logLevel.NOTHING, retry: { retries: 0 }, ...client })
  const producer = kafka.producer()
  const consumer = kafka.consumer({ groupId: topic })
  await producer.connect()
  await producer.send({ topic, messages: [{ value: `of ${topic}` }] })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const value = await new Promise<string>(resolve => {
    void consumer.run({ eachMessage: async ({ message }) => resolve(String(message.value)) })
  })
  await Promise.all([producer.disconnect(), consumer.disconnect()])
  return value
}

type Sasl = NonNullable<KafkaConfig['sasl']>
const logins: readonly (readonly [string, string, Sasl])[] = [
  ['PLAIN', 'User:alice', { mechanism: 'plain', username: 'alice', password: 'alice-secret' }],
  ['SCRAM-SHA-256', 'User:bob', { mechanism: 'scram-sha-256', username: 'bob', password: 'bob-secret' }],
  ['SCRAM-SHA-512', 'User:bob', { mechanism: 'scram-sha-512', username: 'bob', password: 'bob-secret' }],
  ['OAUTHBEARER', 'User:carol', { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: bearer('carol') }) }],
]

test.each(logins)('kafkajs produces and consumes in a group with %s, as %s', async (_, principal, sasl) => {
  const principals = new Set<string>()
  const who: Interceptor = (call, next) => {
    if (call.row.api.name === 'Produce' || call.row.api.name === 'Fetch')
      principals.add(principalText(call.context.session.principal))
    return next(call)
  }
  const { lines, log } = noted()
  await using broker = await testBroker({ config, interceptors: () => [who], log })
  await addUser(broker, 'bob', 'bob-secret')
  expect(await roundTrip({ brokers: [`127.0.0.1:${broker.port}`], sasl }, 't')).toBe('of t')
  expect([...principals]).toEqual([principal])
  expect(lines.join('\n')).not.toMatch(/-secret/)
  expect(broker.fatal).toEqual([])
})

test('the same over SASL_SSL', async () => {
  const { keyText, certificateText } = certificate('broker', 'root')
  writeFileSync(inFolder('sasl.store'), keyText + certificateText)
  await using broker = await testBroker({
    config: {
      listeners: 'SASL_SSL://127.0.0.1:0',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
      'listener.name.sasl_ssl.plain.sasl.jaas.config': plainUsers,
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': inFolder('sasl.store'),
      'offsets.topic.num.partitions': '1',
    },
  })
  await addUser(broker, 'bob', 'bob-secret')
  const client = { brokers: [`127.0.0.1:${broker.port}`], ssl: { ca: [authority('root').certificateText] } }
  for (const [mechanism, , sasl] of logins) {
    if (mechanism === 'PLAIN' || mechanism === 'SCRAM-SHA-512') {
      expect(await roundTrip({ ...client, sasl }, mechanism)).toBe(`of ${mechanism}`)
    }
  }
})

test.each([
  ['wrong password by PLAIN', { mechanism: 'plain', username: 'alice', password: 'x' }, /Invalid username or password/],
  ['unknown user by PLAIN', { mechanism: 'plain', username: 'eve', password: 'x' }, /Invalid username or password/],
  [
    'wrong password by SCRAM',
    { mechanism: 'scram-sha-256', username: 'bob', password: 'x' },
    /invalid credentials with SASL mechanism/,
  ],
  [
    'unknown user by SCRAM',
    { mechanism: 'scram-sha-512', username: 'eve', password: 'x' },
    /invalid credentials with SASL mechanism/,
  ],
] as const)('%s: an error within a second, and one line in the log', async (_, sasl, message) => {
  const { lines, log } = noted()
  await using broker = await testBroker({ config, log })
  await addUser(broker, 'bob', 'bob-secret')
  const client = { brokers: [`127.0.0.1:${broker.port}`], sasl: sasl as Sasl, logLevel: logLevel.NOTHING, retry: { retries: 0 } }
  const since = performance.now()
  await expect(new Kafka(client).admin().connect()).rejects.toThrow(message)
  expect(performance.now() - since).toBeLessThan(1000)
  expect(lines.filter(line => line.startsWith('closed a connection'))).toHaveLength(1)
})

test('bearer tokens that an issuer has signed, with keys from a file that is allowed', async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  writeFileSync(inFolder('keys.json'), JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256' }] }))
  const url = `file://${inFolder('keys.json')}`
  const signed = {
    listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
    'sasl.enabled.mechanisms': 'OAUTHBEARER',
    'listener.name.sasl_plaintext.oauthbearer.sasl.server.callback.handler.class':
      'org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler',
    'sasl.oauthbearer.jwks.endpoint.url': url,
  }
  await expect(testBroker({ config: signed })).rejects.toThrow('org.apache.kafka.sasl.oauthbearer.allowed.urls must name it')
  const allowed = { ...signed, 'org.apache.kafka.sasl.oauthbearer.allowed.urls': url }
  await using broker = await testBroker({ config: { ...allowed, 'offsets.topic.num.partitions': '1' } })
  const token = () =>
    new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: 'k' }).setSubject('carol').setIssuedAt().setExpirationTime('1h')
  const loginWith = (value: () => Promise<string>) => ({
    brokers: [`127.0.0.1:${broker.port}`],
    sasl: { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: await value() }) } as Sasl,
  })
  expect(
    await roundTrip(
      loginWith(() => token().sign(privateKey)),
      't',
    ),
  ).toBe('of t')
  // kafkajs goes on without the byte that says that it has understood; Kafka answers 34 as well.
  await expect(
    roundTrip(
      loginWith(async () => bearer('carol')),
      't',
    ),
  ).rejects.toThrow('SASL state')
})

test('an unknown SCRAM user is shown the same salt before and after a restart', async () => {
  using directory = temporaryDirectory()
  const salts = new Set<string>()
  for (let start = 0; start < 2; start++) {
    await using broker = await testBroker({ config, directory: directory.path })
    const client = await broker.connect()
    await client.call(SaslHandshake, 1, { mechanism: 'SCRAM-SHA-256' })
    const first = { authBytes: Buffer.from('n,,n=eve,r=nonce') }
    const { authBytes } = await client.call(SaslAuthenticate, 1, first)
    salts.add(/s=([^,]+),i=4096/.exec(Buffer.from(authBytes).toString())?.[1] ?? 'none')
  }
  expect([...salts]).toEqual([expect.stringMatching(/^[A-Za-z0-9+/]{35}=$/)])
})

test('whoever is refused is disconnected: unknown mechanism, wrong password, bare tokens, large requests, too slow', async () => {
  const { lines, log } = noted()
  const bounds = { 'sasl.server.max.receive.size': '1000', 'gregor.handshake.timeout.ms': '600' }
  await using broker = await testBroker({ config: { ...config, ...bounds }, log })
  const connected = () => broker.connect()
  const mechanism = await connected()
  expect((await mechanism.call(SaslHandshake, 1, { mechanism: 'GSSAPI' })).errorCode).toBe(33)
  await mechanism.closed()

  const password = await connected()
  await password.call(SaslHandshake, 1, { mechanism: 'PLAIN' })
  expect((await password.call(SaslAuthenticate, 2, { authBytes: Buffer.from('\0alice\0x') })).errorCode).toBe(58)
  await password.closed()

  const bare = await connected()
  await bare.call(SaslHandshake, 0, { mechanism: 'PLAIN' })
  const token = Buffer.from('\0\0\0\x08\0alice\0x')
  bare.write(token)
  await bare.closed()

  const large = await connected()
  await expect(large.call(SaslHandshake, 1, { mechanism: 'x'.repeat(1000) })).rejects.toThrow('closed the connection')
  const slow = await connected()
  await slow.call(SaslHandshake, 1, { mechanism: 'PLAIN' })
  await slow.closed()
  const reasons = lines.filter(line => line.startsWith('closed a connection: invalid input')).join('\n')
  for (const reason of ['no mechanism GSSAPI', 'PLAIN failed', 'allowed are 8 to 1000', 'not authenticated within 600 ms']) {
    expect(reasons).toContain(reason)
  }
  expect(lines.join('\n')).not.toContain('internal error')
})

test('requests that were sent before a client authenticates again are answered first', async () => {
  await using broker = await testBroker({ config: { ...config, 'connections.max.reauth.ms': '60000' } })
  const client = await broker.connect()
  const login = async () => {
    await client.call(SaslHandshake, 1, { mechanism: 'PLAIN' })
    return client.call(SaslAuthenticate, 2, { authBytes: Buffer.from('\0alice\0alice-secret') })
  }
  expect(Number((await login()).sessionLifetimeMs)).toBe(60_000)
  await client.createTopic('t')
  // The client says what is answered out of order.
  const waiting = client.call(Fetch, 12, fetchRequest('t', 0, { maxWaitMs: 300, minBytes: 1 }))
  const [fetched, again] = await Promise.all([waiting, login()])
  expect([fetched.errorCode, again.errorCode, await client.topicNames()]).toEqual([0, 0, ['t']])
})

test('a user of the start is made once: a password that was changed since stays changed', async () => {
  using directory = temporaryDirectory()
  const start = (password: string) =>
    startBroker({
      dataDir: directory.path,
      config: { ...config, 'sasl.enabled.mechanisms': 'SCRAM-SHA-256' },
      addScram: [`SCRAM-SHA-256=[name=bob,password=${password}]`],
    })
  for (const password of ['bob-secret', 'another']) {
    await using broker = await start(password)
    const sasl: Sasl = { mechanism: 'scram-sha-256', username: 'bob', password: 'bob-secret' }
    const admin = new Kafka({ brokers: broker.brokers, sasl, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin()
    await admin.connect()
    await admin.disconnect()
  }
  await expect(startBroker({ addScram: ['SCRAM-SHA-256=[name=bob]'] })).rejects.toThrow('addScram: either password or')
})

test.each([
  [{ 'sasl.enabled.mechanisms': 'GSSAPI' }, /sasl.enabled.mechanisms names no mechanism but GSSAPI/],
  [
    { 'listener.name.sasl_plaintext.sasl.enabled.mechanisms': 'GSSAPI' },
    /listener.name.sasl_plaintext.sasl.enabled.mechanisms names/,
  ],
  [{ 'sasl.enabled.mechanisms': 'CRAM-MD5' }, /there is no mechanism CRAM-MD5/],
  [{ 'sasl.enabled.mechanisms': 'PLAIN' }, /sasl.jaas.config is missing/],
  [{ 'sasl.enabled.mechanisms': 'PLAIN', 'sasl.jaas.config': 'x' }, /Login module control flag not specified/],
  [{ 'sasl.enabled.mechanisms': 'PLAIN', 'sasl.jaas.config': unsecured }, /the login module must be .*PlainLoginModule/],
  [
    {
      'sasl.enabled.mechanisms': 'SCRAM-SHA-256',
      'listener.name.sasl_plaintext.scram-sha-256.sasl.server.callback.handler.class': 'com.example.Users',
    },
    /Gregor does not load com.example.Users/,
  ],
])('%j stops the start and names the key', async (keys, message) => {
  await expect(testBroker({ config: { listeners: 'SASL_PLAINTEXT://127.0.0.1:0', ...keys } })).rejects.toThrow(message)
})

test('it is said at the start when an authorizer guards against people who may call themselves what they like', async () => {
  const warnings = async (keys: Readonly<Record<string, string>>) => {
    const { log, lines } = noted()
    const { stop } = await testBroker({ config: { ...config, ...keys }, log })
    await stop()
    return lines.filter(line => line.includes('believes everyone'))
  }
  expect(await warnings({})).toEqual([])
  const guarded = {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:admin',
  }
  expect(await warnings(guarded)).toEqual([expect.stringContaining('sasl.enabled.mechanisms: OAUTHBEARER')])
})

test('a SASL listener without sasl.enabled.mechanisms stops the start', async () => {
  await expect(testBroker({ config: { listeners: 'SASL_SSL://127.0.0.1:0' } })).rejects.toThrow('ssl.keystore.location')
  await expect(testBroker({ config: { listeners: 'SASL_PLAINTEXT://127.0.0.1:0' } })).rejects.toThrow('sasl.enabled.mechanisms')
})
