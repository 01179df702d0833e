import type { FrameMemory } from './connection.js'

/** Smaller frames come from memory that the allocator has at hand. */
const keptBytesMin = 64 * 1024
/** All buffers together that are kept for the next frames: eight of a producer's largest requests at stock settings. */
const keptBytesMax = 8 * 1024 * 1024

/**
 * Kafka's rule for queued.max.request.bytes: a frame is let in as long as anything is left, so the bound may be passed by
 * one frame, and a frame larger than the whole bound can still be served.
 */
export function frameMemory(bytesMax: number): FrameMemory & { readonly usedBytes: number } {
  const spare = new SpareFrames()
  let usedBytes = 0
  let waiting: (() => void)[] = []
  return {
    get usedBytes() {
      return usedBytes
    },
    take(bytes, onRoom) {
      if (usedBytes >= bytesMax) {
        waiting.push(onRoom)
        return null
      }
      usedBytes += bytes
      return spare.take(bytes)
    },
    give(frame) {
      usedBytes -= frame.byteLength
      spare.giveBack(frame)
      if (usedBytes >= bytesMax || waiting.length === 0) return
      const woken = waiting
      waiting = []
      // Whoever finds nothing left gets in line again.
      for (const onRoom of woken) onRoom()
    },
  }
}

/** Memory of earlier frames, in sizes of powers of two: fresh memory has to be cleared, which costs more than to read into it. */
class SpareFrames {
  readonly #byPower: ArrayBufferLike[][] = []
  #keptBytes = 0

  take(bytes: number): Buffer {
    if (bytes < keptBytesMin || bytes > keptBytesMax) return Buffer.allocUnsafeSlow(bytes)
    const power = powerOf(bytes)
    const kept = this.#byPower[power]?.pop()
    if (kept === undefined) return Buffer.allocUnsafeSlow(2 ** power).subarray(0, bytes)
    this.#keptBytes -= kept.byteLength
    return Buffer.from(kept, 0, bytes)
  }

  giveBack({ buffer }: Buffer): void {
    const { byteLength } = buffer
    if (byteLength < keptBytesMin || this.#keptBytes + byteLength > keptBytesMax) return
    this.#keptBytes += byteLength
    const power = powerOf(byteLength)
    this.#byPower[power] ??= []
    this.#byPower[power].push(buffer)
  }
}

/** Of the smallest power of two that holds `bytes`. */
function powerOf(bytes: number): number {
  return 32 - Math.clz32(bytes - 1)
}
