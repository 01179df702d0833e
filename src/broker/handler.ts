/**
 * What a handler is: one function per API, from a decoded request to its response. It never sees a socket or a byte of the
 * frame's header. What the table says about it beside that are its traits.
 */
import type { ConnectionInfo } from '../net/connection-info.js'
import type { Api, Decoded, Encodable, Fields } from '../protocol/schema.js'
import type { Operation, ResourceType } from '../security/acl/acl.js'
import type { Need } from './needs.js'
import type { Outcome } from './outcomes.js'
import type { MeteredRequest, QuotaTraits } from './quotas/metered-request.js'
import type { Broker } from './services.js'
import type { Session } from './session.js'

export interface RequestContext {
  readonly broker: Broker
  readonly session: Session
  readonly connection: ConnectionInfo
  readonly clientId: string
  readonly version: number
  /** What it uses, counted; null while no quota is set. */
  readonly metered: MeteredRequest | null
  /** Whether this client may do `operation` to the resource of that name; the cluster has none. */
  may(operation: Operation, resource: ResourceType, name: string): boolean
  /** Whether it may do that to some resource of this type. */
  mayAny(operation: Operation, resource: ResourceType): boolean
  /** All that it may do to the resource, as Kafka's bits. */
  operationsOn(resource: ResourceType, name: string): number
  /**
   * The request with bytes that stay valid until its effects are fixed. The law without it: the bytes of a request (records,
   * metadata, assignments) are over when the handler returns or first awaits; its numbers and texts are not. To be called
   * before that, with the request that the handler was given.
   */
  keepFrame<Request>(request: Request): Request
  /** Asked by what takes long, between two steps: others may have their turn first. */
  pause(): Promise<void> | null
}

export interface Handler {
  readonly api: Api
  readonly handle: (request: unknown, context: RequestContext) => Outcome<unknown>
}

export function handler<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  handle: (request: Decoded<Req>, context: RequestContext) => Outcome<Encodable<Res>>,
): Handler {
  return { api: api as unknown as Api, handle: handle as Handler['handle'] }
}

/** What the rooms around a handler must know of its API without knowing the API. */
export interface Traits extends QuotaTraits {
  /** All that a client is asked for, in the order in which it is asked; nothing when all clients may. */
  readonly needs: readonly Need[]
  /** May start while requests before it, which are ordered too, wait for their answers: it fixes its effects first. */
  readonly isOrdered?: true
  /** May wait for as long as the client likes. The request is let go meanwhile, so it cannot fail as a whole afterwards. */
  readonly mayPark?: true
}

export interface Row extends Handler {
  readonly traits: Traits
}

/** A request on its way to its handler. */
export interface Call {
  readonly row: Row
  readonly request: unknown
  readonly context: RequestContext
}

/** Stands between dispatch and the handlers: looks at a call, changes or refuses it, or goes on with `next`. */
export type Interceptor = (call: Call, next: (call: Call) => Outcome<unknown>) => Outcome<unknown>

/** Those of an API, asked for once: the first is the outermost. An API without any pays for none. */
export type Interceptors = (row: Row) => readonly Interceptor[]
