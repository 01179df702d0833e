/** Says in the log which codecs this machine has, and what a missing one means. */
import type { Log } from '../base/log.js'
import { nativeCrc } from '../base/packages.js'
import { Codecs } from '../protocol/records/batch.js'
import { codecProblem } from '../protocol/records/compression.js'

export function reportCodecs(log: Log): void {
  const codecs = Object.keys(Codecs).slice(1) as (keyof typeof Codecs)[]
  const reasons = new Map(codecs.map(codec => [codec, codecProblem(Codecs[codec])]))
  const crc32c = nativeCrc() === null ? 'portable' : 'native'
  log.info({ codecs: codecs.filter(codec => reasons.get(codec) === null), crc32c }, 'codecs available')
  for (const [codec, reason] of reasons) {
    if (reason === null) continue
    // Any Node can read zstd, and few brokers are asked to write it.
    if (codec === 'zstd') log.info({ codec, reason }, 'this codec can be read but not written')
    else log.warn({ codec, reason }, 'this codec is not available: batches that need decompressing are refused')
  }
}
