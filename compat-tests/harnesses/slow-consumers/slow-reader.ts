/**
 * A consumer that asks once for much and reads the answer slowly: it takes so many bytes a second from its socket and leaves
 * the rest to the kernel's buffers and the broker. It keeps only what it needs to judge the answer: how many bytes came, and
 * a digest of them.
 */
import { createHash } from 'node:crypto'
import { createConnection, type Socket } from 'node:net'
import { encode } from '#protocol/codec.js'
import { Fetch } from '#protocol/messages/fetch.js'
import { Writer } from '#protocol/wire.js'

const fetchVersion = 4
const correlationId = 1
const tickMs = 250

export class SlowReader {
  /** Of the answer, its size included, so far. */
  received = 0
  /** Of the whole answer, once its size is known. */
  total = Number.POSITIVE_INFINITY
  readonly #socket: Socket
  readonly #hash = createHash('sha256')
  readonly #timer: NodeJS.Timeout
  #bytesPerTick: number
  /** What may still be read in this tick. */
  #budget = 0
  #head = Buffer.alloc(0)
  #isLost = false

  private constructor(socket: Socket, bytesPerSecond: number) {
    this.#socket = socket
    this.#bytesPerTick = Math.ceil((bytesPerSecond * tickMs) / 1000)
    socket.on('close', () => {
      this.#isLost = true
    })
    socket.on('error', () => {})
    socket.on('readable', () => this.#take())
    this.#timer = setInterval(() => {
      this.#budget = this.#bytesPerTick
      this.#take()
    }, tickMs)
  }

  /** Asks for `maxBytes` of partition 0 from `offset` on. */
  static async ask(bootstrap: string, topic: string, offset: number, maxBytes: number, bytesPerSecond: number) {
    const [host, port] = bootstrap.split(':')
    const socket = createConnection({ host: host!, port: Number(port), highWaterMark: 1024 } as never)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    const reader = new SlowReader(socket, bytesPerSecond)
    socket.write(fetchFrame(topic, offset, maxBytes))
    return reader
  }

  get isComplete(): boolean {
    return this.received >= this.total
  }
  get isLost(): boolean {
    return this.#isLost && !this.isComplete
  }

  /** Reads on at another pace. */
  hurry(bytesPerSecond: number): void {
    this.#bytesPerTick = Math.ceil((bytesPerSecond * tickMs) / 1000)
  }

  /** Of everything after size and correlation id; only once. */
  digest(): string {
    return this.#hash.digest('hex')
  }

  close(): void {
    clearInterval(this.#timer)
    this.#socket.destroy()
  }

  #take(): void {
    while (this.#budget > 0 && this.#socket.readableLength > 0) {
      const chunk = this.#socket.read(Math.min(this.#budget, this.#socket.readableLength)) as Buffer | null
      if (chunk === null) return
      this.#budget -= chunk.byteLength
      this.#count(chunk)
    }
  }

  #count(chunk: Buffer): void {
    this.received += chunk.byteLength
    let body = chunk
    if (this.#head.byteLength < 8) {
      const missing = 8 - this.#head.byteLength
      this.#head = Buffer.concat([this.#head, chunk.subarray(0, missing)])
      body = chunk.subarray(missing)
      if (this.#head.byteLength === 8) this.total = 4 + this.#head.readInt32BE(0)
    }
    this.#hash.update(body)
  }
}

function fetchFrame(topic: string, offset: number, maxBytes: number): Buffer {
  const writer = new Writer()
  writer.int32(0)
  writer.int16(Fetch.key)
  writer.int16(fetchVersion)
  writer.int32(correlationId)
  writer.string('slow')
  encode(Fetch.request, fetchVersion, writer, {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: maxBytes }] }],
  })
  writer.patchInt32(0, writer.position - 4)
  return Buffer.from(writer.finish())
}
