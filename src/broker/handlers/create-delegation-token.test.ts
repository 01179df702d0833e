/** Delegation tokens by wire: made, shown, renewed, expired; they log in by SCRAM as their owner, and cannot make others. */
import { expect, test } from 'vitest'
import { utf8Encode } from '../../base/bytes.js'
import { hash, hmac, pbkdf2 } from '../../base/crypto.js'
import { CreateDelegationToken } from '../../protocol/messages/create-delegation-token.js'
import { DescribeDelegationToken } from '../../protocol/messages/describe-delegation-token.js'
import { ExpireDelegationToken } from '../../protocol/messages/expire-delegation-token.js'
import { Metadata } from '../../protocol/messages/metadata.js'
import { RenewDelegationToken } from '../../protocol/messages/renew-delegation-token.js'
import { SaslAuthenticate } from '../../protocol/messages/sasl-authenticate.js'
import { SaslHandshake } from '../../protocol/messages/sasl-handshake.js'
import {
  brokerInFakeTime,
  eventually,
  type TestBroker,
  type TestClient,
  temporaryDirectory,
  testBroker,
} from '../test-client.test-support.js'

const users = ['alice', 'bob', 'eve'].map(name => `user_${name}="secret"`).join(' ')
const secured = {
  listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256',
  'sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${users};`,
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
}
const config = { ...secured, 'delegation.token.secret.key': 'key' }

async function login(broker: TestBroker, name: string): Promise<TestClient> {
  const client = await broker.connect()
  await client.call(SaslHandshake, 1, { mechanism: 'PLAIN' })
  const { errorCode } = await client.call(SaslAuthenticate, 2, { authBytes: utf8Encode(`\0${name}\0secret`) })
  expect(errorCode).toBe(0)
  return client
}

/** As a client with `tokenauth`; the answer to the last step. */
async function loginByToken(broker: TestBroker, tokenId: string, password: string) {
  const client = await broker.connect()
  await client.call(SaslHandshake, 1, { mechanism: 'SCRAM-SHA-256' })
  const first = `n=${tokenId},r=abc,tokenauth=true`
  const { authBytes } = await client.call(SaslAuthenticate, 2, { authBytes: utf8Encode(`n,,${first}`) })
  const challenge = Buffer.from(authBytes).toString()
  const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(challenge) ?? []
  const salted = await pbkdf2('sha256', utf8Encode(password), Buffer.from(salt, 'base64'), Number(iterations))
  const clientKey = hmac('sha256', salted, utf8Encode('Client Key'))
  const last = `c=biws,r=${nonce}`
  const signature = hmac('sha256', hash('sha256', clientKey), utf8Encode(`${first},${challenge},${last}`))
  const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0))).toString('base64')
  const answer = await client.call(SaslAuthenticate, 2, { authBytes: utf8Encode(`${last},p=${proof}`) })
  return { client, errorCode: answer.errorCode, sessionLifetimeMs: Number(answer.sessionLifetimeMs) }
}

const nobodyElse = { ownerPrincipalType: null, ownerPrincipalName: null }
const create = (client: TestClient, renewers: readonly string[] = [], maxLifetimeMs = -1) =>
  client.call(CreateDelegationToken, 3, {
    ...nobodyElse,
    renewers: renewers.map(principalName => ({ principalType: 'User', principalName })),
    maxLifetimeMs,
  })
const shownTo = async (client: TestClient, owners: string[] | null = null) => {
  const named = owners?.map(principalName => ({ principalType: 'User', principalName })) ?? null
  const { errorCode, tokens } = await client.call(DescribeDelegationToken, 3, { owners: named })
  return errorCode === 0 ? tokens.map(({ principalName }) => principalName) : errorCode
}

test('owner and renewer see a token, renew it and let it expire; others learn nothing of it', async () => {
  await using broker = await testBroker({ config })
  const [alice, bob, eve] = [await login(broker, 'alice'), await login(broker, 'bob'), await login(broker, 'eve')]
  const { errorCode, hmac, principalName, tokenRequesterPrincipalName } = await create(alice, ['bob'])
  expect([errorCode, principalName, tokenRequesterPrincipalName]).toEqual([0, 'alice', 'alice'])
  expect(await shownTo(alice)).toEqual(['alice'])
  expect(await shownTo(bob)).toEqual(['alice'])
  expect(await shownTo(eve)).toEqual([])
  expect(await shownTo(alice, [])).toEqual([])
  expect(await shownTo(alice, ['eve'])).toEqual([])
  const renew = async (client: TestClient) =>
    (await client.call(RenewDelegationToken, 2, { hmac, renewPeriodMs: 1000 })).errorCode
  const expire = async (client: TestClient) =>
    (await client.call(ExpireDelegationToken, 2, { hmac, expiryTimePeriodMs: -1 })).errorCode
  expect([await renew(bob), await renew(eve), await expire(eve)]).toEqual([0, 63, 63])
  expect([await expire(bob), await expire(bob), await renew(alice)]).toEqual([0, 62, 62])
})

test('one client cannot make so many tokens, nor such long ones, that others have none or wait', async () => {
  await using broker = await testBroker({ config })
  const [alice, bob] = [await login(broker, 'alice'), await login(broker, 'bob')]
  const { delegationTokens } = broker.running.services.topics.image.access
  const many = (count: number, name: string) => Array.from({ length: count }, (_, n) => `${name}${n}`)
  for (const renewers of [many(3000, 'x'.repeat(30_000)), many(101, 'r'), many(5, 'x'.repeat(1000))]) {
    expect((await create(alice, renewers)).errorCode).toBe(44)
  }
  expect(delegationTokens.size).toBe(0)
  const made = await Promise.all(many(1001, '').map(() => create(alice)))
  expect(made.map(({ errorCode }) => errorCode)).toEqual([...Array(1000).fill(0), 44])
  expect((await create(bob)).errorCode).toBe(0)
  expect(delegationTokens.size).toBe(1001)
  const unknown = { hmac: new Uint8Array(64), renewPeriodMs: 1 }
  expect((await bob.call(RenewDelegationToken, 2, unknown)).errorCode).toBe(62)
})

test('a token is found by its HMAC after a restart, too', async () => {
  using directory = temporaryDirectory()
  const kept = { config, directory: directory.path }
  let hmac: Uint8Array
  {
    await using broker = await testBroker(kept)
    hmac = (await create(await login(broker, 'alice'))).hmac
  }
  await using broker = await testBroker(kept)
  const renewing = (await login(broker, 'alice')).call(RenewDelegationToken, 2, { hmac, renewPeriodMs: 1000 })
  expect((await renewing).errorCode).toBe(0)
})

test('a token logs in as its owner for as long as it lasts, and cannot make others', async () => {
  await using broker = await testBroker({ config })
  const alice = await login(broker, 'alice')
  const { tokenId, hmac } = await create(alice, [], 60_000)
  const password = Buffer.from(hmac).toString('base64')
  const { client, errorCode, sessionLifetimeMs } = await loginByToken(broker, tokenId, password)
  expect(errorCode).toBe(0)
  expect(sessionLifetimeMs).toBeGreaterThan(0)
  expect(sessionLifetimeMs).toBeLessThanOrEqual(60_000)
  await client.call(Metadata, 9, { topics: [] })
  expect((await create(client)).errorCode).toBe(64)
  expect(await shownTo(client)).toBe(64)
  expect((await loginByToken(broker, tokenId, 'wrong')).errorCode).toBe(58)
  expect((await loginByToken(broker, 'nobody', password)).errorCode).toBe(58)
})

test('no token where nobody is known, for others without the right, without a key, for renewers that are no users', async () => {
  await using open = await testBroker({ config: { 'delegation.token.secret.key': 'key' } })
  expect((await create(await open.connect())).errorCode).toBe(64)
  await using disabled = await testBroker({ config: secured })
  expect((await create(await login(disabled, 'alice'))).errorCode).toBe(61)
  await using broker = await testBroker({ config })
  const alice = await login(broker, 'alice')
  const forBob = { ownerPrincipalType: 'User', ownerPrincipalName: 'bob', renewers: [], maxLifetimeMs: -1 }
  expect((await alice.call(CreateDelegationToken, 3, forBob)).errorCode).toBe(65)
  const renewers = [{ principalType: 'Group', principalName: 'g' }]
  const refused = await alice.call(CreateDelegationToken, 3, { ...nobodyElse, renewers, maxLifetimeMs: -1 })
  expect(refused).toMatchObject({ errorCode: 67, issueTimestampMs: -1, expiryTimestampMs: -1, maxTimestampMs: -1 })
})

test('expired tokens are removed every hour', async () => {
  const { broker, world } = await brokerInFakeTime({ config })
  const { delegationTokens } = broker.running.services.topics.image.access
  await create(await login(broker, 'alice'), [], 30 * 60_000)
  world.advance(29 * 60_000)
  expect(delegationTokens.size).toBe(1)
  world.advance(31 * 60_000)
  await eventually(() => delegationTokens.size === 0)
  await broker.stop()
})
