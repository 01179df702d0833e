/**
 * From a frame to an answer: header → row of the table → version → body → handler → encoded response.
 *
 * What cannot be answered closes the connection, as in Kafka: an unknown API, a version out of range, a body that is not
 * what its header says. Only ApiVersions answers a version that it does not know, in v0, so that the client can try again.
 */
import { InvariantError } from '../base/assert.js'
import type { Bytes } from '../base/bytes.js'
import type { ConnectionInfo, Dispatched, DispatchFunction } from '../net/connection.js'
import { decode } from '../protocol/codec.js'
import { Errors } from '../protocol/errors.js'
import { encodeResponse, type Outgoing, readClientId, readRequestHeader } from '../protocol/frame.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { Produce } from '../protocol/messages/produce.js'
import { type Api, inRange } from '../protocol/schema.js'
import { Writer } from '../protocol/wire.js'
import { CloseConnection, type Handler, noAnswer, Ordered, RequestFailure } from './handler.js'
import { apiVersionsAnswer } from './handlers/api-versions.js'
import type { Broker } from './services.js'

export interface DispatchOptions {
  readonly broker: Broker
  readonly handlers: readonly Handler[]
  /** A broken invariant: the state can no longer be trusted. */
  readonly onInvariantBroken: (error: InvariantError) => void
}

export function createDispatch({ broker, handlers, onInvariantBroken }: DispatchOptions): DispatchFunction {
  const byKey: (Handler | undefined)[] = []
  for (const handler of handlers) byKey[handler.api.key] = handler
  const scratch = new Writer(64 * 1024)

  const dispatch = (frame: Bytes, connection: ConnectionInfo): Dispatched => {
    const { header, reader } = readRequestHeader(frame)
    const { apiKey, apiVersion, correlationId } = header
    const handler = apiKey >= 0 ? byKey[apiKey] : undefined
    if (handler === undefined) throw new CloseConnection(`no API has key ${apiKey}`)
    const { api } = handler
    if (!inRange(api.versions, apiVersion)) {
      if (apiKey !== ApiVersions.key) throw new CloseConnection(`${api.name} has no version ${apiVersion}`)
      const answer = apiVersionsAnswer(broker, Errors.UNSUPPORTED_VERSION)
      return encodeResponse(scratch, apiKey, 0, correlationId, ApiVersions.response, answer)
    }
    const clientId = readClientId(reader, inRange(api.flexible, apiVersion))
    const request = decode(api.request, apiVersion, reader)

    const respond = responder(scratch, api, apiVersion, correlationId)
    const fail = (error: unknown): Outgoing => {
      if (error instanceof RequestFailure) return respond(api.failure(request, error.errorCode, apiVersion))
      if (error instanceof InvariantError) onInvariantBroken(error)
      throw error
    }
    let outcome: unknown
    try {
      outcome = handler.handle(request, { broker, connection, clientId, version: apiVersion })
    } catch (error) {
      return fail(error)
    }
    if (outcome === noAnswer) return null
    if (outcome instanceof Promise) return { answer: outcome.then(respond).catch(fail), isOrdered: false }
    if (outcome instanceof Ordered) return { answer: outcome.response.then(respond), isOrdered: true }
    return respond(outcome)
  }
  // Only Produce fixes its effects before it waits.
  dispatch.startsInOrder = (frame: Bytes): boolean => ((frame[0] as number) << 8) + (frame[1] as number) === Produce.key
  return dispatch
}

/** Made apart from the request, which may be large and must not live as long as its answer takes. */
function responder(scratch: Writer, api: Api, version: number, correlationId: number): (response: unknown) => Outgoing {
  return response => encodeResponse(scratch, api.key, version, correlationId, api.response, response as never)
}
