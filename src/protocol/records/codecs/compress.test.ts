import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { decompressFrameSync } from 'lz4-napi'
import { uncompressSync } from 'snappy'
import { describe, expect, test } from 'vitest'
import { type Bytes, concat, equalBytes, viewOf } from '../../../base/bytes.js'
import { MalformedError } from '../../wire.js'
import { Codecs } from '../batch.js'
import { codecProblem, compress, decompress, writableCodec } from '../compression.js'
import { sampleText } from '../golden.test-support.js'
import { UnsupportedCodecError } from './codec.js'
import { unzstd } from './zstd-portable.js'

/** Each compressor with a decoder that is not the one that reads it here. */
const compressors: readonly {
  name: keyof typeof Codecs
  encode: (bytes: Bytes) => Bytes
  foreign: (bytes: Bytes) => Bytes
}[] = [
  { name: 'gzip', encode: bytes => compress(Codecs.gzip, bytes), foreign: gunzipSync },
  { name: 'snappy', encode: bytes => compress(Codecs.snappy, bytes), foreign: unframe },
  {
    name: 'lz4',
    encode: bytes => compress(Codecs.lz4, bytes),
    foreign: bytes => (bytes.byteLength > 11 ? decompressFrameSync(bytes as Buffer) : new Uint8Array(0)),
  },
  { name: 'zstd', encode: bytes => compress(Codecs.zstd, bytes), foreign: bytes => unzstd(bytes, 1_000_000) },
]

function unframe(bytes: Bytes): Bytes {
  const blocks: Bytes[] = []
  for (let at = 16; at < bytes.byteLength; ) {
    const size = viewOf(bytes).getInt32(at)
    blocks.push(uncompressSync(bytes.subarray(at + 4, at + 4 + size) as Buffer) as Buffer)
    at += 4 + size
  }
  return concat(blocks)
}

const noise = Uint8Array.from({ length: 140_000 }, (_, index) => (Math.imul(index, index + 77) >>> 5) & 0xff)
// Around the borders of blocks, headers and length codes.
const sizes = [
  0, 1, 4, 5, 11, 12, 13, 59, 60, 61, 255, 256, 257, 32_768, 32_769, 65_535, 65_536, 65_537, 65_792, 131_072, 131_073,
]
const samples = [
  ...sizes.map(sampleText),
  new Uint8Array(300_000),
  noise,
  concat([noise, noise]),
  concat([sampleText(90_000), noise]),
]

// Node has zstd from 22.15 on.
const atHand = compressors.filter(({ name }) => codecProblem(Codecs[name]) === null)

describe.each(atHand)('$name', ({ name, encode, foreign }) => {
  test('what is compressed comes back, by the decoder here and by another one', () => {
    for (const sample of samples) {
      const compressed = encode(sample)
      expect(equalBytes(decompress(Codecs[name], compressed, sample.byteLength + 1), sample)).toBe(true)
      expect(equalBytes(foreign(compressed), sample)).toBe(true)
    }
  })

  test('repetition shrinks, noise hardly grows', () => {
    expect(encode(new Uint8Array(100_000)).byteLength).toBeLessThan(6000)
    expect(encode(sampleText(100_000)).byteLength).toBeLessThan(60_000)
    const half = noise.subarray(0, 70_000)
    expect(encode(half).byteLength).toBeLessThan(70_200)
  })

  test('any bytes come back', () => {
    // Runs of few different bytes make matches of every length and distance.
    const runs = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 300 })), { maxLength: 60 })
    const repetitive = runs.map(all => concat(all.map(([byte, count]) => new Uint8Array(count).fill(byte))))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), repetitive), bytes => {
        const compressed = encode(bytes)
        expect(equalBytes(decompress(Codecs[name], compressed, bytes.byteLength + 1), bytes)).toBe(true)
        expect(equalBytes(foreign(compressed), bytes)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

test('gzip has levels', () => {
  const sample = sampleText(50_000)
  const [fast, dense] = [1, 9].map(level => compress(Codecs.gzip, sample, { level }).byteLength)
  expect(fast).toBeGreaterThan(dense!)
})

test.runIf(codecProblem(Codecs.zstd) === null)('zstd has levels', () => {
  const sample = sampleText(50_000)
  const [fast, dense] = [-5, 19].map(level => compress(Codecs.zstd, sample, { level }).byteLength)
  expect(fast).toBeGreaterThan(dense!)
})

test.runIf(codecProblem(Codecs.zstd) !== null)('zstd that Node does not have is not written, and a sentence says so', () => {
  expect(() => compress(Codecs.zstd, noise)).toThrow(UnsupportedCodecError)
  expect(codecProblem(Codecs.zstd)).toContain('Node has it from 22.15 on')
  expect(writableCodec(Codecs.zstd)).toBe(Codecs.gzip)
})

test('for magic 0 the LZ4 header checksum is that of Kafka’s first clients', () => {
  const headerOf = (isForMagic0: boolean) => [...compress(Codecs.lz4, sampleText(50), { isForMagic0 }).subarray(0, 7)]
  expect(headerOf(true)).toEqual([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x1a])
  expect(headerOf(false)).toEqual([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82])
})

test('no codec leaves the bytes, an unknown one is none', () => {
  expect(compress(Codecs.none, noise)).toBe(noise)
  expect(() => compress(5, noise)).toThrow(MalformedError)
})
