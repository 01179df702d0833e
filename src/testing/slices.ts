import type { Bytes } from '../base/bytes.js'
import type { Slice } from '../base/slice.js'

/** A slice as an engine without files would give it: to be read, and that later. */
export function memorySlice(bytes: Bytes, release: () => void = () => {}): Slice {
  return {
    byteLength: bytes.byteLength,
    fd: -1,
    position: 0,
    read: async (from, target) => {
      const part = bytes.subarray(from, from + target.byteLength)
      target.set(part)
      return part.byteLength
    },
    retain: () => {},
    release,
  }
}
