import fc from 'fast-check'
import { expect, test } from 'vitest'
import { talk } from './exchange.test-support.js'
import { plain } from './plain.js'

const passwords = new Map([
  ['alice', 'secret'],
  ['bö', 'pä,ß'],
])
const mechanism = plain(name => passwords.get(name) ?? null)
const say = (message: string) => talk(mechanism)(message)
const told = async (message: string) => (await say(message)).told

test('who knows the password is let in, also with its own name as authorization id', async () => {
  const done = { kind: 'done', token: '', lifetimeMs: null }
  expect(await say('\0alice\0secret')).toEqual({ ...done, principal: { type: 'User', name: 'alice' } })
  expect(await say('bö\0bö\0pä,ß')).toEqual({ ...done, principal: { type: 'User', name: 'bö' } })
})

test('an unknown user is told what a wrong password is told', async () => {
  const wrong = 'Authentication failed: Invalid username or password'
  for (const password of ['', 'Secret', 'secret ', 'secret\u0000'.slice(0, 5)]) {
    if (password !== '') expect(await told(`\0alice\0${password}`)).toBe(wrong)
    if (password !== '') expect(await told(`\0mallory\0${password}`)).toBe(wrong)
  }
  expect(await told('\0mallory\0secret.')).toBe(wrong)
  // Names that every object has.
  expect(await told('\0constructor\0x')).toBe(wrong)
})

test("the client learns in Kafka's words what is missing", async () => {
  expect(await told('alice')).toBe('Invalid SASL/PLAIN response: expected 3 tokens, got 1')
  expect(await told('\0alice\0secret\0\0\0')).toBe('Invalid SASL/PLAIN response: expected 3 tokens, got 4')
  expect(await told('\0\0secret')).toBe('Authentication failed: username not specified')
  expect(await told('\0alice\0')).toBe('Authentication failed: password not specified')
})

test('nobody acts for another, and that is told only to who knows the password', async () => {
  const other = 'Authentication failed: Client requested an authorization id that is different from username'
  expect(await told('admin\0alice\0secret')).toBe(other)
  expect(await told('admin\0alice\0wrong')).toBe('Authentication failed: Invalid username or password')
})

test('whatever is sent: only a right pair is let in, and no reason holds the password', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), fc.string({ minLength: 3 }), async (authorizationId, name, password) => {
      const step = await say(`${authorizationId}\0${name}\0${password}`)
      expect(step.kind).toBe(passwords.get(name) === password && [name, ''].includes(authorizationId) ? 'done' : 'failed')
      if (step.kind === 'failed' && !/[a-zA-Z ]/.test(password)) expect(String(step.reason)).not.toContain(password)
    }),
  )
})
