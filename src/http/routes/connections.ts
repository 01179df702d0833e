/** Connections of Kafka's clients: who they are, what they have sent and got, and closing one. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Session } from '../../broker/session.js'
import { principalText } from '../../security/principal.js'
import type { App } from '../access.js'
import { mustOnCluster } from '../cluster.js'
import { failure } from '../failures.js'
import { answers, answersNothing } from '../openapi.js'
import type { HttpParts } from '../parts.js'
import { listQuery, matching, paged, pageOf, sorted } from '../schemas.js'

const tags = ['connections']

const Connection = z
  .object({
    id: z.string(),
    listener: z.string(),
    protocol: z.string(),
    remoteAddress: z.string(),
    remotePort: z.number().int(),
    principal: z.string(),
    clientId: z.string(),
    software: z.string().openapi({ description: 'As the client says it (KIP-511)', example: 'apache-kafka-java' }),
    softwareVersion: z.string(),
    connectedForMs: z.number().int(),
    requests: z.number().int(),
    bytesIn: z.number().int(),
    bytesOut: z.number().int(),
    requestsPerSecond: z.number().openapi({ description: 'Since the last look, or since it connected' }),
    bytesInPerSecond: z.number(),
    bytesOutPerSecond: z.number(),
  })
  .openapi('Connection')
type Connection = z.infer<typeof Connection>

const list = createRoute({
  method: 'get',
  path: '/api/v1/connections',
  tags,
  summary: 'Connections of Kafka’s clients, a page at a time',
  request: {
    query: listQuery.extend({
      sort: z
        .enum([
          'id',
          'clientId',
          'principal',
          'software',
          'remoteAddress',
          'connectedForMs',
          'bytesInPerSecond',
          'bytesOutPerSecond',
        ])
        .default('id'),
    }),
  },
  responses: answers(pageOf(Connection), 'A page of connections'),
})

const close = createRoute({
  method: 'delete',
  path: '/api/v1/connections/{id}',
  tags,
  summary: 'Close a connection; what it has asked is answered',
  request: { params: z.object({ id: z.string().min(3).max(300) }) },
  responses: answersNothing('Closed'),
})

interface Look {
  readonly atMs: number
  readonly requests: number
  readonly bytesIn: number
  readonly bytesOut: number
}
/** Two looks that are closer have the rates of the one before. */
const lookMsMin = 1000

export function connectionRoutes(app: App, { broker, world }: HttpParts): void {
  const looks = new WeakMap<Session, { last: Look; rates: Omit<Look, 'atMs'> }>()

  const ratesOf = (session: Session): Omit<Look, 'atMs'> => {
    const { requests, bytesIn, bytesOut, connection } = session
    const look = { atMs: world.host.monotonicMs(), requests, bytesIn, bytesOut }
    const before = looks.get(session)
    if (before !== undefined && look.atMs - before.last.atMs < lookMsMin) return before.rates
    const last = before?.last ?? { atMs: connection.connectedMs, requests: 0, bytesIn: 0, bytesOut: 0 }
    const seconds = Math.max(1, (look.atMs - last.atMs) / 1000)
    const rate = (now: number, then: number) => Math.round((10 * (now - then)) / seconds) / 10
    const rates = {
      requests: rate(requests, last.requests),
      bytesIn: rate(bytesIn, last.bytesIn),
      bytesOut: rate(bytesOut, last.bytesOut),
    }
    looks.set(session, { last: look, rates })
    return rates
  }

  const described = (session: Session): Connection => {
    const { connection, requests, bytesIn, bytesOut } = session
    const rates = ratesOf(session)
    return {
      id: idOf(session),
      listener: connection.listenerName,
      protocol: connection.listenerProtocol,
      remoteAddress: connection.remoteAddress,
      remotePort: connection.remotePort,
      principal: principalText(session.principal),
      clientId: session.clientId,
      software: session.clientSoftwareName,
      softwareVersion: session.clientSoftwareVersion,
      connectedForMs: Math.round(world.host.monotonicMs() - connection.connectedMs),
      requests,
      bytesIn,
      bytesOut,
      requestsPerSecond: rates.requests,
      bytesInPerSecond: rates.bytesIn,
      bytesOutPerSecond: rates.bytesOut,
    }
  }

  app.openapi(list, async context => {
    await mustOnCluster(context.get('kafka'), 'describe')
    const query = context.req.valid('query')
    const isWanted = matching(query.search)
    const all = Array.from(broker.observed.connections(), described).filter(({ clientId, principal, remoteAddress, software }) =>
      isWanted(`${clientId} ${principal} ${remoteAddress} ${software}`),
    )
    return context.json(
      paged(
        sorted(
          all,
          query.order,
          row => row[query.sort],
          ({ id }) => id,
        ),
        query,
      ),
      200,
    )
  })

  app.openapi(close, async context => {
    await mustOnCluster(context.get('kafka'), 'alter', 'cluster_action')
    const { id } = context.req.valid('param')
    for (const session of broker.observed.connections()) {
      if (idOf(session) !== id) continue
      session.control.close(`closed by ${principalText(context.get('principal'))} over HTTP`)
      return context.body(null, 204)
    }
    throw failure('NOT_FOUND', 'There is no such connection.')
  })
}

/** Unlike any other while the broker runs. */
const idOf = ({ connection }: Session): string => `${connection.listenerName}-${connection.id}`
