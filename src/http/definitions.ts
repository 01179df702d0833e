/**
 * All that somebody has set up on a broker, as one value: topics with their configs, configs of brokers and groups, ACLs, quotas,
 * and the names of users. Reading it, and making another broker like it: what is missing is made, what differs is set, and
 * nothing is taken away.
 */
import { z } from '@hono/zod-openapi'
import { Errors } from '../protocol/errors.js'
import { CreatePartitions } from '../protocol/messages/create-partitions.js'
import { CreateTopics } from '../protocol/messages/create-topics.js'
import { DescribeConfigs } from '../protocol/messages/describe-configs.js'
import { ListConfigResources } from '../protocol/messages/list-config-resources.js'
import { HttpFailure } from './failures.js'
import type { KafkaClient } from './kafka-client.js'
import { accepted } from './kafka-failures.js'
import { Acl, createAcls, describeAcls } from './routes/acls.js'
import { alterConfigs, configTypes } from './routes/configs.js'
import { alterQuota, describeQuotas, Quota } from './routes/quotas.js'
import { describeUsers } from './routes/users.js'
import { ConfigValues, groupName, int32Max, topicName } from './schemas.js'
import { allTopics } from './topics.js'

const entriesMax = 100_000

export const Definitions = z
  .strictObject({
    version: z.literal(1),
    topics: z
      .array(
        z.strictObject({
          name: topicName,
          partitions: z.number().int().min(1).max(int32Max),
          replicationFactor: z.number().int().min(1).max(32_767).default(1),
          configs: ConfigValues.default({}),
        }),
      )
      .max(entriesMax)
      .default([]),
    brokerConfigs: ConfigValues.default({}).openapi({ description: 'Set for all brokers while they ran' }),
    groupConfigs: z.record(groupName, ConfigValues).default({}),
    acls: z.array(Acl).max(entriesMax).default([]),
    quotas: z.array(Quota).max(entriesMax).default([]),
    users: z
      .array(z.strictObject({ name: z.string(), mechanisms: z.array(z.string()) }))
      .max(entriesMax)
      .default([])
      .openapi({ description: 'Without passwords, which Kafka tells nobody: an import makes no users' }),
  })
  .openapi('Definitions')
export type Definitions = z.infer<typeof Definitions>

export const Outcome = z
  .object({
    kind: z.enum(['topic', 'broker', 'group', 'acl', 'quota', 'user']),
    name: z.string(),
    action: z.enum(['make', 'change', 'none', 'by hand']),
    error: z.string().nullable(),
  })
  .openapi('DefinitionOutcome')
export type Outcome = z.infer<typeof Outcome>

const resourcesPerCall = 500
/** DescribeConfigsResponse.ConfigSource */
const [ofTopic, ofAllBrokers, ofGroup] = [1, 3, 8]

export async function readDefinitions(kafka: KafkaClient): Promise<Definitions> {
  const topics = (await allTopics(kafka)).filter(({ isInternal }) => !isInternal)
  const topicConfigs = await configsOf(
    kafka,
    configTypes.topic,
    topics.map(({ name }) => name ?? ''),
    ofTopic,
  )
  const groups = await kafka.call(ListConfigResources, { resourceTypes: [configTypes.group] })
  accepted(groups)
  const groupNames = groups.configResources.map(({ resourceName }) => resourceName)
  const groupConfigs = await configsOf(kafka, configTypes.group, groupNames, ofGroup)
  return {
    version: 1,
    topics: topics
      .map(({ name, partitions }) => ({
        name: name ?? '',
        partitions: partitions.length,
        replicationFactor: partitions[0]?.replicaNodes.length ?? 1,
        configs: topicConfigs.get(name ?? '') ?? {},
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    brokerConfigs: (await configsOf(kafka, configTypes.broker, [''], ofAllBrokers)).get('') ?? {},
    groupConfigs: Object.fromEntries(groupConfigs),
    acls: await unless(Errors.SECURITY_DISABLED, () => describeAcls(kafka)),
    quotas: await describeQuotas(kafka),
    users: (await describeUsers(kafka, null)).map(({ name, credentials }) => ({
      name,
      mechanisms: credentials.map(({ mechanism }) => mechanism),
    })),
  }
}

/** Nothing to tell instead of the error. */
async function unless<Row>(code: number, read: () => Promise<Row[]>): Promise<Row[]> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof HttpFailure && error.body.error.code === code) return []
    throw error
  }
}

/** What was set of each resource itself; secrets are not told. */
async function configsOf(
  kafka: KafkaClient,
  resourceType: number,
  names: readonly string[],
  source: number,
): Promise<Map<string, Record<string, string>>> {
  const found = new Map<string, Record<string, string>>()
  for (let at = 0; at < names.length; at += resourcesPerCall) {
    const resources = names
      .slice(at, at + resourcesPerCall)
      .map(resourceName => ({ resourceType, resourceName, configurationKeys: null }))
    const { results } = await kafka.call(DescribeConfigs, { resources })
    for (const result of results) {
      accepted(result)
      const set = result.configs.filter(({ configSource, isSensitive }) => configSource === source && !isSensitive)
      found.set(result.resourceName, Object.fromEntries(set.map(({ name, value }) => [name, value ?? ''])))
    }
  }
  return found
}

/** What there is to do, one entry each; done unless `dryRun`, in which case the broker says whether it could be. */
export async function applyDefinitions(kafka: KafkaClient, wanted: Definitions, dryRun: boolean): Promise<Outcome[]> {
  const there = await readDefinitions(kafka)
  const outcomes: Outcome[] = []
  const act = async (kind: Outcome['kind'], name: string, action: Outcome['action'], does: () => Promise<void>) => {
    outcomes.push({ kind, name, action, error: action === 'none' ? null : await problemOf(does) })
  }
  const topics = new Map(there.topics.map(topic => [topic.name, topic]))
  for (const topic of wanted.topics) {
    const known = topics.get(topic.name)
    if (known === undefined) await act('topic', topic.name, 'make', () => makeTopic(kafka, topic, dryRun))
    else {
      const set = differing(topic.configs, known.configs)
      const isSame = known.partitions === topic.partitions && Object.keys(set).length === 0
      await act('topic', topic.name, isSame ? 'none' : 'change', async () => {
        if (known.partitions !== topic.partitions) await growTopic(kafka, topic, dryRun)
        await setConfigs(kafka, 'topic', topic.name, set, dryRun)
      })
    }
  }
  const brokers = differing(wanted.brokerConfigs, there.brokerConfigs)
  if (Object.keys(wanted.brokerConfigs).length > 0) {
    const action = Object.keys(brokers).length === 0 ? 'none' : 'change'
    await act('broker', 'default', action, () => setConfigs(kafka, 'broker', '', brokers, dryRun))
  }
  for (const [group, configs] of Object.entries(wanted.groupConfigs)) {
    const set = differing(configs, there.groupConfigs[group] ?? {})
    const action = Object.keys(set).length === 0 ? 'none' : 'change'
    await act('group', group, action, () => setConfigs(kafka, 'group', group, set, dryRun))
  }
  const acls = new Set(there.acls.map(textOf))
  for (const acl of wanted.acls) {
    const name = `${acl.principal} ${acl.permission} ${acl.operation} ${acl.resourceType}:${acl.resourceName}`
    // Kafka has no dry run of it.
    await act('acl', name, acls.has(textOf(acl)) ? 'none' : 'make', async () => {
      if (!dryRun) await createAcls(kafka, [acl])
    })
  }
  const quotas = new Map(there.quotas.map(quota => [entityText(quota), quota.values]))
  for (const quota of wanted.quotas) {
    const known = quotas.get(entityText(quota))
    const isSame =
      known !== undefined && Object.entries(quota.values).every(([key, value]) => known[key as 'producer_byte_rate'] === value)
    await act('quota', entityText(quota), isSame ? 'none' : known === undefined ? 'make' : 'change', () =>
      alterQuota(kafka, quota.entity, quota.values, dryRun),
    )
  }
  const users = new Set(there.users.map(({ name }) => name))
  for (const { name } of wanted.users) {
    outcomes.push({ kind: 'user', name, action: users.has(name) ? 'none' : 'by hand', error: null })
  }
  return outcomes
}

async function problemOf(does: () => Promise<void>): Promise<string | null> {
  try {
    await does()
    return null
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error
    return `${error.body.error.type}: ${error.message}`
  }
}

type Topic = Definitions['topics'][number]
const timeoutMs = 30_000

async function makeTopic(kafka: KafkaClient, topic: Topic, validateOnly: boolean): Promise<void> {
  const { name, partitions: numPartitions, replicationFactor } = topic
  const configs = Object.entries(topic.configs).map(([key, value]) => ({ name: key, value }))
  const { topics } = await kafka.call(CreateTopics, {
    topics: [{ name, numPartitions, replicationFactor, assignments: [], configs }],
    timeoutMs,
    validateOnly,
  })
  accepted(topics[0])
}

async function growTopic(kafka: KafkaClient, { name, partitions: count }: Topic, validateOnly: boolean): Promise<void> {
  const { results } = await kafka.call(CreatePartitions, {
    topics: [{ name, count, assignments: null }],
    timeoutMs,
    validateOnly,
  })
  accepted(results[0])
}

async function setConfigs(
  kafka: KafkaClient,
  kind: 'topic' | 'broker' | 'group',
  name: string,
  set: Readonly<Record<string, string>>,
  validateOnly: boolean,
): Promise<void> {
  if (Object.keys(set).length > 0)
    await alterConfigs(kafka, kind, name, { set, delete: [], append: {}, subtract: {} }, validateOnly)
}

function differing(wanted: Readonly<Record<string, string>>, there: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => there[key] !== value))
}

const textOf = ({ resourceType, resourceName, patternType, principal, host, operation, permission }: Acl): string =>
  JSON.stringify([resourceType, resourceName, patternType, principal, host, operation, permission])

function entityText({ entity: { user, clientId, ip } }: Quota): string {
  const named = Object.entries({ user, clientId, ip }).filter(([, name]) => name !== undefined)
  return named.map(([kind, name]) => `${kind}=${name ?? '<default>'}`).join(' ')
}
