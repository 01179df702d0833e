// Fetches the same log over and over on one connection, one request in flight, as a stock consumer does, and throws the
// records away as they come. All that is looked at is the length of the answer and the offset of its first batch: a short,
// empty or misplaced answer ends the run, and the client costs next to nothing.
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectSecurely } from 'node:tls'
import { Fetch } from '#protocol/messages/fetch.js'
import { decodeAnswer, exchange, requestCorrelationAt, requestFrame, soleIndexOf } from '../lib/frames.js'
import { recordsPerBatch } from './records.js'
import type { LoadTopic } from './topics.js'

/** Whole batches per answer: with 64 KiB batches about 1 MiB, the default of stock consumers (max.partition.fetch.bytes). */
export const batchesPerAnswer = 16
const answerBytesMax = 50 * 1024 * 1024
const maxWaitMs = 500
/** No real offset: marks its place in the encoded request. */
const offsetMarker = Buffer.from('0001020304050607', 'hex')

export interface FetchPlan {
  readonly request: Buffer
  /** Where the offset stands in the request. */
  readonly offsetAt: number
  readonly batchBytes: number
  /** An answer up to its records, and what follows them. */
  readonly answerHead: Buffer
  readonly answerTail: Buffer
  readonly recordBytes: number
  /** Of the last record fetched, plus one; then it starts again at 0. */
  readonly endOffset: number
}

/** Encodes the request and learns the answer's layout by sending it once. `batches` stand in the log, as many as divide. */
export async function planFetch(port: number, topic: LoadTopic, batchBytes: number, batches: number): Promise<FetchPlan> {
  if (batches % batchesPerAnswer !== 0) throw new RangeError(`${batches} batches make no whole number of answers`)
  const version = Fetch.versions.max
  const request = requestFrame(Fetch, version, {
    maxWaitMs,
    minBytes: 1,
    maxBytes: answerBytesMax,
    topics: [
      {
        topic: topic.name,
        topicId: topic.id,
        partitions: [
          { partition: 0, fetchOffset: Number(offsetMarker.readBigInt64BE()), partitionMaxBytes: batchesPerAnswer * batchBytes },
        ],
      },
    ],
  })
  const offsetAt = soleIndexOf(request, offsetMarker)
  request.writeBigInt64BE(0n, offsetAt)
  const answer = await exchange(port, request)
  const partition = decodeAnswer(Fetch, version, answer).responses[0]?.partitions[0]
  if (partition === undefined || partition.errorCode !== 0) throw new Error(`fetching fails with error ${partition?.errorCode}`)
  const records = partition.records ?? Buffer.alloc(0)
  const recordBytes = records.byteLength
  if (recordBytes !== batchesPerAnswer * batchBytes) throw new Error(`an answer holds ${recordBytes} bytes of records`)
  const recordsAt = records.byteOffset - answer.byteOffset
  return {
    request,
    offsetAt,
    batchBytes,
    answerHead: answer.subarray(0, recordsAt),
    answerTail: answer.subarray(recordsAt + recordBytes),
    recordBytes,
    endOffset: batches * recordsPerBatch,
  }
}

const receiveBufferBytes = 1024 * 1024

export class FetchLoad {
  readonly #socket: Socket
  readonly #plan: FetchPlan
  readonly #request: Buffer
  /** An answer up to the offset of its first batch. */
  readonly #head: Buffer
  readonly #answerBytes: number
  #filled = 0
  #offset = 0
  #toAnswer = 0
  #settle: { resolve: () => void; reject: (error: Error) => void } | null = null

  /** `secure`: over TLS, with these options. */
  static connect(port: number, plan: FetchPlan, secure: ConnectionOptions | null = null): Promise<FetchLoad> {
    return new Promise((resolve, reject) => {
      let load: FetchLoad | null = null
      const onread = {
        buffer: Buffer.allocUnsafeSlow(receiveBufferBytes),
        callback: (size: number, bytes: Uint8Array) => {
          load?.take(bytes, size)
          return true
        },
      }
      const to = { port, host: '127.0.0.1', noDelay: true, onread }
      const socket = secure === null ? connect(to) : connectSecurely({ ...to, ...secure } as ConnectionOptions)
      socket.once('error', reject)
      socket.once(secure === null ? 'connect' : 'secureConnect', () => {
        load = new FetchLoad(socket, plan)
        resolve(load)
      })
    })
  }

  private constructor(socket: Socket, plan: FetchPlan) {
    this.#socket = socket
    this.#plan = plan
    this.#request = Buffer.from(plan.request)
    this.#head = Buffer.alloc(plan.answerHead.length + 8)
    this.#answerBytes = plan.answerHead.length + plan.recordBytes + plan.answerTail.length
    socket.on('error', error => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed while a request was in flight')))
  }

  /** Fetches `answers` answers. */
  run(answers: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#toAnswer = answers
      this.#send()
    })
  }

  close(): void {
    this.#settle = null
    this.#socket.destroy()
  }

  #send(): void {
    // One request is in flight and its answer came, so Node holds it no more.
    this.#request.writeInt32BE(this.#toAnswer, requestCorrelationAt)
    this.#request.writeBigInt64BE(BigInt(this.#offset), this.#plan.offsetAt)
    this.#socket.write(this.#request)
  }

  /** `bytes` belong to the socket's buffer. */
  take(bytes: Uint8Array, size: number): void {
    for (let at = 0; at < size && this.#settle !== null; ) {
      const head = this.#head
      if (this.#filled < head.length) {
        const part = Math.min(size - at, head.length - this.#filled)
        head.set(bytes.subarray(at, at + part), this.#filled)
        this.#filled += part
        at += part
        // The length comes first: an answer without records is shorter than this head and would be waited for in vain.
        if (this.#filled >= 4 && head.readInt32BE(0) + 4 !== this.#answerBytes) {
          this.#fail(new Error(`an answer of ${head.readInt32BE(0) + 4} bytes where ${this.#answerBytes} are due`))
        } else if (this.#filled === head.length && Number(head.readBigInt64BE(head.length - 8)) !== this.#offset) {
          this.#fail(new Error(`offset ${head.readBigInt64BE(head.length - 8)} came where ${this.#offset} was asked for`))
        }
        continue
      }
      const part = Math.min(size - at, this.#answerBytes - this.#filled)
      this.#filled += part
      at += part
      if (this.#filled === this.#answerBytes) this.#answered()
    }
  }

  #answered(): void {
    this.#filled = 0
    this.#offset += batchesPerAnswer * recordsPerBatch
    if (this.#offset === this.#plan.endOffset) this.#offset = 0
    this.#toAnswer -= 1
    if (this.#toAnswer > 0) this.#send()
    else {
      this.#settle?.resolve()
      this.#settle = null
    }
  }

  #fail(error: Error): void {
    this.#settle?.reject(error)
    this.#settle = null
    this.#socket.destroy()
  }
}
