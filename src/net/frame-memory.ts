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

/**
 * Memory of earlier frames, in sizes of powers of two: fresh memory has to be cleared, which costs more than to read into it.
 * What was used longest ago makes room, so that sizes which nobody sends any more do not keep out those that come now.
 */
class SpareFrames {
  /** In the order in which they came back. */
  readonly #kept: ArrayBufferLike[] = []
  #keptBytes = 0

  take(bytes: number): Buffer {
    if (bytes < keptBytesMin || bytes > keptBytesMax) return Buffer.allocUnsafeSlow(bytes)
    const wanted = 2 ** (32 - Math.clz32(bytes - 1))
    const at = this.#kept.findLastIndex(({ byteLength }) => byteLength === wanted)
    if (at < 0) return Buffer.allocUnsafeSlow(wanted).subarray(0, bytes)
    const [kept] = this.#kept.splice(at, 1) as [ArrayBufferLike]
    this.#keptBytes -= wanted
    return Buffer.from(kept, 0, bytes)
  }

  giveBack({ buffer }: Buffer): void {
    const { byteLength } = buffer
    if (byteLength < keptBytesMin || byteLength > keptBytesMax) return
    this.#kept.push(buffer)
    this.#keptBytes += byteLength
    while (this.#keptBytes > keptBytesMax) this.#keptBytes -= this.#kept.shift()!.byteLength
  }
}
