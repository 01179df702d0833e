import type { FrameMemory } from './connection.js'

/**
 * Kafka's rule for queued.max.request.bytes: a frame is let in as long as anything is left, so the bound may be passed by
 * one frame, and a frame larger than the whole bound can still be served.
 */
export function frameMemory(bytesMax: number): FrameMemory & { readonly usedBytes: number } {
  let usedBytes = 0
  let waiting: (() => void)[] = []
  return {
    get usedBytes() {
      return usedBytes
    },
    take(bytes, onRoom) {
      if (usedBytes >= bytesMax) {
        waiting.push(onRoom)
        return false
      }
      usedBytes += bytes
      return true
    },
    give(bytes) {
      usedBytes -= bytes
      if (usedBytes >= bytesMax || waiting.length === 0) return
      const woken = waiting
      waiting = []
      // Whoever finds nothing left gets in line again.
      for (const onRoom of woken) onRoom()
    },
  }
}
