/** Says in the log which codecs this machine has, and what a missing one means. */
import type { Log } from '../base/log.js'
import { hasBinary, nativeCrc } from '../base/packages.js'
import { Codecs } from '../protocol/records/batch.js'
import { codecProblem } from '../protocol/records/compression.js'

export function reportCodecs(log: Log): void {
  const codecs = Object.keys(Codecs).slice(1) as (keyof typeof Codecs)[]
  const reasons = new Map(codecs.map(codec => [codec, problemOf(codec)]))
  const crc32c = hasBinary('@node-rs/crc32') || nativeCrc() !== null ? 'native' : 'portable'
  log.info({ codecs: codecs.filter(codec => reasons.get(codec) === null), crc32c }, 'codecs available')
  for (const [codec, reason] of reasons) {
    if (reason === null) continue
    // Any Node can read zstd, and few brokers are asked to write it.
    if (codec === 'zstd') log.info({ codec, reason }, 'this codec can be read but not written')
    else log.warn({ codec, reason }, 'this codec is not available: batches that need decompressing are refused')
  }
}

const packageOf: { readonly [codec: string]: 'snappy' | 'lz4-napi' } = { snappy: 'snappy', lz4: 'lz4-napi' }

/** A library that is there is not loaded for it: an idle broker would have ten megabytes more in memory. */
function problemOf(codec: keyof typeof Codecs): string | null {
  const library = packageOf[codec]
  return library !== undefined && hasBinary(library) ? null : codecProblem(Codecs[codec])
}
