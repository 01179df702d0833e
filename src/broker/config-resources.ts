/** What a resource that has configs may be told (KIP-226, KIP-714, KIP-848), by its type: checks and words are Kafka's. */
import {
  brokerResource,
  type ClusterImage,
  type Configs,
  clientMetricsResource,
  groupResource,
  topicResource,
} from '../cluster/image.js'
import { topicNameProblem } from '../cluster/topic-name.js'
import { isSecretConfig } from '../config/broker-config.js'
import { clientMetricsRefusal } from '../config/client-metrics.js'
import { dynamicProblem } from '../config/dynamic-problem.js'
import { groupConfigProblem } from '../config/group-config.js'
import type { DynamicConfigs } from '../config/live-config.js'
import { validateTopicConfig } from '../config/topic-config.js'
import { Errors, type Refusal, refuse } from '../protocol/errors.js'
import { patternOf } from './pattern.js'
import type { Broker } from './services.js'

export interface ConfigResource {
  readonly kind: 'topic' | 'broker' | 'client metrics' | 'group'
  /** As it is in the records. */
  readonly name: string
  /** Why it cannot have these configs, of which `named` are asked for now. */
  refusalOf(configs: Configs, named: readonly string[]): Refusal | null
  /** What whoever uses them says; null where nobody is asked. */
  readonly usersRefusalOf: ((configs: Configs, named: readonly string[]) => Promise<Refusal | null>) | null
  /** Whether the value is for no eyes. */
  isSecret(key: string): boolean
}

/** Null for a type that there is not. */
export function configResourceOf(type: number, name: string, broker: Broker): ConfigResource | Refusal | null {
  switch (type) {
    case topicResource:
      return topic(name, broker)
    case brokerResource: {
      if (name === '') return brokerConfigs(name, broker)
      const unknown = nodeRefusal(name, broker.nodeId)
      return unknown ?? brokerConfigs(String(broker.nodeId), broker)
    }
    case clientMetricsResource:
      return { ...open, kind: 'client metrics', name, refusalOf: configs => clientMetrics(name, configs) }
    case groupResource:
      return { ...open, kind: 'group', name, refusalOf: configs => group(name, configs, broker) }
    default:
      return null
  }
}

const open = { usersRefusalOf: null, isSecret: () => false }

function topic(name: string, { config, topics }: Broker): ConfigResource {
  const refusalOf = (configs: Configs): Refusal | null => {
    if (name === '') return refuse(Errors.INVALID_REQUEST, 'Default topic resources are not allowed.')
    const problem = topicNameProblem(name)
    if (problem !== null) return refuse(Errors.INVALID_TOPIC_EXCEPTION, problem)
    const invalid = validateTopicConfig(config, configs)
    if (invalid !== null) return refuse(Errors.INVALID_CONFIG, invalid)
    if (topics.image.topics.has(name)) return null
    return refuse(Errors.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`)
  }
  return { ...open, kind: 'topic', name, refusalOf }
}

/** Whatever is wrong with a broker's configs is an INVALID_REQUEST. */
function brokerConfigs(name: string, { config, nodeId, topics }: Broker): ConfigResource {
  const dynamicWith = (configs: Configs): DynamicConfigs => {
    const now = dynamicConfigsOf(topics.image, nodeId)
    return name === '' ? { ...now, clusterWide: configs } : { ...now, own: configs }
  }
  const orNull = (problem: string | null): Refusal | null => (problem === null ? null : refuse(Errors.INVALID_REQUEST, problem))
  return {
    kind: 'broker',
    name,
    refusalOf(configs, named) {
      const asked = new Map([...configs].filter(([key]) => named.includes(key)))
      return orNull(dynamicProblem(asked, name !== '') ?? config.problemOf(dynamicWith(configs)))
    },
    usersRefusalOf: async (configs, named) => orNull(await config.usersProblemOf(dynamicWith(configs), named)),
    isSecret: isSecretConfig,
  }
}

/** What is set for all brokers, and for this one. */
export function dynamicConfigsOf(image: ClusterImage, nodeId: number): DynamicConfigs {
  return {
    clusterWide: image.configsOf(brokerResource, ''),
    own: image.configsOf(brokerResource, String(nodeId)),
  }
}

function group(name: string, configs: Configs, { config }: Broker): Refusal | null {
  if (name === '') return refuse(Errors.INVALID_REQUEST, 'Default group resources are not allowed.')
  const problem = groupConfigProblem(config, configs)
  return problem === null ? null : refuse(Errors.INVALID_CONFIG, problem)
}

function clientMetrics(name: string, configs: Configs): Refusal | null {
  if (name === '') return refuse(Errors.INVALID_REQUEST, "Subscription name can't be empty")
  return clientMetricsRefusal(configs, text => patternOf(text) !== null)
}

/** As Java reads a number: 01 and +1 are 1. */
export function nodeIdOf(name: string): number | null {
  return /^[+-]?\d{1,10}$/.test(name) ? Number(name) : null
}

export function nodeRefusal(name: string, nodeId: number): Refusal | null {
  const id = nodeIdOf(name)
  if (id === null) return refuse(Errors.INVALID_REQUEST, `Node id must be an integer, but it is: ${name}`)
  if (id === nodeId) return null
  return refuse(Errors.INVALID_REQUEST, `Unexpected broker id, expected ${nodeId}, but received ${name}`)
}
