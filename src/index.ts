/**
 * The embedding API: a whole broker inside this process. `gregor start` is a thin caller of the same function.
 *
 *   await using broker = await startBroker({ port: 0 })
 *   new Kafka({ brokers: broker.brokers })
 */
import { readFileSync } from 'node:fs'
import { held } from './base/held.js'
import { type Log, silentLog } from './base/log.js'
import { realWorld } from './base/world.js'
import { startBroker as start } from './broker/broker.js'
import { addressText, listenerOfAddress } from './config/listeners.js'
import {
  ConfigError,
  type ConfigLayer,
  environmentLayer,
  optionsLayer,
  propertiesLayer,
  resolveBrokerConfig,
} from './config/resolve.js'
import { validateTopicConfig } from './config/topic-config.js'

export type { Log } from './base/log.js'
export { ConfigError } from './config/resolve.js'

export interface StartOptions {
  /** Address to listen on; 127.0.0.1 by default. Not together with `listen`. */
  readonly host?: string
  /** Port to listen on; 0, the default, picks a free one. Not together with `listen`. */
  readonly port?: number
  /** HOST:PORT, instead of `host` and `port`. */
  readonly listen?: string
  /** HOST:PORT to tell clients; unset, each is told the address that it used. */
  readonly advertise?: string
  /** Where to keep data. Without it the broker is ephemeral: nothing is synced, everything is removed by `stop`. */
  readonly dataDir?: string
  /** Kafka's broker configs by name, e.g. `{ 'num.partitions': '3' }`. docs/config.md lists them. */
  readonly config?: Readonly<Record<string, string>>
  /** Path of a server.properties; weaker than `config`. */
  readonly propertiesFile?: string
  /** Take KAFKA_* variables into account, as the apache/kafka image does. Off by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Do not keep the process alive for this broker. */
  readonly unref?: boolean
  /** Hears what an operator should know; silent by default. */
  readonly log?: Log
  /** The broker can no longer keep its promises (the disk failed, or a fault in Gregor). Thrown when not given. */
  readonly onFatal?: (error: Error) => void
  /** Data under the system's temporary directory even though a configuration names a directory. */
  readonly ephemeral?: boolean
}

export interface NewTopic {
  readonly name: string
  /** num.partitions by default. */
  readonly partitions?: number
  /** Kafka's topic configs by name. */
  readonly configs?: Readonly<Record<string, string>>
}

export interface GregorBroker extends AsyncDisposable {
  /** "127.0.0.1:9092", what clients call bootstrap.servers. */
  readonly bootstrapServers: string
  /** The same as a list, as kafkajs takes it. */
  readonly brokers: readonly string[]
  readonly port: number
  readonly clusterId: string
  /** Where data is kept, or was while an ephemeral broker ran. */
  readonly dataDirectory: string
  readonly description: BrokerDescription
  /** The topic can be used when this resolves. @throws Error with Kafka's message when it cannot be created. */
  createTopic(topic: NewTopic): Promise<void>
  /** Answers what is under way (within 2 s), syncs, closes. Calling it again waits for the same stop. */
  stop(): Promise<void>
}

/** What the ready line says. */
export interface BrokerDescription {
  readonly listeners: readonly string[]
  readonly data: string
  readonly durability: 'fsync' | 'os' | 'none'
  readonly send: 'sendfile' | 'copy'
}

const stopGraceMs = 2000

/**
 * Starts a broker. Resolves when it serves: recovery is done, groups are loaded, the port is open.
 * @throws ConfigError (`code` CONFIG_INVALID); errors with `code` EADDRINUSE, EACCES, DATA_DIRECTORY_LOCKED,
 * DATA_DIRECTORY_CORRUPT.
 */
export async function startBroker(options: StartOptions = {}): Promise<GregorBroker> {
  const { log = silentLog } = options
  const { config, warnings } = resolveBrokerConfig(configLayers(options))
  for (const warning of warnings) log.warn({}, warning)
  const broker = await held(
    start({
      config,
      world: realWorld,
      log,
      isEphemeral: options.ephemeral ?? !namesDirectory(options),
      unref: options.unref ?? false,
      onFatal: options.onFatal ?? throwLater,
    }),
  )
  const listeners = broker.listeners.map(({ host, port }) => addressText(reachableHost(host), port))
  const description: BrokerDescription = {
    listeners: broker.listeners.map(({ name, host, port }) => `${name}://${addressText(reachableHost(host), port)}`),
    data: broker.directory.isEphemeral ? 'ephemeral' : (options.dataDir ?? config.dataDirectory),
    durability: broker.durability,
    get send() {
      return broker.sendPath
    },
  }
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= held(broker.stop(stopGraceMs))
    return stopping
  }
  return {
    bootstrapServers: listeners.join(','),
    brokers: listeners,
    port: broker.listeners[0]?.port ?? 0,
    clusterId: broker.services.clusterId,
    dataDirectory: broker.directory.path,
    description,
    async createTopic({ name, partitions = -1, configs = {} }) {
      const problem = validateTopicConfig(config, Object.entries(configs))
      if (problem !== null) throw new Error(problem)
      const command = { name, partitionCount: partitions, replicationFactor: -1, assignments: [] }
      const created = await held(broker.services.topics.create({ ...command, configs: new Map(Object.entries(configs)) }))
      if ('kind' in created) throw new Error(created.message)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Strongest first: what the caller says, the environment, the file. */
function configLayers(options: StartOptions): ConfigLayer[] {
  const own: Record<string, string> = { ...options.config }
  const listen = options.listen ?? (isListenerSet(options) ? null : `${options.host ?? '127.0.0.1'}:${options.port ?? 0}`)
  if (listen !== null) own.listeners = listenerOf(listen, 'listen')
  if (options.advertise !== undefined) own['advertised.listeners'] = listenerOf(options.advertise, 'advertise')
  if (options.dataDir !== undefined) own['log.dirs'] = options.dataDir
  const layers = [optionsLayer(own)]
  if (options.environment !== undefined) layers.push(environmentLayer(options.environment))
  if (options.propertiesFile !== undefined) {
    layers.push(propertiesLayer(options.propertiesFile, readFileSync(options.propertiesFile, 'utf8')))
  }
  return layers
}

/** A configuration may name the listeners; then only an explicit host or port overrides it. */
function isListenerSet({ host, port, config, environment, propertiesFile }: StartOptions): boolean {
  if (host !== undefined || port !== undefined) return false
  return config?.listeners !== undefined || environment !== undefined || propertiesFile !== undefined
}

function listenerOf(address: string, option: string): string {
  const listener = listenerOfAddress(address)
  if (listener === null) throw new ConfigError([`${option}: "${address}" is not HOST:PORT, such as 127.0.0.1:9092`])
  return listener
}

/** Whether anybody said where data should be; an embedded broker of which nobody did is ephemeral. */
function namesDirectory({ dataDir, config, environment, propertiesFile }: StartOptions): boolean {
  const isInConfig = config?.['log.dirs'] !== undefined || config?.['log.dir'] !== undefined
  return dataDir !== undefined || isInConfig || environment !== undefined || propertiesFile !== undefined
}

function reachableHost(host: string): string {
  return host === '' || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
}

function throwLater(error: Error): void {
  queueMicrotask(() => {
    throw error
  })
}
