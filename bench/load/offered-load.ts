// Requests at a fixed rate, whatever the broker does: each is due at its own moment, is sent then even when those before it
// are not answered yet, and its latency counts from the moment at which it was due. So a stall shows in every request that it
// delayed, and not only in the one that met it. A consumer on a connection of its own follows the log; the time until a batch
// came out of the broker counts from the same moment.
//
// Between two requests the event loop turns without sleeping: a timer's millisecond would be larger than what is measured.
import { connect, type Socket } from 'node:net'
import { recordsIn } from './batches.js'
import { FetchLoad, fetchFrame } from './fetch-load.js'
import { Histogram } from './histogram.js'
import type { ProduceFrame } from './produce-frame.js'
import { frameFor, nextTopicName } from './produce-load.js'
import { type Endpoint, makeTopic, removeTopic } from './requests.js'

export interface OfferedLoad {
  readonly batch: Buffer
  readonly requestsPerSecond: number
  readonly acks: number
  /** Sent first and not counted. */
  readonly warmUpSeconds: number
  readonly seconds: number
}

export interface Latencies {
  readonly produce: Histogram
  readonly endToEnd: Histogram
  /** From the first request that counts until the last batch came out again, as a multiple of the time in which they were due. */
  readonly stretch: number
}

const answerTimeoutMs = 60_000

export async function offer(endpoint: Endpoint, load: OfferedLoad): Promise<Latencies> {
  const topic = await makeTopic(endpoint, nextTopicName(), 1)
  const recordsPerBatch = recordsIn(load.batch)
  const shape = { topic, connections: 1, endOffset: null, recordsPerBatch }
  const consumer = await FetchLoad.open(endpoint.port, fetchFrame(endpoint, shape), shape)
  const producer = await PacedProducer.open(endpoint.port, await frameFor(endpoint, topic, load.acks, load.batch), load)
  let consuming: Promise<unknown> = Promise.resolve()
  try {
    const endToEnd = new Histogram()
    consumer.onBatch = (_partition, baseOffset) => {
      const number = baseOffset / recordsPerBatch
      if (number >= producer.firstCounted) endToEnd.record(performance.now() - producer.dueMs(number))
      if (number + 1 === producer.total) consumer.stop()
    }
    consuming = consumer.run({})
    await Promise.all([producer.run(), consuming])
    const startMs = producer.dueMs(producer.firstCounted)
    const stretch = (performance.now() - startMs) / (producer.dueMs(producer.total) - startMs)
    return { produce: producer.latencies, endToEnd, stretch }
  } finally {
    producer.close()
    consumer.close()
    await removeTopic(endpoint, topic)
  }
}

/** The same requests to a server that only answers: until its answers are there. */
export async function offerTo(port: number, frame: ProduceFrame, load: OfferedLoad): Promise<Histogram> {
  const producer = await PacedProducer.open(port, frame, load)
  try {
    await producer.run()
    return producer.latencies
  } finally {
    producer.close()
  }
}

/** One connection, one frame sent again and again, answers counted by their length. */
class PacedProducer {
  readonly latencies = new Histogram()
  readonly total: number
  readonly firstCounted: number
  readonly #socket: Socket
  readonly #frame: ProduceFrame
  readonly #intervalMs: number
  #startMs = 0
  #sent = 0
  #answered = 0
  #filled = 0
  readonly #answer: Buffer
  #settle: { resolve: () => void; reject: (error: Error) => void } | null = null

  static open(port: number, frame: ProduceFrame, load: OfferedLoad): Promise<PacedProducer> {
    return new Promise((resolve, reject) => {
      let producer: PacedProducer | null = null
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.on('data', bytes => producer?.take(bytes))
      socket.once('error', reject)
      socket.once('connect', () => {
        producer = new PacedProducer(socket, frame, load)
        resolve(producer)
      })
    })
  }

  private constructor(socket: Socket, frame: ProduceFrame, { requestsPerSecond, warmUpSeconds, seconds }: OfferedLoad) {
    this.#socket = socket
    this.#frame = frame
    this.#intervalMs = 1000 / requestsPerSecond
    this.firstCounted = Math.floor(warmUpSeconds * requestsPerSecond)
    this.total = this.firstCounted + Math.max(1, Math.floor(seconds * requestsPerSecond))
    this.#answer = Buffer.alloc(frame.answerBytes)
    socket.on('error', error => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed while requests were in flight')))
  }

  dueMs(number: number): number {
    return this.#startMs + number * this.#intervalMs
  }

  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => this.#fail(new Error('the offered load was not answered in time')), this.#timeoutMs())
      this.#settle = {
        resolve: () => {
          clearTimeout(timeout)
          resolve()
        },
        reject: error => {
          clearTimeout(timeout)
          reject(error)
        },
      }
      this.#startMs = performance.now()
      this.#turn()
    })
  }

  #timeoutMs(): number {
    return this.total * this.#intervalMs + answerTimeoutMs
  }

  close(): void {
    this.#settle = null
    this.#socket.destroy()
  }

  #turn(): void {
    if (this.#settle === null) return
    for (const nowMs = performance.now(); this.#sent < this.total && this.dueMs(this.#sent) <= nowMs; this.#sent++) {
      this.#socket.write(this.#frame.request)
    }
    // Turns until the last answer: one that comes while the loop sleeps would be seen late.
    setImmediate(() => this.#turn())
  }

  take(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const part = Math.min(bytes.length - at, this.#answer.length - this.#filled)
      bytes.copy(this.#answer, this.#filled, at, at + part)
      this.#filled += part
      at += part
      if (this.#filled < this.#answer.length) continue
      this.#filled = 0
      this.#onAnswer()
    }
  }

  #onAnswer(): void {
    const errorCode = this.#answer.readInt16BE(this.#frame.errorAt)
    if (this.#answer.readInt32BE(0) + 4 !== this.#answer.length || errorCode !== 0) {
      this.#fail(new Error(`a batch was refused with error ${errorCode}`))
      return
    }
    const number = this.#answered++
    if (number >= this.firstCounted) this.latencies.record(performance.now() - this.dueMs(number))
    if (this.#answered < this.total) return
    this.#settle?.resolve()
    this.#settle = null
  }

  #fail(error: Error): void {
    const settle = this.#settle
    this.close()
    settle?.reject(error)
  }
}
