/**
 * From a frame to an answer: header → row of the table → version → body → interceptors → handler → encoded response.
 *
 * What cannot be answered closes the connection, as in Kafka: an unknown API, a version out of range, a body that is not
 * what its header says. Only ApiVersions answers a version that it does not know, in v0, so that the client can try again.
 */
import { assert, InvariantError } from '../base/assert.js'
import { type Bytes, emptyBytes } from '../base/bytes.js'
import { type ApiCounters, laterUs, type Meter, noteAnswered, silentMeter } from '../base/meter.js'
import type { ConnectionControl, ConnectionService, Dispatched, Pending } from '../net/connection.js'
import type { ConnectionInfo } from '../net/connection-info.js'
import { StorageFailure } from '../node/storage-failure.js'
import { decode } from '../protocol/codec.js'
import { Errors } from '../protocol/errors.js'
import {
  encodedAtOnceMax,
  encodeLongResponse,
  encodeResponse,
  frameResponse,
  frameToken,
  type Outgoing,
  readClientId,
  readRequestHeader,
} from '../protocol/frame.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { inRange, mayCarryRecords } from '../protocol/schema.js'
import { Reader, takesLong, Writer } from '../protocol/wire.js'
import type { Principal } from '../security/principal.js'
import { Authentication, type SaslListener } from './authentication.js'
import { CallContext } from './call-context.js'
import type { Call, Interceptor, Interceptors, Row } from './handler.js'
import { apiVersionsAnswer } from './handlers/api-versions.js'
import { inSlices } from './long-answer.js'
import { CloseConnection, EncodedAnswer, noAnswer, Ordered, type Outcome, RequestFailure } from './outcomes.js'
import { MeteredRequest } from './quotas/metered-request.js'
import type { Broker } from './services.js'
import { Session } from './session.js'

export interface DispatchOptions {
  readonly broker: Broker
  readonly rows: readonly Row[]
  /** By listener name; a listener without SASL has none. */
  readonly sasl?: ReadonlyMap<string, SaslListener>
  readonly interceptors?: Interceptors
  readonly meter?: Meter
  /** Those of the connections that are open are kept here. */
  readonly sessions?: Set<Session>
  /** A broken invariant: the state can no longer be trusted. */
  readonly onInvariantBroken: (error: InvariantError) => void
}

/** A row with what stands before its handler. */
interface Service {
  readonly row: Row
  readonly run: Row['handle']
  readonly counters: ApiCounters | null
  /** For what is answered later and fails. */
  readonly fault: (error: unknown) => never
}

/** A connection for whoever the process itself lets in: its principal is given and not negotiated. No socket asks so. */
export type ServeAs = (connection: ConnectionInfo, control: ConnectionControl, principal?: Principal) => ConnectionService

export function createDispatch({
  broker,
  rows,
  sasl = new Map(),
  interceptors = none,
  meter = silentMeter,
  onInvariantBroken,
  sessions,
}: DispatchOptions): ServeAs {
  const services: (Service | undefined)[] = []
  for (const row of rows) {
    const { key, name, versions } = row.api
    const counters = meter.countersOf(name, versions.max)
    services[key] = { row, run: intercepted(row, interceptors(row)), counters, fault: error => faultOf(counters, error) }
  }
  const scratch = new Writer(encodedAtOnceMax)
  /** For frames in the buffer that all connections read into, of which it keeps its views. */
  const sharedReader = new Reader(emptyBytes)

  /** When the last handler returned, by the meter's clock: the next one starts no sooner. */
  let latestUs = 0

  const dispatch = (session: Session, frame: Bytes, isOwnMemory: boolean, receivedUs: number, nowUs: number): Dispatched => {
    const reader = isOwnMemory ? new Reader(frame) : sharedReader
    if (!isOwnMemory) reader.reset(frame)
    const { apiKey, apiVersion, correlationId } = readRequestHeader(reader)
    const known = apiKey >= 0 ? services[apiKey] : undefined
    if (known === undefined) throw new CloseConnection(`no API has key ${apiKey}`)
    const { authentication } = session
    const isItsTurn = authentication === null || authentication.admits(known.row.api)
    const service = isItsTurn ? known : outOfTurn(known)
    const { api } = service.row
    if (!inRange(api.versions, apiVersion)) {
      if (apiKey !== ApiVersions.key || !isItsTurn) throw new CloseConnection(`${api.name} has no version ${apiVersion}`)
      const answer = apiVersionsAnswer(broker, 0, Errors.UNSUPPORTED_VERSION)
      return encodeResponse(scratch, { apiKey, version: 0, correlationId, message: ApiVersions.response }, answer)
    }
    const clientId = readClientId(reader, inRange(api.flexible, apiVersion))
    session.clientId = clientId
    session.requests++
    session.bytesIn += frame.byteLength
    const context = new CallContext(broker, session, clientId, api, apiVersion, correlationId, frame, isOwnMemory)
    const { counters, row } = service
    if (broker.quotas.areSet && (authentication === null || authentication.isDone)) {
      context.metered = new MeteredRequest(broker.quotas, session, clientId, row.traits, frame.byteLength)
    }
    if (counters === null || session.isInProcess) return serve(service, context, reader)
    counters.bytesIn += frame.byteLength
    return counted(service, counters, context, reader, receivedUs, nowUs)
  }

  const serve = (service: Service, context: CallContext, reader: Reader): Dispatched => {
    const { request: message } = service.row.api
    reader.boundTime()
    let request: unknown
    try {
      request = decode(message, context.version, reader)
    } catch (error) {
      if (error !== takesLong) throw error
      return servedLater(service, context)
    }
    return handled(service, context, request)
  }

  /** A request that takes long to read: its connection waits, as for a handler. */
  const servedLater = (service: Service, context: CallContext): Pending => {
    context.metered?.waits()
    const served = context.requestInSlices().then(request => {
      context.metered?.goesOn()
      return handled(service, context, request)
    })
    return {
      answer: served.then(dispatched => (isPending(dispatched) ? dispatched.answer : dispatched), service.fault),
      isOrdered: service.row.traits.isOrdered === true,
      fixed: served.then(whenFixed).then(nothing, nothing),
      keepsFrame: true,
    }
  }

  const handled = ({ row, run, counters, fault }: Service, context: CallContext, request: unknown): Dispatched => {
    const { traits } = row
    try {
      const outcome = run(request, context)
      const keepsFrame = context.handlerReturned()
      if (outcome === noAnswer) return unanswered(context)
      if (outcome instanceof Promise) {
        context.metered?.waits()
        const failed = traits.mayPark ? fault : failedLater(context, request, counters)
        return { answer: outcome.then(respondedLater(context), failed), isOrdered: false, fixed: null, keepsFrame }
      }
      if (outcome instanceof Ordered) {
        context.metered?.waits()
        const answer = outcome.response.then(respondedLater(context), fault)
        return { answer, isOrdered: true, fixed: outcome.fixed, keepsFrame }
      }
      return whenEncoded(respond(context, outcome), keepsFrame)
    } catch (error) {
      return whenEncoded(failed(context, request, counters, error), false)
    }
  }

  const respond = (to: CallContext, response: unknown): Response => {
    const { metered } = to
    if (metered === null) return encoded(to, response)
    const throttleMs = metered.answered()
    const answer = encoded(to, throttleMs === 0 ? response : throttled(to, response, throttleMs))
    metered.encoded()
    return answer
  }

  const unanswered = (to: CallContext): null => {
    to.metered?.unanswered()
    const { counters } = to
    if (counters !== null && to.handledUs !== null) leavesUnanswered(counters, counters.nowUs(), to.handledUs, to.receivedUs)
    return null
  }

  const encoded = (to: CallContext, response: unknown): Response => {
    const { session, api } = to
    const encoded =
      response instanceof EncodedAnswer ? frameResponse(to, response.body) : encodeResponse(scratch, to, response as never)
    if (encoded !== null) {
      session.bytesOut += encoded.byteLength
      return marked(to, encoded)
    }
    return inSlices(
      () => to.pause(),
      api.name,
      pause => encodeLongResponse(to, response as never, pause),
      // Ranges of files are let go through their answer, which has to be whole for that.
      () => session.isClosed && !mayCarryRecords(api.response.fields),
    ).then(
      answer => {
        session.bytesOut += answer.byteLength
        return marked(to, answer)
      },
      error => faultOf(to.counters, error),
    )
  }

  const failed = (to: CallContext, request: unknown, counters: ApiCounters | null, error: unknown): Response => {
    if (!(error instanceof RequestFailure || error instanceof StorageFailure)) throw error
    if (counters !== null) counters.failures++
    return respond(to, to.api.failure(request as never, error.errorCode, to.version))
  }

  /** Made apart from the request, which may be large and must not live as long as its answer takes. */
  const respondedLater = (to: CallContext) => (response: unknown) => {
    try {
      if (response === noAnswer) return unanswered(to)
      to.metered?.goesOn()
      return respond(to, response)
    } catch (error) {
      return faultOf(to.counters, error)
    }
  }

  const failedLater = (to: CallContext, request: unknown, counters: ApiCounters | null) => (error: unknown) => {
    try {
      return failed(to, request, counters, error)
    } catch (unexpected) {
      return fault(unexpected)
    }
  }

  const counted = (
    service: Service,
    counters: ApiCounters,
    context: CallContext,
    reader: Reader,
    receivedUs: number,
    nowUs: number,
  ): Dispatched => {
    const startedUs = laterUs(nowUs, latestUs)
    counters.byVersion[context.version]!++
    counters.queue.record(startedUs - receivedUs)
    context.counters = counters
    context.receivedUs = receivedUs
    let dispatched: Dispatched
    try {
      dispatched = serve(service, context, reader)
    } catch (error) {
      counters.failures++
      throw error
    }
    const handledUs = counters.nowUs()
    latestUs = handledUs
    counters.handler.record(handledUs - startedUs)
    context.handledUs = handledUs
    if (dispatched === null) leavesUnanswered(counters, handledUs, handledUs, receivedUs)
    else if (!isPending(dispatched)) {
      marked(context, dispatched)
      noteAnswered(dispatched, handledUs)
    }
    return dispatched
  }

  /** After a broken invariant the broker stops; any other fault ends the connection that met it. */
  const fault = (error: unknown): never => faultOf(null, error)
  const faultOf = (counters: ApiCounters | null, error: unknown): never => {
    if (counters !== null) counters.failures++
    if (error instanceof InvariantError) onInvariantBroken(error)
    throw error
  }

  return (connection, control, principal) => {
    const session = new Session(connection, control)
    const listener = sasl.get(connection.listenerName)
    const listenerCounters = principal === undefined ? meter.listener(connection.listenerName) : null
    if (listenerCounters !== null) listenerCounters.opened++
    if (principal !== undefined) {
      session.principal = principal
      session.isInProcess = true
    } else if (listener !== undefined) session.authentication = new Authentication(session, listener, broker.world)
    sessions?.add(session)
    return {
      dispatch(frame, isOwnMemory, receivedUs = 0, nowUs = receivedUs) {
        try {
          const { authentication } = session
          if (authentication?.takesTokens === true) return rawAnswer(authentication.takeToken(frame))
          return dispatch(session, frame, isOwnMemory, receivedUs, nowUs)
        } catch (error) {
          return fault(error)
        }
      },
      startsInOrder: frame => services[apiKeyOf(frame)]?.row.traits.isOrdered === true,
      closed() {
        sessions?.delete(session)
        listenerCounters?.left(session)
        session.closed()
      },
    }
  }
}

const none: Interceptors = () => []

/** The handler of a row behind the interceptors: built once, and the bare handler when there are none. */
function intercepted(row: Row, interceptors: readonly Interceptor[]): Row['handle'] {
  if (interceptors.length === 0) return row.handle
  const last = ({ request, context }: Call): Outcome<unknown> => row.handle(request, context)
  const first = interceptors.reduceRight<(call: Call) => Outcome<unknown>>(
    (next, interceptor) => call => interceptor(call, next),
    last,
  )
  return (request, context) => first({ row, request, context })
}

/** For a request in the middle of an authentication: it is told so in its own format, and the connection ends. */
function outOfTurn({ row: { api }, counters, fault }: Service): Service {
  const run: Row['handle'] = async (_, { session }) => {
    await session.authentication?.refused(`${api.name} during authentication`)
    throw new RequestFailure(Errors.ILLEGAL_SASL_STATE)
  }
  return { row: { api, handle: run, traits: { needs: [] } }, run, counters, fault }
}

/** For who sees it leave; before its handler has returned there is nothing to say of it. */
function marked({ counters, receivedUs, handledUs }: CallContext, answer: Outgoing): Outgoing {
  if (counters === null || handledUs === null) return answer
  counters.bytesOut += answer.byteLength
  answer.counters = counters
  answer.receivedUs = receivedUs
  answer.handledUs = handledUs
  return answer
}

function leavesUnanswered(counters: ApiCounters, nowUs: number, handledUs: number, receivedUs: number): void {
  counters.wait.record(nowUs - handledUs)
  counters.send.record(0)
  counters.total.record(nowUs - receivedUs)
}

/** When its frame is needed no more. */
function whenFixed(dispatched: Dispatched): Promise<unknown> | null {
  if (!isPending(dispatched)) return null
  return dispatched.fixed ?? (dispatched.isOrdered || !dispatched.keepsFrame ? null : dispatched.answer)
}

const nothing = (): void => {}

/** A token that travels without a header. */
function rawAnswer(token: Promise<Bytes>): Dispatched {
  return { answer: token.then(frameToken), isOrdered: false, fixed: null, keepsFrame: false }
}

/** The answer that says how long its client has to wait, in the versions that have a place for it. */
function throttled({ api, version }: CallContext, response: unknown, throttleTimeMs: number): unknown {
  if (!(response instanceof EncodedAnswer)) return { ...(response as object), throttleTimeMs }
  const { throttleTimeMs: field } = api.response.fields
  if (field === undefined || !inRange(field.versions, version)) return response
  // Where an answer has it, it comes first.
  assert(Object.values(api.response.fields)[0] === field, 'the throttle time of an encoded answer comes first')
  const writer = new Writer(response.body.byteLength)
  writer.int32(throttleTimeMs)
  writer.raw(response.body.subarray(4))
  return new EncodedAnswer(writer.written())
}

/** At once, unless the answer is long. */
type Response = Outgoing | Promise<Outgoing>

function whenEncoded(answer: Response, keepsFrame: boolean): Dispatched {
  return answer instanceof Promise ? { answer, isOrdered: false, fixed: null, keepsFrame } : answer
}

function isPending(dispatched: Dispatched): dispatched is Pending {
  return dispatched !== null && 'answer' in dispatched
}

const apiKeyOf = (frame: Bytes): number => ((frame[0] as number) << 8) + (frame[1] as number)
