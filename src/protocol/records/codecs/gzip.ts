/** gzip, by node:zlib. Members may follow each other. */
import { type Bytes, viewOf } from '../../../base/bytes.js'
import { gunzip, gunzipAside, gzipAside, gzip as gzipped } from '../../../base/zlib.js'
import { MalformedError } from '../../wire.js'
import type { Codec } from './codec.js'
import { byZlib, byZlibAside } from './zlib-bound.js'

// Two bits of a stream give at most 258 bytes.
const expansionMax = 1032
const magic: Bytes = Uint8Array.of(0x1f, 0x8b, 8)

/** A member ends with its size, of which so many bytes can have come. */
function sizeSaid(bytes: Bytes): number {
  const { byteLength } = bytes
  return byteLength < 4 ? 0 : Math.min(viewOf(bytes).getUint32(byteLength - 4, true), byteLength * expansionMax)
}

export const gzip: Codec = {
  missing: () => null,
  isNative: () => true,
  compress: gzipped,
  decompress: (bytes, bytesMax) => byZlib(gunzip, bytes, bytesMax, sizeSaid(bytes)),
  compressAside: gzipAside,
  decompressAside: (bytes, bytesMax) => byZlibAside(gunzipAside, bytes, bytesMax, sizeSaid(bytes)),
  sizeSaid,
  sizeMax(bytes) {
    for (let index = 0; index < magic.byteLength; index++)
      if (bytes[index] !== magic[index]) throw new MalformedError('gzip magic')
    return bytes.byteLength * expansionMax
  },
}
