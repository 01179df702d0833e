/** What AlterConfigs and IncrementalAlterConfigs have in common: each resource by itself, all of it or nothing. */
import { brokerResource, topicResource } from '../cluster/image.js'
import { topicNameProblem } from '../cluster/topic-name.js'
import { validateTopicConfig } from '../config/topic-config.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import type { RequestContext } from './handler.js'
import { repeatedIn } from './repeated.js'

interface Resource<Config> {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly Config[]
}

export interface AlteredResource {
  readonly errorCode: ErrorCode
  readonly errorMessage: string | null
  readonly resourceType: number
  readonly resourceName: string
}

/** What is wrong with a resource; null when nothing is. */
type Refusal = readonly [errorCode: ErrorCode, message: string] | null

export interface Alteration<Config> {
  /** What is wrong with one entry by itself, whatever the resource: the message of an INVALID_REQUEST (42). */
  problemOf(config: Config): string | null
  /** A topic's overrides afterwards, or the message of an INVALID_CONFIG (40). */
  overridesOf(current: ReadonlyMap<string, string>, configs: readonly Config[]): ReadonlyMap<string, string> | string
}

/** Kafka's bound on what a record of its metadata log takes as a value. */
const valueLengthMax = 32_767

export async function alterResources<Config extends { readonly name: string; readonly value: string | null }>(
  resources: readonly Resource<Config>[],
  validateOnly: boolean,
  context: RequestContext,
  alteration: Alteration<Config>,
): Promise<AlteredResource[]> {
  const keyOf = ({ resourceType, resourceName }: Resource<Config>): string => `${resourceType} ${resourceName}`
  const repeated = repeatedIn(resources.map(keyOf))
  const answers: AlteredResource[] = []
  for (const resource of resources) {
    const { resourceType, resourceName } = resource
    const refusal = repeated.has(keyOf(resource))
      ? ([Errors.INVALID_REQUEST, 'Each resource must appear at most once.'] as const)
      : (requestProblem(resource, alteration, context) ?? (await alterTopic(resource, validateOnly, context, alteration)))
    const [errorCode, errorMessage] = refusal ?? [Errors.NONE, null]
    answers.push({ errorCode, errorMessage, resourceType, resourceName })
  }
  return answers
}

function requestProblem<Config extends { readonly name: string }>(
  { resourceType, resourceName, configs }: Resource<Config>,
  { problemOf }: Alteration<Config>,
  { broker }: RequestContext,
): Refusal {
  if (new Set(configs.map(({ name }) => name)).size !== configs.length) {
    return [Errors.INVALID_REQUEST, 'Error due to duplicate config keys']
  }
  const problem = configs.map(problemOf).find(found => found !== null)
  if (problem !== undefined) return [Errors.INVALID_REQUEST, problem as string]
  if (resourceType === topicResource) return null
  if (resourceType !== brokerResource) return [Errors.INVALID_REQUEST, `Unknown resource type ${resourceType}`]
  if (resourceName !== '' && resourceName !== String(broker.nodeId)) {
    const message = `Unexpected broker id, expected ${broker.nodeId} or empty string, but received ${resourceName}`
    return [Errors.INVALID_REQUEST, message]
  }
  const names = configs.map(({ name }) => name).join(', ')
  return [Errors.INVALID_REQUEST, `Cannot update these configs dynamically: Set(${names}). Set them where the broker is started.`]
}

async function alterTopic<Config>(
  { resourceName, configs }: Resource<Config>,
  validateOnly: boolean,
  { broker }: RequestContext,
  { overridesOf }: Alteration<Config>,
): Promise<Refusal> {
  if (resourceName === '') return [Errors.INVALID_REQUEST, 'Default topic resources are not allowed.']
  const problem = topicNameProblem(resourceName)
  if (problem !== null) return [Errors.INVALID_TOPIC_EXCEPTION, problem]
  const topic = broker.topics.image.topics.get(resourceName)
  if (topic === undefined) return [Errors.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${resourceName}' does not exist.`]
  const overrides = overridesOf(topic.configs, configs)
  if (typeof overrides === 'string') return [Errors.INVALID_CONFIG, overrides]
  const invalid = tooLong(overrides) ?? validateTopicConfig(broker.config, overrides)
  if (invalid !== null) return [Errors.INVALID_CONFIG, invalid]
  if (validateOnly) return null
  // Nothing was awaited since the overrides were read, so no other change is lost.
  const altered = await broker.topics.alterConfigs(resourceName, overrides)
  return 'kind' in altered ? [altered.errorCode, altered.message] : null
}

function tooLong(overrides: ReadonlyMap<string, string>): string | null {
  const found = [...overrides].find(([, value]) => Buffer.byteLength(value) > valueLengthMax)
  return found === undefined ? null : `The value of ${found[0]} exceeds the maximum size of ${valueLengthMax} bytes.`
}
