/** A decoder of node:zlib, with its errors in our words. */
import type { Bytes } from '../../../base/bytes.js'
import { isOutputTooLarge, type ZlibBounds, type ZlibDecoder } from '../../../base/zlib.js'
import { MalformedError } from '../../wire.js'
import { DecompressedSizeError } from '../output.js'

/** `sizeSaid`: what the bytes say of the size of their output, true or not. */
export function byZlib(decoder: ZlibDecoder, bytes: Bytes, bytesMax: number, sizeSaid = 0): Bytes {
  // zlib takes no bound below 1.
  if (bytesMax < 1) throw new DecompressedSizeError(bytesMax)
  try {
    return decoder(bytes, optionsFor(bytes, bytesMax, sizeSaid))
  } catch (error) {
    throw inOurWords(error, bytesMax)
  }
}

type Aside = (bytes: Bytes, options: ZlibBounds) => Promise<Bytes>

export async function byZlibAside(decoder: Aside, bytes: Bytes, bytesMax: number, sizeSaid = 0): Promise<Bytes> {
  if (bytesMax < 1) throw new DecompressedSizeError(bytesMax)
  try {
    return await decoder(bytes, optionsFor(bytes, bytesMax, sizeSaid))
  } catch (error) {
    throw inOurWords(error, bytesMax)
  }
}

/**
 * One piece of output where that is likely to do: with pieces of 16 KiB, zlib's own, zstd takes twice as long, and many are put
 * together in one step. Memory costs nothing until it is filled.
 */
function optionsFor(bytes: Bytes, bytesMax: number, sizeSaid: number): ZlibBounds {
  const likely = Math.max(4096, Math.min(64 * 1024, bytes.byteLength * 64))
  // A piece that is not quite filled ends the output.
  return { maxOutputLength: bytesMax, chunkSize: Math.max(likely, Math.min(sizeSaid, bytesMax) + 64) }
}

function inOurWords(error: unknown, bytesMax: number): MalformedError {
  if (isOutputTooLarge(error)) return new DecompressedSizeError(bytesMax)
  return new MalformedError(error instanceof Error ? error.message : String(error))
}
