/**
 * Spoils frames, reproducibly. Every result has its length in front and a correlation id of the caller's, so that answers
 * tell how far the broker came; most keep a header that leads to a decoder, because an unknown API is refused at once.
 */
import { stampCrc } from '#protocol/records/batch.js'
import type { Random } from '../../lib/random.js'
import type { Seed } from './corpus.js'

/** `untouched` frames are there to keep the broker's state moving. */
export const kinds = [
  'untouched',
  'bits',
  'numbers',
  'counts',
  'varints',
  'truncated',
  'extended',
  'spliced',
  'garbage',
  'header',
  'batch',
  'length',
] as const
export type Kind = (typeof kinds)[number]

export interface Mutant {
  readonly kind: Kind
  /** With the length in front. */
  readonly bytes: Buffer
  /** The length in front is a lie: what comes after it on the same connection is not read as it was meant. */
  readonly endsConnection: boolean
}

/** Those that make a frame unreadable are the smaller part: each costs a connection, and shows less of the broker. */
const shares: Readonly<Record<Kind, number>> = {
  untouched: 20,
  bits: 60,
  numbers: 36,
  counts: 14,
  varints: 8,
  truncated: 6,
  extended: 4,
  spliced: 4,
  garbage: 3,
  header: 3,
  batch: 40,
  length: 2,
}
const shareTotal = Object.values(shares).reduce((sum, share) => sum + share, 0)

const HEADER_BYTES = 8
const extremes = [-1, -2, 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x1_0000, 1_000_000, 0x7fff_ffff, -0x8000_0000]
const wholeVarints = ['00', '01', '7f', '8001', 'ffff03', 'ffffff7f', 'ffffffff07', 'ffffffff0f', 'ffffffffff', 'ffffffffffff7f']
const varints = wholeVarints.map(hex => Buffer.from(hex, 'hex'))
/** A fetch that waits holds a connection and shows nothing new. */
const WAIT_MS = 2

export class Mutator {
  readonly #weightEnds: number[] = []
  readonly #weightTotal: number

  constructor(
    private readonly seeds: readonly Seed[],
    private readonly random: Random,
  ) {
    let total = 0
    for (const { weight } of seeds) {
      total += weight
      this.#weightEnds.push(total)
    }
    this.#weightTotal = total
  }

  next(): Mutant {
    const kind = this.#kind()
    const seed = kind === 'batch' ? this.#seedWithBatch() : this.#seed()
    const frame = this.#spoil(kind, seed)
    // Frames whose layout is still known do not wait long, with few exceptions.
    if (seed.waitAt >= 0 && frame.length >= seed.waitAt + 4 && !this.random.oneIn(200)) frame.writeInt32BE(WAIT_MS, seed.waitAt)
    const bytes = Buffer.allocUnsafe(4 + frame.length)
    bytes.writeInt32BE(kind === 'length' ? this.#lie(frame.length) : frame.length)
    frame.copy(bytes, 4)
    return { kind, bytes, endsConnection: kind === 'length' }
  }

  #kind(): Kind {
    let left = this.random.below(shareTotal)
    for (const kind of kinds) {
      left -= shares[kind]
      if (left < 0) return kind
    }
    return 'bits'
  }

  #seed(): Seed {
    const at = (this.random.uint32() / 0x1_0000_0000) * this.#weightTotal
    return this.seeds[this.#weightEnds.findIndex(end => at < end)]!
  }

  #seedWithBatch(): Seed {
    return this.random.pick(this.seeds.filter(({ batchAt }) => batchAt >= 0))
  }

  #spoil(kind: Kind, seed: Seed): Buffer {
    const { random } = this
    const frame = Buffer.from(seed.frame)
    const place = (bytes: number) => random.between(HEADER_BYTES, Math.max(HEADER_BYTES, frame.length - bytes))
    switch (kind) {
      case 'untouched':
      case 'length':
        return frame
      case 'bits':
        for (let count = random.between(1, 6); count > 0; count--) {
          const at = place(1)
          frame[at] = frame[at]! ^ (1 << random.below(8))
        }
        return frame
      case 'numbers':
        for (let count = random.between(1, 3); count > 0; count--) this.#writeExtreme(frame, place(8))
        return frame
      case 'counts':
        return this.#changeCount(frame)
      case 'varints': {
        const at = place(1)
        return Buffer.concat([frame.subarray(0, at), random.pick(varints), frame.subarray(at + random.below(3))])
      }
      case 'truncated':
        return frame.subarray(0, random.below(frame.length))
      case 'extended':
        return Buffer.concat([frame, this.#randomBytes(random.between(1, 300))])
      case 'spliced': {
        const other = this.#seed().frame
        return Buffer.concat([frame.subarray(0, place(1)), other.subarray(random.below(other.length))])
      }
      case 'garbage':
        return Buffer.concat([frame.subarray(0, HEADER_BYTES), this.#randomBytes(random.below(500))])
      case 'header':
        frame.writeInt16BE(random.oneIn(2) ? random.below(100) : this.#int16(), 0)
        frame.writeInt16BE(random.oneIn(2) ? random.below(20) : this.#int16(), 2)
        return frame
      case 'batch':
        return this.#spoilBatch(frame, seed)
    }
  }

  /** Inside a record batch, with a checksum that is right again most of the time: only then the inside is looked at. */
  #spoilBatch(frame: Buffer, { batchAt, batchEnd }: Seed): Buffer {
    const { random } = this
    for (let count = random.between(1, 4); count > 0; count--) {
      const at = random.between(batchAt + (random.oneIn(4) ? 0 : 21), batchEnd - 1)
      if (random.oneIn(3) && at + 8 <= batchEnd) this.#writeExtreme(frame, at)
      else frame[at] = random.oneIn(2) ? random.below(256) : frame[at]! ^ (1 << random.below(8))
    }
    const lengthIsWhole = frame.readInt32BE(batchAt + 8) === batchEnd - batchAt - 12
    if (lengthIsWhole && !random.oneIn(8)) stampCrc(frame, batchAt)
    return frame
  }

  /** Something that may well be a length or a count becomes another one. */
  #changeCount(frame: Buffer): Buffer {
    const { random } = this
    for (let tries = 0; tries < 20; tries++) {
      const at = random.between(HEADER_BYTES, Math.max(HEADER_BYTES, frame.length - 4))
      if (at + 4 > frame.length || Math.abs(frame.readInt32BE(at)) > 2000) continue
      frame.writeInt32BE(random.oneIn(2) ? frame.readInt32BE(at) + random.between(-2, 2) : random.pick(extremes) | 0, at)
      return frame
    }
    return frame
  }

  #writeExtreme(frame: Buffer, at: number): void {
    const value = this.random.pick(extremes)
    const left = frame.length - at
    switch (this.random.below(3)) {
      case 0:
        if (left >= 2) frame.writeInt16BE((value << 16) >> 16, at)
        return
      case 1:
        if (left >= 4) frame.writeInt32BE(value | 0, at)
        return
      default:
        if (left >= 8) frame.writeBigInt64BE(BigInt(value) << BigInt(this.random.pick([0, 0, 16, 32])), at)
    }
  }

  #lie(length: number): number {
    switch (this.random.below(5)) {
      case 0:
        return -this.random.between(1, 0x7fff_ffff)
      case 1:
        return 0x7fff_ffff - this.random.below(1000)
      case 2:
        return this.random.below(8)
      case 3:
        return length + this.random.between(1, 100_000)
      default:
        return this.random.below(length)
    }
  }

  #int16(): number {
    return (this.random.uint32() << 16) >> 16
  }

  #randomBytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count)
    for (let at = 0; at < count; at++) bytes[at] = this.random.uint32()
    return bytes
  }
}
