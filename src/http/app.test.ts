/**
 * Every route of the OpenAPI document, by the document: with what is right it answers as its schema says, with what is wrong it
 * answers with the documented error, and nothing has changed. A route without its row here fails.
 */
import type { RouteConfig, z } from '@hono/zod-openapi'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../base/log.js'
import { realWorld } from '../base/world.js'
import { batchOf, TestClient } from '../broker/test-client.test-support.js'
import { AddPartitionsToTxn } from '../protocol/messages/add-partitions-to-txn.js'
import { InitProducerId } from '../protocol/messages/init-producer-id.js'
import { OffsetCommit } from '../protocol/messages/offset-commit.js'
import { Produce } from '../protocol/messages/produce.js'
import { createApp } from './app.js'
import { type Answer, type AskOptions, type HttpBroker, httpBroker } from './http.test-support.js'

interface Row {
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Of a right request. */
  readonly status?: number
}

const json = (body: unknown): Pick<Row, 'body'> => ({ body })
const ndjson = { 'content-type': 'application/x-ndjson' }
const acl = { resourceType: 'topic', resourceName: 't', principal: 'User:bob', operation: 'read' }

/** One right request of each route, to a broker as `prepared` makes it. */
const rows: Readonly<Record<string, Row>> = {
  'get /livez': { path: '/livez' },
  'get /readyz': { path: '/readyz' },
  'get /healthz': { path: '/healthz' },
  'get /metrics': { path: '/metrics' },
  'get /api/v1/session': { path: '/api/v1/session' },
  'post /api/v1/session': { path: '/api/v1/session', ...json({ username: 'admin', password: 'admin-secret' }) },
  'delete /api/v1/session': { path: '/api/v1/session', status: 204 },
  'get /api/v1/topics': { path: '/api/v1/topics?search=t&sort=size&order=desc&internal=true&limit=10&offset=0' },
  'post /api/v1/topics': { path: '/api/v1/topics', ...json({ name: 'new', partitions: 2, configs: { 'retention.ms': '1' } }) },
  'get /api/v1/topics/{topic}': { path: '/api/v1/topics/t' },
  'delete /api/v1/topics/{topic}': { path: '/api/v1/topics/t', status: 204 },
  'post /api/v1/topics/{topic}/partitions': { path: '/api/v1/topics/t/partitions', ...json({ count: 2 }), status: 204 },
  'post /api/v1/topics/{topic}/purge': { path: '/api/v1/topics/t/purge', ...json({ partitions: [{ partition: 0, before: 1 }] }) },
  'get /api/v1/topics/{topic}/configs': { path: '/api/v1/topics/t/configs' },
  'patch /api/v1/topics/{topic}/configs': {
    path: '/api/v1/topics/t/configs',
    ...json({ set: { 'retention.ms': '5' } }),
    status: 204,
  },
  'get /api/v1/brokers/{broker}/configs': { path: '/api/v1/brokers/1/configs' },
  'patch /api/v1/brokers/{broker}/configs': {
    path: '/api/v1/brokers/default/configs',
    ...json({ set: { 'log.retention.ms': '5' } }),
    status: 204,
  },
  'get /api/v1/groups/{group}/configs': { path: '/api/v1/groups/g/configs' },
  'patch /api/v1/groups/{group}/configs': {
    path: '/api/v1/groups/g/configs',
    ...json({ set: { 'share.auto.offset.reset': 'earliest' } }),
    status: 204,
  },
  'get /api/v1/groups': { path: '/api/v1/groups?search=g&state=Empty&type=classic&sort=lag&topic=t' },
  'get /api/v1/groups/{group}': { path: '/api/v1/groups/g' },
  'delete /api/v1/groups/{group}': { path: '/api/v1/groups/g', status: 204 },
  'post /api/v1/groups/{group}/offsets': {
    path: '/api/v1/groups/g/offsets',
    ...json({ topics: [{ topic: 't', partitions: [0] }], to: { kind: 'earliest' }, dryRun: false }),
  },
  'delete /api/v1/groups/{group}/offsets/{topic}': { path: '/api/v1/groups/g/offsets/t', status: 204 },
  'get /api/v1/acls': { path: '/api/v1/acls?resourceType=topic&patternType=literal' },
  'post /api/v1/acls': { path: '/api/v1/acls', ...json(acl), status: 204 },
  'delete /api/v1/acls': { path: '/api/v1/acls?principal=User:alice' },
  'get /api/v1/quotas': { path: '/api/v1/quotas' },
  'put /api/v1/quotas': {
    path: '/api/v1/quotas',
    ...json({ entity: { user: 'bob' }, values: { producer_byte_rate: 5 } }),
    status: 204,
  },
  'get /api/v1/definitions': { path: '/api/v1/definitions' },
  'post /api/v1/definitions': {
    path: '/api/v1/definitions?dryRun=false',
    ...json({ version: 1, topics: [{ name: 'defined', partitions: 1 }], acls: [acl], quotas: [], users: [] }),
  },
  'get /api/v1/users': { path: '/api/v1/users' },
  'put /api/v1/users/{user}': { path: '/api/v1/users/bob', ...json({ password: 'bob-secret' }), status: 204 },
  'delete /api/v1/users/{user}': { path: '/api/v1/users/alice?mechanism=SCRAM-SHA-512', status: 204 },
  'get /api/v1/connections': { path: '/api/v1/connections?sort=clientId&search=test' },
  'delete /api/v1/connections/{id}': { path: '/api/v1/connections/PLAINTEXT-1', status: 204 },
  'get /api/v1/topics/{topic}/producers': { path: '/api/v1/topics/x/producers' },
  'post /api/v1/topics/{topic}/producers/abort': {
    path: '/api/v1/topics/x/producers/abort',
    ...json({ partition: 0, producerId: 0 }),
    status: 204,
  },
  'get /api/v1/transactions': { path: '/api/v1/transactions?search=x&state=Ongoing&sort=state' },
  'get /api/v1/transactions/{id}': { path: '/api/v1/transactions/x' },
  'post /api/v1/transactions/{id}/abort': { path: '/api/v1/transactions/x/abort', ...json({}), status: 204 },
  'get /api/v1/open-transactions': { path: '/api/v1/open-transactions?search=x&sort=heldBack&order=desc' },
  'get /api/v1/overview': { path: '/api/v1/overview' },
  'get /api/v1/brokers': { path: '/api/v1/brokers' },
  'get /api/v1/topics/{topic}/records': {
    path: '/api/v1/topics/t/records?partition=0&from=offset&at=0&limit=5&fieldBytes=9&filter=a',
  },
  'post /api/v1/topics/{topic}/records': { path: '/api/v1/topics/t/records', ...json({ records: [{ key: 'k', value: null }] }) },
  'get /api/v1/topics/{topic}/records/live': { path: '/api/v1/topics/t/records/live?partition=0&rate=5&filter=a&fieldBytes=9' },
  'get /api/v1/topics/{topic}/export': { path: '/api/v1/topics/t/export?format=csv&partition=0&limit=5' },
  'post /api/v1/topics/{topic}/import': {
    path: '/api/v1/topics/t/import?keepPartitions=true',
    body: '{"value":"a"}',
    headers: ndjson,
  },
}

interface Operation {
  readonly route: string
  readonly method: string
  readonly template: string
  readonly parameters: readonly {
    readonly in: string
    readonly name: string
    readonly schema: Readonly<Record<string, unknown>>
  }[]
  readonly body: Readonly<Record<string, unknown>> | null
}

/** The parts that this file reads of an OpenAPI document. */
interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters?: Operation['parameters']
            readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Record<string, unknown> }>> }
          }
        >
      >
    >
  >
  readonly components: { readonly schemas: Readonly<Record<string, Record<string, unknown>>> }
}

function operationsOf({ paths, components }: Document): Operation[] {
  return Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => {
      const schema = requestBody?.content['application/json']?.schema ?? null
      const name = typeof schema?.$ref === 'string' ? schema.$ref.split('/').at(-1)! : null
      return {
        route: `${method} ${template}`,
        method: method.toUpperCase(),
        template,
        parameters,
        body: name === null ? schema : components.schemas[name]!,
      }
    }),
  )
}

const secured = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:admin;User:ANONYMOUS',
  'connection.failed.authentication.delay.ms': '0',
}

/** A broker with one of everything, the cookie of its administrator, and its client, whose transaction is open. */
async function prepared() {
  const addScram = ['SCRAM-SHA-256=[name=admin,password=admin-secret]', 'SCRAM-SHA-512=[name=alice,password=alice-secret]']
  const broker = await httpBroker({ config: secured, addScram })
  const client = await TestClient.connect(broker.broker.listeners[0]?.port as number)
  await client.createTopic('t')
  await client.createTopic('x')
  await client.produce('t', batchOf(['a', 'b', 'c']))
  const position = { partitionIndex: 0, committedOffset: 1, committedMetadata: '' }
  await client.call(OffsetCommit, 8, { groupId: 'g', topics: [{ name: 't', partitions: [position] }] })
  const begin = { transactionalId: 'x', transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
  const { producerId, producerEpoch } = await client.call(InitProducerId, 4, begin)
  const identity = { v3AndBelowTransactionalId: 'x', v3AndBelowProducerId: producerId, v3AndBelowProducerEpoch: producerEpoch }
  await client.call(AddPartitionsToTxn, 3, { ...identity, v3AndBelowTopics: [{ name: 'x', partitions: [0] }] })
  const records = batchOf(['o'], { producerId, producerEpoch, baseSequence: 0, isTransactional: true })
  const topicData = [{ name: 'x', partitionData: [{ index: 0, records }] }]
  await client.call(Produce, 9, { transactionalId: 'x', acks: -1, timeoutMs: 1000, topicData })
  const login = await broker.ask('/api/v1/session', { body: { username: 'admin', password: 'admin-secret' } })
  const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] as string
  const asked = { headers: { cookie } }
  await broker.ask('/api/v1/acls', { ...asked, body: { ...acl, principal: 'User:alice' } })
  await broker.ask('/api/v1/quotas', {
    ...asked,
    method: 'PUT',
    body: { entity: { user: 'alice' }, values: { producer_byte_rate: 9 } },
  })
  return {
    broker,
    cookie,
    async [Symbol.asyncDispose]() {
      client.close()
      await broker[Symbol.asyncDispose]()
    },
  }
}

/** All that a wrong request could have changed. */
async function stateOf({ ask }: HttpBroker, cookie: string): Promise<string> {
  const paths = [
    '/api/v1/definitions',
    '/api/v1/topics/t',
    '/api/v1/topics/x',
    '/api/v1/groups/g',
    '/api/v1/groups',
    '/api/v1/users',
  ]
  const answers = await Promise.all([...paths, '/api/v1/transactions'].map(path => ask(path, { headers: { cookie } })))
  return answers.map(({ status, text }) => `${status} ${text}`).join('\n')
}

const typeOf = ({ json }: Answer): string | undefined => (json as { error?: { type?: string } } | null)?.error?.type

describe('every route', () => {
  let at: Awaited<ReturnType<typeof prepared>>
  let operations: Operation[]
  let registered: Map<string, RouteConfig>
  beforeAll(async () => {
    at = await prepared()
    const { json } = await at.broker.ask('/api/openapi.json')
    operations = operationsOf(json as Document)
    const closing = new AbortController().signal
    const parts = {
      broker: at.broker.broker,
      world: realWorld,
      log: silentLog,
      isLoopback: true,
      hasTls: false,
      host: '',
      closing,
    }
    const { definitions } = createApp(parts, new Map()).openAPIRegistry
    registered = new Map(
      definitions.flatMap(d => (d.type === 'route' ? [[`${d.route.method} ${d.route.path}`, d.route] as const] : [])),
    )
  })
  afterAll(() => at[Symbol.asyncDispose]())

  const ask = (operation: Operation, change: Partial<Row> & { readonly cookie?: string | null } = {}): Promise<Answer> => {
    const row = rows[operation.route]!
    const { cookie = at.cookie, path = row.path, headers } = change
    const body = 'body' in change ? change.body : row.body
    const request: AskOptions = {
      method: operation.method,
      headers: { ...row.headers, ...headers, ...(cookie === null ? {} : { cookie }) },
      ...(body === undefined ? {} : { body }),
    }
    return at.broker.ask(path, request)
  }
  const isWrite = ({ method }: Operation) => method !== 'GET'
  const needsLogin = ({ template }: Operation) => /^\/(api\/v1\/|metrics)/.test(template) && template !== '/api/v1/session'

  it('has a row in this file, and no row is left over', () => {
    expect(operations.map(({ route }) => route).sort()).toEqual(Object.keys(rows).sort())
    expect([...registered.keys()].sort()).toEqual(Object.keys(rows).sort())
  })

  it('answers a right request as its schema says', async () => {
    for (const operation of operations) {
      if (operation.route.endsWith('/live')) continue
      await using own = await prepared()
      const { path, headers, body, status = 200 } = rows[operation.route]!
      const request = {
        method: operation.method,
        headers: { ...headers, cookie: own.cookie },
        ...(body === undefined ? {} : { body }),
      }
      const answer = await own.broker.ask(path, request)
      expect([operation.route, answer.status, answer.status >= 300 ? answer.text : '']).toEqual([operation.route, status, ''])
      const documented = registered.get(operation.route)!.responses[status] as { content?: Record<string, { schema: z.ZodType }> }
      const schema = documented.content?.['application/json']?.schema
      // Nothing is missing, and nothing that the document does not name.
      if (schema !== undefined) expect(schema.parse(answer.json), operation.route).toEqual(answer.json)
      else if (status === 204) expect(answer.text, operation.route).toBe('')
    }
  }, 120_000)

  const unchanged = async (
    wrong: (operation: Operation) => AsyncGenerator<readonly [what: string, answer: Answer, expected: readonly string[]]>,
  ) => {
    const before = await stateOf(at.broker, at.cookie)
    for (const operation of operations) {
      for await (const [what, answer, expected] of wrong(operation)) {
        const { status, json, text } = answer
        const said = `${operation.route} ${what}: ${status} ${text.slice(0, 200)}`
        expect(status, said).toBeGreaterThanOrEqual(400)
        expect(status, said).toBeLessThan(500)
        expect(expected, said).toContain(typeOf(answer))
        const body = { error: { type: expect.any(String), message: expect.any(String) } }
        expect(json, said).toMatchObject(body)
      }
    }
    expect(await stateOf(at.broker, at.cookie)).toBe(before)
  }

  it('refuses another host, pages of others, and what a form could send', async () => {
    await unchanged(async function* (operation) {
      yield ['another host', await ask(operation, { headers: { host: 'evil.example' } }), ['FOREIGN_HOST']]
      for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
        yield [JSON.stringify(headers), await ask(operation, { headers }), ['FOREIGN_ORIGIN']]
      }
      if (!isWrite(operation)) return
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
        yield [type, await ask(operation, { headers: { 'content-type': type }, body: '{}' }), ['UNSUPPORTED_MEDIA_TYPE']]
      }
    })
  })

  it('asks for a login where there is one to show', async () => {
    const wrongs = [null, 'gregor=x', at.cookie.replace(/.$/, last => (last === 'A' ? 'B' : 'A')), `${at.cookie}A`]
    await unchanged(async function* (operation) {
      if (!needsLogin(operation)) return
      for (const cookie of wrongs) yield [`cookie ${cookie}`, await ask(operation, { cookie }), ['LOGIN_REQUIRED']]
      const authorization = `Basic ${Buffer.from('admin:wrong').toString('base64')}`
      yield ['password', await ask(operation, { cookie: null, headers: { authorization } }), ['LOGIN_REQUIRED']]
    })
  })

  it('takes no path that leads elsewhere, and no name that is none', async () => {
    const tricks = [
      '..%2f..%2fetc%2fpasswd',
      '%00',
      '%ff',
      '%e0%80',
      'a%2fb',
      '%5c..%5c',
      '%22%3Cscript%3E',
      'x'.repeat(250),
      '%20',
    ]
    const refusals = ['INVALID_INPUT', 'NOT_FOUND', 'INVALID_TOPIC_EXCEPTION', 'UNKNOWN_TOPIC_OR_PARTITION', 'GROUP_ID_NOT_FOUND']
    const others = [
      'RESOURCE_NOT_FOUND',
      'TRANSACTIONAL_ID_NOT_FOUND',
      'INVALID_CONFIG',
      'INVALID_REQUEST',
      'INVALID_GROUP_ID',
      'INVALID_TXN_STATE',
    ]
    // Of these names anything may be one, and asking for what is not there is no error.
    const takesAnyName = [
      'put /api/v1/users/{user}',
      'get /api/v1/groups/{group}/configs',
      'patch /api/v1/groups/{group}/configs',
      'post /api/v1/groups/{group}/offsets',
    ]
    await unchanged(async function* (operation) {
      const names = operation.parameters.filter(parameter => parameter.in === 'path').map(({ name }) => name)
      if (takesAnyName.includes(operation.route)) return
      for (const name of names) {
        for (const trick of tricks) {
          const filled = operation.template.replace(`{${name}}`, trick).replaceAll(/\{\w+\}/g, 't')
          yield [trick.slice(0, 30), await ask(operation, { path: filled }), [...refusals, ...others]]
        }
      }
    })
  })

  it('takes no parameter of a query that is not of its kind, and none that it does not know', async () => {
    const isText = ({ schema }: Operation['parameters'][number]) =>
      schema.type === 'string' && schema.enum === undefined && schema.pattern === undefined && schema.minLength === undefined
    await unchanged(async function* (operation) {
      const { path } = rows[operation.route]!
      const base = path.split('?', 1)[0]!
      const queried = operation.parameters.filter(parameter => parameter.in === 'query')
      for (const parameter of queried) {
        const wrongs = isText(parameter) ? ['a'.repeat(3000)] : ['', 'x', '-1', '1e3', '99999999999999999999', '1;2', '%00']
        for (const wrong of wrongs) {
          if (parameter.name === 'cursor' || (parameter.schema.minLength !== undefined && wrong !== '')) continue
          const query = `${parameter.name}=${wrong}`
          yield [query.slice(0, 40), await ask(operation, { path: `${base}?${query}` }), ['INVALID_INPUT']]
        }
      }
      if (queried.length > 0) yield ['unknown', await ask(operation, { path: `${base}?nonsense=1` }), ['INVALID_INPUT']]
    })
  })

  it('takes no body that is not of its kind', async () => {
    await unchanged(async function* (operation) {
      if (operation.body === null) return
      const right = rows[operation.route]!.body as Record<string, unknown>
      const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`
      for (const body of ['', '{', 'null', '[]', '"text"', '7', deep, '{"__proto__":{"a":1}}', '\u0000', '{"a":"\\ud800"}']) {
        yield [
          body.slice(0, 20),
          await ask(operation, { body, headers: { 'content-type': 'application/json' } }),
          ['INVALID_INPUT'],
        ]
      }
      yield ['another property', await ask(operation, { body: { ...right, nonsense: 1 } }), ['INVALID_INPUT']]
      const properties = (operation.body.properties ?? {}) as Record<string, { type?: string | string[] }>
      for (const name of (operation.body.required as string[] | undefined) ?? []) {
        const { [name]: _, ...rest } = right
        yield [`without ${name}`, await ask(operation, { body: rest }), ['INVALID_INPUT']]
      }
      for (const name of Object.keys(properties)) {
        for (const wrong of [7.5, 'text', { a: [] }, [[]], true, null, -1e300, 'x'.repeat(70_000)]) {
          const isRight = isOf(properties[name]!, wrong)
          if (isRight) continue
          yield [
            `${name} is ${JSON.stringify(wrong).slice(0, 20)}`,
            await ask(operation, { body: { ...right, [name]: wrong } }),
            ['INVALID_INPUT'],
          ]
        }
      }
    })
  })

  it('takes no body that is too large, nor one that does not say how large it is', async () => {
    const large = `{"records":[{"value":"${'x'.repeat(10 * 1024 * 1024)}"}]}`
    await unchanged(async function* (operation) {
      if (!isWrite(operation) || operation.template.endsWith('/import')) return
      const headers = { 'content-type': 'application/json' }
      yield ['10 MB', await ask(operation, { body: large, headers }), ['BODY_TOO_LARGE']]
      const chunked = { ...headers, 'transfer-encoding': 'chunked' }
      yield ['chunked', await ask(operation, { body: '{}', headers: chunked }), ['LENGTH_REQUIRED']]
    })
  })

  it('changes nothing where only reading was allowed', async () => {
    await using reading = await httpBroker({ config: { 'gregor.http.listener': '0.0.0.0:0' } })
    for (const operation of operations.filter(isWrite)) {
      if (!needsLogin(operation)) continue
      const { path, body, headers } = rows[operation.route]!
      const request = {
        method: operation.method,
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body }),
      }
      const answer = await reading.ask(path, request)
      expect([operation.route, answer.status, typeOf(answer)]).toEqual([operation.route, 403, 'READ_ONLY'])
    }
    expect(await reading.json('/api/v1/definitions')).toMatchObject({ topics: [], quotas: [], users: [] })
  })
})

/** Whether a value may be right by what the document says of its type alone. */
function isOf(
  schema: { type?: string | readonly string[]; enum?: readonly unknown[] } & Record<string, unknown>,
  value: unknown,
): boolean {
  if (schema.enum !== undefined) return schema.enum.includes(value)
  const types = [schema.type ?? []].flat()
  if (types.length === 0) return true
  if (value === null) return types.includes('null')
  if (Array.isArray(value)) return false
  if (typeof value === 'object') return false
  if (typeof value === 'number') return false
  if (typeof value === 'boolean') return types.includes('boolean')
  if (!types.includes('string')) return false
  return (value as string).length < 1000
}
