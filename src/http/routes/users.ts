/** Users of SCRAM. A password comes in and never goes out; what is kept of it does not either. */
import { createRoute, z } from '@hono/zod-openapi'
import { utf8Encode } from '../../base/bytes.js'
import { pbkdf2 } from '../../base/crypto.js'
import { Errors } from '../../protocol/errors.js'
import { AlterUserScramCredentials } from '../../protocol/messages/alter-user-scram-credentials.js'
import { DescribeUserScramCredentials } from '../../protocol/messages/describe-user-scram-credentials.js'
import { scramIterationsMax, scramIterationsMin, scramMechanismOf, scramMechanisms } from '../../security/scram-credentials.js'
import type { App } from '../access.js'
import type { KafkaClient } from '../kafka-client.js'
import { accepted, kafkaFailure } from '../kafka-failures.js'
import { answers, answersNothing, jsonBody } from '../openapi.js'
import type { HttpParts } from '../parts.js'

const tags = ['users']
const saltBytes = 26
const Mechanism = z.enum(['SCRAM-SHA-256', 'SCRAM-SHA-512'])
const params = z.object({ user: z.string().min(1).max(32_767) })

const User = z
  .object({ name: z.string(), credentials: z.array(z.object({ mechanism: Mechanism, iterations: z.number().int() })) })
  .openapi('User')
export type User = z.infer<typeof User>

const list = createRoute({
  method: 'get',
  path: '/api/v1/users',
  tags,
  summary: 'Users of SCRAM',
  responses: answers(z.object({ users: z.array(User) }), 'By name'),
})

const put = createRoute({
  method: 'put',
  path: '/api/v1/users/{user}',
  tags,
  summary: 'Make a user, or give it another password',
  request: {
    params,
    body: jsonBody(
      z.strictObject({
        mechanism: Mechanism.default('SCRAM-SHA-512'),
        password: z.string().min(1).max(1024),
        iterations: z.number().int().min(scramIterationsMin).max(scramIterationsMax).default(scramIterationsMin),
      }),
    ),
  },
  responses: answersNothing('Made or changed'),
})

const remove = createRoute({
  method: 'delete',
  path: '/api/v1/users/{user}',
  tags,
  summary: 'Delete a user, or one of its credentials',
  request: { params, query: z.strictObject({ mechanism: Mechanism.optional() }) },
  responses: answersNothing('Deleted'),
})

export function userRoutes(app: App, { world }: HttpParts): void {
  app.openapi(list, async context => context.json({ users: await describeUsers(context.get('kafka'), null) }, 200))

  app.openapi(put, async context => {
    const { mechanism: mechanismName, password, iterations } = context.req.valid('json')
    const mechanism = scramMechanisms.find(({ name }) => name === mechanismName)!
    const salt = world.randomBytes(saltBytes)
    const upsertion = {
      name: context.req.valid('param').user,
      mechanism: mechanism.type,
      iterations,
      salt,
      saltedPassword: await pbkdf2(mechanism.hash, utf8Encode(password), salt, iterations),
    }
    const { results } = await context.get('kafka').call(AlterUserScramCredentials, { deletions: [], upsertions: [upsertion] })
    accepted(results[0])
    return context.body(null, 204)
  })

  app.openapi(remove, async context => {
    const kafka = context.get('kafka')
    const { user } = context.req.valid('param')
    const { mechanism: only } = context.req.valid('query')
    const [found] = await describeUsers(kafka, user)
    const deletions = (found?.credentials ?? [])
      .filter(({ mechanism }) => only === undefined || mechanism === only)
      .map(({ mechanism }) => ({ name: user, mechanism: scramMechanisms.find(({ name }) => name === mechanism)!.type }))
    if (deletions.length === 0)
      throw kafkaFailure(Errors.RESOURCE_NOT_FOUND, 'There is no such user, or not with this mechanism.')
    const { results } = await kafka.call(AlterUserScramCredentials, { deletions, upsertions: [] })
    for (const result of results) accepted(result)
    return context.body(null, 204)
  })
}

/** @param user null for all. @throws HttpFailure when there is no such user */
export async function describeUsers(kafka: KafkaClient, user: string | null): Promise<User[]> {
  const answer = await kafka.call(DescribeUserScramCredentials, { users: user === null ? null : [{ name: user }] })
  accepted(answer)
  for (const result of answer.results) accepted(result)
  const users = answer.results.map(({ user: name, credentialInfos }) => ({
    name,
    credentials: credentialInfos.flatMap(({ mechanism, iterations }) => {
      const known = scramMechanismOf(mechanism)
      return known === null ? [] : [{ mechanism: known.name, iterations }]
    }),
  }))
  return users.sort((a, b) => (a.name < b.name ? -1 : 1))
}
