/** Quotas of users, client ids and addresses. */
import { createRoute, z } from '@hono/zod-openapi'
import { AlterClientQuotas } from '../../protocol/messages/alter-client-quotas.js'
import { DescribeClientQuotas } from '../../protocol/messages/describe-client-quotas.js'
import type { App } from '../access.js'
import { failure } from '../failures.js'
import type { KafkaClient } from '../kafka-client.js'
import { accepted } from '../kafka-failures.js'
import { answers, answersNothing, jsonBody } from '../openapi.js'

const tags = ['quotas']
const path = '/api/v1/quotas'
const textMax = 32_767
const keys = [
  'producer_byte_rate',
  'consumer_byte_rate',
  'request_percentage',
  'controller_mutation_rate',
  'connection_creation_rate',
] as const

/** Null stands for the default: of all who have no quota of their own. */
const name = z.string().min(1).max(textMax).nullable().optional()
const Entity = z
  .strictObject({ user: name, clientId: name, ip: name })
  .openapi('QuotaEntity', { description: 'null is the default of all that have none of their own' })
export const Quota = z.object({ entity: Entity, values: z.partialRecord(z.enum(keys), z.number()) }).openapi('Quota')
export type Quota = z.infer<typeof Quota>

const list = createRoute({
  method: 'get',
  path,
  tags,
  summary: 'All quotas',
  responses: answers(z.object({ quotas: z.array(Quota) }), 'Quotas'),
})

const alter = createRoute({
  method: 'put',
  path,
  tags,
  summary: 'Set quotas of one entity, or take them away',
  request: {
    body: jsonBody(
      z.strictObject({
        entity: Entity,
        values: z
          .partialRecord(z.enum(keys), z.number().nullable())
          .openapi({ description: 'null takes the quota away; what is not named stays' }),
        validateOnly: z.boolean().default(false),
      }),
    ),
  },
  responses: answersNothing('Set, or could be'),
})

const typeOf = { user: 'user', clientId: 'client-id', ip: 'ip' } as const
const kinds = Object.keys(typeOf) as (keyof typeof typeOf)[]

export function quotaRoutes(app: App): void {
  app.openapi(list, async context => context.json({ quotas: await describeQuotas(context.get('kafka')) }, 200))
  app.openapi(alter, async context => {
    const { entity, values, validateOnly } = context.req.valid('json')
    if (Object.keys(values).length === 0) throw failure('INVALID_INPUT', 'json values: nothing is to be changed')
    await alterQuota(context.get('kafka'), entity, values, validateOnly)
    return context.body(null, 204)
  })
}

export async function describeQuotas(kafka: KafkaClient): Promise<Quota[]> {
  const answer = await kafka.call(DescribeClientQuotas, { components: [], strict: false })
  accepted(answer)
  return (answer.entries ?? []).map(({ entity, values }) => ({
    entity: Object.fromEntries(
      entity.map(({ entityType, entityName }) => [kinds.find(kind => typeOf[kind] === entityType)!, entityName]),
    ),
    values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
  }))
}

export async function alterQuota(
  kafka: KafkaClient,
  entity: Quota['entity'],
  values: Readonly<Record<string, number | null>>,
  validateOnly: boolean,
): Promise<void> {
  const named = kinds.flatMap(kind => {
    const entityName = entity[kind]
    return entityName === undefined ? [] : [{ entityType: typeOf[kind], entityName }]
  })
  const ops = Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null }))
  const { entries } = await kafka.call(AlterClientQuotas, { entries: [{ entity: named, ops }], validateOnly })
  accepted(entries[0])
}
