/**
 * What AlterConfigs and IncrementalAlterConfigs have in common: each resource by itself, all of it or nothing, in the order of
 * Kafka's checks: what is wrong with the entry, whether the client may, all the rest.
 */
import { alterConfigs } from '../cluster/controller.js'
import { brokerLoggerResource, brokerResource, type Configs, groupResource, topicResource } from '../cluster/image.js'
import { hiddenText } from '../config/key.js'
import { StorageFailure } from '../node/storage-failure.js'
import { type ErrorCode, Errors, isRefusal, type Refusal, refuse } from '../protocol/errors.js'
import { authorizationFailed } from './authorization-failed.js'
import { type ConfigResource, configResourceOf } from './config-resources.js'
import type { RequestContext } from './handler.js'
import { answersTo } from './many.js'
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

/** What is decided about a resource: refused, nothing to do, or written down, unless the disk says otherwise later. */
type Decided = Refusal | null | { readonly written: Promise<Refusal | null> }

export interface Alteration<Config> {
  /** Those that lack a value and need one. */
  valueless(configs: readonly Config[]): readonly string[]
  /** The resource's configs afterwards, or why it cannot have them. */
  configsOf(resourceType: number, current: Configs, configs: readonly Config[]): Configs | Refusal
  /** Sets the levels of loggers; null where the API cannot. */
  readonly alterLoggers: ((resource: Resource<Config>, validateOnly: boolean, context: RequestContext) => Refusal | null) | null
}

/** Kafka's bound on what a record of its metadata log takes as a value. */
const valueLengthMax = 32_767
/** Of one resource; names that are no keys are among those of a broker. Kafka has no such bound. */
const configsMax = 1000
/** Of one type, with configs of their own; topics are bounded otherwise. */
const resourcesMax = 100_000
/** Every client that asks what to push is held against all of them. */
const clientMetricsMax = 500

export async function alterResources<Config extends { readonly name: string; readonly value: string | null }>(
  resources: readonly Resource<Config>[],
  validateOnly: boolean,
  context: RequestContext,
  alteration: Alteration<Config>,
): Promise<AlteredResource[]> {
  const keyOf = ({ resourceType, resourceName }: Resource<Config>): string => `${resourceType} ${resourceName}`
  const repeated = repeatedIn(resources.map(keyOf))
  const all = await answersTo(resources, context, async (resource): Promise<Decided> => {
    if (repeated.has(keyOf(resource))) return refuse(Errors.INVALID_REQUEST, 'Each resource must appear at most once.')
    return requestRefusal(resource, alteration) ?? (await alter(resource, validateOnly, context, alteration))
  })
  // All of them are on their way to the disk by now, and are synced together.
  return answersTo(all.entries(), context, async ([at, decided]) => {
    const { resourceType, resourceName } = resources[at]!
    const refusal = decided !== null && 'written' in decided ? await decided.written : decided
    const errorCode = refusal?.errorCode ?? Errors.NONE
    return { errorCode, errorMessage: refusal?.message || null, resourceType, resourceName }
  })
}

function requestRefusal<Config extends { readonly name: string }>(
  { configs }: Resource<Config>,
  { valueless }: Alteration<Config>,
): Refusal | null {
  if (new Set(configs.map(({ name }) => name)).size !== configs.length) {
    return refuse(Errors.INVALID_REQUEST, 'Error due to duplicate config keys')
  }
  const names = valueless(configs)
  return names.length === 0 ? null : refuse(Errors.INVALID_REQUEST, `Null value not supported for : ${names.join(', ')}`)
}

async function alter<Config extends { readonly name: string; readonly value: string | null }>(
  resource: Resource<Config>,
  validateOnly: boolean,
  context: RequestContext,
  alteration: Alteration<Config>,
): Promise<Decided> {
  const { resourceType, resourceName, configs: asked } = resource
  const { broker } = context
  const { image } = broker.topics
  if (resourceType === brokerLoggerResource && alteration.alterLoggers !== null) {
    return alteration.alterLoggers(resource, validateOnly, context)
  }
  const rules = configResourceOf(resourceType, resourceName, broker)
  if (rules === null) return refuse(Errors.INVALID_REQUEST, `Unknown resource type ${resourceType}`)
  const denied = authorizationRefusal(resource, context)
  if (denied !== null) return denied
  if (isRefusal(rules)) return rules
  const { name } = rules
  const named = asked.map(config => config.name)
  const decide = (): Configs | Refusal => {
    const configs = alteration.configsOf(resourceType, image.configsOf(resourceType, name), asked)
    return isRefusal(configs)
      ? configs
      : (tooMuch(rules, configs, image.configs.get(resourceType)) ?? rules.refusalOf(configs, named) ?? configs)
  }
  let configs = decide()
  if (isRefusal(configs)) return configs
  if (rules.usersRefusalOf !== null) {
    const refusal = await rules.usersRefusalOf(configs, named)
    if (refusal !== null) return refusal
    // Meanwhile others may have changed what this change does not name.
    configs = decide()
    if (isRefusal(configs)) return configs
  }
  if (validateOnly) return null
  const decided = alterConfigs(image, { type: resourceType, name }, configs, named)
  if (decided.records.length === 0) return null
  // Nothing was awaited since the configs were read, so no other change is lost.
  const written = refusalOf(broker.carryOut(decided))
  broker.log.info({ [rules.kind]: name, configs: shownConfigs(rules, configs) }, `${rules.kind} configs changed`)
  // Who uses a broker's configs has taken them up before others are looked at.
  if (resourceType === brokerResource) return await written
  // Its failure is met when the answers are put together.
  written.catch(() => {})
  return { written }
}

async function refusalOf(written: Promise<unknown>): Promise<Refusal | null> {
  try {
    await written
    return null
  } catch (error) {
    if (!(error instanceof StorageFailure)) throw error
    return refuse(error.errorCode, error.detail ?? '')
  }
}

function authorizationRefusal({ resourceType, resourceName }: Resource<unknown>, context: RequestContext): Refusal | null {
  const [isAllowed, errorCode] =
    resourceType === topicResource
      ? [context.may('alter_configs', 'topic', resourceName), Errors.TOPIC_AUTHORIZATION_FAILED]
      : resourceType === groupResource
        ? [context.may('alter_configs', 'group', resourceName), Errors.GROUP_AUTHORIZATION_FAILED]
        : [context.may('alter_configs', 'cluster', ''), Errors.CLUSTER_AUTHORIZATION_FAILED]
  if (isAllowed) return null
  // Where the broker itself is asked, Kafka has no sentence.
  return refuse(errorCode, resourceType === brokerResource ? '' : authorizationFailed(errorCode))
}

function shownConfigs({ isSecret }: ConfigResource, configs: Configs): Record<string, string> {
  return Object.fromEntries([...configs].map(([key, value]) => [key, isSecret(key) ? hiddenText : value]))
}

function tooMuch(resource: ConfigResource, configs: Configs, others: ReadonlyMap<string, unknown> | undefined): Refusal | null {
  const { kind, name } = resource
  const found = [...configs].find(([, value]) => Buffer.byteLength(value) > valueLengthMax)
  if (found !== undefined) {
    return refuse(Errors.INVALID_CONFIG, `The value of ${found[0]} exceeds the maximum size of ${valueLengthMax} bytes.`)
  }
  if (configs.size > configsMax) return refuse(Errors.POLICY_VIOLATION, `A ${kind} has at most ${configsMax} configs.`)
  const countMax =
    others === undefined || kind === 'topic' ? Infinity : kind === 'client metrics' ? clientMetricsMax : resourcesMax
  if (others === undefined || others.size < countMax || others.has(name)) return null
  return refuse(Errors.POLICY_VIOLATION, `At most ${countMax} ${kind} resources have configs of their own.`)
}
