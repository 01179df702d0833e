/**
 * Memory for frames that wait or are being collected, shared by all connections of a broker. It is charged as it is given,
 * and given as bytes arrive: what a client only announces costs next to nothing.
 *
 *   all connections   queued.max.request.bytes
 *   one address       half of that
 *   one connection    waitingBytesMax
 */
import type { Clock, Timer } from '../base/world.js'

/** Memory for frames that wait or are being collected, shared by all connections of a broker. */
export interface FrameMemory {
  accountOf(address: string): FrameAccount
}

/** What one connection has of it. */
export interface FrameAccount {
  readonly usedBytes: number
  /** For a frame that begins. Null when there is none left; `onRoom` is called once when it is worth asking again. */
  take(bytes: number, onRoom: () => void): Buffer | null
  /**
   * For a frame that has begun: `bytes` more of it may be filled. False as null above. `mayPass`: the frame waits for nothing
   * but its own bytes, so it may be the one that is let past the bound.
   */
  charge(bytes: number, mayPass: boolean, onRoom: () => void): boolean
  /** Memory of another size with what `frame` is filled with, in its place. */
  exchange(frame: Buffer, filledBytes: number, bytes: number): Buffer
  /** The frame, of which so much was charged, is another's from now on. */
  give(frame: Buffer, chargedBytes: number): void
  /** The connection is over; what it still holds comes back by `give`. */
  close(): void
}

/** Smaller frames come from memory that the allocator has at hand. */
const keptBytesMin = 64 * 1024
/** All buffers together that are kept for the next frames: eight of a producer's largest requests at stock settings. */
const keptBytesMax = 8 * 1024 * 1024
/**
 * Larger ones are kept for a while: fresh memory for each of a row of requests of 60 MB makes V8 collect all garbage as often,
 * and other clients wait for that up to a tenth of a second.
 */
const largeKeptBytesMax = 128 * 1024 * 1024
export const largeKeptMsMax = 10_000

/** A frame of which little is here gets this much memory … */
const firstBytes = 64 * 1024
/** … and of which more is here this much at least, or four times what is here. */
export const grownBytesMin = 1024 * 1024
/** What of one connection waits behind a request in its handler; beyond, no frame is begun and none grows. */
export const waitingBytesMax = 1024 * 1024

/** Memory for a frame of `bytes` of which `arrivedBytes` are here. */
export function memoryFor(bytes: number, arrivedBytes: number, mayStart: boolean): number {
  // A producer's usual request of 64 KiB of records and some bytes: not worth a second step, in which it would be copied.
  if (bytes <= 2 * firstBytes) return bytes
  const room = arrivedBytes < firstBytes ? firstBytes : Math.max(grownBytesMin, 4 * arrivedBytes)
  return Math.min(bytes, mayStart ? room : Math.min(room, waitingBytesMax))
}

/** Part of the whole that the connections of one address may hold. */
const addressShare = 0.5

/**
 * Kafka's rule for queued.max.request.bytes: a frame is let in as long as anything is left, so the bound may be passed by
 * one frame, and a frame larger than the whole bound can still be served. One frame that has begun may pass it as well, or
 * frames that have all begun would wait for each other.
 */
export function frameMemory(bytesMax: number, clock: Clock): FrameMemory & { readonly usedBytes: number } {
  const pool: Pool = { all: new Share(bytesMax), spare: new SpareFrames(clock) }
  const addresses = new Map<string, { readonly share: Share; accounts: number }>()
  return {
    get usedBytes() {
      return pool.all.usedBytes
    },
    accountOf(address) {
      const entry = addresses.get(address) ?? { share: new Share(bytesMax * addressShare), accounts: 0 }
      addresses.set(address, entry)
      entry.accounts++
      return new Account(pool, entry.share, () => {
        if (--entry.accounts === 0) addresses.delete(address)
      })
    },
  }
}

interface Pool {
  readonly all: Share
  readonly spare: SpareFrames
}

class Share {
  readonly #bytesMax: number
  #usedBytes = 0
  /** Whose frame grows although the bound is reached. */
  #passing: Account | null = null
  /** Waiting for memory, in order. */
  #waiting = new Set<() => void>()

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get usedBytes(): number {
    return this.#usedBytes
  }
  get hasRoom(): boolean {
    return this.#usedBytes < this.#bytesMax
  }

  mayPass(account: Account): boolean {
    return this.#passing === null || this.#passing === account
  }

  charge(bytes: number, account: Account): void {
    if (!this.hasRoom) this.#passing = account
    this.#usedBytes += bytes
  }

  giveBack(bytes: number, account: Account): void {
    this.#usedBytes -= bytes
    const hasPassed = this.#passing === account
    if (hasPassed) this.#passing = null
    if (this.#waiting.size === 0 || !(this.hasRoom || hasPassed)) return
    const woken = this.#waiting
    this.#waiting = new Set()
    // If nothing is left, it waits again.
    for (const onRoom of woken) onRoom()
  }

  waitFor(onRoom: () => void): null {
    this.#waiting.add(onRoom)
    return null
  }
}

class Account implements FrameAccount {
  readonly #spare: SpareFrames
  readonly #all: Share
  readonly #address: Share
  readonly #onClose: () => void
  #usedBytes = 0

  constructor({ spare, all }: Pool, address: Share, onClose: () => void) {
    this.#spare = spare
    this.#all = all
    this.#address = address
    this.#onClose = onClose
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  take(bytes: number, onRoom: () => void): Buffer | null {
    if (!this.#all.hasRoom) return this.#all.waitFor(onRoom)
    if (!this.#address.hasRoom) return this.#address.waitFor(onRoom)
    this.#charge(bytes)
    return this.#spare.take(bytes)
  }

  charge(bytes: number, mayPass: boolean, onRoom: () => void): boolean {
    for (const share of [this.#all, this.#address]) {
      if (this.#mayGrow(share, mayPass)) continue
      share.waitFor(onRoom)
      return false
    }
    this.#charge(bytes)
    return true
  }

  exchange(frame: Buffer, filledBytes: number, bytes: number): Buffer {
    const grown = this.#spare.take(bytes)
    grown.set(frame.subarray(0, filledBytes))
    this.#spare.giveBack(frame)
    return grown
  }

  give(frame: Buffer, chargedBytes: number): void {
    this.#usedBytes -= chargedBytes
    this.#spare.giveBack(frame)
    this.#address.giveBack(chargedBytes, this)
    this.#all.giveBack(chargedBytes, this)
  }

  close(): void {
    this.#onClose()
  }

  #mayGrow(share: Share, mayPass: boolean): boolean {
    return share.hasRoom || (mayPass && share.mayPass(this))
  }

  #charge(bytes: number): void {
    this.#usedBytes += bytes
    this.#address.charge(bytes, this)
    this.#all.charge(bytes, this)
  }
}

/** Memory of earlier frames: fresh memory has to be cleared, which costs more than to read into it. */
class SpareFrames {
  readonly #usual = new Shelf(keptBytesMax)
  readonly #large = new Shelf(largeKeptBytesMax)
  readonly #clock: Clock
  #dropping: Timer | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  take(bytes: number): Buffer {
    if (bytes < keptBytesMin || bytes > largeKeptBytesMax) return Buffer.allocUnsafeSlow(bytes)
    const wanted = 2 ** (32 - Math.clz32(bytes - 1))
    const kept = this.#shelfFor(wanted).take(wanted)
    return kept === null ? Buffer.allocUnsafeSlow(wanted).subarray(0, bytes) : Buffer.from(kept, 0, bytes)
  }

  giveBack({ buffer }: Buffer): void {
    const { byteLength } = buffer
    if (byteLength < keptBytesMin || byteLength > largeKeptBytesMax) return
    const shelf = this.#shelfFor(byteLength)
    shelf.put(buffer)
    if (shelf === this.#usual) return
    this.#dropping?.cancel()
    this.#dropping = this.#clock.after(largeKeptMsMax, () => this.#large.clear())
  }

  #shelfFor(bytes: number): Shelf {
    return bytes <= keptBytesMax ? this.#usual : this.#large
  }
}

/**
 * Buffers in sizes of powers of two. The least recently used is evicted, so that sizes which are no longer sent do not
 * occupy it.
 */
class Shelf {
  readonly #bytesMax: number
  /** In the order in which they came back. */
  readonly #kept: ArrayBufferLike[] = []
  #keptBytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  take(bytes: number): ArrayBufferLike | null {
    const at = this.#kept.findLastIndex(({ byteLength }) => byteLength === bytes)
    if (at < 0) return null
    this.#keptBytes -= bytes
    return this.#kept.splice(at, 1)[0]!
  }

  put(buffer: ArrayBufferLike): void {
    this.#kept.push(buffer)
    this.#keptBytes += buffer.byteLength
    while (this.#keptBytes > this.#bytesMax) this.#keptBytes -= this.#kept.shift()!.byteLength
  }

  clear(): void {
    this.#kept.length = 0
    this.#keptBytes = 0
  }
}
