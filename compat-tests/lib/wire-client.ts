/**
 * A client that speaks the protocol through this project's own schemas: one connection, requests pipelined as the caller
 * likes, answers matched in order. For harnesses that must know exactly what was sent and answered; it retries nothing and
 * knows no cluster. Answers are decoded by the codecs of src/protocol, so it is no judge of those.
 */
import { connect, type Socket } from 'node:net'
import type { Bytes } from '#base/bytes.js'
import { decode, encode } from '#protocol/codec.js'
import { type Api, type DecodedResponseOf, type Encodable, type Fields, inRange } from '#protocol/schema.js'
import { Reader, Writer } from '#protocol/wire.js'

/** The connection ended before the answer came; whether the broker carried the request out is unknown. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

interface Waiting {
  readonly correlationId: number
  readonly accept: (frame: Buffer) => void
  readonly reject: (error: Error) => void
}

const API_VERSIONS_KEY = 18

export class WireClient {
  readonly #socket: Socket
  readonly #clientId: string
  readonly #waiting: Waiting[] = []
  readonly #writer = new Writer()
  #received: Buffer[] = []
  #receivedBytes = 0
  /** Bytes that the answer under way takes, as far as that is known. */
  #neededBytes = 4
  #nextCorrelationId = 0
  #lost: ConnectionLost | null = null

  private constructor(socket: Socket, clientId: string) {
    this.#socket = socket
    this.#clientId = clientId
    socket.setNoDelay(true)
    socket.on('data', chunk => this.#take(chunk))
    socket.on('error', error => this.#lose(error.message))
    socket.on('close', () => this.#lose('closed by the broker'))
  }

  /** @throws ConnectionLost when the port is closed. */
  static connect(bootstrap: string, clientId = 'wire-client'): Promise<WireClient> {
    const [host, port] = bootstrap.split(':')
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), host)
      socket.once('error', error => reject(new ConnectionLost(error.message)))
      socket.once('connect', () => resolve(new WireClient(socket, clientId)))
    })
  }

  /** On a connection that is open, over TLS for one. */
  static of(socket: Socket, clientId = 'wire-client'): WireClient {
    return new WireClient(socket, clientId)
  }

  get isLost(): boolean {
    return this.#lost !== null
  }

  /** Sends now; requests go out in the order of the calls. @throws ConnectionLost */
  request<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    body: Encodable<Req>,
  ): Promise<DecodedResponseOf<Api<Req, Res>>> {
    if (this.#lost !== null) return Promise.reject(this.#lost)
    const correlationId = this.#nextCorrelationId++
    this.#socket.write(this.#frame(api as unknown as Api, version, correlationId, body))
    return new Promise((resolve, reject) => {
      const accept = (frame: Buffer) => {
        const reader = new Reader(frame, 4)
        if (inRange(api.flexible, version) && api.key !== API_VERSIONS_KEY) reader.skipTags()
        resolve(decode(api.response, version, reader) as DecodedResponseOf<Api<Req, Res>>)
      }
      this.#waiting.push({ correlationId, accept, reject })
    })
  }

  close(): void {
    this.#lose('closed')
    this.#socket.destroy()
  }

  #frame(api: Api, version: number, correlationId: number, body: unknown): Bytes {
    const writer = this.#writer
    writer.reset()
    writer.int32(0)
    writer.int16(api.key)
    writer.int16(version)
    writer.int32(correlationId)
    writer.string(this.#clientId)
    if (inRange(api.flexible, version)) writer.uint8(0)
    encode(api.request, version, writer, body as never)
    writer.patchInt32(0, writer.position - 4)
    return writer.finish()
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk)
    this.#receivedBytes += chunk.length
    if (this.#receivedBytes < this.#neededBytes) return
    let bytes = this.#received.length === 1 ? chunk : Buffer.concat(this.#received)
    while (bytes.length >= 4) {
      const size = bytes.readInt32BE(0)
      this.#neededBytes = 4 + size
      if (bytes.length < this.#neededBytes) break
      this.#answer(bytes.subarray(4, 4 + size))
      bytes = bytes.subarray(4 + size)
      this.#neededBytes = 4
    }
    this.#received = bytes.length === 0 ? [] : [bytes]
    this.#receivedBytes = bytes.length
  }

  #answer(frame: Buffer): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) throw new Error('an answer to no request')
    const correlationId = frame.readInt32BE(0)
    if (correlationId !== waiting.correlationId) {
      waiting.reject(new Error(`answer ${correlationId} where ${waiting.correlationId} is due`))
      return
    }
    try {
      waiting.accept(frame)
    } catch (error) {
      waiting.reject(error as Error)
    }
  }

  #lose(reason: string): void {
    if (this.#lost !== null) return
    this.#lost = new ConnectionLost(reason)
    for (const { reject } of this.#waiting.splice(0)) reject(this.#lost)
  }
}
