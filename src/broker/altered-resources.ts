/** What AlterConfigs and IncrementalAlterConfigs have in common: each resource by itself, all of it or nothing. */
import { brokerResource, groupResource, topicResource } from '../cluster/image.js'
import { topicNameProblem } from '../cluster/topic-name.js'
import { validateTopicConfig } from '../config/topic-config.js'
import { type ErrorCode, Errors, isRefusal, type Refusal, refuse } from '../protocol/errors.js'
import { authorizationFailed } from './authorization-failed.js'
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

export interface Alteration<Config> {
  /** What is wrong with one entry by itself, whatever the resource: the message of an INVALID_REQUEST (42). */
  problemOf(config: Config): string | null
  /** A topic's overrides afterwards, or why it cannot have them. */
  overridesOf(current: ReadonlyMap<string, string>, configs: readonly Config[]): ReadonlyMap<string, string> | Refusal
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
      ? refuse(Errors.INVALID_REQUEST, 'Each resource must appear at most once.')
      : (requestRefusal(resource, alteration) ??
        authorizationRefusal(resource, context) ??
        brokerRefusal(resource, context) ??
        (await alterTopic(resource, validateOnly, context, alteration)))
    const errorCode = refusal?.errorCode ?? Errors.NONE
    answers.push({ errorCode, errorMessage: refusal?.message ?? null, resourceType, resourceName })
  }
  return answers
}

function requestRefusal<Config extends { readonly name: string }>(
  { configs }: Resource<Config>,
  { problemOf }: Alteration<Config>,
): Refusal | null {
  if (new Set(configs.map(({ name }) => name)).size !== configs.length) {
    return refuse(Errors.INVALID_REQUEST, 'Error due to duplicate config keys')
  }
  const problem = configs.map(problemOf).find(found => found !== null)
  return problem === undefined ? null : refuse(Errors.INVALID_REQUEST, problem as string)
}

function authorizationRefusal({ resourceType, resourceName }: Resource<unknown>, context: RequestContext): Refusal | null {
  const [isAllowed, errorCode] =
    resourceType === topicResource
      ? [context.may('alter_configs', 'topic', resourceName), Errors.TOPIC_AUTHORIZATION_FAILED]
      : resourceType === groupResource
        ? [context.may('alter_configs', 'group', resourceName), Errors.GROUP_AUTHORIZATION_FAILED]
        : [context.may('alter_configs', 'cluster', ''), Errors.CLUSTER_AUTHORIZATION_FAILED]
  return isAllowed ? null : refuse(errorCode, authorizationFailed(errorCode))
}

function brokerRefusal<Config extends { readonly name: string }>(
  { resourceType, resourceName, configs }: Resource<Config>,
  { broker }: RequestContext,
): Refusal | null {
  if (resourceType === topicResource) return null
  if (resourceType !== brokerResource) return refuse(Errors.INVALID_REQUEST, `Unknown resource type ${resourceType}`)
  if (resourceName !== '' && resourceName !== String(broker.nodeId)) {
    const message = `Unexpected broker id, expected ${broker.nodeId} or empty string, but received ${resourceName}`
    return refuse(Errors.INVALID_REQUEST, message)
  }
  const names = configs.map(({ name }) => name).join(', ')
  return refuse(
    Errors.INVALID_REQUEST,
    `Cannot update these configs dynamically: Set(${names}). Set them where the broker is started.`,
  )
}

async function alterTopic<Config>(
  { resourceName, configs }: Resource<Config>,
  validateOnly: boolean,
  { broker }: RequestContext,
  { overridesOf }: Alteration<Config>,
): Promise<Refusal | null> {
  if (resourceName === '') return refuse(Errors.INVALID_REQUEST, 'Default topic resources are not allowed.')
  const problem = topicNameProblem(resourceName)
  if (problem !== null) return refuse(Errors.INVALID_TOPIC_EXCEPTION, problem)
  const topic = broker.topics.image.topics.get(resourceName)
  if (topic === undefined) return refuse(Errors.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${resourceName}' does not exist.`)
  const overrides = overridesOf(topic.configs, configs)
  if (isRefusal(overrides)) return overrides
  const invalid = tooLong(overrides) ?? validateTopicConfig(broker.config, overrides)
  if (invalid !== null) return refuse(Errors.INVALID_CONFIG, invalid)
  if (validateOnly) return null
  // Nothing was awaited since the overrides were read, so no other change is lost.
  const altered = await broker.topics.alterConfigs(resourceName, overrides)
  return isRefusal(altered) ? altered : null
}

function tooLong(overrides: ReadonlyMap<string, string>): string | null {
  const found = [...overrides].find(([, value]) => Buffer.byteLength(value) > valueLengthMax)
  return found === undefined ? null : `The value of ${found[0]} exceeds the maximum size of ${valueLengthMax} bytes.`
}
