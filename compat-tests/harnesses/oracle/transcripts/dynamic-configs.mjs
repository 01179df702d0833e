// Configs of resources that are no topics: brokers, loggers, groups, client metrics, and which resources have any.

const [TOPIC, BROKER, LOGGER, METRICS, GROUP] = [2, 4, 8, 16, 32]
const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3]

const changes = ops => ops.map(([name, configOperation, value]) => ({ name, configOperation, value }))
const change =
  (t, type, name) =>
  (as, ...ops) =>
    t.call(
      'IncrementalAlterConfigs',
      { resources: [{ resourceType: type, resourceName: name, configs: changes(ops) }], validateOnly: false },
      { as },
    )
const replace =
  (t, type, name) =>
  (as, ...pairs) =>
    t.call(
      'AlterConfigs',
      {
        resources: [{ resourceType: type, resourceName: name, configs: pairs.map(([key, value]) => ({ name: key, value })) }],
        validateOnly: false,
      },
      { as },
    )
const describe =
  (t, type, name) =>
  (as, keys, fits = () => true) =>
    t.until(
      'DescribeConfigs',
      {
        resources: [{ resourceType: type, resourceName: name, configurationKeys: keys }],
        includeSynonyms: true,
        includeDocumentation: false,
      },
      body => fits(Object.fromEntries((body.results?.[0]?.configs ?? []).map(one => [one.name, one.value]))),
      { as, withinMs: 2000 },
    )

export const transcripts = [
  {
    name: 'broker-configs',
    async run(t) {
      const [own, all] = [change(t, BROKER, '1'), change(t, BROKER, '')]
      const [shown, shownAll] = [describe(t, BROKER, '1'), describe(t, BROKER, '')]
      const keys = ['log.retention.bytes', 'log.cleanup.policy', 'log.roll.ms', 'log.roll.hours', 'message.max.bytes']
      await own('none')
      await shown('before', keys)
      await all('set for all', ['log.retention.bytes', SET, '1000'], ['message.max.bytes', SET, '2000000'])
      await shown('after set for all', keys, c => c['log.retention.bytes'] === '1000')
      await own('set for one', ['log.retention.bytes', SET, '2000'], ['log.roll.ms', SET, '5000000'])
      await shown('after set for one', keys, c => c['log.retention.bytes'] === '2000')
      await shownAll('of all', keys)
      await own('set again', ['log.retention.bytes', SET, '2000'])
      await own('append to an unset list', ['log.cleanup.policy', APPEND, 'compact'])
      await shown('after append', keys, c => c['log.cleanup.policy'].includes('compact'))
      await own('subtract', ['log.cleanup.policy', SUBTRACT, 'delete'])
      await shown('after subtract', keys, c => c['log.cleanup.policy'] === 'compact')
      await own('append to what is no list', ['log.retention.ms', APPEND, '1'])
      await own('subtract from what is no list', ['log.retention.ms', SUBTRACT, '1'])
      await own('append to an unknown key', ['no.such', APPEND, '1'])
      await own('append a bad element', ['log.cleanup.policy', APPEND, 'nope'])
      await own('delete what is not set', ['log.segment.bytes', DELETE, null])
      await own('delete what does not change', ['num.partitions', DELETE, null])
      await own('what does not change', ['num.partitions', SET, '2'])
      await own('what does not change and a bad value', ['num.partitions', SET, 'x'], ['log.retention.ms', SET, 'x'])
      await own('a bad value', ['log.retention.ms', SET, 'x'])
      await own('a bad value of a listener', ['listener.name.plaintext.max.connections', SET, 'x'])
      await own('out of range', ['min.insync.replicas', SET, '0'])
      await own('zero retention', ['log.retention.ms', SET, '0'])
      await own('null', ['log.retention.ms', SET, null])
      await own('a key twice', ['log.retention.ms', SET, '1'], ['log.retention.ms', DELETE, null])
      for (const op of [4, -1]) await own(`operation ${op}`, ['log.retention.ms', op, '1'])
      for (const [key, value] of [
        ['num.io.threads', '8'],
        ['log.flush.interval.ms', '9223372036854775807'],
        ['sasl.enabled.mechanisms', 'PLAIN'],
      ]) {
        await own(`not taken up: ${key}`, [key, SET, value])
        await own(`not taken up: ${key}, deleted`, [key, DELETE, null])
      }
      await own('a store without a listener', ['ssl.keystore.location', SET, '/nowhere'])
      await own('a store password without a listener', ['ssl.truststore.password', SET, 'x'], ['log.retention.ms', SET, 'x'])
      await all('of one broker: a listener’s key', ['listener.name.plaintext.ssl.keystore.location', SET, '/nowhere'])
      await all('of one broker', ['ssl.client.auth', SET, 'none'])
      await own('of a listener', ['listener.name.plaintext.max.connections', SET, '300'], ['max.connections', SET, '500'])
      const bounds = ['max.connections', 'listener.name.plaintext.max.connections']
      await shown('after a listener’s', bounds, c => c['max.connections'] === '500')
      await own('of a listener, deleted', ...bounds.map(key => [key, DELETE, null]))
      await own('an unknown key', ['no.such.key', SET, '1'], ['retention.ms', SET, '1'])
      await shown('after an unknown key', ['no.such.key', 'retention.ms'], c => c['retention.ms'] === null)
      await own('unknown keys deleted', ['no.such.key', DELETE, null], ['retention.ms', DELETE, null])
      const rates = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate']
      const rate = 'replica.alter.log.dirs.io.max.bytes.per.second'
      await own('rates of a reassignment', ...[...rates, rate].map(key => [key, SET, '1000']))
      await shown('after rates', [...rates, rate], c => c[rate] === '1000')
      await own('a bad rate', [rate, SET, '-1'])
      await own('rates deleted', ...[...rates, rate].map(key => [key, DELETE, null]))
      await shown('after rates deleted', rates, c => c[rates[0]] === undefined)
      for (const id of ['2', 'x', ' 1', '01', '+1', '-1']) {
        await change(t, BROKER, id)(`broker ${id}`)
        await describe(t, BROKER, id)(`broker ${id}`, ['num.partitions'])
      }
      await t.call(
        'IncrementalAlterConfigs',
        {
          resources: [
            { resourceType: BROKER, resourceName: '1', configs: changes([['log.retention.bytes', SET, '7']]) },
            { resourceType: BROKER, resourceName: '', configs: changes([['log.retention.bytes', SET, 'x']]) },
          ],
          validateOnly: true,
        },
        { as: 'good and bad, validate only' },
      )
      await shown('after validate only', keys)
      const replaced = replace(t, BROKER, '1')
      await replaced('replaced', ['log.roll.ms', '6000000'])
      await shown('after replaced', keys, c => c['log.roll.ms'] === '6000000')
      await replaced('replaced by null', ['log.roll.ms', null])
      await replaced('replaced by what does not change', ['num.partitions', '1'])
      await replaced('replaced by nothing')
      await all('deleted for all', ['log.retention.bytes', DELETE, null], ['message.max.bytes', DELETE, null])
      await shown('at the end', keys, c => c['log.retention.bytes'] === '-1' && c['message.max.bytes'] === '1048588')
    },
  },
  {
    name: 'broker-reconfigurations',
    async run(t) {
      const tried = [
        [['max.connections', '0']],
        [['listener.name.plaintext.max.connections', '0']],
        [['max.connection.creation.rate', '0']],
        [['listener.name.plaintext.max.connection.creation.rate', '0']],
        [['max.connections.per.ip', '0']],
        [
          ['max.connections.per.ip', '0'],
          ['max.connections.per.ip.overrides', '127.0.0.1:5'],
        ],
        [['log.cleaner.dedupe.buffer.size', '1048576']],
        [['log.cleaner.dedupe.buffer.size', '1048577']],
        ...['2', '3'].map(count => [['num.replica.fetchers', count]]),
        ...['4', '5', '20', '21'].map(count => [['remote.log.reader.threads', count]]),
        ...['copier', 'expiration', 'follower'].map(room => [[`remote.log.manager.${room}.thread.pool.size`, '21']]),
        ...['-2', '-1', '604800000', '604800001'].map(ms => [['log.local.retention.ms', ms]]),
        ...['-1', '604800000', '604800001'].map(ms => [['log.remote.copy.lag.ms', ms]]),
        ...['-1', '1000', '1001'].map(bytes => [
          ['log.retention.bytes', '1000'],
          ['log.local.retention.bytes', bytes],
        ]),
        ...['1000', '1001'].map(bytes => [
          ['log.retention.bytes', '1000'],
          ['log.remote.copy.lag.bytes', bytes],
        ]),
        ...['consumer', 'share', 'streams'].flatMap(kind =>
          ['15000', '15001'].map(ms => [[`group.${kind}.assignment.interval.ms`, ms]]),
        ),
      ]
      for (const name of ['1', '']) {
        for (const pairs of tried) {
          const resources = [
            { resourceType: BROKER, resourceName: name, configs: changes(pairs.map(([key, value]) => [key, SET, value])) },
          ]
          const as = `broker "${name}": ${pairs.map(pair => pair.join('=')).join(', ')}`
          await t.call('IncrementalAlterConfigs', { resources, validateOnly: true }, { as })
        }
      }
    },
  },
  {
    name: 'logger-configs',
    async run(t) {
      const own = change(t, LOGGER, '1')
      const shown = describe(t, LOGGER, '1')
      await own('none')
      for (const level of ['WARN', 'TRACE', 'FATAL', 'DEBUG', 'ERROR', 'INFO']) {
        await own(`root ${level}`, ['root', SET, level])
        await shown(`root ${level}`, ['root'])
      }
      for (const level of ['warn', 'OFF', 'LOUD', '', null]) await own(`root ${level}`, ['root', SET, level])
      await shown('unknown', ['no.such'])
      await own('unknown', ['no.such', SET, 'INFO'])
      await own('unknown, a bad level', ['no.such', SET, 'LOUD'])
      await own('unknown, deleted', ['no.such', DELETE, null])
      await own('root deleted', ['root', DELETE, null])
      await own('root appended', ['root', APPEND, 'INFO'])
      await own('root subtracted', ['root', SUBTRACT, 'INFO'])
      await own('operation 9', ['root', 9, 'INFO'])
      await own('root twice', ['root', SET, 'INFO'], ['root', SET, 'WARN'])
      await own('good and bad', ['root', SET, 'WARN'], ['no.such', SET, 'INFO'])
      await shown('after good and bad', ['root'])
      for (const id of ['2', '', 'x', '01']) {
        await change(t, LOGGER, id)(`node "${id}"`, ['root', SET, 'INFO'])
        await describe(t, LOGGER, id)(`node "${id}"`, ['root'])
      }
      await replace(t, LOGGER, '1')('replaced', ['root', 'INFO'])
    },
  },
  {
    name: 'group-configs',
    async run(t) {
      const g = t.name('g')
      const own = change(t, GROUP, g)
      const shown = describe(t, GROUP, g)
      await shown('of no group', null)
      await shown('some keys', ['consumer.session.timeout.ms', 'no.such'])
      await own('none')
      await own('set', ['consumer.session.timeout.ms', SET, '50000'])
      await shown('after set', null, c => c['consumer.session.timeout.ms'] === '50000')
      const values = {
        'consumer.session.timeout.ms': ['x', '0', '10', '44999', '60000', '60001'],
        'consumer.heartbeat.interval.ms': ['0', '4999', '15000', '15001', '46000'],
        'consumer.assignment.interval.ms': ['-1', '0', '15001'],
        'consumer.assignor.offload.enable': ['x', 'false'],
        'share.session.timeout.ms': ['10', '61000', '50000'],
        'share.heartbeat.interval.ms': ['1', '16000'],
        'share.record.lock.duration.ms': ['999', '14999', '15000', '60001'],
        'share.partition.max.record.locks': ['99', '100', '4001'],
        'share.delivery.count.limit': ['1', '2', '11'],
        'share.auto.offset.reset': ['earliest', 'none', 'by_duration:PT1H', 'by_duration:-PT1H', 'by_duration:1h', 'EARLIEST'],
        'share.isolation.level': ['read_committed', 'x', 'READ_COMMITTED'],
        'share.renew.acknowledge.enable': ['false', 'x'],
        'streams.session.timeout.ms': ['1', '50000'],
        'streams.initial.rebalance.delay.ms': ['-1', '0'],
        'streams.num.standby.replicas': ['-1', '2', '3'],
        'streams.num.warmup.replicas': ['21', '20'],
        'streams.task.offset.interval.ms': ['14999', '15000'],
        'streams.assignor.name': ['x', 'sticky'],
        'streams.rack.aware.assignment.tags': ['a,b', 'a,,b', 'a,a', ''],
        'errors.deadletterqueue.topic.name': ['x', ''],
        'errors.deadletterqueue.copy.record.enable': ['true', 'x'],
      }
      for (const [key, all] of Object.entries(values)) {
        for (const value of all) await own(`${key} ${value}`, [key, SET, value])
      }
      await shown('after all', null, c => c['errors.deadletterqueue.copy.record.enable'] === 'true')
      await own('unknown key', ['no.such', SET, '1'])
      await own('unknown key deleted', ['no.such', DELETE, null])
      await own('append to a number', ['consumer.session.timeout.ms', APPEND, '1'])
      await own('append to a list', ['streams.rack.aware.assignment.tags', APPEND, 'z'])
      await own('subtract from a list', ['streams.rack.aware.assignment.tags', SUBTRACT, 'z'])
      await own('null', ['consumer.session.timeout.ms', SET, null])
      await own('good and bad', ['consumer.session.timeout.ms', SET, '55000'], ['share.isolation.level', SET, 'x'])
      await shown('after good and bad', ['consumer.session.timeout.ms'])
      await change(t, GROUP, '')('no name', ['consumer.session.timeout.ms', SET, '50000'])
      await describe(t, GROUP, '')('no name', null)
      await replace(t, GROUP, g)('replaced', ['share.session.timeout.ms', '51000'])
      await shown(
        'after replaced',
        null,
        c => c['share.session.timeout.ms'] === '51000' && c['share.isolation.level'] !== 'read_committed',
      )
      await replace(t, GROUP, g)('replaced by an unknown key', ['no.such', '1'])
      await replace(t, GROUP, g)('replaced by nothing')
      await shown('at the end', null, c => c['share.session.timeout.ms'] === '45000')
    },
  },
  {
    name: 'client-metrics-configs',
    async run(t) {
      const m = t.name('m')
      const own = change(t, METRICS, m)
      const shown = describe(t, METRICS, m)
      await shown('of no subscription', null)
      await own('none')
      const match = 'client_id=a.*,client_source_port=9'
      await own('set', ['metrics', SET, 'org.a.,org.b.'], ['interval.ms', SET, '1000'], ['match', SET, match])
      await shown('after set', null, c => c['interval.ms'] === '1000')
      const values = {
        'interval.ms': ['99', '100', '3600000', '3600001', 'x', ''],
        match: [
          'a=b',
          'client_id',
          'client_id=',
          'client_id=(',
          'client_id=a=b',
          '',
          'client_id=a,client_id=b',
          'client_id = a',
          ',',
        ],
        metrics: ['*', '', 'a,,b', 'a,a', ' a , b '],
      }
      for (const [key, all] of Object.entries(values)) {
        for (const value of all) await own(`${key} "${value}"`, [key, SET, value])
      }
      await own('two wrong', ['interval.ms', SET, '9'], ['match', SET, 'x'])
      await own('unknown key', ['no.such', SET, '1'])
      await own('unknown key and a bad value', ['no.such', SET, '1'], ['interval.ms', SET, 'x'])
      await own('unknown key deleted', ['no.such', DELETE, null])
      await own('append to a list', ['metrics', APPEND, 'c'])
      await own('subtract from a number', ['interval.ms', SUBTRACT, '1'])
      await own('null', ['metrics', SET, null])
      await change(t, METRICS, '')('no name', ['metrics', SET, 'x'])
      await describe(t, METRICS, '')('no name', null)
      await replace(t, METRICS, m)('replaced', ['metrics', 'z'])
      await shown('after replaced', null, c => c.metrics === 'z' && c['interval.ms'] === '300000')
      await replace(t, METRICS, m)('replaced by nothing')
      await shown('at the end', null, c => c.metrics === '')
    },
  },
  {
    name: 'list-config-resources',
    api: 'ListConfigResources',
    async run(t) {
      const topic = await t.topic('a')
      const [g, m] = [t.name('lg'), t.name('lm')]
      await change(t, GROUP, g)('group', ['share.isolation.level', SET, 'read_committed'])
      await change(t, METRICS, m)('client metrics', ['metrics', SET, 'a'])
      const isOurs = ({ resourceType, resourceName }) =>
        [BROKER, LOGGER].includes(resourceType) || [g, m, topic.name].includes(resourceName)
      const view = body => ({ ...body, configResources: body.configResources?.filter(isOurs) })
      const list = (as, resourceTypes, fits = () => true) =>
        t.until('ListConfigResources', t.v === 0 ? {} : { resourceTypes }, fits, { as, withinMs: 2000, view })
      const has = name => body => body.configResources.some(one => one.resourceName === name)
      await list('all', [], has(m))
      for (const type of [TOPIC, BROKER, LOGGER, METRICS, GROUP, 0, 1, 64, -1]) await list(`type ${type}`, [type])
      await list('two types', [TOPIC, METRICS])
      await list('a type twice', [BROKER, BROKER])
      await list('a good one and a bad one', [TOPIC, 99])
      await replace(t, GROUP, g)('group without configs')
      await replace(t, METRICS, m)('client metrics without configs')
      await list('after they are gone', [], body => !has(m)(body))
    },
  },
]
