import { expect, test } from 'vitest'
import { LiveConfig } from './live-config.js'
import { optionsLayer, resolveBrokerConfig } from './resolve.js'

const live = (values: Record<string, string> = {}) => LiveConfig.of(resolveBrokerConfig([optionsLayer(values)]).config)
const own = (values: Record<string, string>) => ({ clusterWide: new Map<string, string>(), own: new Map(Object.entries(values)) })
const forAll = (values: Record<string, string>) => ({
  clusterWide: new Map(Object.entries(values)),
  own: new Map<string, string>(),
})

const noAddress = 'max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.'

// Refused by Kafka 4.4, too, and not at the start.
test.each<[Record<string, string>, string | null]>([
  [{ 'max.connections': '0' }, 'Invalid max.connections 0'],
  [{ 'listener.name.plaintext.max.connections': '0' }, 'Invalid max.connections 0'],
  [{ 'max.connection.creation.rate': '0' }, 'Invalid max.connection.creation.rate 0'],
  [{ 'listener.name.plaintext.max.connection.creation.rate': '0' }, 'Invalid max.connection.creation.rate 0'],
  [{ 'max.connections.per.ip': '0' }, noAddress],
  [{ 'max.connections.per.ip': '0', 'max.connections.per.ip.overrides': '127.0.0.1:5' }, null],
  [{ 'log.cleaner.dedupe.buffer.size': '1048576' }, 'log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.'],
  [{ 'log.cleaner.dedupe.buffer.size': '1048577' }, null],
  [
    { 'num.replica.fetchers': '3' },
    'Dynamic thread count update validation failed for num.replica.fetchers=3, value should not be greater than double the current ' +
      'value 1',
  ],
  [
    { 'remote.log.reader.threads': '4' },
    'Dynamic thread count update validation failed for remote.log.reader.threads=4, value should be at least half the current value 10',
  ],
  [{ 'remote.log.reader.threads': '5' }, null],
  [
    { 'log.local.retention.ms': '-1' },
    'Invalid value -1 for configuration log.local.retention.ms: Value must not be -1 as log.retention.ms value is set as 604800000.',
  ],
  [
    { 'log.retention.bytes': '1000', 'log.local.retention.bytes': '2000' },
    'Invalid value 2000 for configuration log.local.retention.bytes: Value must not be more than log.retention.bytes property ' +
      'value: 1000',
  ],
  [
    { 'log.retention.ms': '1000', 'log.remote.copy.lag.ms': '1001' },
    'Invalid value 1001 for configuration log.remote.copy.lag.ms: Value must not exceed log.local.retention.ms (effective value: 1000)',
  ],
  [{ 'log.retention.ms': '-1', 'log.remote.copy.lag.ms': '1001' }, null],
  [
    { 'group.share.assignment.interval.ms': '15001' },
    'group.share.assignment.interval.ms=15001 must not be more than group.share.max.assignment.interval.ms=15000',
  ],
])('what Kafka’s users of a key refuse while a broker runs: %j', (values, problem) => {
  expect(live().problemOf(own(values))).toBe(problem)
  if (!Object.keys(values).some(name => name.startsWith('listener.'))) expect(live().problemOf(forAll(values))).toBe(problem)
})

test('threads are counted from what is in force, so that steps lead anywhere, also over a restart', () => {
  const config = live()
  config.follow(own({ 'num.replica.fetchers': '2' }), ['num.replica.fetchers'])
  expect(config.problemOf(own({ 'num.replica.fetchers': '4' }))).toBeNull()
  const restarted = live()
  expect(restarted.follow(own({ 'num.replica.fetchers': '4' }), []).problems).toEqual([])
  expect(restarted.get('num.replica.fetchers')).toBe(4)
})

test('what an earlier version wrote down and lets nobody in counts as not set, so that it can be taken back', () => {
  const config = live({ 'max.connections.per.ip': '7' })
  const { problems } = config.follow(
    own({ 'max.connections': '0', 'listener.name.plaintext.max.connections': '0', 'max.connections.per.ip': '0' }),
    [],
  )
  expect(problems).toEqual(['Invalid max.connections 0', 'Invalid max.connections 0', noAddress])
  expect(config.get('max.connections.per.ip')).toBe(7)
  expect(config.textOf('max.connections.per.ip')).toBe('7')
  expect(config.forListener('PLAINTEXT').get('max.connections')).toBe(2 ** 31 - 1)
  expect(config.problemOf(own({}))).toBeNull()
})
