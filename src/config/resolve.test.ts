import { describe, expect, expectTypeOf, it, test } from 'vitest'
import { describeBrokerConfig } from './describe.js'
import { environmentLayer } from './environment.js'
import { type ConfigKey, formatValue, longMax, parseValue } from './key.js'
import { brokerKeyNames, brokerKeys } from './keys.js'
import { ConfigError, optionsLayer, propertiesLayer, resolveBrokerConfig } from './resolve.js'
import { topicKeyNames, topicKeys } from './topic-keys.js'

const problemsOf = (values: Record<string, string>): readonly string[] => {
  try {
    resolveBrokerConfig([optionsLayer(values)])
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('the tables', () => {
  const rows: [string, ConfigKey<unknown>][] = [
    ...brokerKeyNames.map((name): [string, ConfigKey<unknown>] => [name, brokerKeys[name]]),
    ...topicKeyNames.map((name): [string, ConfigKey<unknown>] => [name, topicKeys[name]]),
  ]
  it.each(rows)('the default of %s is a value that the key itself accepts', (name, row) => {
    const text = formatValue(row, row.default)
    if (text !== null) expect(parseValue(name, row, text)).toEqual({ value: row.default, text })
  })

  it('every broker key behind a topic key exists', () => {
    const named = topicKeyNames.flatMap(name => (topicKeys[name] as ConfigKey<unknown>).brokerKeys ?? [])
    expect(named.filter(name => !Object.hasOwn(brokerKeys, name))).toEqual([])
  })
})

describe('resolveBrokerConfig', () => {
  it('gives typed defaults when no source says anything', () => {
    const { config, warnings } = resolveBrokerConfig([])
    expectTypeOf(config.get('num.partitions')).toEqualTypeOf<number>()
    expectTypeOf(config.get('log.roll.ms')).toEqualTypeOf<number | null>()
    expectTypeOf(config.get('gregor.durability')).toEqualTypeOf<'fsync' | 'os'>()
    expectTypeOf(config.get('log.cleanup.policy')).toEqualTypeOf<readonly ('compact' | 'delete')[]>()
    expectTypeOf(config.get('auto.create.topics.enable')).toEqualTypeOf<boolean>()
    expect(warnings).toEqual([])
    expect(config.get('num.partitions')).toBe(1)
    expect(config.get('group.initial.rebalance.delay.ms')).toBe(100)
    expect(config.get('log.roll.ms')).toBeNull()
    expect(config.get('log.message.timestamp.before.max.ms')).toBe(longMax)
    expect(config.textOf('num.partitions')).toBeNull()
    expect(config.dataDirectory).toBe('./data')
    expect(config.listeners).toEqual([
      { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '127.0.0.1', port: 9092, advertised: null },
    ])
  })

  it('ranks the command line over the environment over the file', () => {
    const { config } = resolveBrokerConfig([
      optionsLayer({ 'num.partitions': '3' }),
      environmentLayer({ KAFKA_NUM_PARTITIONS: '4', KAFKA_FETCH_MAX_BYTES: '2048' }),
      propertiesLayer('server.properties', 'num.partitions=5\nfetch.max.bytes=4096\nmax.connections=7'),
    ])
    expect(config.get('num.partitions')).toBe(3)
    expect(config.get('fetch.max.bytes')).toBe(2048)
    expect(config.get('max.connections')).toBe(7)
    expect(config.textOf('max.connections')).toBe('7')
  })

  it('names key, value, origin and allowed range of every bad value at once', () => {
    const layers = [optionsLayer({ 'num.partitions': '0' }), environmentLayer({ KAFKA_GREGOR_DURABILITY: 'never' })]
    expect(() => resolveBrokerConfig(layers)).toThrow(
      'Invalid value 0 for configuration num.partitions: Value must be at least 1 (from --config num.partitions; allowed: at least 1)\n' +
        'Invalid value never for configuration gregor.durability: String must be one of: fsync, os ' +
        '(from KAFKA_GREGOR_DURABILITY; allowed: fsync, os)',
    )
  })

  it('warns of an unknown key and says what a topic key is called for the whole broker', () => {
    const { warnings } = resolveBrokerConfig([optionsLayer({ 'retention.ms': '1', 'no.such.key': '1', constructor: 'x' })])
    expect(warnings).toEqual([
      'Unknown configuration retention.ms (from --config retention.ms): it is a topic config: its broker-wide default is log.retention.ms',
      'Unknown configuration no.such.key (from --config no.such.key): it is ignored; docs/config.md lists every key',
      'Unknown configuration constructor (from --config constructor): it is ignored; docs/config.md lists every key',
    ])
  })

  it('takes broker.id for node.id, in any source, and prefers node.id in the same one', () => {
    expect(resolveBrokerConfig([optionsLayer({ 'broker.id': '7' })]).config.get('node.id')).toBe(7)
    expect(resolveBrokerConfig([optionsLayer({ 'broker.id': '7', 'node.id': '8' })]).config.get('node.id')).toBe(8)
  })

  it('takes several data directories, of which the first has the metadata unless another is named for it', () => {
    const configOf = (values: Record<string, string>) => resolveBrokerConfig([optionsLayer(values)]).config
    expect(configOf({ 'log.dirs': '/a,/b', 'log.dir': '/c' })).toMatchObject({
      dataDirectory: '/a',
      dataDirectories: ['/a', '/b'],
    })
    expect(configOf({ 'log.dirs': '/a,/b', 'metadata.log.dir': '/m' }).dataDirectory).toBe('/m')
    const { config } = resolveBrokerConfig([environmentLayer({ KAFKA_LOG_DIRS: '/var/lib/kafka/a,/var/lib/kafka/b' })])
    expect(config.dataDirectories).toEqual(['/var/lib/kafka/a', '/var/lib/kafka/b'])
    expect(problemsOf({ 'log.dirs': '/a,/b/,/b' })).toEqual(['log.dirs: /b is named twice'])
    expect(problemsOf({ 'log.dirs': '' })).toHaveLength(1)
  })

  it('refuses to cordon what is no data directory', () => {
    expect(problemsOf({ 'log.dirs': '/a,/b', 'cordoned.log.dirs': '/c' })).toEqual([
      'requirement failed: All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries : /c',
    ])
    expect(problemsOf({ 'log.dirs': '/a,/b', 'cordoned.log.dirs': '*,/a' })).toHaveLength(1)
    expect(problemsOf({ 'log.dirs': '/a,/b', 'cordoned.log.dirs': '/b' })).toEqual([])
  })

  it('refuses transactions in two phases, which it does not have', () => {
    expect(problemsOf({ 'transaction.two.phase.commit.enable': 'true' })).toEqual([
      'transaction.two.phase.commit.enable: there is no two-phase commit (KIP-939) in this version; take the key out',
    ])
    expect(problemsOf({ 'transaction.two.phase.commit.enable': 'false' })).toEqual([])
  })

  it('refuses assignors and policies of consumer groups that there are not', () => {
    expect(problemsOf({ 'group.consumer.assignors': 'uniform,com.example.Own' })).toEqual([
      'group.consumer.assignors: com.example.Own is neither uniform nor range; an assignor of your own would be a Java class',
    ])
    expect(problemsOf({ 'group.consumer.assignors': 'org.apache.kafka.coordinator.group.assignor.RangeAssignor' })).toEqual([])
    expect(problemsOf({ 'group.consumer.migration.policy': 'sideways' })).toEqual([
      'group.consumer.migration.policy: sideways is none of bidirectional, upgrade, downgrade, disabled',
    ])
    expect(problemsOf({ 'group.consumer.migration.policy': 'UPGRADE' })).toEqual([])
  })

  it('refuses a lower bound above its upper bound', () => {
    expect(problemsOf({ 'group.min.session.timeout.ms': '10', 'group.max.session.timeout.ms': '9' })).toEqual([
      'group.min.session.timeout.ms=10 must not be more than group.max.session.timeout.ms=9',
    ])
  })
})

describe('the environment', () => {
  it('maps names as the apache/kafka image does and leaves its Java settings out', () => {
    const { entries } = environmentLayer({
      KAFKA_LOG_SEGMENT_BYTES: '1048576',
      KAFKA_A___B__C: 'x',
      KAFKA_HEAP_OPTS: '-Xmx1G',
      PATH: '/bin',
      KAFKA_UNSET: undefined,
    })
    expect([...entries.keys()]).toEqual(['log.segment.bytes', 'a-b_c'])
  })

  it('listens on every interface for advertised listeners that come without listeners', () => {
    const { config } = resolveBrokerConfig([environmentLayer({ KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://kafka:9094' })])
    expect(config.listeners).toEqual([
      { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '0.0.0.0', port: 9094, advertised: { host: 'kafka', port: 9094 } },
    ])
  })
})

describe('a key that protects', () => {
  it.each([
    ['create.topic.policy.class.name', 'com.example.Policy'],
    ['ssl.provider', 'BCFIPS'],
    ['ssl.engine.factory.class', 'com.example.Engines'],
    ['ssl.keystore.filename', 'kafka.jks'],
    ['sasl.kerberos.service.name', 'kafka'],
    ['delegation.token.master.key', 'secret'],
    ['listener.name.plaintext.ssl.provider', 'BCFIPS'],
    ['listener.name.external.gssapi.sasl.jaas.config', 'x required;'],
    ['listener.name.external.plain.ssl.keystore.location', 'x'],
    ['listener.name.external.principal.builder.class', 'com.example.Builder'],
  ])('%s refuses the start: it is never ignored', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([
      `${name} (from --config ${name}) asks for protection that this version cannot give: it has no Kerberos, no ` +
        'policies and no Java classes. Take it out to run without.',
    ])
  })

  it('is taken where it asks for nothing', () => {
    const nothing = {
      'authorizer.class.name': '',
      'security.inter.broker.protocol': 'PLAINTEXT',
      'connections.max.reauth.ms': '0',
      'principal.builder.class': 'org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder',
      'ssl.endpoint.identification.algorithm': '',
    }
    expect(problemsOf(nothing)).toEqual([])
  })

  const authorizer = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
  const nothingAllowed = `there is no authorizer, so everyone may do everything. Set authorizer.class.name=${authorizer}, or take the key`

  it('for an authorizer needs one, and there is just one', () => {
    const settings = { 'super.users': 'User:admin', 'allow.everyone.if.no.acl.found': 'false' }
    expect(problemsOf({ 'authorizer.class.name': authorizer, ...settings })).toEqual([])
    expect(problemsOf(settings)).toEqual([
      `super.users: ${nothingAllowed} out to run without`,
      `allow.everyone.if.no.acl.found: ${nothingAllowed} out to run without`,
    ])
    expect(problemsOf({ 'authorizer.class.name': 'com.example.Authorizer' })).toEqual([
      `authorizer.class.name: Gregor has one authorizer, ${authorizer}, and does not load com.example.Authorizer`,
    ])
  })

  it('is refused from the environment, too', () => {
    const layer = environmentLayer({ KAFKA_SSL_KEYSTORE_FILENAME: 'kafka.jks', KAFKA_SUPER_USERS: 'User:admin' })
    expect(() => resolveBrokerConfig([layer])).toThrow(/super\.users: there is no authorizer/)
    expect(() => resolveBrokerConfig([layer])).toThrow(/ssl\.keystore\.filename/)
  })
})

describe('keys of one listener', () => {
  const layer = {
    listeners: 'PLAINTEXT://:1,EXTERNAL://:2,SSL://:3',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,EXTERNAL:SSL,SSL:SSL,CONTROLLER:SSL',
    'controller.listener.names': 'CONTROLLER',
    'ssl.client.auth': 'requested',
    'ssl.keystore.password': 'buried gold',
    'listener.name.external.ssl.client.auth': 'required',
    'listener.name.controller.ssl.client.auth': 'none',
  }

  it('stand before the broker’s, for that listener alone', () => {
    const { config, warnings } = resolveBrokerConfig([optionsLayer(layer)])
    expect(warnings).toEqual([])
    const [external, other] = [config.forListener('EXTERNAL'), config.forListener('SSL')]
    expect([external.get('ssl.client.auth'), other.get('ssl.client.auth')]).toEqual(['required', 'requested'])
    expect([external.nameOf('ssl.client.auth'), other.nameOf('ssl.client.auth')]).toEqual([
      'listener.name.external.ssl.client.auth',
      'ssl.client.auth',
    ])
    expect([external.isOwn('ssl.client.auth'), external.isOwn('ssl.keystore.password')]).toEqual([true, false])
    expect(external.get('ssl.keystore.password')).toBe('buried gold')
  })

  it('are ranked by their sources as all keys are', () => {
    const stronger = optionsLayer({ 'listener.name.EXTERNAL.ssl.client.auth': 'none' })
    const { config } = resolveBrokerConfig([stronger, optionsLayer(layer)])
    expect(config.forListener('EXTERNAL').get('ssl.client.auth')).toBe('none')
    const { config: fromImage } = resolveBrokerConfig([
      environmentLayer({ KAFKA_LISTENER_NAME_EXTERNAL_SSL_CLIENT_AUTH: 'requested' }),
      optionsLayer(layer),
    ])
    expect(fromImage.forListener('EXTERNAL').get('ssl.client.auth')).toBe('requested')
  })

  it('of a listener that is not there are refused: they would protect nothing', () => {
    expect(problemsOf({ ...layer, 'listener.name.outside.ssl.client.auth': 'required' })).toEqual([
      'listener.name.outside.ssl.client.auth: there is no such listener; listeners names PLAINTEXT, EXTERNAL, SSL, CONTROLLER',
    ])
  })

  it('have bad values named with their whole names', () => {
    expect(problemsOf({ ...layer, 'listener.name.ssl.ssl.client.auth': 'maybe' })).toEqual([
      'Invalid value maybe for configuration listener.name.ssl.ssl.client.auth: String must be one of: none, requested, required ' +
        '(from --config listener.name.ssl.ssl.client.auth; allowed: none, requested, required)',
    ])
  })

  it('are described; secrets are not, neither theirs nor the broker’s', () => {
    const own = { ...layer, 'listener.name.external.ssl.key.password': 'hidden treasure' }
    const { config } = resolveBrokerConfig([optionsLayer(own)])
    const described = describeBrokerConfig(config, null)
    const find = (name: string) => described.find(each => each.name === name)
    expect(find('listener.name.external.ssl.client.auth')).toMatchObject({
      value: 'required',
      isSensitive: false,
      configSource: 4,
    })
    for (const name of ['ssl.keystore.password', 'listener.name.external.ssl.key.password']) {
      expect(find(name)).toMatchObject({ value: null, isSensitive: true, configSource: 4, configType: 9 })
    }
    expect(JSON.stringify(described)).not.toMatch(/gold|treasure/)
    expect(config.textOf('ssl.keystore.password')).toBe('[hidden]')
  })
})

describe('bounds on connections', () => {
  it('may be given for a listener alone', () => {
    const broker = { listeners: 'PLAINTEXT://:1,SSL://:2', 'max.connections': '10', 'max.connection.creation.rate': '5' }
    const own = { 'listener.name.ssl.max.connections': '3', 'listener.name.ssl.max.connection.creation.rate': '2' }
    const { config } = resolveBrokerConfig([optionsLayer({ ...broker, ...own })])
    const of = (name: string) => [
      config.forListener(name).get('max.connections'),
      config.forListener(name).get('max.connection.creation.rate'),
    ]
    expect([of('PLAINTEXT'), of('SSL')]).toEqual([
      [10, 5],
      [3, 2],
    ])
  })

  it('of single hosts are HOST:NUMBER', () => {
    const key = 'max.connections.per.ip.overrides'
    expect(problemsOf({ [key]: 'host-1.example:100, 127.0.0.1:0,[::1]:5,fe80::1%eth0:7,' })).toEqual([])
    for (const wrong of ['127.0.0.1', 'host:', ':5', 'host:-1', 'ho st:5', 'host:x', 'a:1;b:2']) {
      expect(problemsOf({ [key]: wrong })).toEqual([`${key}: "${wrong}" is not HOST:NUMBER, such as 127.0.0.1:200`])
    }
  })

  // Kafka’s texts.
  it('of one address may be zero only beside those of single hosts', () => {
    expect(problemsOf({ 'max.connections.per.ip': '0' })).toEqual([
      'max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.',
    ])
    expect(problemsOf({ 'max.connections.per.ip': '0', 'max.connections.per.ip.overrides': 'localhost:5' })).toEqual([])
  })

  it('leave time to tell who has not authenticated', () => {
    const delay = { 'connection.failed.authentication.delay.ms': '1000' }
    expect(problemsOf({ ...delay, 'connections.max.idle.ms': '1000' })).toEqual([
      'connection.failed.authentication.delay.ms=1000 should always be less than connections.max.idle.ms=1000 to prevent failed ' +
        'authentication responses from timing out',
    ])
    expect(problemsOf({ ...delay, 'connections.max.idle.ms': '-1' })).toEqual([])
  })
})

describe('the protocol between brokers', () => {
  it('must be one that a listener speaks', () => {
    const ssl = { listeners: 'PLAINTEXT://:1,SSL://:2', 'security.inter.broker.protocol': 'SSL' }
    expect(problemsOf({ ...ssl, 'sasl.mechanism.inter.broker.protocol': 'PLAIN' })).toEqual([])
    expect(problemsOf({ ...ssl, 'security.inter.broker.protocol': 'SASL_SSL' })).toEqual([
      'security.inter.broker.protocol: no listener speaks SASL_SSL; add one to listeners, or take the key out',
    ])
    expect(problemsOf({ ...ssl, 'inter.broker.listener.name': 'SSL' })).toEqual([
      'Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.',
    ])
  })
})

describe('lists', () => {
  it('have no empty elements, and name the one that is wrong', () => {
    const refused = (text: string) => parseValue('cleanup.policy', topicKeys['cleanup.policy'], text)
    expect(refused('compact,nope')).toMatchObject({
      message: 'Invalid value nope for configuration cleanup.policy: String must be one of: compact, delete',
    })
    expect(parseValue('x', { type: 'list', default: [], doc: '' }, 'a,,b')).toMatchObject({
      message: "Configuration 'x' values must not be empty.",
    })
  })

  it('of a topic name nothing twice, those of a broker are refused if they do (KIP-1161)', () => {
    expect(parseValue('cleanup.policy', topicKeys['cleanup.policy'], ' compact ,delete, compact')).toEqual({
      value: ['compact', 'delete'],
      text: 'compact,delete',
    })
    const message = "Configuration 'log.cleanup.policy' values must not be duplicated."
    for (const text of ['delete,delete', ',']) {
      expect(parseValue('log.cleanup.policy', brokerKeys['log.cleanup.policy'], text)).toMatchObject({ message })
    }
  })

  it('of replicas may have empty elements', () => {
    const replicas = (text: string) => parseValue('r', topicKeys['leader.replication.throttled.replicas'], text)
    for (const text of ['', '*', '*,', '1:1,', ',', '1:1,1:1']) expect(replicas(text)).not.toHaveProperty('message')
    expect(replicas('a,*')).toMatchObject({
      message: expect.stringMatching(/^Invalid value \[a, \*\] for configuration r: r must/),
    })
  })
})

describe('a key without effect', () => {
  it('is taken, with one line for all of them, unless it has its default', () => {
    const { config, warnings } = resolveBrokerConfig([
      optionsLayer({ 'num.io.threads': '16', 'num.network.threads': '3', 'background.threads': '5' }),
      environmentLayer({ KAFKA_NUM_REPLICA_FETCHERS: '4' }),
    ])
    expect(config.get('num.io.threads')).toBe(16)
    expect(warnings).toEqual([
      'Configuration without effect: num.io.threads (from --config num.io.threads), background.threads (from --config ' +
        'background.threads); docs/config.md says why',
    ])
  })

  it('that promises protection is refused: nothing would be synced', () => {
    const asked = { 'gregor.durability': 'os', 'log.flush.interval.messages': '1' }
    expect(problemsOf(asked)).toEqual([
      'log.flush.interval.messages: with gregor.durability=os nothing is synced; with fsync all is that was acknowledged, whatever this says',
    ])
    expect(problemsOf({ ...asked, 'gregor.durability': 'fsync' })).toEqual([])
  })
})

describe('numbers', () => {
  const long: ConfigKey<unknown> = { type: 'long', default: 0, doc: '' }
  const int: ConfigKey<unknown> = { type: 'int', default: 0, doc: '' }
  const double: ConfigKey<unknown> = { type: 'double', default: 0, doc: '' }
  it('reads what Java reads', () => {
    expect(parseValue('k', int, ' +12 ')).toEqual({ value: 12, text: '12' })
    expect(parseValue('k', int, '007')).toEqual({ value: 7, text: '7' })
    for (const raw of ['', '1.0', '1e3', '0x10', '2147483648', '١', '1'.repeat(1000)]) {
      expect(parseValue('k', int, raw)).toMatchObject({
        message: `Invalid value ${raw} for configuration k: Not a number of type INT`,
      })
    }
  })

  it('a refused number is shown as it was read', () => {
    expect(parseValue('k', { ...int, min: 6 }, ' +5')).toMatchObject({
      message: 'Invalid value 5 for configuration k: Value must be at least 6',
    })
  })

  it('reads a double as Java does', () => {
    const read = (raw: string) => parseValue('k', double, raw)
    expect(
      ['.5', '5.', '+2e0', '0.5d', '1F', '-0', 'Infinity', 'NaN'].map(raw => (read(raw) as { value: number }).value),
    ).toEqual([0.5, 5, 2, 0.5, 1, -0, Number.POSITIVE_INFINITY, Number.NaN])
    for (const raw of ['', '5e', '0x10', 'infinity', '1_0', 'd', '.']) expect(read(raw)).toHaveProperty('message')
    expect(formatValue(double, Number.POSITIVE_INFINITY)).toBe('Infinity')
  })

  it('spells a double as Java does', () => {
    const spelt = [0, 0.5, 3, 1e7, 123_456_789, 0.000_12, Number.MAX_VALUE].map(value => formatValue(double, value))
    expect(spelt).toEqual(['0.0', '0.5', '3.0', '1.0E7', '1.23456789E8', '1.2E-4', '1.7976931348623157E308'])
  })

  it('saturates a long beyond the safe integers and keeps its text exact', () => {
    expect(parseValue('k', long, '9223372036854775806')).toEqual({ value: longMax, text: '9223372036854775806' })
    expect(parseValue('k', long, '-9223372036854775808')).toEqual({ value: -longMax, text: '-9223372036854775808' })
    expect(parseValue('k', long, '9223372036854775808')).toHaveProperty('message')
    expect(formatValue(long, longMax)).toBe('9223372036854775807')
  })
})

describe('files and environments that were made for others', () => {
  const resolved = (environment: Record<string, string>, file = '') =>
    resolveBrokerConfig([environmentLayer(environment), propertiesLayer('server.properties', file)])

  it("Kafka's own server.properties holds nothing unknown", () => {
    const file = `
      process.roles=broker,controller
      node.id=1
      controller.quorum.bootstrap.servers=localhost:9093
      listeners=PLAINTEXT://:9092,CONTROLLER://:9093
      inter.broker.listener.name=PLAINTEXT
      advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
      controller.listener.names=CONTROLLER
      listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL
      num.network.threads=3
      num.io.threads=8
      socket.send.buffer.bytes=102400
      socket.receive.buffer.bytes=102400
      socket.request.max.bytes=104857600
      log.dirs=/tmp/kraft-combined-logs
      num.partitions=1
      num.recovery.threads.per.data.dir=1
      offsets.topic.replication.factor=1
      share.coordinator.state.topic.replication.factor=1
      share.coordinator.state.topic.min.isr=1
      transaction.state.log.replication.factor=1
      transaction.state.log.min.isr=1
      log.retention.hours=168
      log.segment.bytes=1073741824
      log.retention.check.interval.ms=300000`
    expect(resolved({}, file).warnings).toEqual([
      'Configuration without effect: num.recovery.threads.per.data.dir (from server.properties); docs/config.md says why',
    ])
  })

  it("bitnami's variables are Kafka's, with CFG", () => {
    const { config, warnings } = resolved({
      KAFKA_ENABLE_KRAFT: 'yes',
      KAFKA_KRAFT_CLUSTER_ID: 'MkU3OEVBNTcwNTJENDM2Qk',
      KAFKA_CFG_NODE_ID: '0',
      KAFKA_CFG_PROCESS_ROLES: 'controller,broker',
      KAFKA_CFG_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_CFG_ADVERTISED_LISTENERS: 'PLAINTEXT://:9092',
      KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CFG_CONTROLLER_QUORUM_VOTERS: '0@kafka:9093',
      KAFKA_CFG_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CFG_NUM_PARTITIONS: '7',
    })
    expect(warnings).toEqual([])
    expect(config.get('num.partitions')).toBe(7)
    expect(config.listeners).toEqual([
      { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '', port: 9092, advertised: { host: '', port: 9092 } },
    ])
  })

  it.each([
    [{ KAFKA_CONTROLLER_QUORUM_VOTERS: '1@a:9093,2@b:9093,3@c:9093' }, /controller\.quorum\.voters names 3 nodes/],
    [{ KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS: 'a:9093,b:9093' }, /bootstrap\.servers names 2 nodes/],
    [{ KAFKA_PROCESS_ROLES: 'controller' }, /process\.roles: must include broker.*process\.roles=broker,controller/],
    [
      { KAFKA_PROCESS_ROLES: 'broker', KAFKA_NODE_ID: '2', KAFKA_CONTROLLER_QUORUM_VOTERS: '1@controller:9093' },
      /names node 1, and this is node 2: a cluster of several nodes.*Start one broker, with process\.roles=broker,controller/,
    ],
  ])('%j is refused: one node is no part of a larger cluster', (environment, message) => {
    expect(() => resolved(environment as Record<string, string>)).toThrow(message)
  })

  it('variables that are no keys are named in one line, with what was meant', () => {
    const { warnings } = resolved({
      KAFKA_REST_HOST_NAME: 'rest',
      KAFKA_NUM_PARTITION: '3',
      KAFKA_RETENTION_MS: '1',
      KAFKA_CONFLUENT_SUPPORT_METRICS_ENABLE: 'false',
      KAFKA_ZOOKEEPER_CONNECT: 'zookeeper:2181',
    })
    expect(warnings).toEqual([
      'Ignored, because there are no such keys: KAFKA_REST_HOST_NAME, KAFKA_NUM_PARTITION (did you mean num.partitions?), ' +
        'KAFKA_RETENTION_MS (it is a topic config: its broker-wide default is log.retention.ms), ' +
        'KAFKA_CONFLUENT_SUPPORT_METRICS_ENABLE, KAFKA_ZOOKEEPER_CONNECT (Gregor does not use ZooKeeper)',
    ])
  })

  it('a ZooKeeper address gets a warning', () => {
    expect(resolved({ KAFKA_ZOOKEEPER_CONNECT: 'zookeeper:2181' }).warnings).toEqual([
      expect.stringMatching(/does not use ZooKeeper/),
    ])
  })
})

test.each<[string, string, RegExp]>([
  ['listener.name.ssl.client.auth', 'required', /a listener has no such key; did you mean listener.name.ssl.ssl.client.auth\?$/],
  ['listener.name.SSL.enabled.mechanisms', 'PLAIN', /did you mean listener.name.ssl.sasl.enabled.mechanisms\?$/],
  ['listener.name.ssl.what.is.this', 'x', /a listener has no such key; docs\/config.md lists every key$/],
  ['listener.name.ssl.allow.everyone.if.no.acl.found', 'false', /is not a key of one listener; without listener.name.ssl. it is/],
  ['listener.name.ssl.max.connections.per.ip', '5', /is not a key of one listener/],
  ['listener.name.ssl.ssl.client.authh', 'required', /not ignored; did you mean listener.name.ssl.ssl.client.auth\?$/],
  ['delegation.token.secret.keyy', 'x', /what asks for protection is not ignored; did you mean delegation.token.secret.key\?$/],
])('a slip of the pen does not open what was meant to be protected: %s', (name, value, message) => {
  expect(() => resolveBrokerConfig([optionsLayer({ listeners: 'SSL://:1', [name]: value })])).toThrow(message)
})

test('what has no effect has none for one listener either, and a listener that is not there is none to open', () => {
  const names = ['listener.name.ssl.num.network.threads', 'listener.name.other.what.is.this']
  const values = Object.fromEntries(names.map(name => [name, '5']))
  const { warnings } = resolveBrokerConfig([optionsLayer({ listeners: 'SSL://:1', ...values })])
  expect(warnings.map(warning => names.filter(name => warning.includes(name)))).toEqual(names.map(name => [name]))
})

describe('what a group may set for itself', () => {
  const problemsOf = (values: Record<string, string>) => () => resolveBrokerConfig([optionsLayer(values)])
  test.each(['consumer', 'share', 'streams'])('bounds what holds for all groups, as in Kafka: %s', kind => {
    const key = (name: string) => `group.${kind}.${name}`
    expect(problemsOf({ [key('session.timeout.ms')]: '1' })).toThrow(
      `${key('min.session.timeout.ms')}=45000 must not be more than ${key('session.timeout.ms')}=1`,
    )
    expect(problemsOf({ [key('session.timeout.ms')]: '70000' })).toThrow(/must not be more than .*max.session.timeout.ms=60000/)
    expect(problemsOf({ [key('heartbeat.interval.ms')]: '1' })).toThrow(/min.heartbeat.interval.ms=5000 must not be more than/)
    expect(problemsOf({ [key('max.heartbeat.interval.ms')]: '1' })).toThrow(/min.heartbeat.interval.ms=5000 must not be more/)
    expect(problemsOf({ [key('heartbeat.interval.ms')]: '45000', [key('max.heartbeat.interval.ms')]: '45000' })).toThrow(
      `${key('heartbeat.interval.ms')}=45000 must be less than ${key('session.timeout.ms')}=45000`,
    )
  })

  test.each([
    [{ 'group.share.delivery.count.limit': '10', 'group.share.max.delivery.count.limit': '9' }],
    [{ 'group.share.record.lock.duration.ms': '14000' }],
    [{ 'group.share.partition.max.record.locks': '4001' }],
    [{ 'group.streams.num.standby.replicas': '9' }],
    [{ 'group.streams.num.warmup.replicas': '21' }],
  ])('bounds the rest, too: %j', values => {
    expect(problemsOf(values as unknown as Record<string, string>)).toThrow(/must not be more than/)
  })
})

describe('a feature that is not there', () => {
  test.each([
    ['remote.log.storage.system.enable', 'true', /there is no tiered storage/],
    ['group.streams.topology.description.plugin.class', 'com.example.Plugin', /would be a Java class/],
  ])('is not promised by a start: %s=%s', (key, value, message) => {
    expect(() => resolveBrokerConfig([optionsLayer({ [key]: value })])).toThrow(message)
  })

  test('is told of where its keys are set, unless they have their defaults', () => {
    const warningsOf = (value: string) =>
      resolveBrokerConfig([optionsLayer({ 'errors.deadletterqueue.auto.create.topics.enable': value })]).warnings
    expect(warningsOf('true')).toEqual([expect.stringMatching(/^Configuration without effect: errors.deadletterqueue/)])
    expect(warningsOf('false')).toEqual([])
  })
})
