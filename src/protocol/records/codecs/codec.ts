/**
 * The port that every codec fills. Bytes in, bytes out, in one call; nothing is kept. A codec whose library is missing on
 * this machine says so, by the same sentence to the log, to a config that asks for it and to a client.
 */
import type { Bytes } from '../../../base/bytes.js'
import type { Pause } from '../../../base/pause.js'
import { MalformedError } from '../../wire.js'

export interface Codec {
  /** Whether native code decompresses here, so fast that every batch can be looked into. Loads its library. */
  isNative(): boolean
  /** Why it cannot compress here; null when it can. Loads its library. */
  missing(): string | null
  /** Throws UnsupportedCodecError. `level` means nothing to snappy and LZ4, whose libraries have one effort. */
  compress(bytes: Bytes, level: number | undefined): Bytes
  /**
   * To at most `bytesMax` bytes. Throws DecompressedSizeError when there would be more, UnsupportedCodecError, and
   * MalformedError on what the codec cannot read.
   */
  decompress(bytes: Bytes, bytesMax: number): Bytes
  /** As `compress`, in another thread; null where a megabyte does not take many milliseconds. */
  readonly compressAside: ((bytes: Bytes, level: number | undefined) => Promise<Bytes>) | null
  /** As `decompress`, in another thread or with pauses. */
  decompressAside(bytes: Bytes, bytesMax: number, pause: Pause): Promise<Bytes>
  /**
   * The most that so many bytes can decompress to, without doing it. Throws MalformedError when their beginning shows that
   * the codec cannot read them.
   */
  sizeMax(bytes: Bytes): number
  /** What the bytes say of the size of their output, true or not; absent where they say nothing. */
  sizeSaid?(bytes: Bytes): number
}

/** The codec exists in Kafka, but not on this machine. */
export class UnsupportedCodecError extends MalformedError {}
