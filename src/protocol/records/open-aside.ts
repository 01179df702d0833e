/**
 * Looking into a batch that may be large without holding up others: what takes long to decompress is done in another thread
 * or block by block, and the records are gone through with pauses.
 */
import type { Bytes } from '../../base/bytes.js'
import type { Pause } from '../../base/pause.js'
import * as batch from './batch.js'
import { decompressAside } from './compression.js'
import type { RecordCursor } from './records.js'

/** Places `cursor` before the first record of the whole batch `bytes`, as its `open` does. */
export async function openAside(cursor: RecordCursor, bytes: Bytes, bytesMax: number, pause: Pause): Promise<void> {
  const codec = batch.codecOf(bytes, 0)
  if (codec === batch.Codecs.none) cursor.open(bytes)
  else cursor.openDecompressed(bytes, 0, await decompressAside(codec, bytes.subarray(batch.batchHeaderSize), bytesMax, pause))
}

/** Some tens of microseconds. */
const recordsPerPause = 1000

/** Moves on as `cursor.next` does, until it or `see` answers false. */
export async function eachRecord(cursor: RecordCursor, pause: Pause, see: () => boolean): Promise<void> {
  for (let passed = 1; cursor.next() && see(); passed++) {
    const paused = passed % recordsPerPause === 0 ? pause() : null
    if (paused !== null) await paused
  }
}
