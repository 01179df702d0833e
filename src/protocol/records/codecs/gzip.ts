/** gzip, by node:zlib. Members may follow each other. */
import { gunzip, gzip as gzipped } from '../../../base/zlib.js'
import type { Codec } from './codec.js'
import { byZlib } from './zlib-bound.js'

export const gzip: Codec = {
  missing: () => null,
  compress: gzipped,
  decompress: (bytes, bytesMax) => byZlib(gunzip, bytes, bytesMax),
}
