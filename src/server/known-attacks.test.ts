/**
 * What has been done to Kafka's brokers: every class of its published vulnerabilities, each closed by a test of its own. The
 * list stands in docs/security.md. A class that is closed by what is not there says so, too.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Bytes, concat, utf8Encode } from '../base/bytes.js'
import { hash, hmac, pbkdf2 } from '../base/crypto.js'
import type { LogFields } from '../base/log.js'
import { randomUuid, realWorld } from '../base/world.js'
import type { Interceptor } from '../broker/handler.js'
import { batchOf, fetchRequest, type TestBroker, type TestClient, testBroker } from '../broker/test-client.test-support.js'
import { createAcls, deleteAcls } from '../cluster/access-controller.js'
import { Errors } from '../protocol/errors.js'
import { AddPartitionsToTxn } from '../protocol/messages/add-partitions-to-txn.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { DescribeConfigs } from '../protocol/messages/describe-configs.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { IncrementalAlterConfigs } from '../protocol/messages/incremental-alter-configs.js'
import { ListOffsets } from '../protocol/messages/list-offsets.js'
import { Metadata } from '../protocol/messages/metadata.js'
import { Produce } from '../protocol/messages/produce.js'
import { SaslAuthenticate } from '../protocol/messages/sasl-authenticate.js'
import { SaslHandshake } from '../protocol/messages/sasl-handshake.js'
import { WriteTxnMarkers } from '../protocol/messages/write-txn-markers.js'
import * as batch from '../protocol/records/batch.js'
import { recordsOf } from '../protocol/records/records.js'
import { type Acl, type Operation, operations, permissionTypes, resourceTypes } from '../security/acl/acl.js'
import { principalText } from '../security/principal.js'
import { credentialFromPassword, scramMechanisms } from '../security/scram-credentials.js'
import type { RunningBroker } from './broker.js'

/** Lengths of what was compared in constant time. */
const compared = vi.hoisted(() => [] as [number, number][])
vi.mock('node:crypto', async original => {
  const crypto = await original<typeof import('node:crypto')>()
  const timingSafeEqual = (a: Uint8Array, b: Uint8Array): boolean => {
    compared.push([a.byteLength, b.byteLength])
    return crypto.timingSafeEqual(a, b)
  }
  return { ...crypto, default: { ...crypto, timingSafeEqual }, timingSafeEqual }
})

const accessOf = ({ services }: RunningBroker) => services.topics.image.access

const names = ['alice', 'bob']
const users = names.map(name => `user_${name}="${name}-secret"`).join(' ')
const plainUsers = `org.apache.kafka.common.security.plain.PlainLoginModule required ${users};`
const unsecured = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;'
const config = {
  listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,OAUTHBEARER',
  'listener.name.sasl_plaintext.plain.sasl.jaas.config': plainUsers,
  'listener.name.sasl_plaintext.oauthbearer.sasl.jaas.config': unsecured,
  'connection.failed.authentication.delay.ms': '0',
  'connections.max.reauth.ms': '600000',
  'delegation.token.secret.key': 'token-secret',
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:alice',
  'offsets.topic.num.partitions': '1',
}

const lines: string[] = []
const note = (fields: LogFields, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`)
const log = { debug: note, info: note, warn: note, error: note }
const principals = new Map<string, Set<string>>()
/** Who a client of that id was taken for. */
const who: Interceptor = (call, next) => {
  const { clientId, session } = call.context
  principals.set(clientId, (principals.get(clientId) ?? new Set()).add(principalText(session.principal)))
  return next(call)
}

let broker: TestBroker
beforeAll(async () => {
  broker = await testBroker({ config, log, interceptors: () => [who] })
  const { services } = broker.running
  for (const name of names) {
    for (const { type, hash } of scramMechanisms) {
      const salt = services.world.randomBytes(26)
      const credential = await credentialFromPassword(hash, `${name}-secret`, { salt, iterations: 4096 })
      await services.carryOut({ records: [{ kind: 'scramCredential', name, mechanism: type, ...credential }], result: null })
    }
  }
})
afterAll(() => broker.stop())

async function connected(mechanism: string, clientId = 'test'): Promise<TestClient> {
  const client = await broker.connect({ clientId })
  expect(await client.call(SaslHandshake, 1, { mechanism })).toMatchObject({ errorCode: 0 })
  return client
}

const shown = async (client: TestClient, token: string) => {
  const { errorCode, errorMessage, authBytes } = await client.call(SaslAuthenticate, 2, { authBytes: utf8Encode(token) })
  return { errorCode, errorMessage, text: Buffer.from(authBytes).toString() }
}

const plain = (name: string, password = `${name}-secret`, authorizationId = ''): string =>
  `${authorizationId}\0${name}\0${password}`

async function loggedIn(name: string): Promise<TestClient> {
  const client = await connected('PLAIN')
  expect((await shown(client, plain(name))).errorCode).toBe(0)
  return client
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const bearer = (sub: string): string => `${part({ alg: 'none' })}.${part({ sub, exp: Math.ceil(Date.now() / 1000) + 600 })}.`

interface ScramLogin {
  readonly password: string
  readonly first: string
  readonly challenge: string
  /** From the nonce of both sides to the one that is sent. */
  readonly nonceOf?: (both: string) => string
}

/** The last message, with the proof that belongs to it. */
async function scramLast({ password, first, challenge, nonceOf = both => both }: ScramLogin): Promise<string> {
  const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(challenge) ?? []
  const salted = await pbkdf2('sha256', utf8Encode(password), Buffer.from(salt, 'base64'), Number(iterations))
  const clientKey = hmac('sha256', salted, utf8Encode('Client Key'))
  const last = `c=biws,r=${nonceOf(nonce)}`
  const signed = `${first.replace(/^n,,/, '')},${challenge},${last}`
  const signature = hmac('sha256', hash('sha256', clientKey), utf8Encode(signed))
  return `${last},p=${Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0))).toString('base64')}`
}

const software = { clientSoftwareName: 'attacker', clientSoftwareVersion: '1' }
const refused = { errorCode: Errors.SASL_AUTHENTICATION_FAILED }

describe('memory before login', () => {
  test('a size that is announced takes no memory (CVE-2022-34917)', async () => {
    const strangers = await Promise.all(Array.from({ length: 100 }, () => broker.connect()))
    const before = process.memoryUsage().arrayBuffers
    for (const stranger of strangers) stranger.write(Buffer.from([0, 8, 0, 0, 0, 18]))
    for (let turn = 0; turn < 2; turn++) await (await broker.connect()).call(ApiVersions, 0, software)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 100 * 1024)
    for (const stranger of strangers) stranger.close()
    const greedy = await broker.connect()
    greedy.write(Buffer.from([0, 8, 0, 1, 0, 18]))
    await greedy.closed()
  })

  test('counts of elements and tags that are announced take no memory (CVE-2026-111108, CVE-2026-111115)', async () => {
    const header = [0, 18, 0, 3, 0, 0, 0, 1, 255, 255]
    const tags = Buffer.concat([Buffer.from([...header, 0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(500_000)])
    const elements = Buffer.from([0, 3, 0, 9, 0, 0, 0, 1, 255, 255, 0, 0xff, 0xff, 0xff, 0xff, 7])
    for (const frame of [tags, elements]) {
      const stranger = await broker.connect()
      const length = Buffer.alloc(4)
      length.writeInt32BE(frame.byteLength)
      stranger.write(Buffer.concat([length, frame]))
      await stranger.closed()
    }
    expect(broker.fatal).toEqual([])
  })
})

test('decompression costs a bound, whatever is announced (CVE-2023-34455, CVE-2023-43642)', async () => {
  const client = await loggedIn('alice')
  await client.createTopic('squeezed', 1, { 'cleanup.policy': 'compact' })
  const plainBatch = batchOf([{ key: Uint8Array.of(1), value: Uint8Array.of(1) }])
  const ofCodec = (codec: number, content: Bytes): Bytes => {
    const bytes = concat([plainBatch.subarray(0, batch.batchHeaderSize), content])
    batch.stampLength(bytes)
    batch.stampCodec(bytes, 0, codec)
    batch.stampCrc(bytes, 0)
    return bytes
  }
  const twoGigabytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 7, 0, 0)
  const xerial = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff, 0)
  const before = process.memoryUsage().arrayBuffers
  for (const content of [twoGigabytes, xerial]) {
    const { errorCode } = await client.produce('squeezed', ofCodec(batch.Codecs.snappy, content))
    expect(errorCode).not.toBe(Errors.NONE)
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024)
})

test('SCRAM: the last message must carry the nonce of this login (CVE-2024-56128)', async () => {
  for (const [nonceOf, code] of [
    [(both: string) => both, 0],
    [(both: string) => `${both}x`, 58],
    [(both: string) => both.slice(0, -1), 58],
    [() => 'mine', 58],
  ] as const) {
    const client = await connected('SCRAM-SHA-256')
    const first = 'n,,n=bob,r=mine'
    const { text } = await shown(client, first)
    const last = await scramLast({ password: 'bob-secret', first, challenge: text, nonceOf })
    expect((await shown(client, last)).errorCode).toBe(code)
  }
})

test('secrets are compared in constant time, also of users that do not exist (CVE-2021-38153)', async () => {
  const comparisons = async (mechanism: string, login: (client: TestClient) => Promise<{ errorCode: number }>) => {
    const client = await connected(mechanism)
    compared.length = 0
    return { ...refusedOrNot(await login(client)), compared: [...compared] }
  }
  const refusedOrNot = ({ errorCode }: { errorCode: number }) => ({ errorCode })
  const byScram = (name: string) => async (client: TestClient) => {
    const first = `n,,n=${name},r=mine`
    const { text } = await shown(client, first)
    return shown(client, await scramLast({ password: 'wrong', first, challenge: text }))
  }
  const once = { ...refused, compared: [[32, 32]] }
  for (const password of ['x', 'alice-secreT', 'a'.repeat(1000)]) {
    expect(await comparisons('PLAIN', client => shown(client, plain('alice', password)))).toEqual(once)
    expect(await comparisons('PLAIN', client => shown(client, plain('nobody', password)))).toEqual(once)
  }
  expect(await comparisons('SCRAM-SHA-256', byScram('bob'))).toEqual(once)
  expect(await comparisons('SCRAM-SHA-256', byScram('nobody'))).toEqual(once)
})

describe('impersonation', () => {
  test('whoever knows its own password acts for nobody else (CVE-2017-12610)', async () => {
    expect(await shown(await connected('PLAIN'), plain('bob', 'bob-secret', 'alice'))).toMatchObject(refused)
    expect(await shown(await connected('SCRAM-SHA-256'), 'n,a=alice,n=bob,r=mine')).toMatchObject(refused)
    const message = `n,a=alice,\x01auth=Bearer ${bearer('bob')}\x01\x01`
    expect(await shown(await connected('OAUTHBEARER'), message)).toMatchObject(refused)
  })

  test('whoever authenticates again is who it was before, or nobody', async () => {
    const client = await loggedIn('bob')
    await client.call(SaslHandshake, 1, { mechanism: 'PLAIN' })
    const { errorCode, errorMessage } = await shown(client, plain('alice'))
    expect([errorCode, errorMessage]).toEqual([58, expect.stringContaining('Cannot change principals during re-authentication')])
    await client.closed()
    const other = await loggedIn('bob')
    await other.call(SaslHandshake, 1, { mechanism: 'SCRAM-SHA-256' })
    await expect(other.call(Metadata, 9, { topics: [] })).rejects.toThrow('closed the connection')
  })

  test('the id of a delegation token is worth nothing without its HMAC', async () => {
    const client = await connected('SCRAM-SHA-256')
    const first = 'n,,n=alice,r=mine,tokenauth=true'
    const { text } = await shown(client, first)
    expect(await shown(client, await scramLast({ password: 'alice-secret', first, challenge: text }))).toMatchObject(refused)
  })

  test('buffers are reused between connections, and what was in them is not (CVE-2026-35554)', async () => {
    const crowd = Array.from({ length: 20 }, (_, nth) => `client-${nth}`)
    await Promise.all(
      crowd.map(async name => {
        const client = await connected('OAUTHBEARER', name)
        expect((await shown(client, `n,,\x01auth=Bearer ${bearer(name)}\x01\x01`)).errorCode).toBe(0)
        await client.call(Metadata, 9, { topics: [] })
      }),
    )
    for (const name of crowd) expect([...(principals.get(name) ?? [])].at(-1)).toBe(`User:${name}`)

    // Records of all sizes at once: in the buffer that all read into, in memory of their own, and in memory of earlier frames.
    const written = (nth: number, size: number): string => String.fromCharCode(97 + nth).repeat(size)
    const sizes = [10, 3000, 70_000, 150_000, 400_000, 5]
    const wrong = await Promise.all(
      crowd.map(async (topic, nth) => {
        const client = await loggedIn('alice')
        await client.createTopic(topic)
        await Promise.all(sizes.map(size => client.produce(topic, batchOf([written(nth, size)]))))
        const { records } = await client.fetch(topic, 0, { maxBytes: 1 << 21, partitionMaxBytes: 1 << 21 })
        const values = new Set<string>()
        for (let at = 0; at < (records?.byteLength ?? 0); at += batch.batchLength(records as Bytes, at)) {
          for (const { value } of recordsOf(records as Bytes, at)) values.add(Buffer.from(value ?? []).toString())
        }
        return sizes.filter(size => !values.has(written(nth, size))).map(size => `${topic}: ${size}`)
      }),
    )
    expect(wrong.flat()).toEqual([])
  })
})

/** "allow read t": to bob. */
function aclOf(right: string): Acl {
  const [permission, operation, resourceName = ''] = right.split(' ')
  return {
    ...{ resourceType: resourceTypes.topic, resourceName, patternType: 3, principal: 'User:bob', host: '*' },
    operation: operations[operation as Operation],
    permissionType: permissionTypes[permission as 'allow' | 'deny'],
  }
}

async function rule(...rights: string[]): Promise<void> {
  const { services } = broker.running
  await services.carryOut(createAcls(accessOf(broker.running), rights.map(aclOf), () => randomUuid(realWorld)))
}

const idOf = (name: string): string => broker.running.services.topics.image.topics.get(name)?.topicId ?? ''

describe('what is for brokers alone', () => {
  let bob: TestClient
  beforeAll(async () => {
    const alice = await loggedIn('alice')
    await alice.createTopic('t')
    await alice.produce('t', batchOf(['one', 'two']))
    await rule('allow read t')
    bob = await loggedIn('bob')
  })

  test('a fetch as a replica moves nothing and shows nothing (CVE-2018-1288)', async () => {
    const topicId = broker.running.services.topics.image.topics.get('t')?.topicId ?? ''
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }]
    for (const [version, replica] of [
      [12, { replicaId: 2 }],
      [16, { replicaState: { replicaId: 2, replicaEpoch: 1 } }],
    ] as const) {
      const request = { ...fetchRequest('t', 0), ...replica, topics: [{ topic: 't', topicId, partitions }] }
      const { responses } = await bob.call(Fetch, version, request)
      const [answer] = responses[0]?.partitions ?? []
      expect(answer?.errorCode).not.toBe(Errors.NONE)
      expect(answer?.records?.byteLength ?? 0).toBe(0)
    }
    expect((await bob.fetch('t', 0)).highWatermark).toBe(2)
  })

  test('the end of a log is the same for a replica as for a consumer', async () => {
    for (const replicaId of [-1, 0, 2]) {
      const partitions = [{ partitionIndex: 0, timestamp: -1, currentLeaderEpoch: -1 }]
      const { topics } = await bob.call(ListOffsets, 5, { replicaId, isolationLevel: 0, topics: [{ name: 't', partitions }] })
      expect(topics[0]?.partitions[0]).toMatchObject({ errorCode: 0, offset: 2 })
    }
  })

  test('markers of transactions, and partitions of several transactions at once, ask for a right on the cluster', async () => {
    const topics = [{ name: 't', partitionIndexes: [0] }]
    const marker = { producerId: 1, producerEpoch: 0, transactionResult: true, topics, coordinatorEpoch: 0 }
    const { markers } = await bob.call(WriteTxnMarkers, 1, { markers: [marker] })
    expect(markers[0]?.topics[0]?.partitions[0]?.errorCode).toBe(Errors.CLUSTER_AUTHORIZATION_FAILED)
    const transaction = {
      transactionalId: 'x',
      producerId: 1,
      producerEpoch: 0,
      verifyOnly: false,
      topics: [{ name: 't', partitions: [0] }],
    }
    const answer = await bob.call(AddPartitionsToTxn, 4, { transactions: [transaction] } as never)
    expect(answer.errorCode).toBe(Errors.CLUSTER_AUTHORIZATION_FAILED)
  })

  test('no request travels in another one, so none names a principal of its own: Envelope is not served', async () => {
    const { apiKeys } = await bob.call(ApiVersions, 0, software)
    const served = new Set(apiKeys.map(({ apiKey }) => apiKey))
    const between = { leaderAndIsr: 4, alterPartition: 56, envelope: 58, fetchSnapshot: 59, brokerRegistration: 62 }
    for (const apiKey of Object.values(between)) expect(served).not.toContain(apiKey)
    const sender = await loggedIn('alice')
    sender.write(Uint8Array.of(0, 0, 0, 10, 0, 58, 0, 0, 0, 0, 0, 1, 255, 255))
    await sender.closed()
  })
})

describe('rights', () => {
  let bob: TestClient
  let topicId: string
  beforeAll(async () => {
    const alice = await loggedIn('alice')
    topicId = await alice.createTopic('hidden')
    await alice.createTopic('open')
    await rule('allow write open')
    bob = await loggedIn('bob')
  })
  const every = ({ versions: { min, max } }: { versions: { min: number; max: number } }): number[] =>
    Array.from({ length: max - min + 1 }, (_, nth) => min + nth)

  test.each(every(Produce))('Produce v%i by name or by id asks for the right to write (CVE-2018-17196)', async version => {
    const records = version < 3 ? null : batchOf(['x'])
    const topicData = [{ name: 'hidden', topicId, partitionData: [{ index: 0, records }] }]
    const { responses } = await bob.call(Produce, version, { acks: -1, timeoutMs: 100, topicData })
    expect(responses[0]?.partitionResponses[0]?.errorCode).toBe(Errors.TOPIC_AUTHORIZATION_FAILED)
    if (version < 3) return
    // What is transactional is the batch, whatever the request says of it.
    const transactional = batchOf(['x'], { isTransactional: true, producerId: 5, producerEpoch: 0, baseSequence: 0 })
    const own = [{ name: 'open', topicId: idOf('open'), partitionData: [{ index: 0, records: transactional }] }]
    for (const transactionalId of [null, 'not-mine']) {
      const answer = await bob.call(Produce, version, { transactionalId, acks: -1, timeoutMs: 100, topicData: own })
      const code = answer.responses[0]?.partitionResponses[0]?.errorCode
      expect(code).toBe(Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    }
  })

  test.each(every(Fetch))('Fetch v%i by name or by id asks for the right to read', async version => {
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }]
    const request = { ...fetchRequest('hidden', 0), topics: [{ topic: 'hidden', topicId, partitions }] }
    const { responses } = await bob.call(Fetch, version, request)
    expect(responses[0]?.partitions[0]?.errorCode).toBe(Errors.TOPIC_AUTHORIZATION_FAILED)
  })

  test.each(every(Metadata))('Metadata v%i shows nothing of a topic that is hidden', async version => {
    const { topics } = await bob.call(Metadata, version, { topics: [{ name: 'hidden' }], allowAutoTopicCreation: false })
    expect(topics[0]).toMatchObject({ errorCode: Errors.TOPIC_AUTHORIZATION_FAILED, partitions: [] })
    expect(JSON.stringify(topics)).not.toContain(topicId)
    if (version < 12) return
    const byId = await bob.call(Metadata, version, { topics: [{ name: null, topicId }], allowAutoTopicCreation: false })
    expect(JSON.stringify(byId.topics)).not.toContain('hidden')
  })

  test('when one of two entries goes the other still counts (CVE-2024-27309)', async () => {
    await rule('deny read open', 'allow describe open', 'allow read open')
    const code = async () => (await bob.fetch('open', 0)).errorCode
    expect(await code()).toBe(Errors.TOPIC_AUTHORIZATION_FAILED)
    const { services } = broker.running
    await services.carryOut(deleteAcls(accessOf(broker.running), [aclOf('allow describe open')]))
    expect(await code()).toBe(Errors.TOPIC_AUTHORIZATION_FAILED)
  })
})

describe('secrets', () => {
  const secrets = ['alice-secret', 'bob-secret', 'token-secret']

  test('are not described, neither as values nor as what they stand for', async () => {
    const alice = await loggedIn('alice')
    const resources = [{ resourceType: 4, resourceName: '1', configurationKeys: null }]
    const described = await alice.call(DescribeConfigs, 4, { resources, includeSynonyms: true, includeDocumentation: true })
    const all = described.results[0]?.configs ?? []
    expect(
      all.filter(
        ({ isSensitive, value, synonyms }) => isSensitive && (value !== null || synonyms.some(one => one.value !== null)),
      ),
    ).toEqual([])
    expect(
      all
        .filter(({ name }) => /password$|jaas.config$|secret.key$|keystore.key$/.test(name))
        .every(({ isSensitive }) => isSensitive),
    ).toBe(true)
    for (const secret of secrets) expect(JSON.stringify(all)).not.toContain(secret)
  })

  test('are not in the log, whatever was sent (CVE-2026-33558)', async () => {
    const client = await connected('PLAIN')
    await shown(client, plain('alice', 'alice-secret', 'bob'))
    await shown(await connected('OAUTHBEARER'), `n,,\x01auth=Bearer ${bearer('carol')}x\x01\x01`)
    expect(lines.length).toBeGreaterThan(0)
    for (const secret of [...secrets, bearer('carol').slice(0, 30)]) expect(lines.join('\n')).not.toContain(secret)
  })
})

describe('bearer tokens that an issuer signs', () => {
  const signed = (keys: object) =>
    testBroker({
      config: {
        listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
        'sasl.enabled.mechanisms': 'OAUTHBEARER',
        'listener.name.sasl_plaintext.oauthbearer.sasl.server.callback.handler.class':
          'org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler',
        'connection.failed.authentication.delay.ms': '0',
        ...keys,
      },
    })
  const visits: string[] = []
  let issuer: Server
  let url: string
  beforeAll(async () => {
    issuer = createServer((request, response) => {
      visits.push(request.url ?? '')
      if (request.url === '/moved') response.writeHead(302, { location: '/keys' }).end()
      else response.end('{"keys":[]}')
    })
    issuer.listen(0, '127.0.0.1')
    await once(issuer, 'listening')
    url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`
  })
  afterAll(() => issuer.close())

  test('no URL is read that is not allowed: unset none, no file, no redirect (CVE-2025-27817)', async () => {
    const jwks = 'sasl.oauthbearer.jwks.endpoint.url'
    const allowed = 'org.apache.kafka.sasl.oauthbearer.allowed.urls'
    await expect(signed({ [jwks]: `${url}/keys` })).rejects.toThrow('is not allowed')
    await expect(signed({ [jwks]: 'file:///etc/passwd', [allowed]: `${url}/keys` })).rejects.toThrow('is not allowed')
    await expect(signed({ [jwks]: `${url}/keys/../moved`, [allowed]: `${url}/keys` })).rejects.toThrow('is not allowed')
    expect(visits).toEqual([])
    await expect(signed({ [jwks]: `${url}/moved`, [allowed]: `${url}/moved,${url}/keys` })).rejects.toThrow(jwks)
    expect(visits).toEqual(['/moved'])
  })

  test('are not let in without keys of an issuer, nor without a signature (CVE-2026-33557, CVE-2026-110985)', async () => {
    await expect(signed({})).rejects.toThrow('sasl.oauthbearer.jwks.endpoint.url is missing')
    const keys = `${url}/keys`
    const settings = { 'sasl.oauthbearer.jwks.endpoint.url': keys, 'org.apache.kafka.sasl.oauthbearer.allowed.urls': keys }
    await using strict = await signed(settings)
    for (const token of [bearer('alice'), `${bearer('alice')}AAAA`]) {
      const client = await strict.connect()
      await client.call(SaslHandshake, 1, { mechanism: 'OAUTHBEARER' })
      expect((await shown(client, `n,,\x01auth=Bearer ${token}\x01\x01`)).text).toBe('{"status":"invalid_token"}')
      expect(await shown(client, '\x01')).toMatchObject(refused)
    }
  })
})

describe('classes that a configuration names are not loaded', () => {
  // There is no class path and no evaluation of what a configuration or a record says: a name is compared with those of Kafka
  // that have a counterpart here, and every other one refuses the start.
  test.each([
    ['authorizer.class.name', 'com.example.Evil'],
    [
      'listener.name.sasl_plaintext.plain.sasl.jaas.config',
      'com.sun.security.auth.module.JndiLoginModule required x="ldap://x";',
    ],
    [
      'listener.name.sasl_plaintext.plain.sasl.jaas.config',
      'com.sun.security.auth.module.LdapLoginModule required x="ldap://x";',
    ],
    ['listener.name.sasl_plaintext.oauthbearer.sasl.server.callback.handler.class', 'com.example.Evil'],
    ['listener.name.sasl_plaintext.plain.sasl.server.callback.handler.class', 'com.example.Evil'],
  ])('%s=%s refuses the start (CVE-2023-25194, CVE-2025-27818)', async (key, value) => {
    await expect(testBroker({ config: { ...config, [key]: value } })).rejects.toThrow(key)
  })

  test('and none can be named while the broker runs (CVE-2025-27819)', async () => {
    const alice = await loggedIn('alice')
    const jndi = 'com.sun.security.auth.module.JndiLoginModule required x="ldap://x";'
    for (const name of ['sasl.jaas.config', 'listener.name.sasl_plaintext.plain.sasl.jaas.config', 'authorizer.class.name']) {
      const configs = [{ name, configOperation: 0, value: jndi }]
      const resources = [{ resourceType: 4, resourceName: '1', configs }]
      const { responses } = await alice.call(IncrementalAlterConfigs, 1, { resources, validateOnly: false })
      expect(responses[0]?.errorCode).not.toBe(Errors.NONE)
      expect(JSON.stringify(responses)).not.toContain('ldap:')
    }
  })
})
