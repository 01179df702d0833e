/**
 * What the pure rooms need of node:zlib: decompression in one call that stops at a bound on its output, so that a
 * decompression bomb costs the bound and no more; compression; CRC-32. Errors are Node's own; the caller gives them a
 * meaning.
 */
import * as zlib from 'node:zlib'

export interface ZlibBounds {
  readonly maxOutputLength: number
  /** Of the pieces in which output is made. */
  readonly chunkSize: number
}
export type ZlibDecoder = (input: Uint8Array, options: ZlibBounds) => Uint8Array
type Compress = (input: Uint8Array, level?: number) => Uint8Array

/** Inflates all members of a gzip stream. */
export const gunzip: ZlibDecoder = (input, options) => zlib.gunzipSync(input, options)

/** One gzip member; levels 1 to 9, absent is zlib's own default. */
export const gzip: Compress = (input, level) => zlib.gzipSync(input, level === undefined ? {} : { level })

/** The same two in a thread of the pool: what takes longer than a turn of the event loop may. */
export const gunzipAside = (input: Uint8Array, options: ZlibBounds): Promise<Uint8Array> =>
  new Promise((resolve, reject) =>
    zlib.gunzip(input, options, (error, output) => (error === null ? resolve(output) : reject(error))),
  )
export const gzipAside = (input: Uint8Array, level?: number): Promise<Uint8Array> =>
  new Promise((resolve, reject) =>
    zlib.gzip(input, level === undefined ? {} : { level }, (error, output) => (error === null ? resolve(output) : reject(error))),
  )

/** Decompresses the first zstd frame, which must be whole; null before Node 22.15, which has no zstd. */
export const nativeUnzstd: ZlibDecoder | null =
  'zstdDecompressSync' in zlib ? (zlib as unknown as { zstdDecompressSync: ZlibDecoder }).zstdDecompressSync : null

/** The same in a thread of the pool. */
export const nativeUnzstdAside: ((input: Uint8Array, options: ZlibBounds) => Promise<Uint8Array>) | null =
  'zstdDecompress' in zlib ? unzstdAside : null

function unzstdAside(input: Uint8Array, options: ZlibBounds): Promise<Uint8Array> {
  type Callback = (error: Error | null, output: Uint8Array) => void
  const { zstdDecompress } = zlib as unknown as {
    zstdDecompress: (input: Uint8Array, options: ZlibBounds, callback: Callback) => void
  }
  return new Promise((resolve, reject) =>
    zstdDecompress(input, options, (error, output) => (error === null ? resolve(output) : reject(error))),
  )
}

/** One zstd frame with its content size; null before Node 22.15. */
export const nativeZstd: Compress | null = 'zstdCompressSync' in zlib ? compressZstd : null

function compressZstd(input: Uint8Array, level?: number): Uint8Array {
  const { zstdCompressSync, constants } = zlib as unknown as {
    zstdCompressSync: (input: Uint8Array, options: { params?: Record<number, number>; pledgedSrcSize: number }) => Uint8Array
    constants: { ZSTD_c_compressionLevel: number }
  }
  const params = level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } }
  return zstdCompressSync(input, { ...params, pledgedSrcSize: input.byteLength })
}

/** CRC-32 (IEEE), unsigned: the checksum of messages before v2. */
export const crc32: (input: Uint8Array) => number = zlib.crc32

/** True when `error` says that the output would have passed `maxOutputLength`. */
export function isOutputTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
