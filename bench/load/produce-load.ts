// Producing as fast as the broker answers: every connection keeps its requests in flight, and goes round the partitions.
// What was acknowledged can be recorded, for a check of the whole log afterwards.
import { recordsIn } from './batches.js'
import { ProduceConnection } from './produce-connection.js'
import { type ProduceFrame, produceFrame } from './produce-frame.js'
import { type Endpoint, makeTopic, removeTopic, type Topic } from './requests.js'

export interface ProduceShape {
  readonly batch: Buffer
  readonly partitions: number
  readonly acks: number
  readonly connections: number
  /** Requests in flight on each connection. */
  readonly inFlight: number
}

/** Whichever comes first. */
export interface Until {
  readonly bytes?: number
  readonly seconds?: number
}

/** What a stretch of load amounted to. */
export interface Done {
  readonly requests: number
  readonly bytes: number
  readonly records: number
  readonly seconds: number
}

/** Pairs of base offset and mark, per partition. */
export type Acknowledged = readonly number[][]

/** Topics of a load differ in their number only, so that their names are of one length. */
let topicNumber = 0
export function nextTopicName(): string {
  return `bench-${String(++topicNumber).padStart(6, '0')}`
}

/** The frame for a topic; what it learns, it learns on a topic that is gone afterwards. */
export async function frameFor(endpoint: Endpoint, topic: Topic, acks: number, batch: Buffer): Promise<ProduceFrame> {
  const scratch = await makeTopic(endpoint, nextTopicName(), 1)
  try {
    return await produceFrame(endpoint, scratch, topic, acks, batch)
  } finally {
    await removeTopic(endpoint, scratch)
  }
}

export class ProduceLoad {
  readonly #connections: ProduceConnection[] = []
  readonly #shape: ProduceShape
  readonly #frame: ProduceFrame
  readonly #recordsPerBatch: number
  readonly #acknowledged: number[][]
  #sentBytes = 0
  #bytesMax = 0
  #inFlight = 0
  #requests = 0
  #failure: Error | null = null
  #settle: { resolve: () => void; reject: (error: Error) => void } | null = null

  static async open(port: number, frame: ProduceFrame, shape: ProduceShape, isRecorded: boolean): Promise<ProduceLoad> {
    const load = new ProduceLoad(frame, shape, isRecorded)
    const events = {
      onAppended: (connection: ProduceConnection, number: number, offset: number) => load.#appended(connection, number, offset),
      onFailure: (error: Error) => load.#fail(error),
    }
    for (let index = 0; index < shape.connections; index++) {
      load.#connections.push(await ProduceConnection.open(port, index, frame, shape.inFlight, events))
    }
    return load
  }

  private constructor(frame: ProduceFrame, shape: ProduceShape, isRecorded: boolean) {
    this.#frame = frame
    this.#shape = shape
    this.#recordsPerBatch = recordsIn(shape.batch)
    this.#acknowledged = isRecorded ? Array.from({ length: shape.partitions }, () => []) : []
  }

  /** Of all runs so far; empty unless recorded. */
  get acknowledged(): Acknowledged {
    return this.#acknowledged
  }

  /** Answered, of all runs so far. */
  get requests(): number {
    return this.#requests
  }

  /** Sends until the bound, then waits for all answers. */
  async run({ bytes = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY }: Until): Promise<Done> {
    if (this.#failure !== null) throw this.#failure
    const requestsBefore = this.#requests
    this.#sentBytes = 0
    this.#bytesMax = bytes
    const startMs = performance.now()
    const deadline = Number.isFinite(seconds) ? setTimeout(() => this.stop(), seconds * 1000) : undefined
    await new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject }
      for (let slot = 0; slot < this.#shape.inFlight; slot++) for (const connection of this.#connections) this.#send(connection)
    }).finally(() => clearTimeout(deadline))
    const requests = this.#requests - requestsBefore
    return {
      requests,
      bytes: requests * this.#frame.batchBytes,
      records: requests * this.#recordsPerBatch,
      seconds: (performance.now() - startMs) / 1000,
    }
  }

  /** Sends no more; `run` resolves when what is in flight is answered. */
  stop(): void {
    this.#bytesMax = 0
  }

  close(): void {
    this.#settle = null
    for (const connection of this.#connections) connection.close()
  }

  #send(connection: ProduceConnection): void {
    if (this.#sentBytes >= this.#bytesMax) return
    this.#sentBytes += this.#frame.batchBytes
    this.#inFlight += 1
    connection.send(this.#partitionOf(connection, connection.nextNumber))
  }

  /** Every connection goes round the partitions, each from its own start. */
  #partitionOf(connection: ProduceConnection, number: number): number {
    return (connection.index + number) % this.#shape.partitions
  }

  #appended(connection: ProduceConnection, number: number, baseOffset: number): void {
    this.#requests += 1
    this.#inFlight -= 1
    this.#acknowledged[this.#partitionOf(connection, number)]?.push(baseOffset, connection.markOf(number))
    this.#send(connection)
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
