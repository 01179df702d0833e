/**
 * What an embedder says, checked and turned into the broker's configuration.
 */
import { existsSync, readFileSync } from 'node:fs'
import type { Log } from './base/log.js'
import type { World } from './base/world.js'
import { clusterIdOf, type Environment } from './config/environment.js'
import { listenerOfAddress } from './config/listeners.js'
import { ConfigError, type ConfigLayer, optionsLayer, propertiesLayer } from './config/resolve.js'
import { type Files, imageEnvironment } from './image-environment.js'
import * as check from './option-checks.js'
import { type Checks, checkOptions, shown } from './option-checks.js'
import { parseScramUser, type ScramUser } from './security/scram-argument.js'

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
  /** Users of SCRAM, as `SCRAM-SHA-256=[name=alice,password=secret]`; each is made unless it is there with that mechanism. */
  readonly addScram?: readonly string[]
  /**
   * For development and tests: another listener, SASL_SSL, with a certificate made for it, and two users; `security` of the
   * broker has what their clients need. Kept with the data.
   */
  readonly security?: boolean
  /** Path of a server.properties; weaker than `config`. */
  readonly propertiesFile?: string
  /** Take KAFKA_* variables, CLUSTER_ID and the files that they name into account, as Kafka's images do; and OTEL_*. */
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
  /** Data under the system's temporary directory even though a configuration names a directory. Not together with `dataDir`. */
  readonly ephemeral?: boolean
}

const startChecks: Checks<StartOptions> = {
  host: check.text,
  port: check.port,
  listen: check.text,
  advertise: check.text,
  dataDir: check.pathOf('folder'),
  config: check.record,
  addScram: check.list,
  security: check.flag,
  propertiesFile: check.pathOf('file'),
  environment: check.texts,
  strict: check.flag,
  configOrigin: check.text,
  unref: check.flag,
  log: check.log,
  onFatal: check.callback,
  world: check.world,
  ephemeral: check.flag,
}

export interface ReadOptions {
  /** Strongest first: what the caller says, the environment, the file, and the defaults of an embedded broker. */
  readonly layers: readonly ConfigLayer[]
  readonly isEphemeral: boolean
  readonly clusterId: string | null
  readonly scramUsers: readonly ScramUser[]
  readonly warnings: readonly string[]
}

/** @throws ConfigError */
export function readOptions(options: StartOptions): ReadOptions {
  const unknown = checkOptions('startBroker', options, startChecks)
  const isStrict = options.strict ?? true
  if (isStrict && unknown.length > 0) throw new ConfigError(unknown)

  const own = configTexts(options.config ?? {}, 'config')
  const file =
    options.propertiesFile === undefined ? [] : [propertiesLayer(options.propertiesFile, readProperties(options.propertiesFile))]
  const image = options.environment === undefined ? null : imageEnvironment(options.environment, machineFiles, file)
  const scramUsers = [...(options.addScram ?? []), ...(image?.addScram ?? [])].map(parseScramUser)
  const wrongUsers = scramUsers.filter(user => typeof user === 'string').map(problem => `addScram: ${problem}`)
  const problems = [...contradictions(options, own), ...wrongUsers]
  if (problems.length > 0) throw new ConfigError(problems)
  const listen = options.listen ?? (options.host === undefined && options.port === undefined ? null : hostAndPort(options))
  if (listen !== null) own.listeners = listenerOf(listen, 'listen')
  if (options.advertise !== undefined) own['advertised.listeners'] = listenerOf(options.advertise, 'advertise')
  if (options.dataDir !== undefined) own['log.dirs'] = options.dataDir
  const layers = [optionsLayer(own, options.configOrigin ?? 'config', isStrict)]
  if (image !== null) layers.push(image.layer)
  layers.push(...file)
  const isEphemeral = options.ephemeral ?? !names(layers, 'log.dirs', 'log.dir')
  layers.push(optionsLayer({ listeners: listenerOf(hostAndPort({}), 'listen') }, 'the default'))
  return {
    layers,
    isEphemeral,
    clusterId: readClusterId(options.environment),
    scramUsers: scramUsers.filter(user => typeof user !== 'string'),
    warnings: unknown,
  }
}

const machineFiles: Files = { exists: existsSync, readText: path => readFileSync(path, 'utf8') }

const saidTwice = [
  ['host', 'listeners'],
  ['port', 'listeners'],
  ['listen', 'listeners'],
  ['advertise', 'advertised.listeners'],
  ['dataDir', 'log.dirs'],
  ['dataDir', 'log.dir'],
] as const

function contradictions(options: StartOptions, own: Readonly<Record<string, string>>): string[] {
  const problems = saidTwice
    .filter(([option, key]) => options[option] !== undefined && key in own)
    .map(([option, key]) => `${option} and config ${key} say the same thing; give one of them`)
  if (options.listen !== undefined && (options.host ?? options.port) !== undefined) {
    problems.push('listen: give either listen, or host and port')
  }
  if (options.ephemeral === true && options.dataDir !== undefined) {
    problems.push('ephemeral: true keeps no data; leave dataDir out')
  }
  return problems
}

function readProperties(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError([`propertiesFile: ${(error as Error).message}`])
  }
}

/** Values of configs as texts. @throws ConfigError that names each value that is none. */
export function configTexts(values: Readonly<Record<string, unknown>>, what: string): Record<string, string> {
  const problems: string[] = []
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string' || typeof value === 'boolean') texts[name] = String(value)
    // Java reads no exponent.
    else if (typeof value === 'number') texts[name] = Number.isInteger(value) ? BigInt(value).toString() : String(value)
    else problems.push(`${what} ${name}: a text, a number or a boolean is needed, not ${shown(value)}`)
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
  // Kafka takes any text; this is what can be written anywhere without quotes.
  if (id === null || /^[\w+/=.:-]{1,249}$/.test(id)) return id
  throw new ConfigError([
    `CLUSTER_ID: "${id}" is not a cluster id: letters, digits and ._-+/=: as kafka-storage random-uuid prints`,
  ])
}
