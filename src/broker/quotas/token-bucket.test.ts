import { expect, test } from 'vitest'
import { usualWindows } from '../../base/sampled-rate.js'
import { TokenBucket } from './token-bucket.js'

test('a bucket starts with eleven seconds of its rate, and refills to that', () => {
  const bucket = new TokenBucket(usualWindows)
  bucket.take(55, 5, 0)
  expect(bucket.debtMs(5, 0)).toBe(0)
  bucket.take(1, 5, 0)
  expect(bucket.debtMs(5, 0)).toBe(200)
  expect(bucket.debtMs(5, 1_000_000)).toBe(0)
  bucket.take(56, 5, 1_000_000)
  expect(bucket.debtMs(5, 1_000_000)).toBe(200)
})
test('a debt is paid at the rate that holds now', () => {
  const bucket = new TokenBucket(usualWindows)
  bucket.take(560, 5, 0)
  expect(bucket.debtMs(5, 0)).toBe(101_000)
  expect(bucket.debtMs(10, 0)).toBe(50_500)
  expect(bucket.debtMs(10, 500)).toBe(50_000)
})
test('a lower rate takes away what is beyond its burst', () => {
  const bucket = new TokenBucket(usualWindows)
  bucket.take(0, 100, 0)
  bucket.take(12, 1, 0)
  expect(bucket.debtMs(1, 0)).toBe(1000)
})
