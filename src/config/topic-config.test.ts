import { describe, expect, expectTypeOf, it } from 'vitest'
import { describeBrokerConfig, describeTopicConfig } from './describe.js'
import type { ConfigKey } from './key.js'
import { brokerKeyNames, brokerKeys } from './keys.js'
import { optionsLayer, resolveBrokerConfig } from './resolve.js'
import { topicConfig, validateTopicConfig } from './topic-config.js'
import { topicKeyNames } from './topic-keys.js'

const broker = (values: Record<string, string> = {}) => resolveBrokerConfig([optionsLayer(values)]).config
const invalid = (overrides: Record<string, string | null>, values: Record<string, string> = {}) =>
  validateTopicConfig(broker(values), Object.entries(overrides))

describe('topicConfig', () => {
  it('takes the override, then the broker, then the default', () => {
    const config = topicConfig(broker({ 'message.max.bytes': '2000', 'log.segment.bytes': '2000000' }), {
      'max.message.bytes': '3000',
    })
    expectTypeOf(config.get('max.message.bytes')).toEqualTypeOf<number>()
    expectTypeOf(config.get('message.timestamp.type')).toEqualTypeOf<'CreateTime' | 'LogAppendTime'>()
    expect(config.get('max.message.bytes')).toBe(3000)
    expect(config.get('segment.bytes')).toBe(2_000_000)
    expect(config.get('cleanup.policy')).toEqual(['delete'])
  })

  it('converts broker keys that count in hours and minutes, the finer one winning', () => {
    expect(topicConfig(broker(), {}).get('segment.ms')).toBe(604_800_000)
    expect(topicConfig(broker({ 'log.retention.hours': '2' }), {}).get('retention.ms')).toBe(7_200_000)
    expect(topicConfig(broker({ 'log.retention.hours': '2', 'log.retention.minutes': '3' }), {}).get('retention.ms')).toBe(
      180_000,
    )
    expect(topicConfig(broker({ 'log.retention.hours': '-1' }), {}).get('retention.ms')).toBe(-1)
    expect(topicConfig(broker({ 'log.roll.ms': '5', 'log.roll.hours': '9' }), {}).get('segment.ms')).toBe(5)
  })

  it('reads a stored override that is no longer readable, or no longer known, as not set', () => {
    const config = topicConfig(
      broker(),
      new Map([
        ['segment.bytes', '1'],
        ['message.format.version', '2.8'],
      ]),
    )
    expect(config.get('segment.bytes')).toBe(1_073_741_824)
    expect(config.textOf('segment.bytes')).toBeNull()
  })
})

describe('validateTopicConfig refuses with Kafka’s messages', () => {
  it.each([
    [{ 'segment.bytes': '1000' }, 'Invalid value 1000 for configuration segment.bytes: Value must be at least 1048576'],
    [{ 'segment.bytes': 'abc' }, 'Invalid value abc for configuration segment.bytes: Not a number of type INT'],
    [{ 'cleanup.policy': 'none' }, 'Invalid value none for configuration cleanup.policy: String must be one of: compact, delete'],
    [
      { 'compression.type': 'GZIP' },
      'Invalid value GZIP for configuration compression.type: String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer',
    ],
    [
      { 'compression.gzip.level': '0' },
      'Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1',
    ],
    [
      { 'min.cleanable.dirty.ratio': '1.5' },
      'Invalid value 1.5 for configuration min.cleanable.dirty.ratio: Value must be no more than 1',
    ],
    [{ preallocate: 'yes' }, 'Invalid value yes for configuration preallocate: Expected value to be either true or false'],
    [{ foo: '1' }, 'Unknown topic config name: foo'],
    [{ __proto__x: '1' }, 'Unknown topic config name: __proto__x'],
    [{ constructor: '1' }, 'Unknown topic config name: constructor'],
    [{ 'retention.ms': null }, 'Null value not supported for topic configs: retention.ms'],
    [
      { 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '5' },
      'conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)',
    ],
  ])('%j', (overrides, message) => expect(invalid(overrides as Record<string, string | null>)).toBe(message))

  it('what cannot be honoured at all: tiered storage', () => {
    expect(invalid({ 'remote.storage.enable': 'true' })).toMatch(/^Tiered Storage functionality is disabled/)
    expect(invalid({ 'remote.storage.enable': 'false' })).toBeNull()
  })

  it('throttled replicas that are neither pairs nor the wildcard', () => {
    expect(invalid({ 'leader.replication.throttled.replicas': 'abc' })).toMatch(/must be the literal '\*' or a list/)
    expect(invalid({ 'leader.replication.throttled.replicas': '0:1,1:2' })).toBeNull()
    expect(invalid({ 'leader.replication.throttled.replicas': '*' })).toBeNull()
  })

  it('nothing that Kafka accepts', () => {
    expect(invalid({ 'cleanup.policy': 'delete, compact', 'segment.bytes': ' +2000000 ', preallocate: 'TRUE' })).toBeNull()
    expect(invalid({ 'cleanup.policy': '', 'retention.ms': '9223372036854775807' })).toBeNull()
  })
})

it('a topic is not told that it is synced where nothing is', () => {
  const asked = { 'flush.messages': '1' }
  expect(invalid(asked, { 'gregor.durability': 'os' })).toMatch(/^flush.messages: with gregor.durability=os nothing is synced/)
  expect(invalid(asked)).toBeNull()
  expect(invalid({ 'flush.messages': '9223372036854775807' }, { 'gregor.durability': 'os' })).toBeNull()
})

describe('DescribeConfigs', () => {
  it('shows what Kafka calls internal only where it is set', () => {
    const shown = describeTopicConfig(topicConfig(broker(), { 'internal.segment.bytes': '100' }), ['internal.segment.bytes'])
    expect(shown).toMatchObject([{ name: 'internal.segment.bytes', value: '100', configSource: 1 }])
  })

  it('lists every key, with type and documentation', () => {
    const topic = describeTopicConfig(topicConfig(broker(), {}), null)
    expect(topic.map(config => config.name)).toEqual(topicKeyNames.filter(name => name !== 'internal.segment.bytes'))
    const shown = brokerKeyNames.filter(name => !(brokerKeys[name] as ConfigKey<unknown>).hidden)
    expect(describeBrokerConfig(broker(), []).map(config => config.name)).toEqual(shown)
    expect(topic.every(config => config.documentation !== '' && config.configType > 0 && !config.readOnly)).toBe(true)
  })

  it('shows a topic override before the broker’s setting before the default', () => {
    const config = topicConfig(broker({ 'message.max.bytes': '2000' }), { 'max.message.bytes': '3000' })
    expect(describeTopicConfig(config, ['max.message.bytes', 'no.such.key'])).toMatchObject([
      {
        name: 'max.message.bytes',
        value: '3000',
        configSource: 1,
        isDefault: false,
        configType: 3,
        synonyms: [
          { name: 'max.message.bytes', value: '3000', source: 1 },
          { name: 'message.max.bytes', value: '2000', source: 4 },
          { name: 'message.max.bytes', value: '1048588', source: 5 },
        ],
      },
    ])
  })

  it('gives a topic value in its own unit; where the broker has only a weaker name, its source is the default', () => {
    expect(describeTopicConfig(topicConfig(broker({ 'log.roll.hours': '2' }), {}), ['segment.ms'])).toMatchObject([
      { value: '7200000', configSource: 5, synonyms: [] },
    ])
    const both = broker({ 'log.roll.hours': '2', 'log.roll.ms': '5' })
    expect(describeTopicConfig(topicConfig(both, {}), ['segment.ms'])).toMatchObject([
      {
        value: '5',
        configSource: 4,
        synonyms: [
          { name: 'log.roll.ms', value: '5', source: 4 },
          { name: 'log.roll.hours', value: '2', source: 4 },
          { name: 'log.roll.hours', value: '168', source: 5 },
        ],
      },
    ])
  })

  it('spells values as Kafka does', () => {
    const values = Object.fromEntries(
      describeTopicConfig(topicConfig(broker(), {}), null).map(({ name, value }) => [name, value]),
    )
    expect(values).toMatchObject({
      'cleanup.policy': 'delete',
      'flush.ms': '9223372036854775807',
      'min.cleanable.dirty.ratio': '0.5',
      'leader.replication.throttled.replicas': '',
      preallocate: 'false',
    })
  })

  it('marks broker keys read-only that cannot be changed while the broker runs', () => {
    const [partitions, rollMs, message] = describeBrokerConfig(broker({ 'num.partitions': '3' }), [
      'num.partitions',
      'message.max.bytes',
      'log.roll.ms',
    ])
    expect(partitions).toMatchObject({ value: '3', readOnly: true, configSource: 4, isDefault: false })
    expect(rollMs).toMatchObject({ name: 'log.roll.ms', value: null, configSource: 5, synonyms: [] })
    expect(message).toMatchObject({ name: 'message.max.bytes', readOnly: false, configSource: 5, isDefault: true })
  })
})
