// Reads answers to Fetch v12 as they come off the socket, without collecting them: it knows where in an answer it stands,
// looks at the first bytes of each batch, and lets the records pass. So draining costs what receiving costs, and still every
// batch has to be there, whole and in its place.
//
//   length i32 | correlation i32, tags, throttle i32, error i16, session i32 | topics varint | name | partitions varint
//   | for each: index i32, error i16, three offsets i64 | aborted varint | replica i32 | records varint, bytes | tags | …

export interface FetchEvents {
  /** A whole batch; `bytes` counts its header too. */
  onBatch(partition: number, baseOffset: number, records: number, bytes: number): void
  /** The answer is complete. */
  onAnswer(): void
}

/** Where in an answer the next bytes belong. */
const State = {
  length: 0,
  head: 1,
  topics: 2,
  nameLength: 3,
  name: 4,
  partitions: 5,
  partition: 6,
  aborted: 7,
  replica: 8,
  recordsLength: 9,
  batchHead: 10,
  batchRest: 11,
  torn: 12,
  partitionTags: 13,
  rest: 14,
} as const
type State = (typeof State)[keyof typeof State]

const headBytes = 15
const partitionBytes = 30
/** Up to the offset delta of its last record. */
const batchHeadBytes = 27
const batchPrefixBytes = 12
const errorAtInHead = 9
const twoTo32 = 0x1_0000_0000

export class FetchScan {
  readonly #events: FetchEvents
  /** Bytes of a fixed field that did not come in one piece. */
  readonly #scratch = Buffer.alloc(64)
  #scratched = 0
  #state: State = State.length
  #frameLeft = 0
  /** Of whatever is passed over: a name, the rest of a batch. */
  #skipLeft = 0
  #varint = 0
  #varintShift = 0
  #partitionsLeft = 0
  #partition = 0
  #recordsLeft = 0
  #baseOffset = 0
  #batchRecords = 0
  #batchBytes = 0

  constructor(events: FetchEvents) {
    this.#events = events
  }

  /** @throws Error when the broker answers with an error or in a form that it was not asked for. */
  take(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) at = this.#step(bytes, at, end)
  }

  /** Consumes at least one byte; answers with the place after it. */
  #step(bytes: Buffer, at: number, end: number): number {
    switch (this.#state) {
      case State.length:
        return this.#fixed(bytes, at, end, 4)
      case State.head:
        return this.#fixed(bytes, at, end, headBytes)
      case State.partition:
        return this.#fixed(bytes, at, end, partitionBytes)
      case State.replica:
        return this.#fixed(bytes, at, end, 4)
      case State.batchHead:
        return this.#fixed(bytes, at, end, Math.min(batchHeadBytes, this.#recordsLeft))
      case State.name:
      case State.batchRest:
      case State.torn:
      case State.rest:
        return this.#skip(at, end)
      case State.topics:
      case State.nameLength:
      case State.partitions:
      case State.aborted:
      case State.recordsLength:
      case State.partitionTags:
        return this.#unsigned(bytes, at)
    }
  }

  #fixed(bytes: Buffer, at: number, end: number, needed: number): number {
    if (this.#scratched === 0 && end - at >= needed) {
      this.#leave(needed)
      this.#onFixed(bytes, at, needed)
      return at + needed
    }
    const part = Math.min(needed - this.#scratched, end - at)
    bytes.copy(this.#scratch, this.#scratched, at, at + part)
    this.#scratched += part
    if (this.#scratched === needed) {
      this.#scratched = 0
      this.#leave(needed)
      this.#onFixed(this.#scratch, 0, needed)
    }
    return at + part
  }

  #skip(at: number, end: number): number {
    const part = Math.min(this.#skipLeft, end - at)
    this.#skipLeft -= part
    this.#leave(part)
    if (this.#skipLeft === 0) this.#onSkipped()
    return at + part
  }

  #unsigned(bytes: Buffer, at: number): number {
    const byte = bytes[at]!
    this.#varint += (byte & 0x7f) * 2 ** this.#varintShift
    this.#varintShift += 7
    this.#leave(1)
    if (byte < 0x80) {
      const value = this.#varint
      this.#varint = 0
      this.#varintShift = 0
      this.#onUnsigned(value)
    }
    return at + 1
  }

  /** Within a frame, and within its records, bytes are counted down. */
  #leave(count: number): void {
    if (this.#state === State.length) return
    this.#frameLeft -= count
    if (this.#state === State.batchHead || this.#state === State.batchRest || this.#state === State.torn) {
      this.#recordsLeft -= count
    }
  }

  #onFixed(bytes: Buffer, at: number, count: number): void {
    switch (this.#state) {
      case State.length:
        this.#frameLeft = bytes.readInt32BE(at)
        this.#state = State.head
        return
      case State.head: {
        const errorCode = bytes.readInt16BE(at + errorAtInHead)
        if (errorCode !== 0) throw new Error(`fetching fails with error ${errorCode}`)
        this.#state = State.topics
        return
      }
      case State.partition: {
        this.#partition = bytes.readInt32BE(at)
        const errorCode = bytes.readInt16BE(at + 4)
        if (errorCode !== 0) throw new Error(`fetching partition ${this.#partition} fails with error ${errorCode}`)
        this.#state = State.aborted
        return
      }
      case State.replica:
        this.#state = State.recordsLength
        return
      case State.batchHead:
        this.#onBatchHead(bytes, at, count)
        return
    }
  }

  #onBatchHead(bytes: Buffer, at: number, count: number): void {
    // A broker may cut the last batch of an answer short; it comes whole with the next one.
    const isCutInHead = count < batchHeadBytes
    const batchBytes = isCutInHead ? 0 : batchPrefixBytes + bytes.readInt32BE(at + 8)
    this.#skipLeft = isCutInHead ? 0 : Math.min(batchBytes - batchHeadBytes, this.#recordsLeft)
    if (isCutInHead || batchBytes - batchHeadBytes > this.#recordsLeft) {
      this.#state = State.torn
      if (this.#skipLeft === 0) this.#onSkipped()
      return
    }
    this.#baseOffset = bytes.readInt32BE(at) * twoTo32 + bytes.readUInt32BE(at + 4)
    this.#batchRecords = bytes.readInt32BE(at + 23) + 1
    this.#batchBytes = batchBytes
    this.#state = State.batchRest
  }

  #onSkipped(): void {
    switch (this.#state) {
      case State.name:
        this.#state = State.partitions
        return
      case State.batchRest:
        this.#events.onBatch(this.#partition, this.#baseOffset, this.#batchRecords, this.#batchBytes)
        this.#state = this.#recordsLeft > 0 ? State.batchHead : State.partitionTags
        return
      case State.torn:
        this.#state = State.partitionTags
        return
      case State.rest:
        this.#state = State.length
        this.#events.onAnswer()
        return
    }
  }

  #onUnsigned(value: number): void {
    switch (this.#state) {
      case State.topics:
        // An array's length is sent plus one.
        if (value <= 1) this.#passRest()
        else this.#state = State.nameLength
        return
      case State.nameLength:
        this.#skipLeft = value - 1
        this.#state = State.name
        return
      case State.partitions:
        this.#partitionsLeft = value - 1
        this.#nextPartition()
        return
      case State.aborted:
        if (value > 1) throw new Error('a fetch answer tells of aborted transactions where there were none')
        this.#state = State.replica
        return
      case State.recordsLength:
        this.#recordsLeft = Math.max(0, value - 1)
        this.#state = this.#recordsLeft > 0 ? State.batchHead : State.partitionTags
        return
      case State.partitionTags:
        if (value > 0) throw new Error('a fetch answer has tagged fields that were not asked for')
        this.#nextPartition()
        return
    }
  }

  #nextPartition(): void {
    if (this.#partitionsLeft === 0) this.#passRest()
    else {
      this.#partitionsLeft -= 1
      this.#state = State.partition
    }
  }

  #passRest(): void {
    this.#skipLeft = this.#frameLeft
    this.#state = State.rest
    if (this.#skipLeft === 0) this.#onSkipped()
  }
}
