/**
 * The native CRC-32C of the optional package @node-rs/crc32, or null where it is not installed. Loaded by require, which
 * takes a third of the time that a dynamic import of the same package takes, and this is on the way to every start.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

export const nativeCrc32c: ((input: Uint8Array) => number) | null = load()

function load(): ((input: Uint8Array) => number) | null {
  try {
    return (require('@node-rs/crc32') as { crc32c: (input: Uint8Array) => number }).crc32c
  } catch {
    return null
  }
}
