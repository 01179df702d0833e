import { expect, test } from 'vitest'
import { utf8Encode } from '../base/bytes.js'
import { EncodedAnswers } from './encoded-answers.js'

test('an answer is encoded once for each state of the cluster, also for those who ask meanwhile', async () => {
  const answers = new EncodedAnswers()
  let encoded = 0
  const ask = (key: string, revision: number) => answers.of(key, revision, async () => utf8Encode(String(++encoded)))
  const [first, second] = [ask('v9', 1), ask('v9', 1)]
  expect(await first).toBe(await second)
  expect(await ask('v9', 1)).toBe(await first)
  expect(encoded).toBe(1)
  await ask('v12', 1)
  await ask('v9', 2)
  expect(encoded).toBe(3)
})

test('one that failed, or is too long to keep, is encoded again', async () => {
  const answers = new EncodedAnswers()
  await expect(answers.of('k', 1, () => Promise.reject(new Error('too long')))).rejects.toThrow('too long')
  expect(answers.size).toBe(0)
  await answers.of('k', 1, async () => new Uint8Array(17 * 1024 * 1024))
  expect(answers.size).toBe(0)
})

test('so many are kept, and no more', async () => {
  const answers = new EncodedAnswers()
  for (let n = 0; n < 20; n++) await answers.of(`k${n}`, 1, async () => new Uint8Array(1))
  expect(answers.size).toBe(8)
})
