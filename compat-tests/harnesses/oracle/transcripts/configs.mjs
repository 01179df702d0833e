// Configs: described and altered, in both ways.

const TOPIC = 2
const BROKER = 4
const configsOf = body => Object.fromEntries((body.results?.[0]?.configs ?? []).map(x => [x.name, x]))

// What a topic has been given itself, after it looks as expected.
const overrides = (t, topic, as, fits = () => true) =>
  t.until(
    'DescribeConfigs',
    { resources: [{ resourceType: TOPIC, resourceName: topic, configurationKeys: null }] },
    body => fits(configsOf(body)),
    {
      as,
      withinMs: 600,
      view: body => ({
        ...body,
        results: body.results?.map(r => ({ ...r, configs: r.configs.filter(c => c.configSource === 1) })),
      }),
    },
  )

export const transcripts = [
  {
    name: 'describe-configs',
    api: 'DescribeConfigs',
    async run(t) {
      const a = await t.topic('a', { configs: { 'retention.ms': '1000', 'cleanup.policy': 'compact' } })
      const describe = (as, resources, rest = {}) =>
        t.call('DescribeConfigs', { resources, includeSynonyms: false, includeDocumentation: false, ...rest }, { as })
      const one = (resourceType, resourceName, configurationKeys = null) => ({ resourceType, resourceName, configurationKeys })
      await describe('none', [])
      await describe('topic', [one(TOPIC, a.name)])
      await describe('topic, some keys', [one(TOPIC, a.name, ['retention.ms', 'segment.bytes'])])
      await describe('topic, unknown keys', [one(TOPIC, a.name, ['no.such.key', 'retention.ms'])])
      await describe('topic, a key twice', [one(TOPIC, a.name, ['retention.ms', 'retention.ms'])])
      await describe('topic, no keys', [one(TOPIC, a.name, [])])
      await describe('topic twice', [one(TOPIC, a.name, ['retention.ms']), one(TOPIC, a.name, ['segment.ms'])])
      await describe('unknown topic', [one(TOPIC, t.name('u'))])
      await describe('bad topic name', [one(TOPIC, 'b/d')])
      await describe('empty topic name', [one(TOPIC, '')])
      await describe('broker', [one(BROKER, '1')])
      await describe('broker, some keys', [
        one(BROKER, '1', ['num.partitions', 'log.retention.hours', 'log.retention.ms', 'message.max.bytes']),
      ])
      await describe('default broker', [one(BROKER, '')])
      await describe('unknown broker', [one(BROKER, '7')])
      await describe('broker that is no number', [one(BROKER, 'x')])
      await describe('broker with a space', [one(BROKER, ' 1')])
      await describe('broker -1', [one(BROKER, '-1')])
      for (const type of [0, 1, 3, 8, 16, 32, 64, -1, 127]) await describe(`type ${type}`, [one(type, '1')])
      await describe('topic and broker and unknown', [
        one(TOPIC, a.name, ['retention.ms']),
        one(BROKER, '1', ['num.partitions']),
        one(TOPIC, t.name('u')),
      ])
      if (t.v >= 1) {
        await describe('topic with synonyms', [one(TOPIC, a.name)], { includeSynonyms: true })
        await describe('broker with synonyms', [one(BROKER, '1')], { includeSynonyms: true })
      }
      if (t.v >= 3) {
        await describe('topic with documentation', [one(TOPIC, a.name, ['retention.ms', 'cleanup.policy'])], {
          includeDocumentation: true,
        })
        await describe('broker with documentation', [one(BROKER, '1', ['num.partitions'])], { includeDocumentation: true })
      }
    },
  },
  {
    name: 'alter-configs',
    api: 'AlterConfigs',
    async run(t) {
      const a = await t.topic('a', { configs: { 'segment.ms': '5000' } })
      const b = await t.topic('b')
      const alter = (as, resources, rest = {}) => t.call('AlterConfigs', { resources, validateOnly: false, ...rest }, { as })
      const topic = (name, ...pairs) => ({
        resourceType: TOPIC,
        resourceName: name,
        configs: pairs.map(([name, value]) => ({ name, value })),
      })
      await alter('none', [])
      await alter('validate only', [topic(a.name, ['retention.ms', '7'])], { validateOnly: true })
      await overrides(t, a.name, 'after validate only')
      await alter('one', [topic(a.name, ['retention.ms', '7'])])
      await overrides(t, a.name, 'after one: the rest is gone', c => c['retention.ms'].value === '7')
      await alter('null value', [topic(a.name, ['retention.ms', null])])
      await overrides(t, a.name, 'after null')
      await alter('unknown key', [topic(a.name, ['no.such', '7'])])
      await alter('bad value', [topic(a.name, ['retention.ms', 'x'])])
      await alter('empty value', [topic(a.name, ['retention.ms', ''])])
      await alter('list', [topic(a.name, ['cleanup.policy', 'compact,delete'])])
      await overrides(t, a.name, 'after list', c => c['cleanup.policy'].value === 'compact,delete')
      await alter('a key twice', [topic(a.name, ['retention.ms', '8'], ['retention.ms', '9'])])
      await overrides(t, a.name, 'after twice', c => c['retention.ms'].value === '9')
      await alter('resource twice', [topic(a.name, ['retention.ms', '8']), topic(a.name, ['segment.ms', '9'])])
      await alter('no keys', [topic(b.name)])
      await alter('two topics', [topic(a.name, ['retention.ms', '10']), topic(b.name, ['retention.ms', '10'])])
      await overrides(t, b.name, 'after two', c => c['retention.ms'].value === '10')
      await alter('good and bad', [topic(a.name, ['retention.ms', '11']), topic(b.name, ['retention.ms', 'x'])])
      await overrides(t, a.name, 'after good and bad', c => c['retention.ms'].value === '11')
      await alter('unknown topic', [topic(t.name('u'), ['retention.ms', '7'])])
      await alter('bad topic', [topic('b/d', ['retention.ms', '7'])])
      await alter('empty topic', [topic('', ['retention.ms', '7'])])
      await alter('empty key', [topic(a.name, ['', '7'])])
      for (const type of [0, 1, 3, 8, 16, 32, 64, -1, 127])
        await alter(`type ${type}`, [{ resourceType: type, resourceName: t.name('x'), configs: [] }])
      await alter('unknown broker', [
        { resourceType: BROKER, resourceName: '7', configs: [{ name: 'log.retention.ms', value: '1' }] },
      ])
      await alter('broker that is no number', [
        { resourceType: BROKER, resourceName: 'x', configs: [{ name: 'log.retention.ms', value: '1' }] },
      ])
      await alter(
        'broker, validate only',
        [{ resourceType: BROKER, resourceName: '1', configs: [{ name: 'log.retention.ms', value: '1' }] }],
        { validateOnly: true },
      )
    },
  },
  {
    name: 'incremental-alter-configs',
    api: 'IncrementalAlterConfigs',
    async run(t) {
      const a = await t.topic('a', { configs: { 'segment.ms': '5000' } })
      const b = await t.topic('b')
      const alter = (as, resources, rest = {}) =>
        t.call('IncrementalAlterConfigs', { resources, validateOnly: false, ...rest }, { as })
      const topic = (name, ...ops) => ({
        resourceType: TOPIC,
        resourceName: name,
        configs: ops.map(([name, configOperation, value]) => ({ name, configOperation, value })),
      })
      const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3]
      await alter('none', [])
      await alter('no keys', [topic(a.name)])
      await alter('set, validate only', [topic(a.name, ['retention.ms', SET, '7'])], { validateOnly: true })
      await overrides(t, a.name, 'after validate only')
      await alter('set', [topic(a.name, ['retention.ms', SET, '7'])])
      await overrides(t, a.name, 'after set', c => c['retention.ms'].value === '7')
      await alter('delete', [topic(a.name, ['retention.ms', DELETE, null])])
      await overrides(t, a.name, 'after delete', c => c['retention.ms'].configSource !== 1)
      await alter('delete with a value', [topic(a.name, ['segment.ms', DELETE, '4'])])
      await overrides(t, a.name, 'after delete with a value', c => c['segment.ms'].configSource !== 1)
      await alter('delete what is not set', [topic(a.name, ['retention.bytes', DELETE, null])])
      await alter('delete unknown key', [topic(a.name, ['no.such', DELETE, null])])
      await alter('set unknown key', [topic(a.name, ['no.such', SET, '1'])])
      await alter('append unknown key', [topic(a.name, ['no.such', APPEND, '1'])])
      await alter('subtract unknown key', [topic(a.name, ['no.such', SUBTRACT, '1'])])
      await alter('set null', [topic(a.name, ['retention.ms', SET, null])])
      await alter('append null', [topic(a.name, ['cleanup.policy', APPEND, null])])
      await alter('subtract null', [topic(a.name, ['cleanup.policy', SUBTRACT, null])])
      await alter('set empty', [topic(a.name, ['retention.ms', SET, ''])])
      await alter('bad value', [topic(a.name, ['retention.ms', SET, 'x'])])
      await alter('out of range', [topic(a.name, ['retention.ms', SET, '-2'])])
      await alter('append to a long', [topic(a.name, ['retention.ms', APPEND, '1'])])
      await alter('subtract from a long', [topic(a.name, ['retention.ms', SUBTRACT, '1'])])
      await alter('append to an unset list', [topic(a.name, ['cleanup.policy', APPEND, 'compact'])])
      await overrides(t, a.name, 'after append', c => c['cleanup.policy'].configSource === 1)
      await alter('append again', [topic(a.name, ['cleanup.policy', APPEND, 'compact'])])
      await overrides(t, a.name, 'after append again')
      await alter('subtract', [topic(a.name, ['cleanup.policy', SUBTRACT, 'delete'])])
      await overrides(t, a.name, 'after subtract', c => c['cleanup.policy'].value === 'compact')
      await alter('subtract what is not there', [topic(a.name, ['cleanup.policy', SUBTRACT, 'delete'])])
      await overrides(t, a.name, 'after subtract of nothing')
      await alter('subtract the last', [topic(a.name, ['cleanup.policy', SUBTRACT, 'compact'])])
      await overrides(t, a.name, 'after subtract of the last')
      await alter('append a bad element', [topic(a.name, ['cleanup.policy', APPEND, 'nope'])])
      await alter('append two', [topic(b.name, ['cleanup.policy', APPEND, 'compact,delete'])])
      await overrides(t, b.name, 'after append two', c => c['cleanup.policy'].configSource === 1)
      await alter('set a list with spaces', [topic(b.name, ['cleanup.policy', SET, 'compact, delete'])])
      await overrides(t, b.name, 'after spaces', c => c['cleanup.policy'].value.includes(' '))
      await alter('throttle append', [topic(b.name, ['leader.replication.throttled.replicas', APPEND, '0:1'])])
      await alter('throttle append 2', [topic(b.name, ['leader.replication.throttled.replicas', APPEND, '1:1'])])
      await overrides(t, b.name, 'after throttle', c => c['leader.replication.throttled.replicas'].value === '0:1,1:1')
      for (const op of [4, -1, 127]) await alter(`operation ${op}`, [topic(a.name, ['retention.ms', op, '1'])])
      await alter('a key twice', [topic(a.name, ['retention.ms', SET, '8'], ['retention.ms', SET, '9'])])
      await alter('a key set and deleted', [topic(a.name, ['retention.ms', SET, '8'], ['retention.ms', DELETE, null])])
      await alter('resource twice', [topic(a.name, ['retention.ms', SET, '8']), topic(a.name, ['segment.ms', SET, '9'])])
      await alter('good and bad topics', [topic(a.name, ['retention.ms', SET, '11']), topic(b.name, ['retention.ms', SET, 'x'])])
      await overrides(t, a.name, 'after good and bad', c => c['retention.ms'].value === '11')
      await alter('good and bad keys', [topic(a.name, ['retention.ms', SET, '12'], ['retention.bytes', SET, 'x'])])
      await overrides(t, a.name, 'after good and bad keys')
      await alter('unknown topic', [topic(t.name('u'), ['retention.ms', SET, '7'])])
      await alter('unknown topic, validate only', [topic(t.name('u'), ['retention.ms', SET, '7'])], { validateOnly: true })
      await alter('bad topic', [topic('b/d', ['retention.ms', SET, '7'])])
      await alter('empty topic', [topic('', ['retention.ms', SET, '7'])])
      await alter('empty key', [topic(a.name, ['', SET, '7'])])
      await alter('broker override of topic key', [topic(a.name, ['log.retention.ms', SET, '7'])])
      await alter('min above max lag', [topic(a.name, ['min.compaction.lag.ms', SET, '7'], ['max.compaction.lag.ms', SET, '5'])])
      await alter('remote storage on', [topic(a.name, ['remote.storage.enable', SET, 'true'])])
      for (const type of [0, 1, 3, 8, 16, 32, 64, -1, 127])
        await alter(`type ${type}`, [{ resourceType: type, resourceName: t.name('x'), configs: [] }])
      const broker = (name, key, op, value) => [
        { resourceType: BROKER, resourceName: name, configs: [{ name: key, configOperation: op, value }] },
      ]
      await alter('unknown broker', broker('7', 'log.retention.ms', SET, '1'))
      await alter('broker that is no number', broker('x', 'log.retention.ms', SET, '1'))
      await alter('broker, read-only key', broker('1', 'log.dirs', SET, '/tmp'))
      await alter('broker, validate only', broker('1', 'log.retention.ms', SET, '1000'), { validateOnly: true })
    },
  },
]
