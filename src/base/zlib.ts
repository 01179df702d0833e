/**
 * What the pure rooms need of node:zlib: decompression in one call that stops at a bound on its output, so that a
 * decompression bomb costs the bound and no more. Errors are Node's own; the caller gives them a meaning.
 */
import * as zlib from 'node:zlib'

type Decompress = (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array

/** Inflates all members of a gzip stream. */
export const gunzip: Decompress = (input, options) => zlib.gunzipSync(input, options)

/** Decompresses zstd frames; null before Node 22.15, which has no zstd. */
export const nativeZstd: Decompress | null =
  'zstdDecompressSync' in zlib ? (zlib as unknown as { zstdDecompressSync: Decompress }).zstdDecompressSync : null

/** True when `error` says that the output would have passed `maxOutputLength`. */
export function isOutputTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
