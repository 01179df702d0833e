/**
 * Bytes: the few primitives on which the pure rooms build. Buffer lives here and nowhere below, so that the rooms that
 * must not touch Node see plain Uint8Array.
 */
import { Buffer } from 'node:buffer'

export type Bytes = Uint8Array<ArrayBufferLike>

export const emptyBytes: Bytes = Buffer.alloc(0)

/** An uninitialised buffer that shares no pool: safe to keep for long and to hand to other threads. */
export function allocate(size: number): Bytes {
  return Buffer.allocUnsafeSlow(size)
}

/** A copy that outlives the buffer `source` is a view of. */
export function copyOf(source: Bytes): Bytes {
  const copy = Buffer.allocUnsafe(source.byteLength)
  copy.set(source)
  return copy
}

export function concat(parts: readonly Bytes[]): Bytes {
  return Buffer.concat(parts as Uint8Array[])
}

export function equalBytes(a: Bytes, b: Bytes): boolean {
  return a.byteLength === b.byteLength && Buffer.compare(a, b) === 0
}

/** View of `bytes` as a DataView on exactly the same range. */
export function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** What a Buffer adds that the pure rooms need; they do not know the name Buffer. */
export interface TextBytes extends Uint8Array {
  toString(encoding?: 'utf8' | 'base64url', start?: number, end?: number): string
  write(text: string, at: number, length: number, encoding: 'utf8'): number
}

/** The same memory as a Buffer; no copy. */
export function asBuffer(bytes: Bytes): TextBytes {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Decodes UTF-8; malformed sequences become U+FFFD, as Java's decoder does. */
export function utf8Decode(bytes: Bytes, start: number, end: number): string {
  return asBuffer(bytes).toString('utf8', start, end)
}

/** Bytes that `text` takes as UTF-8. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text, 'utf8')
}

/** Writes `text` at `at`, returns the number of bytes written. The caller has made room. */
export function utf8Write(target: Bytes, text: string, at: number): number {
  return asBuffer(target).write(text, at, target.byteLength - at, 'utf8')
}

export function utf8Encode(text: string): Bytes {
  return Buffer.from(text, 'utf8')
}

export function toHex(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

export function fromHex(hex: string): Bytes {
  return Buffer.from(hex, 'hex')
}

export function toBase64Url(bytes: Bytes, start = 0, end = bytes.byteLength): string {
  return asBuffer(bytes).toString('base64url', start, end)
}

export function fromBase64Url(text: string): Bytes {
  return Buffer.from(text, 'base64url')
}

/** The standard alphabet, padded. */
export function toBase64(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** Of either alphabet; what is not in it is passed over. */
export function fromBase64(text: string): Bytes {
  return Buffer.from(text, 'base64')
}
