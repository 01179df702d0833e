/** Access control: who may do what to which resource. */
import { createRoute, z } from '@hono/zod-openapi'
import { Errors } from '../../protocol/errors.js'
import { CreateAcls } from '../../protocol/messages/create-acls.js'
import { DeleteAcls } from '../../protocol/messages/delete-acls.js'
import { DescribeAcls } from '../../protocol/messages/describe-acls.js'
import { operations, patternTypes, permissionTypes, resourceTypes } from '../../security/acl/acl.js'
import type { App } from '../access.js'
import { failure } from '../failures.js'
import type { KafkaClient } from '../kafka-client.js'
import { accepted } from '../kafka-failures.js'
import { answers, answersNothing, jsonBody } from '../openapi.js'

const tags = ['acls']
const textMax = 32_767

const namesOf = <Name extends string>(numbers: Readonly<Record<Name, number>>, ...not: readonly string[]) =>
  (Object.keys(numbers) as Name[]).filter(name => !not.includes(name)) as unknown as [Name, ...Name[]]

/** A name of Kafka's tools by its number. */
function nameOf<Name extends string>(numbers: Readonly<Record<Name, number>>, number: number): Name {
  return (Object.keys(numbers) as Name[]).find(name => numbers[name] === number) as Name
}

export const Acl = z
  .strictObject({
    resourceType: z.enum(namesOf(resourceTypes, 'any')),
    resourceName: z.string().min(1).max(textMax).openapi({ description: 'kafka-cluster for the cluster; * is every name' }),
    patternType: z.enum(namesOf(patternTypes, 'any', 'match')).default('literal'),
    principal: z.string().min(1).max(textMax).openapi({ example: 'User:alice' }),
    host: z.string().min(1).max(textMax).default('*'),
    operation: z.enum(namesOf(operations, 'any')),
    permission: z.enum(namesOf(permissionTypes, 'any')).default('allow'),
  })
  .openapi('Acl')
export type Acl = z.infer<typeof Acl>

const Filter = z.strictObject({
  resourceType: z.enum(namesOf(resourceTypes)).default('any'),
  resourceName: z.string().min(1).max(textMax).optional(),
  patternType: z.enum(namesOf(patternTypes)).default('any').openapi({ description: 'match: also what prefixes and * cover' }),
  principal: z.string().min(1).max(textMax).optional(),
  host: z.string().min(1).max(textMax).optional(),
  operation: z.enum(namesOf(operations)).default('any'),
  permission: z.enum(namesOf(permissionTypes)).default('any'),
})

const Acls = z.object({ acls: z.array(Acl) })
const path = '/api/v1/acls'

const list = createRoute({
  method: 'get',
  path,
  tags,
  summary: 'ACLs that match all that is named',
  request: { query: Filter },
  responses: answers(Acls, 'ACLs'),
})

const add = createRoute({
  method: 'post',
  path,
  tags,
  summary: 'Add an ACL',
  request: { body: jsonBody(Acl) },
  responses: answersNothing('Added; one that is there stays'),
})

const remove = createRoute({
  method: 'delete',
  path,
  tags,
  summary: 'Delete the ACLs that match all that is named, which must be something',
  request: { query: Filter },
  responses: answers(Acls, 'What was deleted'),
})

export function aclRoutes(app: App): void {
  app.openapi(list, async context => {
    return context.json({ acls: await describeAcls(context.get('kafka'), context.req.valid('query')) }, 200)
  })
  app.openapi(add, async context => {
    await createAcls(context.get('kafka'), [context.req.valid('json')])
    return context.body(null, 204)
  })
  app.openapi(remove, async context => {
    const filter = context.req.valid('query')
    if (Object.keys(context.req.query()).length === 0) throw failure('INVALID_INPUT', 'query: something must be named')
    const { filterResults } = await context.get('kafka').call(DeleteAcls, { filters: [filterOf(filter)] })
    accepted(filterResults[0])
    const deleted = filterResults[0]!.matchingAcls
    accepted(deleted.find(({ errorCode }) => errorCode !== Errors.NONE) ?? { errorCode: Errors.NONE })
    return context.json({ acls: deleted.map(entry => aclOf(entry, entry)) }, 200)
  })
}

type Query = z.infer<typeof Filter>

export async function describeAcls(kafka: KafkaClient, query: Query = Filter.parse({})): Promise<Acl[]> {
  const { resourceTypeFilter, ...filter } = filterOf(query)
  const answer = await kafka.call(DescribeAcls, { resourceTypeFilter, ...filter })
  accepted(answer)
  return answer.resources.flatMap(resource => resource.acls.map(entry => aclOf(resource, entry)))
}

export async function createAcls(kafka: KafkaClient, acls: readonly Acl[]): Promise<void> {
  const creations = acls.map(({ resourceType, resourceName, patternType, principal, host, operation, permission }) => ({
    resourceType: resourceTypes[resourceType],
    resourceName,
    resourcePatternType: patternTypes[patternType],
    principal,
    host,
    operation: operations[operation],
    permissionType: permissionTypes[permission],
  }))
  const { results } = await kafka.call(CreateAcls, { creations })
  for (const result of results) accepted(result)
}

function filterOf({ resourceType, resourceName, patternType, principal, host, operation, permission }: Query) {
  return {
    resourceTypeFilter: resourceTypes[resourceType],
    resourceNameFilter: resourceName ?? null,
    patternTypeFilter: patternTypes[patternType],
    principalFilter: principal ?? null,
    hostFilter: host ?? null,
    operation: operations[operation],
    permissionType: permissionTypes[permission],
  }
}

function aclOf(
  resource: { readonly resourceType: number; readonly resourceName: string; readonly patternType?: number | undefined },
  entry: { readonly principal: string; readonly host: string; readonly operation: number; readonly permissionType: number },
): Acl {
  return {
    resourceType: nameOf(resourceTypes, resource.resourceType) as Acl['resourceType'],
    resourceName: resource.resourceName,
    patternType: nameOf(patternTypes, resource.patternType ?? patternTypes.literal) as Acl['patternType'],
    principal: entry.principal,
    host: entry.host,
    operation: nameOf(operations, entry.operation) as Acl['operation'],
    permission: nameOf(permissionTypes, entry.permissionType) as Acl['permission'],
  }
}
