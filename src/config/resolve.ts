/**
 * Builds the broker's configuration from its sources, in the order in which Kafka's image ranks them: command line, KAFKA_*
 * environment variables, server.properties, defaults. Every problem is collected before anything is refused, each naming
 * its key, its origin and what is allowed. Reads no file and no process state: the caller brings the texts.
 */
import { isRefusal } from '../protocol/errors.js'
import { type BrokerConfig, brokerConfig, configSources, listenerBaseOf, listenerKeyOf, listenerPrefix } from './broker-config.js'
import { compressionTypeProblem } from './compression-type.js'
import { hostLimits } from './host-limits.js'
import { parseHttpAddress } from './http-keys.js'
import { allowedValues, type ConfigKey, formatValue, longMax, parseValue, unsynced } from './key.js'
import { type BrokerKey, type BrokerValue, brokerKeyNames, brokerKeyOf, brokerKeys } from './keys.js'
import { type ListenerConfig, parseListeners } from './listeners.js'
import { nearest } from './nearest.js'
import { parseProperties } from './properties.js'
import { isTopicKey, topicKeys } from './topic-keys.js'

/** One source of settings; `origin` is what a message calls the place, such as "KAFKA_NUM_PARTITIONS". */
export interface ConfigLayer {
  /** An unknown key is a problem here, not a warning. */
  readonly isStrict?: boolean
  /** Unknown keys are named by their origins in one warning: an environment is full of what is meant for others. */
  readonly unknown?: 'in one line'
  /** What keeps this source from being used at all. */
  readonly problems?: readonly string[]
  readonly entries: ReadonlyMap<string, { readonly text: string; readonly origin: string }>
}

/** The configuration cannot be used. The message lists every problem, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'CONFIG_INVALID'
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'))
  }
}

/** @param layers strongest first. @throws ConfigError */
export function resolveBrokerConfig(layers: readonly ConfigLayer[]): { config: BrokerConfig; warnings: readonly string[] } {
  const problems: string[] = []
  const warnings: string[] = []
  /** By whole names; of a name that is no key the text as it was given. */
  const texts = new Map<string, string>()
  const values = new Map<BrokerKey, unknown>()
  const ofListeners = new Map<string, unknown>()
  const withoutEffect: string[] = []
  const ofListenersUnknown: [name: string, origin: string][] = []
  for (const layer of layers) {
    problems.push(...(layer.problems ?? []))
    const strangers: string[] = []
    for (const [name, { text, origin }] of layer.entries) {
      const ofListener = listenerKeyOf(name)
      const key = ofListener?.key ?? brokerKeyOf(name)
      if (key === null) {
        if (!texts.has(name)) texts.set(name, text)
        if (listenerBaseOf(name) !== null) ofListenersUnknown.push([name, origin])
        if (asksForProtection(name) && text.trim() !== '') problems.push(unknownProtection(name, origin))
        else if (layer.isStrict) problems.push(unknownKey(name, origin, 'there is no such key'))
        else if (layer.unknown === 'in one line') strangers.push(strangerAdvice(name, origin))
        else warnings.push(unknownKey(name, origin, 'it is ignored'))
        continue
      }
      // An alias loses to the key itself in the same source.
      if (ofListener !== null ? ofListeners.has(ofListener.name) : texts.has(key) || (key !== name && layer.entries.has(key)))
        continue
      const row: ConfigKey<unknown> = brokerKeys[key]
      const parsed = parseValue(name, row, text)
      if (isRefusal(parsed)) {
        const allowed = allowedValues(row)
        problems.push(`${parsed.message} (from ${origin}${allowed === '' ? '' : `; allowed: ${allowed}`})`)
      } else if (row.effect === 'refused' && !promisesNothing(row, parsed.text)) problems.push(unprotected(name, origin))
      else {
        if ((row.effect === 'none' || row.unserved) && parsed.text !== formatValue(row, row.default))
          withoutEffect.push(`${name} (from ${origin})`)
        texts.set(ofListener?.name ?? key, parsed.text)
        if (ofListener !== null) ofListeners.set(ofListener.name, parsed.value)
        else values.set(key, parsed.value)
      }
    }
    if (strangers.length > 0) warnings.push(`Ignored, because there are no such keys: ${strangers.join(', ')}`)
  }
  if (withoutEffect.length > 0) {
    warnings.push(`Configuration without effect: ${withoutEffect.join(', ')}; docs/config.md says why`)
  }
  for (const key of brokerKeyNames) if (!values.has(key)) values.set(key, brokerKeys[key].default)

  const get = <K extends BrokerKey>(key: K): BrokerValue<K> => values.get(key) as BrokerValue<K>
  const {
    listeners,
    controllerListeners,
    problems: listenerProblems,
  } = parseListeners({
    listeners: get('listeners'),
    advertised: get('advertised.listeners'),
    protocolMap: get('listener.security.protocol.map').split(','),
    controllerNames: get('controller.listener.names'),
  })
  const directories = get('log.dirs') ?? get('log.dir')
  problems.push(
    ...listenerProblems,
    ...directoryProblems(directories),
    ...perAddressProblems(get),
    ...conflicts(get),
    ...authorizerProblems(get, key => texts.has(key)),
    ...httpProblems(get),
  )
  const known = [...listeners.map(({ name }) => name), ...get('controller.listener.names')]
  problems.push(...strayListenerKeys([...ofListeners.keys()], known), ...unknownListenerKeys(ofListenersUnknown, known))
  if (texts.has('security.inter.broker.protocol')) {
    problems.push(
      ...interBrokerProblems(get('security.inter.broker.protocol'), listeners, texts.has('inter.broker.listener.name')),
    )
  }
  if (problems.length > 0) throw new ConfigError(problems)

  const config = brokerConfig({
    read: get,
    ofListeners,
    given: [{ source: configSources.staticBroker, texts }],
    listeners,
    controllerListeners,
    dataDirectory: get('metadata.log.dir') ?? (directories[0] as string),
    dataDirectories: directories,
  })
  return { config, warnings }
}

/** Settings given one by one: --config key=value, or the `config` of an embedded broker. */
export function optionsLayer(values: Readonly<Record<string, string>>, origin = '--config', isStrict = false): ConfigLayer {
  const entries = Object.entries(values).map(([name, text]) => [name, { text, origin: `${origin} ${name}` }] as const)
  return { entries: new Map(entries), isStrict }
}

export function propertiesLayer(path: string, text: string): ConfigLayer {
  return { entries: new Map(Array.from(parseProperties(text), ([name, value]) => [name, { text: value, origin: path }])) }
}

// --- keys of one listener ---

/** Protection for a listener that does not exist protects another one than was meant. */
function strayListenerKeys(names: readonly string[], listeners: readonly string[]): string[] {
  const prefixes = listeners.map(listenerPrefix)
  return names
    .filter(name => !prefixes.some(prefix => name.startsWith(prefix)))
    .map(name => `${name}: there is no such listener; listeners names ${listeners.join(', ')}`)
}

/** A key without its ssl. or sasl. would leave the listener more open than was meant. Of what has no effect nothing depends. */
function unknownListenerKeys(
  names: readonly (readonly [name: string, origin: string])[],
  listeners: readonly string[],
): string[] {
  const prefixes = listeners.map(listenerPrefix)
  return names.flatMap(([name, origin]) => {
    const prefix = prefixes.find(one => name.toLowerCase().startsWith(one))
    if (prefix === undefined || asksForProtection(name)) return []
    const base = name.slice(prefix.length)
    const key = brokerKeyOf(base)
    if (key === null) {
      const meant = ['ssl.', 'sasl.'].find(room => listenerKeyOf(`${prefix}${room}${base}`) !== null)
      const advice = meant === undefined ? 'docs/config.md lists every key' : `did you mean ${prefix}${meant}${base}?`
      return [`Unknown configuration ${name} (from ${origin}): a listener has no such key; ${advice}`]
    }
    if ((brokerKeys[key] as ConfigKey<unknown>).effect !== undefined) return []
    return [`${name} (from ${origin}): ${key} is not a key of one listener; without ${prefix} it is that of the broker`]
  })
}

function interBrokerProblems(protocol: string, listeners: readonly ListenerConfig[], namesListener: boolean): string[] {
  if (namesListener) return ['Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.']
  if (listeners.some(listener => listener.protocol === protocol)) return []
  return [`security.inter.broker.protocol: no listener speaks ${protocol}; add one to listeners, or take the key out`]
}

// --- problems and warnings ---

/** Keys that protect in Kafka, also of one listener or mechanism alone, of which this version knows none. */
const protectingKeys = /^(?:listener\.name\.[^.]+\.(?:[^.]+\.)?)?(?:ssl|sasl|delegation\.token|password\.encoder)\./

export function asksForProtection(name: string): boolean {
  const ofListener = listenerBaseOf(name)
  const key = ofListener === null ? null : brokerKeyOf(ofListener)
  return protectingKeys.test(name) || (key !== null && (brokerKeys[key] as ConfigKey<unknown>).effect === 'refused')
}

/** Kafka's stock configurations name some of these keys with the value that asks for nothing. */
function promisesNothing(row: ConfigKey<unknown>, text: string): boolean {
  return text === '' || text === formatValue(row, row.default)
}

/** A broker that was told to protect and cannot must not start open. */
function unprotected(name: string, origin: string): string {
  return (
    `${name} (from ${origin}) asks for protection that this version cannot give: it has no Kerberos, no policies and no ` +
    'Java classes. Take it out to run without.'
  )
}

/** What cannot be understood may have been meant to protect. */
function unknownProtection(name: string, origin: string): string {
  const base = listenerBaseOf(name) ?? name
  if (brokerKeyOf(base) !== null) return unprotected(name, origin)
  const similar = nearest(base, brokerKeyNames)
  if (similar === null) return unprotected(name, origin)
  const meant = name.slice(0, name.length - base.length) + similar
  return `Unknown configuration ${name} (from ${origin}): what asks for protection is not ignored; did you mean ${meant}?`
}

function unknownKey(name: string, origin: string, what: string): string {
  const advice = knownElsewhere(name)
  const similar = nearest(name, brokerKeyNames)
  const otherwise = `${what}; ${similar === null ? 'docs/config.md lists every key' : `did you mean ${similar}?`}`
  return `Unknown configuration ${name} (from ${origin}): ${advice ?? otherwise}`
}

function strangerAdvice(name: string, origin: string): string {
  const similar = nearest(name, brokerKeyNames)
  const advice = knownElsewhere(name) ?? (similar === null ? null : `did you mean ${similar}?`)
  return advice === null ? origin : `${origin} (${advice})`
}

/** What is said of a name that means something in another place. */
function knownElsewhere(name: string): string | null {
  if (name === 'zookeeper.connect') return 'Gregor does not use ZooKeeper'
  if (!isTopicKey(name)) return null
  const brokerWide = (topicKeys[name] as ConfigKey<unknown>).brokerKeys?.[0]
  return brokerWide === undefined
    ? 'it is a topic config: set it when the topic is created'
    : `it is a topic config: its broker-wide default is ${brokerWide}`
}

function directoryProblems(directories: readonly string[]): string[] {
  if (directories.length === 0 || directories.includes('')) {
    return [`log.dirs: name at least one directory, and none without a name, not "${directories.join(',')}"`]
  }
  const paths = directories.map(directory => directory.replace(/\/+$/, ''))
  const twice = paths.find((path, at) => paths.indexOf(path) !== at)
  return twice === undefined ? [] : [`log.dirs: ${twice} is named twice`]
}

function cordonedProblem(cordoned: readonly string[], directories: readonly string[]): string | null {
  if (cordoned.includes('*')) {
    return cordoned.length === 1
      ? null
      : 'requirement failed: When cordoned.log.dirs is set to *, it must not contain other values'
  }
  const missing = cordoned.filter(one => !directories.includes(one))
  if (missing.length === 0) return null
  const where = 'in cordoned.log.dirs must be present in log.dirs or log.dir'
  return `requirement failed: All entries ${where}. Missing entries : ${missing.join(', ')}`
}

export const standardAuthorizer = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'

function authorizerProblems(get: BrokerConfig['get'], isSet: (key: BrokerKey) => boolean): string[] {
  const authorizer = get('authorizer.class.name')
  if (authorizer === standardAuthorizer) return []
  if (authorizer !== '')
    return [`authorizer.class.name: Gregor has one authorizer, ${standardAuthorizer}, and does not load ${authorizer}`]
  const asked: BrokerKey[] = []
  if (get('super.users') !== '') asked.push('super.users')
  if (isSet('allow.everyone.if.no.acl.found') && !get('allow.everyone.if.no.acl.found'))
    asked.push('allow.everyone.if.no.acl.found')
  return asked.map(
    key =>
      `${key}: there is no authorizer, so everyone may do everything. Set authorizer.class.name=${standardAuthorizer}, or take the ` +
      'key out to run without',
  )
}

function httpProblems(get: BrokerConfig['get']): string[] {
  const text = get('gregor.http.listener') ?? ''
  if (parseHttpAddress(text) !== 'wrong') return []
  return [`gregor.http.listener: "${text}" is not HOST:PORT, such as 127.0.0.1:8080`]
}

/** Nobody could connect. */
export function perAddressProblems(get: BrokerConfig['get']): string[] {
  const overrides = hostLimits(get('max.connections.per.ip.overrides'))
  if (typeof overrides === 'string') return [`max.connections.per.ip.overrides: ${overrides}`]
  if (get('max.connections.per.ip') > 0 || overrides.size > 0) return []
  return ['max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.']
}

/** Pairs of keys of which one bounds the other. */
export function conflicts(get: BrokerConfig['get']): string[] {
  const ordered: readonly (readonly [BrokerKey, BrokerKey])[] = [
    ['group.min.session.timeout.ms', 'group.max.session.timeout.ms'],
    ['log.cleaner.min.compaction.lag.ms', 'log.cleaner.max.compaction.lag.ms'],
    ...groupBounds,
  ]
  const problems: string[] = []
  for (const key of ['controller.quorum.voters', 'controller.quorum.bootstrap.servers'] as const) {
    const count = get(key).length
    if (count < 2) continue
    problems.push(
      `${key} names ${count} nodes, but Gregor is a cluster of one node: each of them would be a cluster of its own. ` +
        'Start one broker and name it alone, or take the key out',
    )
  }
  const roles = get('process.roles')
  if (!roles.includes('broker')) {
    problems.push(
      'process.roles: must include broker; Gregor does not run as a controller alone. Take this node out, and give the one broker ' +
        'process.roles=broker,controller',
    )
  }
  const [voter = '', ...others] = get('controller.quorum.voters')
  const voterId = voter.split('@', 1)[0] as string
  if (others.length === 0 && voter !== '' && voterId !== String(get('node.id'))) {
    problems.push(
      `controller.quorum.voters names node ${voterId}, and this is node ${get('node.id')}: a cluster of several nodes, but Gregor is ` +
        'a cluster of one. Start one broker, with process.roles=broker,controller, and name it alone, or take the key out',
    )
  }
  if (get('transaction.two.phase.commit.enable')) {
    problems.push('transaction.two.phase.commit.enable: there is no two-phase commit (KIP-939) in this version; take the key out')
  }
  if (get('remote.log.storage.system.enable')) {
    problems.push('remote.log.storage.system.enable: there is no tiered storage (KIP-405) in this version; take the key out')
  }
  if (get('group.streams.topology.description.plugin.class') !== null) {
    problems.push('group.streams.topology.description.plugin.class: a plug-in would be a Java class; take the key out')
  }
  const policy = get('group.consumer.migration.policy')
  if (!migrationPolicies.includes(policy.toLowerCase())) {
    problems.push(`group.consumer.migration.policy: ${policy} is none of ${migrationPolicies.join(', ')}`)
  }
  const stranger = get('group.consumer.assignors').find(name => !consumerAssignors.includes(name))
  if (stranger !== undefined) {
    problems.push(
      `group.consumer.assignors: ${stranger} is neither uniform nor range; an assignor of your own would be a Java class`,
    )
  }
  for (const [low, high] of ordered) {
    if ((get(low) as number) <= (get(high) as number)) continue
    const lowText = formatValue(brokerKeys[low], get(low))
    problems.push(`${low}=${lowText} must not be more than ${high}=${formatValue(brokerKeys[high], get(high))}`)
  }
  for (const kind of groupKinds) {
    const [beat, session] = [`group.${kind}.heartbeat.interval.ms`, `group.${kind}.session.timeout.ms`] as const
    if ((get(beat) as number) >= (get(session) as number))
      problems.push(`${beat}=${get(beat)} must be less than ${session}=${get(session)}`)
  }
  const [delayMs, idleMs] = [get('connection.failed.authentication.delay.ms'), get('connections.max.idle.ms')]
  if (idleMs >= 0 && delayMs >= idleMs) {
    problems.push(
      `connection.failed.authentication.delay.ms=${delayMs} should always be less than connections.max.idle.ms=${idleMs} to prevent ` +
        'failed authentication responses from timing out',
    )
  }
  if (get('log.retention.ms') === 0 || get('log.retention.minutes') === 0 || get('log.retention.hours') === 0) {
    problems.push('log.retention.ms, .minutes and .hours must be -1 (no limit) or at least 1, not 0')
  }
  if (get('log.cleaner.enable') && get('log.cleaner.dedupe.buffer.size') <= dedupeBytesMin * get('log.cleaner.threads')) {
    problems.push('log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.')
  }
  const flushKey = get('gregor.durability') === 'os' ? flushKeys.find(key => (get(key) ?? longMax) !== longMax) : undefined
  if (flushKey !== undefined) problems.push(`${flushKey}: ${unsynced}`)
  const cordonProblem = cordonedProblem(get('cordoned.log.dirs'), get('log.dirs') ?? get('log.dir'))
  if (cordonProblem !== null) problems.push(cordonProblem)
  const compressionProblem = compressionTypeProblem(get('compression.type'))
  if (compressionProblem !== null) problems.push(compressionProblem)
  return problems
}

const groupKinds = ['consumer', 'share', 'streams'] as const

/** Kafka starts with none of these the wrong way round: what holds for all groups is within what one may set for itself. */
const groupBounds: readonly (readonly [BrokerKey, BrokerKey])[] = [
  ...groupKinds.flatMap(kind => [
    ...within(`group.${kind}.min.session.timeout.ms`, `group.${kind}.session.timeout.ms`, `group.${kind}.max.session.timeout.ms`),
    ...within(
      `group.${kind}.min.heartbeat.interval.ms`,
      `group.${kind}.heartbeat.interval.ms`,
      `group.${kind}.max.heartbeat.interval.ms`,
    ),
    ...within(
      `group.${kind}.min.assignment.interval.ms`,
      `group.${kind}.assignment.interval.ms`,
      `group.${kind}.max.assignment.interval.ms`,
    ),
  ]),
  ...within('group.share.min.delivery.count.limit', 'group.share.delivery.count.limit', 'group.share.max.delivery.count.limit'),
  ...within(
    'group.share.min.record.lock.duration.ms',
    'group.share.record.lock.duration.ms',
    'group.share.max.record.lock.duration.ms',
  ),
  ...within(
    'group.share.min.partition.max.record.locks',
    'group.share.partition.max.record.locks',
    'group.share.max.partition.max.record.locks',
  ),
  ['group.streams.min.task.offset.interval.ms', 'group.streams.task.offset.interval.ms'],
  ['group.streams.num.standby.replicas', 'group.streams.max.standby.replicas'],
  ['group.streams.num.warmup.replicas', 'group.streams.max.warmup.replicas'],
]

function within(min: BrokerKey, value: BrokerKey, max: BrokerKey): readonly (readonly [BrokerKey, BrokerKey])[] {
  return [
    [min, max],
    [min, value],
    [value, max],
  ]
}

const migrationPolicies: readonly string[] = ['bidirectional', 'upgrade', 'downgrade', 'disabled']
const kafkaAssignors = 'org.apache.kafka.coordinator.group.assignor'
const consumerAssignors: readonly string[] = [
  ...['uniform', 'range'],
  ...[`${kafkaAssignors}.UniformAssignor`, `${kafkaAssignors}.RangeAssignor`],
]

/** Of each thread, and not enough yet. */
const dedupeBytesMin = 1024 * 1024
const flushKeys = ['log.flush.interval.messages', 'log.flush.interval.ms', 'log.flush.scheduler.interval.ms'] as const
