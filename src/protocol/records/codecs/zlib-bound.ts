/** A decoder of node:zlib, with its errors in our words. */
import type { Bytes } from '../../../base/bytes.js'
import { isOutputTooLarge, type ZlibDecoder } from '../../../base/zlib.js'
import { MalformedError } from '../../wire.js'
import { DecompressedSizeError } from '../output.js'

export function byZlib(decoder: ZlibDecoder, bytes: Bytes, bytesMax: number): Bytes {
  // zlib takes no bound below 1.
  if (bytesMax < 1) throw new DecompressedSizeError(bytesMax)
  try {
    return decoder(bytes, { maxOutputLength: bytesMax })
  } catch (error) {
    if (isOutputTooLarge(error)) throw new DecompressedSizeError(bytesMax)
    throw new MalformedError(error instanceof Error ? error.message : String(error))
  }
}
