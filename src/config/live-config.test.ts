import { expect, test } from 'vitest'
import { groupConfig } from './group-config.js'
import { LiveConfig } from './live-config.js'
import { optionsLayer, resolveBrokerConfig } from './resolve.js'

const live = (values: Record<string, string> = {}) => LiveConfig.of(resolveBrokerConfig([optionsLayer(values)]).config)
const dynamic = (clusterWide: Record<string, string>, own: Record<string, string> = {}) => ({
  clusterWide: new Map(Object.entries(clusterWide)),
  own: new Map(Object.entries(own)),
})

test('of this broker, then of all, then where it was started, then the default; and back again', () => {
  const config = live({ 'message.max.bytes': '1' })
  const values = [config.get('message.max.bytes')]
  for (const set of [
    dynamic({ 'message.max.bytes': '2' }),
    dynamic({ 'message.max.bytes': '2' }, { 'message.max.bytes': '3' }),
  ]) {
    config.follow(set, [])
    values.push(config.get('message.max.bytes'))
  }
  config.follow(dynamic({}), [])
  expect([...values, config.get('message.max.bytes')]).toEqual([1, 2, 3, 1])
})

test('a listener’s own value stands before the broker’s, also for who asked for its settings before', () => {
  const config = live({ 'max.connections': '5' })
  const settings = config.forListener('PLAINTEXT')
  config.follow(dynamic({}, { 'listener.name.plaintext.max.connections': '7' }), [])
  expect([settings.get('max.connections'), config.get('max.connections')]).toEqual([7, 5])
})

test('what an older or another broker left and cannot be used counts as not set, and is told of', () => {
  const config = live()
  const { problems } = config.follow(
    dynamic({ 'log.retention.bytes': 'x', 'num.io.threads': '99', 'log.segment.bytes': '2000000' }),
    [],
  )
  expect(problems).toEqual([
    'Invalid value x for configuration log.retention.bytes: Not a number of type LONG',
    'not taken up while a broker runs: num.io.threads',
  ])
  expect([config.get('log.retention.bytes'), config.get('num.io.threads'), config.get('log.segment.bytes')]).toEqual([
    -1, 8, 2_000_000,
  ])
})

test('values that do not go together are refused', () => {
  const set = dynamic({ 'log.cleaner.min.compaction.lag.ms': '9' }, { 'log.cleaner.max.compaction.lag.ms': '8' })
  expect(live().problemOf(set)).toBe(
    'log.cleaner.min.compaction.lag.ms=9 must not be more than log.cleaner.max.compaction.lag.ms=8',
  )
})

test('observers are asked about their keys before, and told after, also of a value that was set again', async () => {
  const config = live()
  const told: string[] = []
  config.observe({
    keys: ['ssl.keystore.location'],
    problemOf: async candidate => `no store at ${candidate.forListener('SSL').get('ssl.keystore.location')}`,
    changed: () => void told.push('changed'),
  })
  const name = 'listener.name.ssl.ssl.keystore.location'
  const set = dynamic({}, { [name]: '/x' })
  expect(await config.usersProblemOf(set, ['log.retention.ms'])).toBeNull()
  expect(await config.usersProblemOf(set, [name])).toBe('no store at /x')
  config.follow(set, ['log.retention.ms'])
  expect(told).toEqual([])
  config.follow(set, [name])
  config.follow(set, [name])
  expect(told).toEqual(['changed', 'changed'])
})

test('a group’s value is brought within bounds that the broker has changed since', () => {
  const broker = live({ 'group.consumer.max.session.timeout.ms': '50000' })
  const config = groupConfig(broker, new Map([['consumer.session.timeout.ms', '60000']]))
  expect(config.get('consumer.session.timeout.ms')).toBe(50_000)
  expect(config.get('consumer.heartbeat.interval.ms')).toBe(5000)
  expect(config.get('streams.assignor.name')).toBe('sticky')
})
