// Sends one pre-encoded Produce request over and over on one connection, a few in flight, as a stock producer does. All that
// is looked at in an answer is its error code and that the batch got the very next offset: the client must cost nothing that
// could be taken for the broker's cost, and still a lost or doubled batch ends the run.
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectSecurely } from 'node:tls'
import { Produce } from '#protocol/messages/produce.js'
import { decodeAnswer, exchange, requestCorrelationAt, requestFrame, soleIndexOf } from '../lib/frames.js'
import { recordsPerBatch } from './records.js'
import type { LoadTopic } from './topics.js'

/** The default of stock clients (max.in.flight.requests.per.connection). */
export const inFlightMax = 5
const timeoutMs = 30_000

/** A request and what its answer looks like, down to the positions of what changes. */
export interface ProducePlan {
  readonly request: Buffer
  /** Where the batch starts in the request. */
  readonly batchAt: number
  readonly batchBytes: number
  /** A whole answer, for a server that only pretends. */
  readonly answer: Buffer
  /** Where the error code stands; the base offset follows it. */
  readonly errorAt: number
}

/** Encodes the request and learns the answer's layout by sending it once, which appends one batch to the topic. */
export async function planProduce(port: number, topic: LoadTopic, acks: number, batch: Buffer): Promise<ProducePlan> {
  const version = Produce.versions.max
  const request = requestFrame(Produce, version, {
    acks,
    timeoutMs,
    topicData: [{ name: topic.name, topicId: topic.id, partitionData: [{ index: 0, records: batch }] }],
  })
  const answer = await exchange(port, request)
  const partition = decodeAnswer(Produce, version, answer).responses[0]?.partitionResponses[0]
  if (partition?.errorCode !== 0) throw new Error(`producing fails with error ${partition?.errorCode}`)
  // Index (int32), error code (int16), base offset (int64), append time (int64): the last is -1 with the producer's time.
  const around = Buffer.alloc(22)
  around.writeBigInt64BE(BigInt(partition.baseOffset), 6)
  around.fill(0xff, 14)
  return {
    request,
    batchAt: soleIndexOf(request, batch),
    batchBytes: batch.length,
    answer,
    errorAt: soleIndexOf(answer, around) + 4,
  }
}

export class ProduceLoad {
  readonly #socket: Socket
  readonly #plan: ProducePlan
  readonly #answer: Buffer
  #filled = 0
  /** A frame of its own for each request in flight: one that Node still holds must not change. */
  readonly #requests: readonly Buffer[]
  #nextRequest = 0
  #toSend = 0
  #toAnswer = 0
  #nextOffset: number
  #settle: { resolve: () => void; reject: (error: Error) => void } | null = null

  /** `firstOffset`: of the first batch that this load will send. */
  /** `secure`: over TLS, with these options. */
  static connect(
    port: number,
    plan: ProducePlan,
    firstOffset: number,
    secure: ConnectionOptions | null = null,
  ): Promise<ProduceLoad> {
    return new Promise((resolve, reject) => {
      let load: ProduceLoad | null = null
      const onread = {
        buffer: Buffer.allocUnsafeSlow(64 * 1024),
        callback: (size: number, bytes: Uint8Array) => {
          load?.take(bytes, size)
          return true
        },
      }
      const to = { port, host: '127.0.0.1', noDelay: true, onread }
      const socket = secure === null ? connect(to) : connectSecurely({ ...to, ...secure } as ConnectionOptions)
      socket.once('error', reject)
      socket.once(secure === null ? 'connect' : 'secureConnect', () => {
        load = new ProduceLoad(socket, plan, firstOffset)
        resolve(load)
      })
    })
  }

  private constructor(socket: Socket, plan: ProducePlan, firstOffset: number) {
    this.#socket = socket
    this.#plan = plan
    this.#answer = Buffer.alloc(plan.answer.length)
    this.#nextOffset = firstOffset
    this.#requests = Array.from({ length: inFlightMax }, () => Buffer.from(plan.request))
    socket.on('error', error => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed while requests were in flight')))
  }

  get nextOffset(): number {
    return this.#nextOffset
  }

  /** Sends `batches` batches; resolves when all are answered. */
  run(batches: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#toSend = batches
      this.#toAnswer = batches
      for (let slot = 0; slot < inFlightMax; slot++) this.#send()
    })
  }

  close(): void {
    this.#settle = null
    this.#socket.destroy()
  }

  #send(): void {
    if (this.#toSend === 0) return
    this.#toSend -= 1
    const number = this.#nextRequest++
    const request = this.#requests[number % inFlightMax]!
    request.writeInt32BE(number, requestCorrelationAt)
    this.#socket.write(request)
  }

  /** `bytes` belong to the socket's buffer. */
  take(bytes: Uint8Array, size: number): void {
    for (let at = 0; at < size && this.#settle !== null; ) {
      const part = Math.min(size - at, this.#answer.length - this.#filled)
      this.#answer.set(bytes.subarray(at, at + part), this.#filled)
      this.#filled += part
      at += part
      if (this.#filled === this.#answer.length) this.#answered()
    }
  }

  #answered(): void {
    this.#filled = 0
    const { errorAt } = this.#plan
    const errorCode = this.#answer.readInt16BE(errorAt)
    const baseOffset = Number(this.#answer.readBigInt64BE(errorAt + 2))
    if (this.#answer.readInt32BE(0) + 4 !== this.#answer.length || errorCode !== 0) {
      this.#fail(new Error(`a batch was refused with error ${errorCode}`))
    } else if (baseOffset !== this.#nextOffset) {
      this.#fail(new Error(`a batch got offset ${baseOffset} where ${this.#nextOffset} is next`))
    } else {
      this.#nextOffset += recordsPerBatch
      this.#toAnswer -= 1
      if (this.#toAnswer > 0) this.#send()
      else {
        this.#settle?.resolve()
        this.#settle = null
      }
    }
  }

  #fail(error: Error): void {
    this.#settle?.reject(error)
    this.#settle = null
    this.#socket.destroy()
  }
}
