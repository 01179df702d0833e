/**
 * A Kafka client without a socket: requests are encoded as on the wire and given to a session of the core's own dispatch, so that
 * every route has the checks, rights, quotas and errors of any other client. One for each HTTP request, closed behind it.
 */
import { allocate, type Bytes } from '../base/bytes.js'
import type { World } from '../base/world.js'
import type { ServeAs } from '../broker/dispatch.js'
import type { ConnectionService, Dispatched } from '../net/connection.js'
import { decode, decodeInSlices, encode } from '../protocol/codec.js'
import { Errors } from '../protocol/errors.js'
import type { Outgoing } from '../protocol/frame.js'
import { type Api, type DecodedResponseOf, type Encodable, type Fields, inRange } from '../protocol/schema.js'
import { Reader, Writer } from '../protocol/wire.js'
import type { Principal } from '../security/principal.js'
import { inProcessListener } from '../server/observed.js'
import { Slices } from '../storage/slices.js'
import { kafkaFailure } from './kafka-failures.js'

export interface KafkaClientOptions {
  readonly serveAs: ServeAs
  readonly world: World
  readonly principal: Principal
  /** By it ACLs and quotas know the client. */
  readonly remoteAddress: string
  readonly remotePort: number
}

const clientId = 'gregor-http'
/** Length and correlation id. */
const answerHeaderBytes = 8
/** Of an answer; some tenths of a millisecond. */
const decodedAtOnceMax = 32 * 1024
/** A quota that asks for a longer pause is told as one that is exceeded. */
const throttleMsMax = 10_000

export class KafkaClient {
  readonly #service: ConnectionService
  readonly #world: World
  readonly #ended: Promise<never>
  #end: (error: Error) => void = () => {}
  #isClosed = false
  /** Of one HTTP request: calls that are answered at once would follow each other without a turn for anybody else. */
  readonly #slices: Slices
  #mutedUntilMs = 0
  #correlationId = 0

  constructor({ serveAs, world, principal, remoteAddress, remotePort }: KafkaClientOptions) {
    this.#world = world
    this.#slices = Slices.ofRequest(world.host)
    this.#ended = new Promise((_, reject) => {
      this.#end = reject
    })
    this.#ended.catch(() => {})
    const connection = {
      id: 0,
      listenerName: inProcessListener,
      listenerProtocol: 'PLAINTEXT' as const,
      connectedMs: world.host.monotonicMs(),
      peerName: null,
      remoteAddress,
      remotePort,
      localAddress: '127.0.0.1',
      localPort: 0,
    }
    const control = {
      muteFor: (muteMs: number) => {
        this.#mutedUntilMs = Math.max(this.#mutedUntilMs, world.host.monotonicMs() + muteMs)
      },
      close: (reason: string) => this.#fail(reason),
      boundFrames() {},
    }
    this.#service = serveAs(connection, control, principal)
  }

  /** @throws HttpFailure when the broker ends the connection instead, or the client is closed meanwhile. */
  async call<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    request: Encodable<Req>,
    version = api.versions.max,
  ): Promise<DecodedResponseOf<Api<Req, Res>>> {
    const bytes = await Promise.race([this.#exchange(api as unknown as Api, version, request), this.#ended])
    const reader = new Reader(bytes, answerHeaderBytes)
    if (inRange(api.flexible, version)) reader.skipTags()
    const response = (await this.#decoded(api as unknown as Api, version, reader)) as DecodedResponseOf<Api<Req, Res>>
    await Promise.race([this.#unmuted(), this.#ended])
    if (this.#slices.isOver) await this.#slices.next()
    return response
  }

  /** What waits for an answer fails. */
  close(): void {
    if (this.#isClosed) return
    this.#fail('the request was given up')
    this.#service.closed()
  }

  #fail(reason: string): void {
    this.#isClosed = true
    this.#end(kafkaFailure(Errors.REQUEST_TIMED_OUT, `The broker ended the request: ${reason}.`))
  }

  async #exchange(api: Api, version: number, request: unknown): Promise<Bytes> {
    if (this.#isClosed) return this.#ended
    const writer = new Writer()
    writer.int16(api.key)
    writer.int16(version)
    writer.int32(this.#correlationId++)
    writer.nullableString(clientId)
    if (inRange(api.flexible, version)) writer.uint8(0)
    encode(api.request, version, writer, request as never)
    const outgoing = await answerOf(this.#service.dispatch(writer.finish(), true))
    if (outgoing === null) throw new Error(`${api.name} is not answered`)
    return whole(outgoing)
  }

  /** A long answer, such as the description of all topics, is read a slice at a time. */
  async #decoded(api: Api, version: number, reader: Reader): Promise<unknown> {
    if (reader.remaining <= decodedAtOnceMax) return decode(api.response, version, reader)
    const reading = decodeInSlices(api.response, version, reader)
    for (let step = reading.next(); ; step = reading.next()) {
      if (step.done === true) return step.value
      if (this.#slices.isOver) await this.#slices.next()
    }
  }

  async #unmuted(): Promise<void> {
    const leftMs = this.#mutedUntilMs - this.#world.host.monotonicMs()
    if (leftMs <= 0) return
    if (leftMs > throttleMsMax) {
      throw kafkaFailure(Errors.THROTTLING_QUOTA_EXCEEDED, `A quota is exceeded; try again in ${Math.ceil(leftMs / 1000)} s.`)
    }
    await new Promise<void>(resolve => this.#world.host.after(leftMs, resolve))
  }
}

function answerOf(dispatched: Dispatched): Outgoing | null | Promise<Outgoing | null> {
  return dispatched === null || 'bytes' in dispatched ? dispatched : dispatched.answer
}

/** Ranges of files are read, and let go whatever comes of it. */
async function whole({ pieces, bytes, inserts, byteLength }: Outgoing): Promise<Bytes> {
  if (pieces === null && inserts === null) return bytes
  const target = allocate(byteLength)
  let at = 0
  for (const piece of pieces ?? []) {
    target.set(piece, at)
    at += piece.byteLength
  }
  let from = 0
  try {
    for (const { position, source } of inserts ?? []) {
      target.set(bytes.subarray(from, position), at)
      at += position - from
      from = position
      for (let read = 0; read < source.byteLength; ) {
        const count = await source.read(read, target.subarray(at + read, at + source.byteLength))
        if (count <= 0) throw new Error('a range of a log cannot be read')
        read += count
      }
      at += source.byteLength
    }
    target.set(bytes.subarray(from), at)
    return target
  } finally {
    for (const { source } of inserts ?? []) source.release()
  }
}
