/** A request on its way through dispatch: what its handler is given beside it, and what its answer is the answer to. */
import { assert } from '../base/assert.js'
import { type Bytes, copyOf } from '../base/bytes.js'
import type { ApiCounters } from '../base/meter.js'
import type { ConnectionInfo } from '../net/connection-info.js'
import { decode, decodeInSlices } from '../protocol/codec.js'
import { readClientId, readRequestHeader } from '../protocol/frame.js'
import { type Api, inRange } from '../protocol/schema.js'
import { Reader } from '../protocol/wire.js'
import type { Operation, ResourceType } from '../security/acl/acl.js'
import { Slices } from '../storage/slices.js'
import type { RequestContext } from './handler.js'
import { allOperations } from './operations.js'
import type { MeteredRequest } from './quotas/metered-request.js'
import type { Broker } from './services.js'
import type { Session } from './session.js'

export class CallContext implements RequestContext {
  readonly broker: Broker
  readonly session: Session
  readonly clientId: string
  readonly api: Api
  readonly version: number
  readonly correlationId: number
  metered: MeteredRequest | null = null
  /** Null where nobody counts. */
  counters: ApiCounters | null = null
  receivedUs = 0
  /** Null while its handler runs. */
  handledUs: number | null = null
  /** Null once the handler has returned. */
  #frame: Bytes | null
  #isOwnMemory: boolean
  #isKept = false
  #slices: Slices | null = null

  constructor(
    broker: Broker,
    session: Session,
    clientId: string,
    api: Api,
    version: number,
    correlationId: number,
    frame: Bytes,
    isOwnMemory: boolean,
  ) {
    this.broker = broker
    this.session = session
    this.clientId = clientId
    this.api = api
    this.version = version
    this.correlationId = correlationId
    this.#frame = frame
    this.#isOwnMemory = isOwnMemory
  }

  get connection(): ConnectionInfo {
    return this.session.connection
  }
  get apiKey(): number {
    return this.api.key
  }
  get message(): Api['response'] {
    return this.api.response
  }

  may(operation: Operation, resource: ResourceType, name: string): boolean {
    const { authorization } = this.broker
    return authorization === null || authorization.may(this.session, operation, resource, name)
  }

  mayAny(operation: Operation, resource: ResourceType): boolean {
    const { authorization } = this.broker
    return authorization === null || authorization.mayAny(this.session, operation, resource)
  }

  operationsOn(resource: ResourceType, name: string): number {
    const { authorization } = this.broker
    return authorization === null ? allOperations(resource) : authorization.operationsOn(this.session, resource, name)
  }

  keepFrame<Request>(request: Request): Request {
    assert(this.#frame !== null, 'a frame is kept before its handler waits')
    this.#isKept = true
    // Memory of its own stays where it is. What all connections read into is copied, and read again from the copy.
    return this.#isOwnMemory
      ? request
      : (decode(this.api.request, this.version, bodyReader(this.api, copyOf(this.#frame))) as Request)
  }

  /** The request of a frame that takes long to read. Read to its end, although its sender may leave: acks=0 counts on that. */
  async requestInSlices(): Promise<unknown> {
    assert(this.#frame !== null, 'a frame is read before its handler is called')
    if (!this.#isOwnMemory) this.#frame = copyOf(this.#frame)
    this.#isOwnMemory = true
    const reading = decodeInSlices(this.api.request, this.version, bodyReader(this.api, this.#frame))
    for (let step = reading.next(); ; step = reading.next()) {
      if (step.done === true) return step.value
      const paused = this.pause()
      if (paused !== null) await paused
    }
  }

  pause(): Promise<void> | null {
    this.#slices ??= Slices.ofRequest(this.broker.world.host)
    return this.#slices.isOver ? this.#slices.next() : null
  }

  /** The handler goes on without its frame. True when it keeps memory that net must leave alone. */
  handlerReturned(): boolean {
    this.#frame = null
    return this.#isKept && this.#isOwnMemory
  }
}

/** Placed behind the header, which was read before. */
function bodyReader(api: Api, frame: Bytes): Reader {
  const reader = new Reader(frame)
  const { apiVersion } = readRequestHeader(reader)
  readClientId(reader, inRange(api.flexible, apiVersion))
  return reader
}
