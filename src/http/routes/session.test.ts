import { describe, expect, it } from 'vitest'
import { TestClient } from '../../broker/test-client.test-support.js'
import { fakeWorld } from '../../testing/fake-world.js'
import { type Answer, type HttpBroker, type HttpBrokerOptions, httpBroker } from '../http.test-support.js'

const secured: HttpBrokerOptions = {
  config: {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:admin;User:ANONYMOUS',
    'connection.failed.authentication.delay.ms': '0',
  },
  addScram: ['SCRAM-SHA-256=[name=admin,password=admin-secret]', 'SCRAM-SHA-512=[name=alice,password=alice-secret]'],
}
const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
})
const login = (broker: HttpBroker, username: string, password: string) =>
  broker.ask('/api/v1/session', { body: { username, password } })
const cookieOf = ({ headers }: Answer) => ({ cookie: headers['set-cookie']?.[0]?.split(';')[0] as string })

describe('a broker with an authorizer', () => {
  it('answers nothing of its API without a login, and says how', async () => {
    await using broker = await httpBroker(secured)
    const { status, json, headers } = await broker.ask('/api/v1/topics')
    expect([status, (json as { error: { type: string } }).error.type]).toEqual([401, 'LOGIN_REQUIRED'])
    expect(headers['www-authenticate']).toMatch(/^Basic /)
    // A browser would open a window of its own.
    expect(
      (await broker.ask('/api/v1/topics', { headers: { 'sec-fetch-site': 'same-origin' } })).headers['www-authenticate'],
    ).toBeUndefined()
    expect(await broker.json('/api/v1/session')).toEqual({ principal: null, needsLogin: true, mayWrite: true })
  })

  it('knows the users of SCRAM by their passwords, with each request or by a cookie that no script reads', async () => {
    await using broker = await httpBroker(secured)
    expect((await broker.ask('/api/v1/topics', { headers: basic('admin', 'admin-secret') })).status).toBe(200)
    const answer = await login(broker, 'alice', 'alice-secret')
    expect(answer.json).toEqual({ principal: 'User:alice', needsLogin: true, mayWrite: true })
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^gregor_[\w-]+=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    )
    const headers = cookieOf(answer)
    expect(await broker.json('/api/v1/session', { headers })).toMatchObject({ principal: 'User:alice' })
    expect((await broker.ask('/api/v1/session', { method: 'DELETE', headers })).status).toBe(204)
    expect((await broker.ask('/api/v1/topics', { headers })).status).toBe(401)
  })

  it.each([
    ['alice', 'admin-secret'],
    ['nobody', 'alice-secret'],
    ['alice', ''],
    ['', ''],
    ['alice:x', 'alice-secret'],
  ])('%s with "%s" is not let in', async (name, password) => {
    await using broker = await httpBroker(secured)
    expect((await broker.ask('/api/v1/topics', { headers: basic(name, password) })).status).toBe(401)
    expect([400, 401]).toContain((await login(broker, name, password)).status)
  })

  it('looks at right passwords while wrong ones wait for their answer', async () => {
    const config = { ...secured.config, 'connection.failed.authentication.delay.ms': '2000' }
    await using broker = await httpBroker({ ...secured, config })
    const wrong = Array.from({ length: 8 }, () => login(broker, 'alice', 'wrong'))
    const right = async () => (await login(broker, 'alice', 'alice-secret')).status
    await expect.poll(right, { timeout: 1500 }).toBe(200)
    expect(new Set((await Promise.all(wrong)).map(({ status }) => status))).toEqual(new Set([401]))
  })

  it('ends a session with its password, and with its time', async () => {
    const world = fakeWorld()
    await using broker = await httpBroker({ ...secured, world })
    const headers = cookieOf(await login(broker, 'alice', 'alice-secret'))
    expect(await broker.json('/api/v1/session', { headers })).toMatchObject({ principal: 'User:alice' })
    const other = { mechanism: 'SCRAM-SHA-512', password: 'other-secret' }
    const admin = basic('admin', 'admin-secret')
    await broker.json('/api/v1/users/alice', { method: 'PUT', headers: admin, body: other })
    expect(await broker.json('/api/v1/session', { headers })).toMatchObject({ principal: null })
    const fresh = cookieOf(await login(broker, 'alice', 'other-secret'))
    expect(await broker.json('/api/v1/session', { headers: fresh })).toMatchObject({ principal: 'User:alice' })
    world.advance(12 * 60 * 60 * 1000)
    expect(await broker.json('/api/v1/session', { headers: fresh })).toMatchObject({ principal: null })
  })

  it('lets each do what its ACLs allow, and see no more than a Kafka client', async () => {
    await using broker = await httpBroker(secured)
    const admin = basic('admin', 'admin-secret')
    const alice = basic('alice', 'alice-secret')
    for (const name of ['mine', 'theirs']) await broker.json('/api/v1/topics', { headers: admin, body: { name } })
    const acl = {
      resourceType: 'topic',
      resourceName: 'mine',
      patternType: 'literal',
      principal: 'User:alice',
      host: '*',
      permission: 'allow',
    }
    for (const operation of ['describe', 'read'])
      await broker.json('/api/v1/acls', { headers: admin, body: { ...acl, operation } })
    const { rows } = await broker.json<{ rows: { name: string; sizeBytes: number | null }[] }>('/api/v1/topics', {
      headers: alice,
    })
    expect(rows).toMatchObject([{ name: 'mine', sizeBytes: null }])
    expect((await broker.ask('/api/v1/topics/mine/records', { headers: alice })).status).toBe(200)
    const refused = async (method: string, path: string, body?: unknown) => {
      const { status, json } = await broker.ask(path, { method, headers: alice, ...(body === undefined ? {} : { body }) })
      return [status, (json as { error: { type: string } }).error.type]
    }
    expect(await refused('POST', '/api/v1/topics/mine/records', { records: [{}] })).toEqual([403, 'TOPIC_AUTHORIZATION_FAILED'])
    expect(await refused('DELETE', '/api/v1/topics/mine')).toEqual([403, 'TOPIC_AUTHORIZATION_FAILED'])
    expect(await refused('GET', '/api/v1/topics/theirs')).toEqual([403, 'TOPIC_AUTHORIZATION_FAILED'])
    expect(await refused('POST', '/api/v1/topics', { name: 'more' })).toEqual([403, 'TOPIC_AUTHORIZATION_FAILED'])
    expect(await refused('GET', '/api/v1/acls')).toEqual([403, 'CLUSTER_AUTHORIZATION_FAILED'])
  })
})

it('users of PLAIN log in as well', async () => {
  const config = {
    ...secured.config,
    listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
    'sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.sasl_plaintext.plain.sasl.jaas.config':
      'org.apache.kafka.common.security.plain.PlainLoginModule required user_bob="bob-secret";',
  }
  await using broker = await httpBroker({ config })
  expect(await broker.json('/api/v1/session', { headers: basic('bob', 'bob-secret') })).toMatchObject({ principal: 'User:bob' })
  expect((await broker.ask('/api/v1/session', { headers: basic('bob', 'x') })).status).toBe(401)
})

it('without protection everyone is anonymous, here as by Kafka’s protocol', async () => {
  await using broker = await httpBroker()
  expect(await broker.json('/api/v1/session')).toEqual({ principal: 'User:ANONYMOUS', needsLogin: false, mayWrite: true })
})

it('the network may look, and change nothing unless it was said', async () => {
  await using reading = await httpBroker({ config: { 'gregor.http.listener': '0.0.0.0:0' } })
  expect(await reading.json('/api/v1/session')).toMatchObject({ mayWrite: false })
  const { status, json } = await reading.ask('/api/v1/topics', { body: { name: 't' } })
  expect([status, (json as { error: { type: string } }).error.type]).toEqual([403, 'READ_ONLY'])
  await using writing = await httpBroker({ config: { 'gregor.http.listener': '0.0.0.0:0', 'gregor.http.allow.writes': 'true' } })
  expect((await writing.ask('/api/v1/topics', { body: { name: 't' } })).status).toBe(200)
  const client = await TestClient.connect(writing.broker.listeners[0]?.port as number)
  expect(await client.topicNames()).toEqual(['t'])
  client.close()
})
