/**
 * From a frame to an answer: header → row of the table → version → body → interceptors → handler → encoded response.
 *
 * What cannot be answered closes the connection, as in Kafka: an unknown API, a version out of range, a body that is not
 * what its header says. Only ApiVersions answers a version that it does not know, in v0, so that the client can try again.
 */
import { assert, InvariantError } from '../base/assert.js'
import { type Bytes, copyOf } from '../base/bytes.js'
import { type ApiCounters, type Meter, silentMeter } from '../base/meter.js'
import type { ConnectionInfo, Dispatched, Pending, Serve } from '../net/connection.js'
import { StorageFailure } from '../node/storage-failure.js'
import { decode } from '../protocol/codec.js'
import { Errors } from '../protocol/errors.js'
import {
  encodeLongResponse,
  encodeResponse,
  frameResponse,
  type Outgoing,
  type RequestHeader,
  readClientId,
  readRequestHeader,
} from '../protocol/frame.js'
import { ApiVersions } from '../protocol/messages/api-versions.js'
import { type Api, inRange, mayCarryRecords } from '../protocol/schema.js'
import { type Reader, Writer } from '../protocol/wire.js'
import type { Call, Interceptor, Operation, RequestContext, ResourceType, Row } from './handler.js'
import { apiVersionsAnswer } from './handlers/api-versions.js'
import { inSlices } from './long-answer.js'
import { CloseConnection, EncodedAnswer, noAnswer, Ordered, type Outcome, RequestFailure } from './outcomes.js'
import type { Broker } from './services.js'
import { Session } from './session.js'

export interface DispatchOptions {
  readonly broker: Broker
  readonly rows: readonly Row[]
  /** The first is the outermost. */
  readonly interceptors?: readonly Interceptor[]
  readonly meter?: Meter
  /** A broken invariant: the state can no longer be trusted. */
  readonly onInvariantBroken: (error: InvariantError) => void
}

/** A row with what stands before its handler. */
interface Service {
  readonly row: Row
  readonly run: Row['handle']
  readonly counters: ApiCounters | null
}

/** A request behind its header. */
interface Asked {
  readonly session: Session
  readonly frame: Bytes
  readonly isOwnMemory: boolean
  readonly header: RequestHeader
  readonly reader: Reader
}

export function createDispatch({
  broker,
  rows,
  interceptors = [],
  meter = silentMeter,
  onInvariantBroken,
}: DispatchOptions): Serve {
  const services: (Service | undefined)[] = []
  for (const row of rows) {
    services[row.api.key] = { row, run: intercepted(row, interceptors), counters: meter.countersOf(row.api.name) }
  }
  const scratch = new Writer(64 * 1024)

  const dispatch = (session: Session, frame: Bytes, isOwnMemory: boolean): Dispatched => {
    const { header, reader } = readRequestHeader(frame)
    const { apiKey, apiVersion, correlationId } = header
    const service = apiKey >= 0 ? services[apiKey] : undefined
    if (service === undefined) throw new CloseConnection(`no API has key ${apiKey}`)
    const { api, traits } = service.row
    if (!inRange(api.versions, apiVersion)) {
      if (apiKey !== ApiVersions.key) throw new CloseConnection(`${api.name} has no version ${apiVersion}`)
      const answer = apiVersionsAnswer(broker, Errors.UNSUPPORTED_VERSION)
      return encodeResponse(scratch, { apiKey, version: 0, correlationId, message: ApiVersions.response }, answer)
    }
    if (!session.isAuthenticated && traits.isOpen !== true) throw new CloseConnection(`${api.name} before authentication`)
    const asked = { session, frame, isOwnMemory, header, reader }
    return service.counters === null ? serve(service, asked) : counted(service, service.counters, asked)
  }

  const serve = ({ row, run, counters }: Service, { session, frame, isOwnMemory, header, reader }: Asked): Dispatched => {
    const { api, traits } = row
    const { apiVersion, correlationId } = header
    const clientId = readClientId(reader, inRange(api.flexible, apiVersion))
    const request = decode(api.request, apiVersion, reader)
    const context = new CallContext(broker, session, clientId, apiVersion, api, frame, isOwnMemory)
    const respond = responder(scratch, session, broker, api, apiVersion, correlationId)
    const failed = (error: unknown): Response => {
      if (!(error instanceof RequestFailure || error instanceof StorageFailure)) throw error
      if (counters !== null) counters.failures++
      return respond(api.failure(request, error.errorCode, apiVersion))
    }
    try {
      const outcome = run(request, context)
      const keepsFrame = context.handlerReturned()
      if (outcome === noAnswer) return null
      if (outcome instanceof Promise) {
        const answer = outcome.then(response => (response === noAnswer ? null : respond(response)))
        return {
          answer: (traits.mayPark ? answer : answer.catch(failed)).catch(fault),
          isOrdered: false,
          fixed: null,
          keepsFrame,
        }
      }
      if (outcome instanceof Ordered) {
        const answer = outcome.response.then(response => (response === noAnswer ? null : respond(response)))
        return { answer: answer.catch(fault), isOrdered: true, fixed: outcome.fixed, keepsFrame }
      }
      return whenEncoded(respond(outcome), keepsFrame, fault)
    } catch (error) {
      return whenEncoded(failed(error), false, fault)
    }
  }

  const counted = (service: Service, counters: ApiCounters, asked: Asked): Dispatched => {
    const { host } = broker.world
    const startedMs = host.monotonicMs()
    counters.requests++
    counters.bytesIn += asked.frame.byteLength
    const answered = (answer: Outgoing | null): Outgoing | null => {
      counters.answerMs += host.monotonicMs() - startedMs
      counters.bytesOut += answer?.byteLength ?? 0
      return answer
    }
    const failed = (error: unknown): never => {
      counters.failures++
      throw error
    }
    try {
      const dispatched = serve(service, asked)
      return isPending(dispatched) ? { ...dispatched, answer: dispatched.answer.then(answered, failed) } : answered(dispatched)
    } catch (error) {
      return failed(error)
    } finally {
      counters.handlerMs += host.monotonicMs() - startedMs
    }
  }

  /** After a broken invariant the broker stops; any other fault ends the connection that met it. */
  const fault = (error: unknown): never => {
    if (error instanceof InvariantError) onInvariantBroken(error)
    throw error
  }

  return (connection, control) => {
    const session = new Session(connection, control)
    return {
      dispatch(frame, isOwnMemory) {
        try {
          return dispatch(session, frame, isOwnMemory)
        } catch (error) {
          return fault(error)
        }
      },
      startsInOrder: frame => services[apiKeyOf(frame)]?.row.traits.isOrdered === true,
      closed: () => session.closed(),
    }
  }
}

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

/** At once, unless the answer is long. */
type Response = Outgoing | Promise<Outgoing>

/** Made apart from the request, which may be large and must not live as long as its answer takes. */
function responder(
  scratch: Writer,
  session: Session,
  broker: Broker,
  api: Api,
  version: number,
  correlationId: number,
): (response: unknown) => Response {
  const to = { apiKey: api.key, version, correlationId, message: api.response }
  return response =>
    response instanceof EncodedAnswer
      ? frameResponse(to, response.body)
      : (encodeResponse(scratch, to, response as never) ??
        inSlices(
          broker.world,
          api.name,
          pause => encodeLongResponse(to, response as never, pause),
          // Ranges of files are let go through their answer, which has to be whole for that.
          () => session.isClosed && !mayCarryRecords(api.response.fields),
        ))
}

function whenEncoded(answer: Response, keepsFrame: boolean, onFault: (error: unknown) => never): Dispatched {
  return answer instanceof Promise ? { answer: answer.catch(onFault), isOrdered: false, fixed: null, keepsFrame } : answer
}

class CallContext implements RequestContext {
  readonly broker: Broker
  readonly session: Session
  readonly connection: ConnectionInfo
  readonly clientId: string
  readonly version: number
  /** Null once the handler has returned. */
  #frame: Bytes | null
  readonly #api: Api
  readonly #isOwnMemory: boolean
  #isKept = false

  constructor(broker: Broker, session: Session, clientId: string, version: number, api: Api, frame: Bytes, isOwnMemory: boolean) {
    this.broker = broker
    this.session = session
    this.connection = session.connection
    this.clientId = clientId
    this.version = version
    this.#api = api
    this.#frame = frame
    this.#isOwnMemory = isOwnMemory
  }

  may(_operation: Operation, _resource: ResourceType, _name: string): boolean {
    return true
  }

  keepFrame<Request>(request: Request): Request {
    assert(this.#frame !== null, 'a frame is kept before its handler waits')
    this.#isKept = true
    // Memory of its own stays where it is. What all connections read into is copied, and read again from the copy.
    return this.#isOwnMemory ? request : (readRequest(this.#api, copyOf(this.#frame)) as Request)
  }

  /** The handler goes on without its frame. True when it keeps memory that net must leave alone. */
  handlerReturned(): boolean {
    this.#frame = null
    return this.#isKept && this.#isOwnMemory
  }
}

function readRequest(api: Api, frame: Bytes): unknown {
  const { header, reader } = readRequestHeader(frame)
  readClientId(reader, inRange(api.flexible, header.apiVersion))
  return decode(api.request, header.apiVersion, reader)
}

function isPending(dispatched: Dispatched): dispatched is Pending {
  return dispatched !== null && 'answer' in dispatched
}

const apiKeyOf = (frame: Bytes): number => ((frame[0] as number) << 8) + (frame[1] as number)
