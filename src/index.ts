/**
 * The embedding API: a whole broker inside this process. `gregor start` is a thin caller of the same function.
 *
 *   await using broker = await startBroker({ port: 0 })
 *   new Kafka({ brokers: broker.brokers })
 */
import { held } from './base/held.js'
import { type Log, silentLog } from './base/log.js'
import { CountingMeter } from './base/meter.js'
import { type World, worldWith } from './base/world.js'
import type { MetricsOfClient } from './broker/client-metrics/client-metrics.js'
import type { PushedMetric } from './broker/client-metrics/kept-metrics.js'
import { isInternalTopic } from './cluster/topic-name.js'
import { addressText } from './config/listeners.js'
import { ConfigError, resolveBrokerConfig } from './config/resolve.js'
import { validateTopicConfig } from './config/topic-config.js'
import { type HttpListener, openHttp } from './http/listener.js'
import type { TopicOutcome } from './node/topics.js'
import * as check from './option-checks.js'
import { type Checks, checkOptions, checkText } from './option-checks.js'
import { Errors, errorName, isRefusal } from './protocol/errors.js'
import { type RunningBroker, startBroker as start } from './server/broker.js'
import { type DevSecurity, type PreparedSecurity, prepareDevSecurity } from './server/dev-security.js'
import { type ConfigValue, configTexts, readOptions, type StartOptions } from './start-options.js'
import { openTelemetry } from './telemetry/telemetry.js'

export type { Log } from './base/log.js'
export type { PushedMetric } from './broker/client-metrics/kept-metrics.js'
export { ConfigError } from './config/resolve.js'

export type { DevSecurity, SecureClient } from './server/dev-security.js'
export type { ConfigValue, StartOptions } from './start-options.js'

/** What Kafka refuses, as Kafka spells it. */
export class KafkaError extends Error {
  override readonly name = 'KafkaError'
  /** Kafka's name of the error, such as TOPIC_ALREADY_EXISTS. */
  readonly type: string
  constructor(
    /** Kafka's number of the error. */
    readonly code: number,
    message: string,
  ) {
    super(message)
    this.type = errorName(code)
  }
}

export interface NewTopic {
  readonly name: string
  /** num.partitions by default. */
  readonly partitions?: number
  /** default.replication.factor by default; there is one broker, so more than 1 is refused. */
  readonly replicationFactor?: number
  /** Kafka's topic configs by name. */
  readonly configs?: Readonly<Record<string, ConfigValue>>
}

export interface Topic {
  readonly name: string
  readonly topicId: string
  readonly partitions: number
}

/** What one client pushes. */
export interface ClientMetrics extends Omit<MetricsOfClient, 'metrics'> {
  readonly metrics: readonly PushedMetric[]
}

export interface GregorBroker extends AsyncDisposable {
  /** "127.0.0.1:9092", what clients call bootstrap.servers: of the listeners that have the first one's security protocol. */
  readonly bootstrapServers: string
  /** The same as a list, as kafkajs takes it. */
  readonly brokers: string[]
  readonly port: number
  readonly clusterId: string
  /** Where data is kept, or was while an ephemeral broker ran. */
  readonly dataDirectory: string
  readonly description: BrokerDescription
  /** The HTTP port; null without the config gregor.http.listener. */
  readonly http: { readonly url: string } | null
  /** What clients of the secure listener need; null without the option `security`. */
  readonly security: DevSecurity | null
  /** The topic can be used when this resolves. @throws KafkaError when it cannot be created; ConfigError. */
  createTopic(topic: NewTopic): Promise<Topic>
  /** Its name is free when this resolves. @throws KafkaError when there is no such topic. */
  deleteTopic(name: string): Promise<void>
  /** All topics but Kafka's internal ones, by name. */
  listTopics(): Promise<Topic[]>
  /** Every client that pushes metrics (KIP-714), with the latest that it pushed, as long as it is connected. */
  clientMetrics(): ClientMetrics[]
  /**
   * Reads key stores and trust stores again; connections live on. False when no listener speaks TLS.
   * @throws ConfigError when one cannot be used; its listener keeps what it had.
   */
  reloadCertificates(): Promise<boolean>
  /** Answers what is under way (within 2 s), syncs, closes. Calling it again waits for the same stop. */
  stop(): Promise<void>
}

export interface SecuredBroker extends GregorBroker {
  readonly security: DevSecurity
}

/** What the ready line says. */
export interface BrokerDescription {
  readonly listeners: readonly string[]
  /** Names of the listeners that take connections on every interface, whatever address stands above. */
  readonly everywhere: readonly string[]
  readonly data: string
  readonly durability: 'fsync' | 'os' | 'none'
  readonly send: 'sendfile' | 'copy'
  /** The HTTP port, and which one was asked for if that is taken. */
  readonly http: { readonly url: string; readonly takenPort: number | null } | null
}

const topicChecks: Checks<NewTopic> = {
  name: check.text,
  partitions: check.number,
  replicationFactor: check.number,
  configs: check.record,
}

const stopGraceMs = 2000
const httpGraceMs = 500

/**
 * Starts a broker. Resolves when it serves: recovery is done, groups are loaded, the port is open.
 * @throws ConfigError (`code` CONFIG_INVALID); errors with `code` EADDRINUSE, EACCES, DATA_DIRECTORY_LOCKED,
 * DATA_DIRECTORY_CORRUPT.
 */
export function startBroker(options: StartOptions & { readonly security: true }): Promise<SecuredBroker>
export function startBroker(options?: StartOptions): Promise<GregorBroker>
export async function startBroker(options: StartOptions = {}): Promise<GregorBroker> {
  const { isEphemeral, clusterId, ...read } = readOptions(options)
  const { log = silentLog } = options
  const secured = options.security ? await held(prepareDevSecurity(read.layers, isEphemeral)) : null
  const layers = secured?.layers ?? read.layers
  const scramUsers = [...(secured?.scramUsers ?? []), ...read.scramUsers]
  const { config, warnings } = resolveBrokerConfig(layers)
  for (const warning of [...read.warnings, ...warnings]) log.warn({}, warning)
  const telemetry = openTelemetry({
    environment: options.environment ?? {},
    excludedApis: config.get('gregor.traces.excluded.apis'),
    world: worldWith(options.world ?? {}),
    log,
  })
  const broker = await held(
    start({
      config,
      world: worldWith(options.world ?? {}),
      log,
      isEphemeral,
      scramUsers,
      unref: options.unref ?? false,
      onFatal: options.onFatal ?? throwLater,
      ...(clusterId === null ? {} : { clusterId }),
      ...(telemetry === null
        ? {}
        : { interceptors: telemetry.interceptors, meter: new CountingMeter(worldWith(options.world ?? {}).host) }),
    }),
  )
  const security = secured === null ? null : await held(finished(secured, broker))
  const http = await held(opened(broker, options.world ?? {}, log, options.unref ?? false))
  // Nobody waits for it, and it says itself what fails.
  void telemetry?.start(broker)
  const ownId = broker.services.clusterId
  if (clusterId !== null && ownId !== clusterId) {
    log.warn({ clusterId: ownId, asked: clusterId }, 'the data directory already has another cluster id, which is kept')
  }
  // A client speaks one protocol: it is told the addresses that speak the first listener's.
  const protocol = broker.listeners[0]?.protocol
  const reachable = broker.listeners.filter(listener => listener.protocol === protocol)
  const listeners = reachable.map(({ host, port }) => addressText(reachableHost(host), port))
  const description: BrokerDescription = {
    listeners: broker.listeners.map(({ name, host, port }) => `${name}://${addressText(reachableHost(host), port)}`),
    everywhere: broker.listeners.filter(({ host }) => isEverywhere(host)).map(({ name }) => name),
    data: broker.directory.isEphemeral ? 'ephemeral' : (options.dataDir ?? config.dataDirectories.join(',')),
    durability: broker.durability,
    get send() {
      return broker.sendPath
    },
    http: http === null ? null : { url: http.url, takenPort: http.takenPort },
  }
  let stopping: Promise<void> | undefined
  const topics = () => {
    if (stopping !== undefined) throw Object.assign(new Error('the broker has been stopped'), { code: 'BROKER_STOPPED' })
    return broker.services.topics
  }
  // Nothing may be asked within the process any more once its core closes.
  const ended = async (): Promise<void> => {
    await http?.close(httpGraceMs)
    await telemetry?.stopMetrics()
    await broker.stop(stopGraceMs)
    await telemetry?.stop()
  }
  const stop = (): Promise<void> => {
    stopping ??= held(ended())
    return stopping
  }
  const running: GregorBroker = {
    bootstrapServers: listeners.join(','),
    get brokers() {
      return [...listeners]
    },
    port: broker.listeners[0]?.port ?? 0,
    clusterId: broker.services.clusterId,
    dataDirectory: broker.directory.path,
    description,
    http: http === null ? null : { url: http.url },
    security,
    async createTopic(topic) {
      const unknown = checkOptions('createTopic', topic, topicChecks)
      if (unknown.length > 0) throw new ConfigError(unknown)
      const { name, partitions = -1, replicationFactor = -1, configs = {} } = topic
      checkText('name', name)
      const texts = configTexts(configs, 'configs')
      const problem = validateTopicConfig(config, Object.entries(texts))
      if (problem !== null) throw new KafkaError(Errors.INVALID_CONFIG, problem)
      const isWhole = (count: number) => Number.isInteger(count) && count >= -1
      if (!isWhole(partitions))
        throw new KafkaError(Errors.INVALID_PARTITIONS, `partitions: ${partitions} is not a valid number of partitions`)
      if (!isWhole(replicationFactor)) {
        throw new KafkaError(
          Errors.INVALID_REPLICATION_FACTOR,
          `replicationFactor: ${replicationFactor} is not a valid number of replicas`,
        )
      }
      const command = { name, partitionCount: partitions, replicationFactor, assignments: [] }
      return topicOf(await held(topics().create({ ...command, configs: new Map(Object.entries(texts)) })))
    },
    async deleteTopic(name) {
      checkText('deleteTopic', name)
      topicOf(await held(topics().delete(name)))
    },
    async listTopics() {
      const all = Array.from(topics().image.topics.values(), topicOf)
      return all.filter(({ name }) => !isInternalTopic(name)).sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    clientMetrics: () =>
      Array.from(broker.services.clientMetrics.clients(), ({ metrics, ...client }) => ({ ...client, metrics: [...metrics] })),
    async reloadCertificates() {
      const problems = [...(await broker.reloadCertificates()), ...((await http?.reloadCertificates()) ?? [])]
      if (problems.length > 0) throw new ConfigError(problems)
      return broker.hasTls || http?.hasTls === true
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
  // Whoever prints a broker, or sends it to a log, does not mean its passwords.
  return Object.defineProperty(running, 'security', { enumerable: false })
}

/** A broker whose clients cannot be told how to connect is stopped again. */
async function finished(prepared: PreparedSecurity, broker: RunningBroker): Promise<DevSecurity> {
  try {
    return await prepared.finish(broker)
  } catch (error) {
    await broker.stop(0)
    throw error
  }
}

/** The HTTP port, last of all. A broker whose port cannot be had is stopped again. */
async function opened(broker: RunningBroker, world: Partial<World>, log: Log, unref: boolean): Promise<HttpListener | null> {
  try {
    return await openHttp({ broker, world: worldWith(world), log, unref })
  } catch (error) {
    await broker.stop(0)
    throw error
  }
}

function topicOf(outcome: TopicOutcome): Topic {
  if (isRefusal(outcome)) throw new KafkaError(outcome.errorCode, outcome.message)
  return { name: outcome.name, topicId: outcome.topicId, partitions: outcome.partitions.length }
}

function reachableHost(host: string): string {
  return isEverywhere(host) ? '127.0.0.1' : host
}

function isEverywhere(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::'
}

function throwLater(error: Error): void {
  queueMicrotask(() => {
    throw error
  })
}
