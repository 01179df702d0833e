/** Decompression that holds up nobody gives what the one in a single step gives, errors included. */
import { gzipSync } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { describe, expect, test } from 'vitest'
import { type Bytes, equalBytes } from '../../base/bytes.js'
import { MalformedError } from '../wire.js'
import { type CodecId, Codecs } from './batch.js'
import { compress, decompress, decompressAside } from './compression.js'
import { sampleText, streams } from './golden.test-support.js'
import { DecompressedSizeError } from './output.js'

const plain = sampleText(5_000_000)
const zstd = streams.find(({ codec, size }) => codec === Codecs.zstd && size > 100_000)!
const large: readonly { name: string; codec: CodecId; bytes: Bytes; size: number; isOurs: boolean }[] = [
  { name: 'gzip', codec: Codecs.gzip, bytes: gzipSync(plain), size: plain.byteLength, isOurs: false },
  { name: 'snappy, framed', codec: Codecs.snappy, bytes: compress(Codecs.snappy, plain), size: plain.byteLength, isOurs: true },
  { name: 'snappy, raw', codec: Codecs.snappy, bytes: compressSync(plain), size: plain.byteLength, isOurs: false },
  { name: 'lz4', codec: Codecs.lz4, bytes: compress(Codecs.lz4, plain), size: plain.byteLength, isOurs: true },
  { name: 'lz4 by another', codec: Codecs.lz4, bytes: compressFrameSync(plain as Buffer), size: plain.byteLength, isOurs: true },
  {
    name: 'zstd',
    codec: Codecs.zstd,
    bytes: zstd.bytes,
    size: zstd.size,
    isOurs: !('zstdDecompress' in (await import('node:zlib'))),
  },
]

describe.each(large)('$name', ({ codec, bytes, size, isOurs }) => {
  test('comes back whole, and what is ours is done with pauses', async () => {
    let pauses = 0
    const pause = async () => void pauses++
    const result = decompressAside(codec, bytes, size, pause)
    expect(result).toBeInstanceOf(Promise)
    expect(equalBytes(await result, decompress(codec, bytes, size))).toBe(true)
    expect(pauses > 0).toBe(isOurs)
  })

  test('one byte more than allowed is refused', async () => {
    await expect((async () => decompressAside(codec, bytes, size - 1, () => null))()).rejects.toThrow(DecompressedSizeError)
  })

  test('cut short it is malformed', async () => {
    const cut = bytes.subarray(0, bytes.byteLength - 9)
    await expect((async () => decompressAside(codec, cut, size, () => null))()).rejects.toThrow(MalformedError)
  })

  test('a pause that rejects ends it', async () => {
    const left = new Error('the client left')
    const result = (async () => decompressAside(codec, bytes, size, () => Promise.reject(left)))()
    if (isOurs) await expect(result).rejects.toBe(left)
    else await result
  })
})

test('what cannot become large is decompressed at once', () => {
  expect(decompressAside(Codecs.gzip, gzipSync(sampleText(100)), 1000, () => null)).not.toBeInstanceOf(Promise)
})
