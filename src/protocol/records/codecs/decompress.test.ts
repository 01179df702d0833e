import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { expect, test } from 'vitest'
import { type Bytes, concat, copyOf, equalBytes } from '../../../base/bytes.js'
import { MalformedError } from '../../wire.js'
import { Codecs } from '../batch.js'
import { decompress } from '../compression.js'
import { recentDistances, sampleText, streams } from '../golden.test-support.js'
import { DecompressedSizeError } from '../output.js'
import { unzstd } from './zstd-portable.js'

const ungzip = (bytes: Bytes, max: number) => decompress(Codecs.gzip, bytes, max)
const unsnappy = (bytes: Bytes, max: number) => decompress(Codecs.snappy, bytes, max)
const unlz4 = (bytes: Bytes, max: number) => decompress(Codecs.lz4, bytes, max)
/** By Node where it has zstd, else by the portable decoder. */
const unzstdHere = (bytes: Bytes, max: number) => decompress(Codecs.zstd, bytes, max)

/** Xerial's framing around raw snappy blocks, as snappy-java writes it. */
function framed(blocks: readonly Bytes[]): Bytes {
  const header = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1)
  const sized = blocks.flatMap(block => {
    const compressed = compressSync(block)
    const size = new Uint8Array(4)
    new DataView(size.buffer).setUint32(0, compressed.byteLength)
    return [size, compressed]
  })
  return concat([header, ...sized])
}

const decoders = [
  { name: 'gzip', decode: ungzip, encode: gzipSync },
  { name: 'snappy, raw', decode: unsnappy, encode: (bytes: Bytes) => compressSync(bytes) },
  {
    name: 'snappy, framed',
    decode: unsnappy,
    encode: (bytes: Bytes) => framed([bytes.subarray(0, 3000), bytes.subarray(3000)]),
  },
  { name: 'lz4', decode: unlz4, encode: (bytes: Bytes) => compressFrameSync(bytes as Buffer) },
  {
    name: 'lz4 with checksums',
    decode: unlz4,
    encode: (bytes: Bytes) => compressFrameSync(bytes as Buffer, { contentChecksum: true, blockChecksums: true }),
  },
]

const samples = [0, 1, 15, 16, 100, 5000, 70_000, 300_000].map(sampleText)
const noise = Uint8Array.from({ length: 20_000 }, (_, index) => (Math.imul(index, index + 77) >>> 5) & 0xff)

test.each(decoders)('$name: what another library compressed comes back', ({ decode, encode }) => {
  for (const sample of [...samples, noise, new Uint8Array(100_000)]) {
    const compressed = encode(Buffer.from(sample))
    expect(equalBytes(decode(compressed, sample.byteLength + 1), sample)).toBe(true)
  }
})

test.each(decoders)('$name: one byte more than allowed is refused, exactly the allowed size is not', ({ decode, encode }) => {
  const sample = sampleText(50_000)
  const compressed = encode(Buffer.from(sample))
  expect(decode(compressed, 50_000).byteLength).toBe(50_000)
  expect(() => decode(compressed, 49_999)).toThrow(DecompressedSizeError)
})

test.each(streams.filter(({ name }) => !name.includes('linked')))('$name', ({ codec, size, bytes }) => {
  expect(equalBytes(decompress(codec, bytes, size), sampleText(size))).toBe(true)
  // Whatever Node brings, the portable decoder is held against the same bytes.
  if (codec === Codecs.zstd) expect(equalBytes(unzstd(bytes, size), sampleText(size))).toBe(true)
  expect(() => decompress(codec, bytes, size - 1)).toThrow(DecompressedSizeError)
})

test('zstd: matches at the distances used last', () => {
  expect(equalBytes(unzstd(recentDistances.zstd, 1000), recentDistances.plain)).toBe(true)
})

test('snappy: a copy may not reach back into the block before', () => {
  const literal = Uint8Array.of(4, 3 << 2, 1, 2, 3, 4)
  const reaching = (distance: number) => Uint8Array.of(8, 3 << 2, 5, 6, 7, 8, (3 << 2) | 2, distance, 0)
  const frame = (block: Bytes) => concat([Uint8Array.of(0, 0, 0, block.byteLength), block])
  const stream = (distance: number) => concat([framed([]), frame(literal), frame(reaching(distance))])
  expect([...unsnappy(stream(4), 100)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 5, 6, 7, 8])
  expect(() => unsnappy(stream(5), 100)).toThrow(MalformedError)
})

test.each([unzstd, unzstdHere])('zstd: frames follow each other, skippable ones are skipped', unzstd => {
  const frame = streams[2]!
  const skippable = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9)
  const twice = concat([frame.bytes, skippable, frame.bytes])
  expect(equalBytes(unzstd(twice, 1000), concat([sampleText(frame.size), sampleText(frame.size)]))).toBe(true)
  expect(() => unzstd(twice, 2 * frame.size - 1)).toThrow(DecompressedSizeError)
  for (const tail of [noise, Uint8Array.of(0), frame.bytes.subarray(0, 10)]) {
    expect(() => unzstd(concat([frame.bytes, tail]), 1000)).toThrow(MalformedError)
  }
})

test('lz4: what Kafka’s reader refuses is refused', () => {
  const frame = compressFrameSync(Buffer.from(sampleText(100)))
  const withFlags = (flags: number) => concat([frame.subarray(0, 4), Uint8Array.of(flags), frame.subarray(5)])
  const linked = streams.find(({ name }) => name.includes('linked'))!
  expect(() => unlz4(linked.bytes, 100_000)).toThrow('depend on each other')
  expect(() => unlz4(withFlags(0x40), 200)).toThrow('depend on each other')
  for (const flags of [0x61, 0x62, 0xa0, 0x20]) expect(() => unlz4(withFlags(flags), 200)).toThrow('unknown kind')
})

test('lz4: what follows the frame is not looked at, as in Kafka’s reader', () => {
  const frame = compressFrameSync(Buffer.from(sampleText(100)))
  expect(unlz4(concat([frame, frame]), 200).byteLength).toBe(100)
  expect(unlz4(concat([frame, noise]), 200).byteLength).toBe(100)
})

test('a block of few bytes takes no time, however long its matches say they are', () => {
  // 32,512 matches of 65,539 bytes, which cost no bits: two billion steps for a decoder that looks for the end afterwards.
  const block = [0x00, 255, 0, 0, 0x54, 0, 2, 52, 1]
  const bomb = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 1 | (2 << 1) | (block.length << 3), 0, 0, ...block])
  const manyTimes = Array.from({ length: 20 }, () => bomb)
  for (const decode of [unzstd, unzstdHere]) {
    for (const bytes of manyTimes) expect(() => decode(bytes, 1_000_000)).toThrow(MalformedError)
  }
}, 2000)

test('snappy: a framing header may stand between blocks', () => {
  const part = framed([sampleText(100)])
  expect(unsnappy(concat([part, part]), 200).byteLength).toBe(200)
})

test('an unknown codec is malformed', () => {
  for (const codec of [5, 6, 7]) expect(() => decompress(codec, noise, 1000)).toThrow(MalformedError)
})

test('a bomb costs the bound', () => {
  const zeros = new Uint8Array(50_000_000)
  const bombs: readonly [(bytes: Bytes, max: number) => Bytes, Bytes][] = [
    [ungzip, gzipSync(zeros)],
    [unlz4, compressFrameSync(Buffer.from(zeros))],
    // One block of 128 KiB of the same byte, 400 times.
    [unzstd, concat([Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x88), ...Array<Bytes>(400).fill(Uint8Array.of(2, 0, 0x10, 0))])],
  ]
  for (const [decode, bomb] of bombs) expect(() => decode(bomb, 1_000_000)).toThrow(DecompressedSizeError)
})

test('a declared size takes no memory before its bytes are there', () => {
  // Snappy: 2^31-1 bytes announced by a stream of six.
  expect(() => unsnappy(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07, 0x00), 2 ** 40)).toThrow('beyond what its bytes can hold')
  // Zstd: a window of 3.75 TiB and a content size of 2^63-1; one empty block.
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
  expect(unzstd(Uint8Array.from([...header, 1, 0, 0]), 2 ** 40).byteLength).toBe(0)
})

const allStreams: readonly { name: string; decode: (bytes: Bytes, max: number) => Bytes; bytes: Bytes }[] = [
  ...decoders.flatMap(({ name, decode, encode }) =>
    [200, 4000].map(size => ({ name, decode, bytes: encode(Buffer.from(sampleText(size))) })),
  ),
  ...streams.map(({ name, codec, bytes }) => ({ name, decode: codec === Codecs.zstd ? unzstdHere : unlz4, bytes })),
  ...streams
    .filter(({ codec }) => codec === Codecs.zstd)
    .map(({ name, bytes }) => ({ name: `${name}, portable`, decode: unzstd, bytes })),
]

test.each(allStreams)('$name: cut short anywhere it is malformed', ({ name, decode, bytes }) => {
  // Snappy's framing has no end: cut between two blocks it is a shorter stream, and the record count tells.
  const boundaries = name === 'snappy, framed' ? blockStarts(bytes) : []
  for (let length = 0; length < bytes.byteLength - 8; length += Math.ceil(bytes.byteLength / 60)) {
    if (!boundaries.includes(length)) expect(() => decode(bytes.subarray(0, length), 1_000_000)).toThrow(MalformedError)
  }
})

function blockStarts(bytes: Bytes): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const starts: number[] = []
  for (let at = 16; at < bytes.byteLength; at += 4 + view.getInt32(at)) starts.push(at)
  return starts
}

test('damaged streams give MalformedError or bytes within the bound, never anything else', () => {
  const damage = fc.array(fc.record({ at: fc.nat(5000), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 })
  const bound = 400_000
  fc.assert(
    fc.property(fc.nat(allStreams.length - 1), damage, (which, changes) => {
      const { decode, bytes: original } = allStreams[which]!
      const bytes = copyOf(original)
      for (const { at, byte } of changes) bytes[at % bytes.byteLength] = byte
      expectBounded(decode, bytes, bound)
    }),
    { numRuns: 3000 },
  )
})

test('random bytes, with and without the right magic in front', () => {
  const magics = [
    [],
    [0x28, 0xb5, 0x2f, 0xfd],
    [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82],
    [0x82, 0x53, 0x4e, 0x41],
    [0x1f, 0x8b],
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...magics),
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 1, max: 4 }),
      (magic, tail, codec) => {
        const bytes = Uint8Array.from([...magic, ...tail])
        expectBounded((input, max) => decompress(codec, input, max), bytes, 100_000)
        expectBounded(unzstd, bytes, 100_000)
      },
    ),
    { numRuns: 3000 },
  )
})

function expectBounded(decode: (bytes: Bytes, max: number) => Bytes, bytes: Bytes, bound: number): void {
  try {
    expect(decode(bytes, bound).byteLength).toBeLessThanOrEqual(bound)
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedError)
  }
}
