/** Users by wire: set, described, removed; what is set counts at the next login. */
import { expect, test } from 'vitest'
import { utf8Encode } from '../../base/bytes.js'
import { hash, pbkdf2 } from '../../base/crypto.js'
import { AlterUserScramCredentials } from '../../protocol/messages/alter-user-scram-credentials.js'
import { DescribeUserScramCredentials } from '../../protocol/messages/describe-user-scram-credentials.js'
import { type TestClient, temporaryDirectory, testBroker } from '../test-client.test-support.js'

async function upsertion(name: string, mechanism = 1, iterations = 4096) {
  const salt = hash('sha256', utf8Encode(name))
  const saltedPassword = await pbkdf2(mechanism === 2 ? 'sha512' : 'sha256', utf8Encode('secret'), salt, iterations)
  return { name, mechanism, iterations, salt, saltedPassword }
}

async function alter(client: TestClient, ...upsertions: Awaited<ReturnType<typeof upsertion>>[]) {
  const { results } = await client.call(AlterUserScramCredentials, 0, { deletions: [], upsertions })
  return results.map(({ user, errorCode }) => [user, errorCode])
}

async function remove(client: TestClient, ...names: string[]) {
  const deletions = names.map(name => ({ name, mechanism: 1 }))
  const { results } = await client.call(AlterUserScramCredentials, 0, { deletions, upsertions: [] })
  return results.map(({ user, errorCode }) => [user, errorCode])
}

async function describe(client: TestClient, users: string[] | null) {
  const named = users?.map(name => ({ name })) ?? null
  const { results } = await client.call(DescribeUserScramCredentials, 0, { users: named })
  return results.map(({ user, errorCode, credentialInfos }) => [
    user,
    errorCode,
    ...credentialInfos.map(({ mechanism, iterations }) => `${mechanism}:${iterations}`),
  ])
}

test('users are set, described and removed, and are there after a restart', async () => {
  using directory = temporaryDirectory()
  {
    await using broker = await testBroker({ directory: directory.path })
    const client = await broker.connect()
    expect(await describe(client, null)).toEqual([])
    expect(await alter(client, await upsertion('alice'), await upsertion('bob', 2, 8192))).toEqual([
      ['alice', 0],
      ['bob', 0],
    ])
    expect(await alter(client, await upsertion('alice', 2))).toEqual([['alice', 0]])
  }
  await using broker = await testBroker({ directory: directory.path })
  const client = await broker.connect()
  expect(await describe(client, [])).toEqual([
    ['alice', 0, '1:4096', '2:4096'],
    ['bob', 0, '2:8192'],
  ])
  expect(await remove(client, 'alice', 'bob')).toEqual([
    ['alice', 0],
    ['bob', 91],
  ])
  expect(await describe(client, ['alice', 'eve', 'bob', 'bob'])).toEqual([
    ['alice', 0, '2:4096'],
    ['eve', 91],
    ['bob', 92],
  ])
})

test('a user who is named twice, an unknown mechanism and too few iterations are refused, each for itself', async () => {
  await using broker = await testBroker()
  const client = await broker.connect()
  const upsertions = [
    await upsertion('alice'),
    await upsertion('alice', 2),
    { ...(await upsertion('bob')), mechanism: 3 },
    await upsertion('carol', 1, 4095),
    await upsertion('dave', 1, 16_384),
  ]
  expect(await alter(client, ...upsertions)).toEqual([
    ['dave', 0],
    ['alice', 92],
    ['bob', 33],
    ['carol', 93],
  ])
})

test('without the right nothing is told', async () => {
  const authorizer = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
  await using broker = await testBroker({ config: { 'authorizer.class.name': authorizer } })
  const client = await broker.connect()
  expect(await client.call(DescribeUserScramCredentials, 0, { users: null })).toMatchObject({ errorCode: 31, results: [] })
  expect(await alter(client, await upsertion('alice'))).toEqual([['alice', 31]])
})
