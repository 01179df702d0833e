import { expect, it } from 'vitest'
import { httpBroker } from '../http.test-support.js'

it('users are made, changed and deleted; nothing of a password is shown', async () => {
  await using broker = await httpBroker()
  const put = (name: string, body: unknown) => broker.ask(`/api/v1/users/${name}`, { method: 'PUT', body })
  expect((await put('alice', { password: 'one' })).status).toBe(204)
  expect((await put('alice', { password: 'two', mechanism: 'SCRAM-SHA-256', iterations: 8192 })).status).toBe(204)
  expect((await put('a%2Fb%20c', { password: 'three' })).status).toBe(204)
  const sha512 = { mechanism: 'SCRAM-SHA-512', iterations: 4096 }
  const alice = { name: 'alice', credentials: [{ mechanism: 'SCRAM-SHA-256', iterations: 8192 }, sha512] }
  expect(await broker.json('/api/v1/users')).toEqual({ users: [{ name: 'a/b c', credentials: [sha512] }, alice] })
  expect(await broker.broker.logins.login('alice', 'two')).not.toBeNull()
  expect(await broker.broker.logins.login('alice', 'three')).toBeNull()

  const remove = (path: string) => broker.ask(`/api/v1/users/${path}`, { method: 'DELETE' })
  expect((await remove('alice?mechanism=SCRAM-SHA-256')).status).toBe(204)
  expect((await remove('alice?mechanism=SCRAM-SHA-256')).status).toBe(404)
  expect((await remove('alice')).status).toBe(204)
  expect((await remove('nobody')).status).toBe(404)
  expect(await broker.json('/api/v1/users')).toEqual({ users: [{ name: 'a/b c', credentials: [sha512] }] })
})
