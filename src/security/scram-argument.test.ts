import { expect, test } from 'vitest'
import { hash } from '../base/crypto.js'
import { credentialOf, parseScramUser, type ScramUser } from './scram-argument.js'

const random = (size: number) => new Uint8Array(size).fill(7)

test('a name and a password make a credential; so does a password that is salted already', async () => {
  const alice = parseScramUser('SCRAM-SHA-256=[name=alice,password=alice-secret]') as ScramUser
  expect(alice).toMatchObject({ name: 'alice', iterations: 4096, secret: { password: 'alice-secret' } })
  const credential = await credentialOf(alice, random)
  expect([credential.salt, credential.storedKey.byteLength]).toEqual([random(26), 32])
  const salted = Buffer.from(hash('sha512', random(1))).toString('base64')
  const bob = parseScramUser(
    `SCRAM-SHA-512=[name="bob, too",saltedpassword="${salted}",salt="AAAA",iterations=8192]`,
  ) as ScramUser
  expect(bob).toMatchObject({ name: 'bob, too', iterations: 8192 })
  expect((await credentialOf(bob, random)).storedKey.byteLength).toBe(64)
})

test.each([
  ['SCRAM-SHA-1=[name=alice,password=x]', 'takes SCRAM-SHA-256=['],
  ['SCRAM-SHA-256=[password=hush]', 'name is missing'],
  ['SCRAM-SHA-256=[name=alice]', 'either password or saltedpassword'],
  ['SCRAM-SHA-256=[name=alice,password=hush,saltedpassword=x]', 'either password or saltedpassword'],
  ['SCRAM-SHA-256=[name=alice,saltedpassword=hush]', 'needs its salt'],
  ['SCRAM-SHA-256=[name=alice,password=hush,iterations=1]', 'iterations must be 4096 to 16384'],
  ['SCRAM-SHA-256=[name=alice,name=bob,password=hush]', 'name is given twice'],
  ['SCRAM-SHA-256=[name=alice,pass=hush]', 'there is no pass'],
  ['SCRAM-SHA-256=[name=alice,password="hush]', 'values with commas in double quotes'],
])('%s is refused, without the password: %s', (text, problem) => {
  const refusal = parseScramUser(text)
  expect(refusal).toContain(problem)
  expect(refusal).not.toContain('hush')
})
