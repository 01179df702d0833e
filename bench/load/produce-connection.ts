// One connection that sends ready-made Produce requests and looks at nothing of their answers but the error code, the order
// and the base offset. What it costs is the system calls. Its owner decides when the next request is due.
import { connect, type Socket } from 'node:net'
import { requestCorrelationAt, responseCorrelationAt } from '../lib/frames.js'
import { markedRequest, type ProduceFrame } from './produce-frame.js'

/** One for all connections: what was received is taken within the call that received it. */
const receiveBuffer = Buffer.allocUnsafeSlow(256 * 1024)

export interface ProduceEvents {
  /** The request with this number (of the connection) was appended at `baseOffset`; -1 for acks=0, when it was sent. */
  onAppended(connection: ProduceConnection, number: number, baseOffset: number): void
  onFailure(error: Error): void
}

export class ProduceConnection {
  readonly index: number
  readonly #socket: Socket
  readonly #frame: ProduceFrame
  readonly #events: ProduceEvents
  /** Each is used again when its request was answered, which is when Node holds it no more. */
  readonly #requests: readonly Buffer[]
  readonly #answer: Buffer
  #filled = 0
  #sent = 0
  #answered = 0
  #isClosed = false

  static open(
    port: number,
    index: number,
    frame: ProduceFrame,
    inFlightMax: number,
    events: ProduceEvents,
  ): Promise<ProduceConnection> {
    return new Promise((resolve, reject) => {
      let connection: ProduceConnection | null = null
      const callback = (size: number, bytes: Uint8Array) => {
        connection?.take(bytes as Buffer, size)
        return true
      }
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: receiveBuffer, callback } })
      socket.once('error', reject)
      socket.once('connect', () => {
        connection = new ProduceConnection(socket, index, frame, inFlightMax, events)
        resolve(connection)
      })
    })
  }

  private constructor(socket: Socket, index: number, frame: ProduceFrame, inFlightMax: number, events: ProduceEvents) {
    this.index = index
    this.#socket = socket
    this.#frame = frame
    this.#events = events
    this.#answer = Buffer.alloc(frame.answerBytes)
    this.#requests = Array.from({ length: inFlightMax }, (_, slot) => markedRequest(frame, index * inFlightMax + slot))
    socket.on('error', error => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('a connection was closed while requests were in flight')))
  }

  get inFlight(): number {
    return this.#sent - this.#answered
  }

  get nextNumber(): number {
    return this.#sent
  }

  /** The mark of the batch that the request with this number carries. */
  markOf(number: number): number {
    return this.index * this.#requests.length + (number % this.#requests.length)
  }

  /** The number of the request. Never more in flight than there are requests. */
  send(partition: number): number {
    if (this.inFlight === this.#requests.length) throw new Error('more requests in flight than frames')
    const number = this.#sent++
    const request = this.#requests[number % this.#requests.length]!
    request.writeInt32BE(number, requestCorrelationAt)
    request.writeInt32BE(partition, this.#frame.partitionAt)
    if (this.#frame.acks === 0) this.#socket.write(request, () => this.#appended(-1))
    else this.#socket.write(request)
    return number
  }

  close(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  /** `bytes` belong to all connections. */
  take(bytes: Buffer, size: number): void {
    const length = this.#answer.length
    for (let at = 0; at < size && !this.#isClosed; ) {
      if (this.#filled === 0 && size - at >= length) {
        this.#look(bytes, at)
        at += length
        continue
      }
      const part = Math.min(size - at, length - this.#filled)
      bytes.copy(this.#answer, this.#filled, at, at + part)
      this.#filled += part
      at += part
      if (this.#filled === length) {
        this.#filled = 0
        this.#look(this.#answer, 0)
      } else if (this.#filled >= 4 && this.#answer.readInt32BE(0) + 4 < length) {
        this.#fail(new Error('a batch was refused: its answer is shorter than one that accepts'))
      }
    }
  }

  #look(bytes: Buffer, at: number): void {
    const { errorAt } = this.#frame
    const errorCode = bytes.readInt16BE(at + errorAt)
    const correlationId = bytes.readInt32BE(at + responseCorrelationAt)
    if (bytes.readInt32BE(at) + 4 !== this.#answer.length || errorCode !== 0) {
      this.#fail(new Error(`a batch was refused with error ${errorCode}`))
    } else if (correlationId !== this.#answered && this.#frame.isAnswerNumbered) {
      this.#fail(new Error(`answer ${correlationId} came where ${this.#answered} is due`))
    } else {
      const offsetAt = at + errorAt + 2
      this.#appended(bytes.readInt32BE(offsetAt) * 0x1_0000_0000 + bytes.readUInt32BE(offsetAt + 4))
    }
  }

  #appended(baseOffset: number): void {
    if (!this.#isClosed) this.#events.onAppended(this, this.#answered++, baseOffset)
  }

  #fail(error: Error): void {
    if (this.#isClosed) return
    this.close()
    this.#events.onFailure(error)
  }
}
