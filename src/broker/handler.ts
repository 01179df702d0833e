/**
 * What a handler is: one function per API, from a decoded request to its response. It never sees a socket or a byte of the
 * frame's header.
 */
import type { ConnectionInfo } from '../net/connection.js'
import type { ErrorCode } from '../protocol/errors.js'
import type { Api, Decoded, Encodable, Fields } from '../protocol/schema.js'
import type { Broker } from './services.js'

export interface RequestContext {
  readonly broker: Broker
  readonly connection: ConnectionInfo
  readonly clientId: string
  readonly version: number
}

/** The request asked for no answer (acks=0). */
export const noAnswer = Symbol('no answer')

/**
 * An answer that comes later although its effects are fixed now: the connection may start the next request of this kind.
 * It says by itself what failed; a rejection is a fault in the broker.
 */
export class Ordered<Response> {
  constructor(readonly response: Promise<Response>) {}
}

/** Fails the whole request; dispatch spells it in the API's own way. For outcomes that concern all of it, not a part. */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure'
  constructor(readonly errorCode: ErrorCode) {
    super(`request failed with error ${errorCode}`)
  }
}

/** There is no answer to give; the connection is closed, as Kafka does. */
export class CloseConnection extends Error {
  override readonly name = 'CloseConnection'
}

type Outcome<Response> = Response | Promise<Response> | Ordered<Response> | typeof noAnswer

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
