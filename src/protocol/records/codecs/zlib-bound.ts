/** A decoder of node:zlib, with its errors in our words. */
import type { Bytes } from '../../../base/bytes.js'
import { isOutputTooLarge, type ZlibBounds, type ZlibDecoder } from '../../../base/zlib.js'
import { MalformedError } from '../../wire.js'
import { DecompressedSizeError } from '../output.js'

export function byZlib(decoder: ZlibDecoder, bytes: Bytes, bytesMax: number): Bytes {
  // zlib takes no bound below 1.
  if (bytesMax < 1) throw new DecompressedSizeError(bytesMax)
  try {
    return decoder(bytes, optionsFor(bytes, bytesMax))
  } catch (error) {
    throw inOurWords(error, bytesMax)
  }
}

type Aside = (bytes: Bytes, options: ZlibBounds) => Promise<Bytes>

export async function byZlibAside(decoder: Aside, bytes: Bytes, bytesMax: number): Promise<Bytes> {
  if (bytesMax < 1) throw new DecompressedSizeError(bytesMax)
  try {
    return await decoder(bytes, optionsFor(bytes, bytesMax))
  } catch (error) {
    throw inOurWords(error, bytesMax)
  }
}

/** One piece of output where that is likely to do: with pieces of 16 KiB, zlib's own, zstd takes twice as long. */
function optionsFor(bytes: Bytes, bytesMax: number): ZlibBounds {
  return { maxOutputLength: bytesMax, chunkSize: Math.max(4096, Math.min(64 * 1024, bytes.byteLength * 64)) }
}

function inOurWords(error: unknown, bytesMax: number): MalformedError {
  if (isOutputTooLarge(error)) return new DecompressedSizeError(bytesMax)
  return new MalformedError(error instanceof Error ? error.message : String(error))
}
