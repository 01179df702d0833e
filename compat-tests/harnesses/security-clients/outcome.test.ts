import { expect, test } from 'vitest'
import { leaks, repeatedLines } from './log-lines.js'
import { differenceOf, newComparison, type Outcome, outcomesOf } from './outcome.js'

const refused: Outcome = { outcome: 'refused', tookMs: 300, error: 'AuthenticationError', connections: 1, pauseMs: 0 }

test('another error, more connections and a later end are differences; chance is none', () => {
  expect(differenceOf(refused, refused)).toBeNull()
  expect(differenceOf({ ...refused, error: 'NetworkError' }, refused)).toMatch(/^error: Gregor NetworkError · Kafka Auth/)
  expect(differenceOf({ ...refused, outcome: 'done' }, refused)).toMatch(/^outcome: Gregor done/)
  expect(differenceOf({ ...refused, connections: 2 }, refused)).toMatch(/^connections: /)
  expect(differenceOf({ ...refused, tookMs: 1301 }, refused)).toMatch(/^milliseconds: /)
  expect(differenceOf({ ...refused, tookMs: 1300 }, { ...refused, connections: 1 })).toBeNull()
})

test('who tries for ever may be refused sooner and so more often, but waits as long before it tries again', () => {
  const untiring = { ...refused, connections: 20, pauseMs: 100 }
  expect(differenceOf({ ...untiring, connections: 40, pauseMs: 90 }, untiring)).toBeNull()
  expect(differenceOf({ ...untiring, connections: 40, pauseMs: 20 }, untiring)).toMatch(/^connections: Gregor 40, 20 ms apart/)
})

test('of a client with chance in it one pair that is the same is enough, and none is a difference', () => {
  const late: Outcome = { ...refused, outcome: 'late', error: '' }
  const comparison = newComparison()
  expect(comparison.difference).toBe('not tried')
  comparison.add(refused, late)
  expect(comparison.difference).toMatch(/^outcome: Gregor refused/)
  comparison.add(late, { ...refused, outcome: 'nothing' })
  expect(comparison.difference).toBeNull()
  expect(differenceOf(refused, { ...refused, outcome: 'done' })).toBe('before Kafka this client is let in')
})

test('a client’s lines are read without ports and times', () => {
  const line = 'mTLS\trefused\t12\tcannot reach 127.0.0.1:4711 (after 33ms in state X)\n'
  expect([...outcomesOf(line)]).toEqual([
    ['mTLS', { outcome: 'refused', tookMs: 12, error: 'cannot reach 127.0.0.1:PORT (after TIME in state X)' }],
  ])
})

test('a line that comes twice in ten seconds, and one with a secret, are found', () => {
  const line = (time: number, reason: string) => JSON.stringify({ time, remoteAddress: '127.0.0.1', reason, msg: 'refused' })
  const log = [line(0, 'a'), line(5_000, 'b'), line(9_999, 'a'), line(15_000, 'b'), 'no JSON', '{"msg":"of no client"}']
  expect(repeatedLines(log)).toEqual(['9999 ms after another: refused 127.0.0.1 a'])
  expect(leaks([...log, line(1, 'password hush')], ['hush'])).toHaveLength(1)
})
