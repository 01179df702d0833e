/** Configs of topics, brokers and groups: shown with Kafka's words about each key, and altered one by one. */
import { createRoute, z } from '@hono/zod-openapi'
import { Errors } from '../../protocol/errors.js'
import { DescribeConfigs } from '../../protocol/messages/describe-configs.js'
import { IncrementalAlterConfigs } from '../../protocol/messages/incremental-alter-configs.js'
import type { App } from '../access.js'
import { failure } from '../failures.js'
import type { KafkaClient } from '../kafka-client.js'
import { accepted, kafkaFailure } from '../kafka-failures.js'
import { answers, answersNothing, jsonBody } from '../openapi.js'
import { ConfigValues, groupName, topicName } from '../schemas.js'

const sources = [
  'unknown',
  'topic',
  'dynamic-broker',
  'dynamic-default',
  'static-broker',
  'default',
  'logger',
  'client-metrics',
  'group',
] as const
const types = ['unknown', 'boolean', 'string', 'int', 'short', 'long', 'double', 'list', 'class', 'password'] as const

const Config = z
  .object({
    name: z.string(),
    value: z.string().nullable().openapi({ description: 'In force; null when there is none, or it is a secret' }),
    source: z.enum(sources).openapi({ description: 'Where the value was set' }),
    type: z.enum(types),
    isSensitive: z.boolean(),
    isReadOnly: z.boolean(),
    doc: z.string().nullable(),
    synonyms: z
      .array(z.object({ name: z.string(), value: z.string().nullable(), source: z.enum(sources) }))
      .openapi({ description: 'Where else it could come from, the strongest first' }),
  })
  .openapi('Config')

const Change = z
  .strictObject({
    set: ConfigValues.default({}),
    delete: z.array(z.string().min(1).max(32_767)).max(1000).default([]).openapi({ description: 'Back to what holds without' }),
    append: ConfigValues.default({}).openapi({ description: 'To lists' }),
    subtract: ConfigValues.default({}).openapi({ description: 'From lists' }),
    validateOnly: z.boolean().default(false),
  })
  .openapi('ConfigChange')

export const configTypes = { topic: 2, broker: 4, group: 32 } as const
type Kind = keyof typeof configTypes

const places = [
  { kind: 'topic', path: '/api/v1/topics/{topic}/configs', name: topicName },
  { kind: 'broker', path: '/api/v1/brokers/{broker}/configs', name: z.string().regex(/^(\d{1,10}|default)$/) },
  { kind: 'group', path: '/api/v1/groups/{group}/configs', name: groupName },
] as const satisfies readonly { kind: Kind; path: string; name: z.ZodString }[]

/** All brokers together have no name. */
const resourceName = (kind: Kind, name: string): string => (kind === 'broker' && name === 'default' ? '' : name)

export function configRoutes(app: App): void {
  for (const { kind, path, name } of places) {
    const tags = [`${kind}s`]
    const params = z.object({ [kind]: name })
    const show = createRoute({
      method: 'get',
      path,
      tags,
      summary: `Configs of a ${kind}`,
      request: { params },
      responses: answers(z.object({ configs: z.array(Config) }), 'What holds, and why'),
    })
    app.openapi(show, async context => {
      const asked = resourceName(kind, context.req.valid('param')[kind] as string)
      return context.json({ configs: await describeConfigs(context.get('kafka'), kind, asked) }, 200)
    })

    const alter = createRoute({
      method: 'patch',
      path,
      tags,
      summary: `Alter configs of a ${kind}`,
      request: { params, body: jsonBody(Change) },
      responses: answersNothing('Altered, or could be'),
    })
    app.openapi(alter, async context => {
      const { validateOnly, ...change } = context.req.valid('json')
      const asked = resourceName(kind, context.req.valid('param')[kind] as string)
      await alterConfigs(context.get('kafka'), kind, asked, change, validateOnly)
      return context.body(null, 204)
    })
  }
}

async function describeConfigs(kafka: KafkaClient, kind: Kind, resourceName: string): Promise<z.infer<typeof Config>[]> {
  const { results } = await kafka.call(DescribeConfigs, {
    resources: [{ resourceType: configTypes[kind], resourceName, configurationKeys: null }],
    includeSynonyms: true,
    includeDocumentation: true,
  })
  accepted(results[0])
  return results[0]!.configs.map(config => ({
    name: config.name,
    value: config.value,
    source: sources[config.configSource ?? 0] ?? 'unknown',
    type: types[config.configType ?? 0] ?? 'unknown',
    isSensitive: config.isSensitive,
    isReadOnly: config.readOnly,
    doc: config.documentation,
    synonyms: (config.synonyms ?? []).map(({ name, value, source }) => ({ name, value, source: sources[source] ?? 'unknown' })),
  }))
}

type ChangeOf = Omit<z.infer<typeof Change>, 'validateOnly'>

export async function alterConfigs(
  kafka: KafkaClient,
  kind: Kind,
  resourceName: string,
  change: ChangeOf,
  validateOnly: boolean,
): Promise<void> {
  const of = (values: Readonly<Record<string, string>>, configOperation: number) =>
    Object.entries(values).map(([name, value]) => ({ name, value: value as string | null, configOperation }))
  const deleted = change.delete.map(name => ({ name, value: null, configOperation: 1 }))
  const configs = [...of(change.set, 0), ...deleted, ...of(change.append, 2), ...of(change.subtract, 3)]
  if (configs.length === 0) throw failure('INVALID_INPUT', 'json: nothing is to be changed')
  const { responses } = await kafka.call(IncrementalAlterConfigs, {
    resources: [{ resourceType: configTypes[kind], resourceName, configs }],
    validateOnly,
  })
  const refused = responses.find(({ errorCode }) => errorCode !== Errors.NONE)
  if (refused !== undefined) throw kafkaFailure(refused.errorCode, refused.errorMessage)
}
