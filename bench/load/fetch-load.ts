// Fetching as a stock consumer does, one request in flight on each connection, and throwing the records away as they come.
// Every batch must start where the one before it ended. At the end of the log it starts again at offset 0, or, where a log
// is still being written, waits there for more.
import { connect, type Socket } from 'node:net'
import { Fetch } from '#protocol/messages/fetch.js'
import { requestCorrelationAt, requestFrame } from '../lib/frames.js'
import { FetchScan } from './fetch-scan.js'
import type { Done, Until } from './produce-load.js'
import { type Endpoint, type Topic, versionFor } from './requests.js'

/** Topics by name, flexible, and what `FetchScan` reads. */
const versionWanted = 12
/** Of stock consumers: fetch.max.bytes, max.partition.fetch.bytes, fetch.max.wait.ms. */
const answerBytesMax = 50 * 1024 * 1024
const partitionBytesMax = 1024 * 1024
const maxWaitMs = 500
/** No real offset: marks its place in the encoded request. */
const offsetMarker = Buffer.from('0001020304050607', 'hex')
/** Offset to offset, in the request: index, leader epoch, offset, last epoch, log start, maximum, tags. */
const partitionStride = 33
const indexBeforeOffset = 8

/** One for all connections: what was received is taken within the call that received it. */
const receiveBuffer = Buffer.allocUnsafeSlow(1024 * 1024)

export interface FetchShape {
  readonly topic: Topic
  readonly connections: number
  /** Of a partition's answer; a stock consumer's megabyte when absent. */
  readonly partitionBytes?: number
  /** Records of each partition, all of them in batches of `recordsPerBatch`; null follows a log that is being written. */
  readonly endOffset: number | null
  readonly recordsPerBatch: number
}

export interface FetchFrame {
  readonly request: Buffer
  readonly firstOffsetAt: number
}

/** @throws Error when the peer does not serve the version that this load speaks. */
export function fetchFrame(endpoint: Endpoint, { topic, partitionBytes = partitionBytesMax }: FetchShape): FetchFrame {
  const version = versionFor(endpoint, Fetch, versionWanted)
  if (version < versionWanted) throw new Error(`it serves Fetch up to version ${version}, this load speaks ${versionWanted}`)
  const partition = { fetchOffset: Number(offsetMarker.readBigInt64BE()), partitionMaxBytes: partitionBytes }
  const request = requestFrame(Fetch, version, {
    maxWaitMs,
    minBytes: 1,
    maxBytes: answerBytesMax,
    topics: [
      {
        topic: topic.name,
        partitions: Array.from({ length: topic.partitions }, (_, index) => ({ partition: index, ...partition })),
      },
    ],
  })
  return { request, firstOffsetAt: request.indexOf(offsetMarker) }
}

/** Called for every batch that came, in the order in which they came. */
export type OnBatch = (partition: number, baseOffset: number, records: number) => void

export class FetchLoad {
  readonly #connections: FetchConnection[] = []
  #bytesMax = 0
  #bytes = 0
  #records = 0
  #requests = 0
  #inFlight = 0
  #failure: Error | null = null
  #settle: { resolve: () => void; reject: (error: Error) => void } | null = null
  onBatch: OnBatch | null = null

  static async open(port: number, frame: FetchFrame, shape: FetchShape): Promise<FetchLoad> {
    const load = new FetchLoad()
    const owner = {
      onBatch: (partition: number, baseOffset: number, records: number, bytes: number) => {
        load.#bytes += bytes
        load.#records += records
        load.onBatch?.(partition, baseOffset, records)
      },
      onAnswer: (connection: FetchConnection) => load.#answered(connection),
      onFailure: (error: Error) => load.#fail(error),
    }
    for (let index = 0; index < shape.connections; index++) {
      load.#connections.push(await FetchConnection.open(port, frame, shape, startOffset(shape, index), owner))
    }
    return load
  }

  /** Of all runs so far. */
  get records(): number {
    return this.#records
  }

  /** Fetches until the bound, then waits for all answers. */
  async run({ bytes = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY }: Until): Promise<Done> {
    if (this.#failure !== null) throw this.#failure
    const before = { bytes: this.#bytes, records: this.#records, requests: this.#requests }
    this.#bytesMax = before.bytes + bytes
    const startMs = performance.now()
    const deadline = Number.isFinite(seconds) ? setTimeout(() => this.stop(), seconds * 1000) : undefined
    await new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject }
      for (const connection of this.#connections) this.#send(connection)
    }).finally(() => clearTimeout(deadline))
    return {
      requests: this.#requests - before.requests,
      bytes: this.#bytes - before.bytes,
      records: this.#records - before.records,
      seconds: (performance.now() - startMs) / 1000,
    }
  }

  /** Asks no more; `run` resolves when what is in flight is answered. */
  stop(): void {
    this.#bytesMax = 0
  }

  close(): void {
    this.#settle = null
    for (const connection of this.#connections) connection.close()
  }

  #send(connection: FetchConnection): void {
    this.#inFlight += 1
    connection.send()
  }

  #answered(connection: FetchConnection): void {
    this.#requests += 1
    this.#inFlight -= 1
    if (this.#bytes < this.#bytesMax) this.#send(connection)
    if (this.#inFlight > 0) return
    this.#settle?.resolve()
    this.#settle = null
  }

  #fail(error: Error): void {
    this.#failure = error
    const settle = this.#settle
    this.close()
    settle?.reject(error)
  }
}

/** Connections start spread over the log, each where a batch starts. */
function startOffset({ endOffset, connections, recordsPerBatch }: FetchShape, index: number): number {
  if (endOffset === null) return 0
  const batches = endOffset / recordsPerBatch
  return Math.floor((index / connections) * batches) * recordsPerBatch
}

interface Owner {
  onBatch(partition: number, baseOffset: number, records: number, bytes: number): void
  onAnswer(connection: FetchConnection): void
  onFailure(error: Error): void
}

class FetchConnection {
  readonly #socket: Socket
  readonly #request: Buffer
  readonly #firstOffsetAt: number
  readonly #partitions: number
  readonly #endOffset: number | null
  readonly #offsets: Float64Array
  readonly #owner: Owner
  readonly #scan: FetchScan
  #correlationId = 0
  /** Which partition is asked for first; they take turns, because one answer does not hold them all. */
  #first = 0
  #isClosed = false

  static open(port: number, frame: FetchFrame, shape: FetchShape, offset: number, owner: Owner): Promise<FetchConnection> {
    return new Promise((resolve, reject) => {
      let connection: FetchConnection | null = null
      const callback = (size: number, bytes: Uint8Array) => {
        connection?.take(bytes as Buffer, size)
        return true
      }
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: receiveBuffer, callback } })
      socket.once('error', reject)
      socket.once('connect', () => {
        connection = new FetchConnection(socket, frame, shape, offset, owner)
        resolve(connection)
      })
    })
  }

  private constructor(socket: Socket, frame: FetchFrame, shape: FetchShape, offset: number, owner: Owner) {
    this.#socket = socket
    this.#request = Buffer.from(frame.request)
    this.#firstOffsetAt = frame.firstOffsetAt
    this.#partitions = shape.topic.partitions
    this.#endOffset = shape.endOffset
    this.#offsets = new Float64Array(this.#partitions).fill(offset)
    this.#owner = owner
    this.#scan = new FetchScan({
      onBatch: (partition, baseOffset, records, bytes) => this.#onBatch(partition, baseOffset, records, bytes),
      onAnswer: () => owner.onAnswer(this),
    })
    socket.on('error', error => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('a connection was closed while a request was in flight')))
  }

  send(): void {
    // One request is in flight and its answer came, so Node holds it no more.
    const request = this.#request
    request.writeInt32BE(this.#correlationId++, requestCorrelationAt)
    for (let slot = 0; slot < this.#partitions; slot++) {
      const partition = (this.#first + slot) % this.#partitions
      const at = this.#firstOffsetAt + slot * partitionStride
      const offset = this.#offsets[partition]!
      request.writeInt32BE(partition, at - indexBeforeOffset)
      request.writeInt32BE(Math.floor(offset / 0x1_0000_0000), at)
      request.writeUInt32BE(offset % 0x1_0000_0000, at + 4)
    }
    this.#socket.write(request)
  }

  /** `bytes` belong to all connections. */
  take(bytes: Buffer, size: number): void {
    if (this.#isClosed) return
    try {
      this.#scan.take(bytes, 0, size)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  #onBatch(partition: number, baseOffset: number, records: number, bytes: number): void {
    const due = this.#offsets[partition]!
    if (baseOffset !== due) throw new Error(`partition ${partition}: offset ${baseOffset} came where ${due} was asked for`)
    const next = baseOffset + records
    this.#offsets[partition] = next === this.#endOffset ? 0 : next
    // The next answer starts with the partition after the last one that had records in this one.
    this.#first = (partition + 1) % this.#partitions
    this.#owner.onBatch(partition, baseOffset, records, bytes)
  }

  #fail(error: Error): void {
    if (this.#isClosed) return
    this.close()
    this.#owner.onFailure(error)
  }
}
