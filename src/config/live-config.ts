/**
 * The configuration of a broker that runs: what it was started with, under what was set since for all brokers and for this one
 * (KIP-226). Whoever reads a value when it is used has the new one at once; whoever made something of it asks to be told.
 */
import { isRefusal } from '../protocol/errors.js'
import {
  type BrokerConfig,
  brokerConfig,
  configSources,
  type GivenConfigs,
  type ListenerSettings,
  listenerKeyOf,
} from './broker-config.js'
import { type ConfigKey, parseValue } from './key.js'
import { type BrokerKey, type BrokerValue, brokerKeyOf, brokerKeys } from './keys.js'
import type { ListenerConfig } from './listeners.js'
import { lockedOut, reconfigurationProblem } from './reconfiguration.js'
import { conflicts, perAddressProblems } from './resolve.js'

type Texts = ReadonlyMap<string, string>

/** What was set while a broker runs. */
export interface DynamicConfigs {
  readonly clusterWide: Texts
  /** Of this broker alone; they are the stronger ones. */
  readonly own: Texts
}

export interface ConfigObserver {
  readonly keys: readonly BrokerKey[]
  /** Why the values cannot be used; asked before they are written down. */
  problemOf?(candidate: BrokerConfig, named: readonly string[]): Promise<string | null>
  /** One of the keys was written, with another value or the one that it had. The change is answered when this is done. */
  changed(): void | Promise<void>
}

export class LiveConfig implements BrokerConfig {
  readonly #static: BrokerConfig
  readonly #observers: ConfigObserver[] = []
  #current: BrokerConfig

  private constructor(config: BrokerConfig) {
    this.#static = config
    this.#current = config
  }

  static of(config: BrokerConfig): LiveConfig {
    return config instanceof LiveConfig ? config : new LiveConfig(config)
  }

  get<K extends BrokerKey>(key: K): BrokerValue<K> {
    return this.#current.get(key)
  }
  textOf(key: BrokerKey): string | null {
    return this.#current.textOf(key)
  }
  get given(): readonly GivenConfigs[] {
    return this.#current.given
  }
  get listeners(): readonly ListenerConfig[] {
    return this.#static.listeners
  }
  get controllerListeners(): readonly ListenerConfig[] {
    return this.#static.controllerListeners
  }
  get dataDirectory(): string {
    return this.#static.dataDirectory
  }
  get dataDirectories(): readonly string[] {
    return this.#static.dataDirectories
  }
  get ofListeners(): ReadonlyMap<string, unknown> {
    return this.#current.ofListeners
  }
  forListener(name: string): ListenerSettings {
    return liveSettings(() => this.#current.forListener(name))
  }

  observe(observer: ConfigObserver): void {
    this.#observers.push(observer)
  }

  /** Takes up what is set now, of which `named` was just written. What of it is a problem counts as not set. */
  follow(
    dynamic: DynamicConfigs,
    named: readonly string[],
  ): { readonly problems: readonly string[]; readonly settled: Promise<unknown> } {
    const { config, problems, ignored } = overlaid(this.#static, dynamic)
    this.#current = config
    const found = ignored.length === 0 ? problems : [...problems, `not taken up while a broker runs: ${ignored.join(', ')}`]
    return { problems: found, settled: Promise.all(this.#concernedBy(named).map(observer => observer.changed())) }
  }

  /** Why these cannot be the dynamic configs, whoever uses them. */
  problemOf(dynamic: DynamicConfigs): string | null {
    const { config, problems } = overlaid(this.#static, dynamic)
    const isSet = (key: BrokerKey): boolean => dynamic.clusterWide.has(key) || dynamic.own.has(key)
    return problems[0] ?? reconfigurationProblem(this.#current, config, isSet)
  }

  /** What those say who use what is `named`; their files are looked at. */
  async usersProblemOf(dynamic: DynamicConfigs, named: readonly string[]): Promise<string | null> {
    const users = this.#concernedBy(named)
    if (users.length === 0) return null
    const { config } = overlaid(this.#static, dynamic)
    for (const user of users) {
      const problem = await user.problemOf?.(config, named)
      if (typeof problem === 'string') return problem
    }
    return null
  }

  #concernedBy(named: readonly string[]): ConfigObserver[] {
    const keys = named.map(name => listenerKeyOf(name)?.key ?? brokerKeyOf(name))
    return this.#observers.filter(observer => observer.keys.some(key => keys.includes(key)))
  }
}

interface Overlaid {
  readonly config: BrokerConfig
  readonly problems: readonly string[]
  /** Keys that are taken up at the start alone. */
  readonly ignored: readonly string[]
}

function overlaid(base: BrokerConfig, { clusterWide, own }: DynamicConfigs): Overlaid {
  if (clusterWide.size + own.size === 0) return { config: base, problems: [], ignored: [] }
  const problems: string[] = []
  const ignored: string[] = []
  const values = new Map<BrokerKey, unknown>()
  const ofListeners = new Map<string, unknown>()
  const given: GivenConfigs[] = []
  const layers: [number, Texts][] = [
    [configSources.dynamicDefaultBroker, clusterWide],
    [configSources.dynamicBroker, own],
  ]
  for (const [source, layer] of layers) {
    const texts = new Map<string, string>()
    for (const [name, text] of layer) {
      const ofListener = listenerKeyOf(name)
      const key = ofListener?.key ?? brokerKeyOf(name)
      const row: ConfigKey<unknown> | null = key === null ? null : brokerKeys[key]
      if (key === null || row === null) {
        texts.set(name, text)
        continue
      }
      // Kafka may have left what does not change here while a broker runs.
      if (row.dynamic === undefined) {
        ignored.push(name)
        continue
      }
      const parsed = parseValue(name, row, text)
      if (isRefusal(parsed)) {
        problems.push(parsed.message)
        continue
      }
      const problem = lockedOut(key, parsed.value)
      if (problem !== null) {
        problems.push(problem)
        continue
      }
      texts.set(ofListener?.name ?? key, parsed.text)
      if (ofListener !== null) ofListeners.set(ofListener.name, parsed.value)
      else values.set(key, parsed.value)
    }
    if (texts.size > 0) given.unshift({ source, texts })
  }
  const read = (key: BrokerKey): unknown => (values.has(key) ? values.get(key) : base.get(key))
  const addressProblems = perAddressProblems(read as BrokerConfig['get'])
  if (addressProblems.length > 0) forget(['max.connections.per.ip', 'max.connections.per.ip.overrides'], values, given)
  problems.push(...addressProblems, ...conflicts(read as BrokerConfig['get']))
  const { listeners, controllerListeners, dataDirectory, dataDirectories } = base
  return {
    config: brokerConfig({
      read,
      ofListeners: new Map([...base.ofListeners, ...ofListeners]),
      given: [...given, ...base.given],
      listeners,
      controllerListeners,
      dataDirectory,
      dataDirectories,
    }),
    problems,
    ignored,
  }
}

function forget(keys: readonly BrokerKey[], values: Map<BrokerKey, unknown>, given: GivenConfigs[]): void {
  for (const key of keys) values.delete(key)
  const without = (texts: Texts): Texts => new Map([...texts].filter(([name]) => !keys.some(key => key === name)))
  for (const [at, { source, texts }] of given.entries()) given[at] = { source, texts: without(texts) }
}

function liveSettings(settings: () => ListenerSettings): ListenerSettings {
  return {
    get: key => settings().get(key),
    nameOf: key => settings().nameOf(key),
    isOwn: key => settings().isOwn(key),
    forMechanism: name => liveSettings(() => settings().forMechanism(name)),
  }
}
