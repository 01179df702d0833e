/**
 * What an embedder says, checked and turned into the broker's configuration. JavaScript has no types to keep a misspelt
 * option or a number where a text belongs out of here: each is refused with its name.
 */
import { readFileSync } from 'node:fs'
import type { Log } from './base/log.js'
import type { World } from './base/world.js'
import { clusterIdOf, type Environment, environmentLayer } from './config/environment.js'
import { listenerOfAddress } from './config/listeners.js'
import { nearest } from './config/nearest.js'
import { ConfigError, type ConfigLayer, optionsLayer, propertiesLayer } from './config/resolve.js'

/** A value of a Kafka config; numbers and booleans are taken as Kafka would read them. */
export type ConfigValue = string | number | boolean

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
  /** Kafka's broker configs by name, e.g. `{ 'num.partitions': 3 }`. docs/config.md lists them. */
  readonly config?: Readonly<Record<string, ConfigValue>>
  /** Path of a server.properties; weaker than `config`. */
  readonly propertiesFile?: string
  /** Take KAFKA_* variables and CLUSTER_ID into account, as Kafka's images do. Off by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** false: unknown options and keys of `config` are ignored with a warning. They are refused by default. */
  readonly strict?: boolean
  /** What messages call `config`; the command line says --config. */
  readonly configOrigin?: string
  /** Do not keep the process alive for this broker. */
  readonly unref?: boolean
  /** Hears what an operator should know; silent by default. */
  readonly log?: Log
  /** The broker can no longer keep its promises (the disk failed, or a fault in Gregor). Thrown when not given. */
  readonly onFatal?: (error: Error) => void
  /**
   * Time of the cluster (sessions, rebalances, retention, timestamps) and randomness, for tests that move a clock by hand.
   * Sockets, waiting requests and `stop` keep the machine's own time.
   */
  readonly world?: Partial<Omit<World, 'host'>>
  /** Data under the system's temporary directory even though a configuration names a directory. */
  readonly ephemeral?: boolean
}

const optionNames = Object.keys({
  host: true,
  port: true,
  listen: true,
  advertise: true,
  dataDir: true,
  config: true,
  propertiesFile: true,
  environment: true,
  strict: true,
  configOrigin: true,
  unref: true,
  log: true,
  onFatal: true,
  world: true,
  ephemeral: true,
} satisfies Record<keyof StartOptions, true>)

export interface ReadOptions {
  /** Strongest first: what the caller says, the environment, the file, and the defaults of an embedded broker. */
  readonly layers: readonly ConfigLayer[]
  readonly isEphemeral: boolean
  readonly clusterId: string | null
  readonly warnings: readonly string[]
}

/** @throws ConfigError */
export function readOptions(options: StartOptions): ReadOptions {
  const isStrict = options.strict ?? true
  const unknown = Object.keys(options).filter(name => !optionNames.includes(name))
  if (isStrict && unknown.length > 0) throw new ConfigError(unknown.map(unknownOption))

  const own = configTexts(options.config ?? {}, 'config')
  if (options.listen !== undefined && (options.host ?? options.port) !== undefined) {
    throw new ConfigError(['listen: give either listen, or host and port'])
  }
  if (options.port !== undefined && !(Number.isInteger(options.port) && options.port >= 0 && options.port <= 65_535)) {
    throw new ConfigError([`port: ${options.port} is not a port, 0 to 65535`])
  }
  const listen = options.listen ?? (options.host === undefined && options.port === undefined ? null : hostAndPort(options))
  if (listen !== null) own.listeners = listenerOf(listen, 'listen')
  if (options.advertise !== undefined) own['advertised.listeners'] = listenerOf(options.advertise, 'advertise')
  if (options.dataDir !== undefined) own['log.dirs'] = options.dataDir
  const layers = [optionsLayer(own, options.configOrigin ?? 'config', isStrict)]
  if (options.environment !== undefined) layers.push(environmentLayer(options.environment))
  if (options.propertiesFile !== undefined) {
    layers.push(propertiesLayer(options.propertiesFile, readFileSync(options.propertiesFile, 'utf8')))
  }
  const isEphemeral = options.ephemeral ?? !names(layers, 'log.dirs', 'log.dir')
  layers.push(optionsLayer({ listeners: listenerOf(hostAndPort({}), 'listen') }, 'the default'))
  return { layers, isEphemeral, clusterId: readClusterId(options.environment), warnings: unknown.map(unknownOption) }
}

/** Values of configs as texts. @throws ConfigError that names each value that is none. */
export function configTexts(values: Readonly<Record<string, unknown>>, what: string): Record<string, string> {
  const problems: string[] = []
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string' || typeof value === 'boolean') texts[name] = String(value)
    // Java reads no exponent.
    else if (typeof value === 'number') texts[name] = Number.isInteger(value) ? BigInt(value).toString() : String(value)
    else problems.push(`${what} ${name}: a text, a number or a boolean is needed, not ${value === null ? null : typeof value}`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return texts
}

/** Whether a source says one of these keys. */
export function names(layers: readonly ConfigLayer[], ...keys: readonly string[]): boolean {
  return layers.some(({ entries }) => keys.some(key => entries.has(key)))
}

function hostAndPort({ host = '127.0.0.1', port = 0 }: StartOptions): string {
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
}

function listenerOf(address: string, option: string): string {
  const listener = listenerOfAddress(address)
  if (listener === null) throw new ConfigError([`${option}: "${address}" is not HOST:PORT, such as 127.0.0.1:9092`])
  return listener
}

function readClusterId(environment: Environment = {}): string | null {
  const id = clusterIdOf(environment)
  if (id === null || /^[\w-]{22}$/.test(id)) return id
  throw new ConfigError([`CLUSTER_ID: "${id}" is not a cluster id: 22 characters of base64, as kafka-storage random-uuid prints`])
}

function unknownOption(name: string): string {
  const similar = nearest(name, optionNames)
  return `Unknown option ${name}${similar === null ? '' : `; did you mean ${similar}?`}`
}
