import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, concat, copyOf, utf8Encode, viewOf } from '../../base/bytes.js'
import { Errors, errorName, isRefusal } from '../../protocol/errors.js'
import * as batch from '../../protocol/records/batch.js'
import { type BatchOptions, buildBatch, type NewRecord } from '../../protocol/records/build.js'
import { isNative } from '../../protocol/records/compression.js'
import { javaBatches, javaMarker, kafkajsBatches } from '../../protocol/records/golden.test-support.js'
import { recompress } from '../../protocol/records/recompress.js'
import {
  type AdmissionRules,
  type Admitted,
  admit,
  admitOrDefer,
  type BatchRefusal,
  inspect,
  recordErrorsMax,
  stamp,
} from './admission.js'

const nowMs = 1_700_000_000_500
const rules: AdmissionRules = {
  messageBytesMax: 1_048_588,
  segmentBytes: 1_073_741_824,
  isCompacted: false,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.POSITIVE_INFINITY,
  timestampAfterMaxMs: 3_600_000,
  validation: 'none',
  codec: null,
  compressionLevel: undefined,
  recordBytesMax: 2_147_483_639,
  decompressedBytesMax: 1_000_000,
}
const key = utf8Encode('k')
const value = utf8Encode('v')
const one: readonly NewRecord[] = [{ key, value, timestampMs: nowMs }]

/** The name of the error that `bytes` is refused with; 'admitted' otherwise. */
function outcome(bytes: Bytes, changed: Partial<AdmissionRules> = {}, produceVersion?: number): string {
  const result = admit(bytes, { ...rules, ...changed }, nowMs, produceVersion)
  return isRefusal(result) ? errorName(result.errorCode) : 'admitted'
}

/** A batch whose header was changed after it was built; its checksum is right again. */
function changed(change: (view: DataView) => void, records = one, options: BatchOptions = {}): Bytes {
  const bytes = buildBatch(records, options)
  change(viewOf(bytes))
  batch.stampCrc(bytes, 0)
  return bytes
}

test('batches of real clients are admitted, looked into or not', () => {
  for (const bytes of [...Object.values(javaBatches), ...Object.values(kafkajsBatches)]) {
    expect(outcome(bytes)).toBe('admitted')
    expect(outcome(bytes, { validation: 'all' })).toBe('admitted')
  }
})

test('an admitted batch comes with the facts of its header', () => {
  expect(admit(javaBatches.lz4, rules, nowMs)).toEqual({
    batch: javaBatches.lz4,
    size: javaBatches.lz4.byteLength,
    recordCount: 4,
    lastOffsetDelta: 3,
    maxTimestampMs: 1_700_000_000_250,
    logAppendTimeMs: -1,
    producerId: 4711,
    producerEpoch: 3,
    baseSequence: 2_147_483_646,
    lastSequence: 1,
    isTransactional: false,
  })
})

test('stamping writes base offset and leader epoch and leaves the sum as it was', () => {
  const bytes = copyOf(javaBatches.zstd)
  const facts = admit(bytes, rules, nowMs)
  if (isRefusal(facts)) throw new Error(facts.message)
  stamp(facts, 1234, 5)
  expect(batch.baseOffset(bytes, 0)).toBe(1234)
  expect(batch.leaderEpoch(bytes, 0)).toBe(5)
  expect(bytes.subarray(16)).toEqual(javaBatches.zstd.subarray(16))
})

test('on a LogAppendTime topic the clock is stamped, whatever the client said', () => {
  const bytes = changed(() => {}, [{ key, value, timestampMs: 5 }])
  const facts = admit(bytes, { ...rules, timestampType: 'LogAppendTime', timestampBeforeMaxMs: 10 }, nowMs)
  if (isRefusal(facts)) throw new Error(facts.message)
  expect([facts.maxTimestampMs, facts.logAppendTimeMs]).toEqual([nowMs, nowMs])
  stamp(facts, 7, 0)
  expect(batch.timestampType(bytes, 0)).toBe('LogAppendTime')
  expect(batch.maxTimestamp(bytes, 0)).toBe(nowMs)
  expect(batch.computeCrc(bytes, 0)).toBe(batch.crc(bytes, 0))
})

test('exactly one whole batch: nothing, a part and two are INVALID_RECORD', () => {
  const bytes = buildBatch(one)
  for (const wrong of [new Uint8Array(0), bytes.subarray(0, 60), bytes.subarray(0, -3), concat([bytes, bytes])]) {
    expect(outcome(wrong)).toBe('INVALID_RECORD')
  }
  expect(outcome(changed(view => view.setInt32(8, 48)))).toBe('CORRUPT_MESSAGE')
  expect(outcome(changed(view => view.setInt32(8, -1)))).toBe('CORRUPT_MESSAGE')
})

test('behind the batch: a part of another one is cut off, what cannot be one is CORRUPT_MESSAGE', () => {
  const bytes = buildBatch(one)
  for (const tail of [key, bytes.subarray(0, 12), bytes.subarray(0, 20), bytes.subarray(0, -1)]) {
    const result = admit(concat([bytes, tail]), rules, nowMs)
    if (isRefusal(result)) throw new Error(result.message)
    expect(result.batch).toEqual(bytes)
  }
  expect(outcome(concat([bytes, new Uint8Array(12)]))).toBe('CORRUPT_MESSAGE')
  const strange = copyOf(bytes.subarray(0, 20))
  strange[16] = 3
  expect(outcome(concat([bytes, strange]))).toBe('CORRUPT_MESSAGE')
})

test('magic 0 and 1 are INVALID_RECORD, one that does not exist CORRUPT_MESSAGE', () => {
  const at = (magic: number) => outcome(changed(view => view.setInt8(16, magic)))
  expect([0, 1].map(at)).toEqual(['INVALID_RECORD', 'INVALID_RECORD'])
  expect([3, -1].map(at)).toEqual(['CORRUPT_MESSAGE', 'CORRUPT_MESSAGE'])
})

test('one flipped bit anywhere under the checksum is CORRUPT_MESSAGE', () => {
  for (let at = 21; at < javaBatches.none.byteLength; at++) {
    const bytes = copyOf(javaBatches.none)
    bytes[at] = bytes[at]! ^ 0x10
    expect(outcome(bytes)).toBe('CORRUPT_MESSAGE')
  }
})

test('sizes: above max.message.bytes MESSAGE_TOO_LARGE, above segment.bytes RECORD_LIST_TOO_LARGE', () => {
  const { byteLength } = javaBatches.none
  expect(outcome(javaBatches.none, { messageBytesMax: byteLength, segmentBytes: byteLength })).toBe('admitted')
  expect(outcome(javaBatches.none, { messageBytesMax: byteLength - 1, segmentBytes: 1 })).toBe('MESSAGE_TOO_LARGE')
  expect(outcome(javaBatches.none, { segmentBytes: byteLength - 1 })).toBe('RECORD_LIST_TOO_LARGE')
})

test('a batch that is too large is told so even when its sum is wrong: the client splits and sends again', () => {
  const bytes = copyOf(javaBatches.none)
  bytes[100] = bytes[100]! ^ 1
  expect(outcome(bytes, { messageBytesMax: 100 })).toBe('MESSAGE_TOO_LARGE')
})

test.each([
  ['a base offset', (view: DataView) => view.setInt32(4, 1)],
  ['no records', (view: DataView) => view.setInt32(57, 0)],
  ['no records and no offsets', (view: DataView) => [view.setInt32(57, 0), view.setInt32(23, -1)]],
  ['more offsets than records', (view: DataView) => view.setInt32(23, 1)],
  ['more records than there are, offsets to match', (view: DataView) => [view.setInt32(57, 2), view.setInt32(23, 1)]],
  ['the control bit', (view: DataView) => view.setInt16(21, batch.Attributes.control)],
  ['a producer without a sequence', (view: DataView) => view.setBigInt64(43, 9n)],
  ['a producer id beyond 2^53', (view: DataView) => view.setBigInt64(43, 2n ** 53n)],
])('%s is INVALID_RECORD', (_, change) => {
  expect(outcome(changed(change))).toBe('INVALID_RECORD')
})

test('a codec that does not exist is UNKNOWN_SERVER_ERROR', () => {
  for (const codec of [5, 6, 7]) expect(outcome(changed(view => view.setInt16(21, codec)))).toBe('UNKNOWN_SERVER_ERROR')
})

test('markers are refused', () => {
  const marker = copyOf(javaMarker)
  batch.stampBaseOffset(marker, 0, 0)
  expect(outcome(marker)).toBe('INVALID_RECORD')
})

test('zstd needs Produce v7', () => {
  expect(outcome(javaBatches.zstd, {}, 6)).toBe('UNSUPPORTED_COMPRESSION_TYPE')
  expect(outcome(javaBatches.zstd, {}, 7)).toBe('admitted')
  expect(outcome(javaBatches.lz4, {}, 3)).toBe('admitted')
})

test('a producer that calls its timestamps LogAppendTime is not believed, and the batch becomes one of the topic’s type', () => {
  const bytes = buildBatch(one, { timestampType: 'LogAppendTime' })
  const facts = admit(bytes, rules, nowMs)
  if (isRefusal(facts)) throw new Error(facts.message)
  stamp(facts, 7, 0)
  expect(batch.timestampType(bytes, 0)).toBe('CreateTime')
  expect(batch.computeCrc(bytes, 0)).toBe(batch.crc(bytes, 0))
})

test('CreateTime lies between before.max.ms and after.max.ms of now, both included; -1 is no time', () => {
  const bounds = { timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 200 }
  const at = (timestampMs: number) => outcome(buildBatch([{ key, value, timestampMs }]), bounds)
  expect([-1000, 200, 0].map(delta => at(nowMs + delta))).toEqual(['admitted', 'admitted', 'admitted'])
  expect([at(nowMs - 1001), at(nowMs + 201)]).toEqual(['INVALID_TIMESTAMP', 'INVALID_TIMESTAMP'])
  expect(at(-1)).toBe('admitted')
  expect(at(-2)).toBe('INVALID_TIMESTAMP')
})

test('nanoseconds are a timestamp like another where any future is allowed; the farthest past is none', () => {
  const at = (timestampMs: bigint) => {
    const bytes = copyOf(javaBatches.gzip)
    viewOf(bytes).setBigInt64(35, timestampMs)
    batch.stampCrc(bytes, 0)
    return outcome(bytes, { timestampBeforeMaxMs: Number.POSITIVE_INFINITY, timestampAfterMaxMs: Number.POSITIVE_INFINITY })
  }
  expect([at(2n ** 62n), at(-(2n ** 62n))]).toEqual(['admitted', 'INVALID_TIMESTAMP'])
})

test.each([2n ** 62n, 0n, -1n])('where records are looked at, the largest timestamp is theirs, not %s', claimed => {
  const records = [0, 30, 10].map(delta => ({ key, value, timestampMs: nowMs + delta }))
  const facts = admit(
    changed(view => view.setBigInt64(35, claimed), records),
    rules,
    nowMs,
  )
  if (isRefusal(facts)) throw new Error(facts.message)
  expect(facts.maxTimestampMs).toBe(nowMs + 30)
  stamp(facts, 0, 0)
  expect(batch.maxTimestamp(facts.batch, 0)).toBe(nowMs + 30)
  expect(batch.computeCrc(facts.batch, 0)).toBe(batch.crc(facts.batch, 0))
})

test('in an uncompressed batch every record counts, and the refusal names the records', () => {
  const records = [0, -5000, 0, -6000].map(delta => ({ key, value, timestampMs: nowMs + delta }))
  const result = admit(buildBatch(records), { ...rules, timestampBeforeMaxMs: 1000 }, nowMs)
  expect(result).toMatchObject({
    kind: 'refused',
    errorCode: Errors.INVALID_TIMESTAMP,
    recordErrors: [{ batchIndex: 1 }, { batchIndex: 3 }],
  })
})

test('a compressed batch is judged by its header, unless validation looks inside', () => {
  // The Java client's third record is 501 ms old, its first, which is the base, 500.
  const bounds = { timestampBeforeMaxMs: 500 }
  expect(outcome(javaBatches.gzip, bounds)).toBe('admitted')
  expect(outcome(javaBatches.gzip, { ...bounds, validation: 'all' })).toBe('INVALID_TIMESTAMP')
  expect(outcome(javaBatches.gzip, { timestampBeforeMaxMs: 499 })).toBe('INVALID_TIMESTAMP')
})

test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
  'a compacted topic takes no record without a key, codec %s',
  codec => {
    expect(admit(javaBatches[codec], { ...rules, isCompacted: true }, nowMs)).toEqual({
      kind: 'refused',
      errorCode: Errors.INVALID_RECORD,
      message: expect.stringContaining('1 records'),
      recordErrors: [{ batchIndex: 1, message: expect.stringContaining('key') }],
    })
    expect(outcome(buildBatch(one), { isCompacted: true })).toBe('admitted')
  },
)

test('record errors are bounded', () => {
  const records = Array.from({ length: recordErrorsMax + 20 }, () => ({ key: null, value, timestampMs: nowMs }))
  const result = admit(buildBatch(records), { ...rules, isCompacted: true }, nowMs)
  if (!isRefusal(result)) throw new Error('admitted')
  expect(result.recordErrors.length).toBe(recordErrorsMax)
  expect(result.message).toContain('120 records')
})

test('what decompresses beyond the bound is MESSAGE_TOO_LARGE; what does not decompress is UNKNOWN_SERVER_ERROR', () => {
  const looking = { validation: 'all' } as const
  expect(outcome(javaBatches.gzip, { ...looking, decompressedBytesMax: 100 })).toBe('MESSAGE_TOO_LARGE')
  const broken = copyOf(javaBatches.gzip)
  broken[90] = broken[90]! ^ 0xff
  batch.stampCrc(broken, 0)
  expect(outcome(broken, looking)).toBe('UNKNOWN_SERVER_ERROR')
})

/** A batch in this codec whose compressed bytes are `bytes`, of `count` records by its header. */
function compressedBatch(codec: batch.CodecId, bytes: Uint8Array, count: number): Bytes {
  const made = concat([buildBatch(one).subarray(0, batch.batchHeaderSize), bytes])
  batch.stampLength(made)
  batch.stampCodec(made, 0, codec)
  viewOf(made).setInt32(23, count - 1)
  viewOf(made).setInt32(57, count)
  batch.stampCrc(made, 0)
  return made
}
const bytesIn = (codec: keyof typeof javaBatches) => javaBatches[codec].subarray(batch.batchHeaderSize)
const compressing = ['gzip', 'snappy', 'lz4', 'zstd'] as const

test.each(compressing)('%s: a record count that is not that of the records is INVALID_RECORD', codec => {
  for (const count of [3, 5, 0x7fff_ffff]) {
    expect(outcome(compressedBatch(batch.Codecs[codec], bytesIn(codec), count), { validation: 'all' })).toBe('INVALID_RECORD')
  }
})

test('native: the codecs that native code reads are looked into; zstd where Node has it', () => {
  for (const codec of compressing) {
    const wrong = compressedBatch(batch.Codecs[codec], bytesIn(codec), 5)
    const isLookedInto = codec !== 'zstd' || isNative(batch.Codecs.zstd)
    expect(outcome(wrong, { validation: 'native' })).toBe(isLookedInto ? 'INVALID_RECORD' : 'admitted')
  }
})

describe('what is not looked into must be possible', () => {
  test.each(compressing)('%s: rubbish is UNKNOWN_SERVER_ERROR, as where it is decompressed', codec => {
    const rubbish = new Uint8Array(15).fill(0xff)
    for (const validation of ['none', 'all'] as const) {
      expect(outcome(compressedBatch(batch.Codecs[codec], rubbish, 1), { validation })).toBe('UNKNOWN_SERVER_ERROR')
    }
  })

  test.each(compressing)('%s: more records than its bytes can hold are INVALID_RECORD', codec => {
    expect(outcome(compressedBatch(batch.Codecs[codec], bytesIn(codec), 5))).toBe('admitted')
    expect(outcome(compressedBatch(batch.Codecs[codec], bytesIn(codec), 0x7fff_ffff))).toBe('INVALID_RECORD')
    expect(outcome(compressedBatch(batch.Codecs[codec], bytesIn(codec), rules.decompressedBytesMax))).toBe('INVALID_RECORD')
  })

  test('LZ4 blocks that depend on each other are refused by the frame’s descriptor', () => {
    const linked = copyOf(bytesIn('lz4'))
    linked[4] = linked[4]! & ~0x20
    expect(outcome(compressedBatch(batch.Codecs.lz4, linked, 4))).toBe('UNKNOWN_SERVER_ERROR')
  })
})

test('LZ4: of joined frames the first one counts, as for Java', () => {
  const first = bytesIn('lz4')
  expect(outcome(compressedBatch(batch.Codecs.lz4, concat([first, first]), 4), { validation: 'all' })).toBe('admitted')
  expect(outcome(compressedBatch(batch.Codecs.lz4, concat([first, first]), 8), { validation: 'all' })).toBe('INVALID_RECORD')
})

test('offset deltas that do not count up by one are INVALID_RECORD', () => {
  // A record of 8 bytes; its offset delta is the fourth byte: size, attributes, timestamp delta, offset delta.
  const bytes = changed(view => view.setInt8(batch.batchHeaderSize + 3, 2))
  expect(outcome(bytes)).toBe('INVALID_RECORD')
})

test('whatever the bytes, the answer is a value, and the bytes are not touched', () => {
  const originals = [...Object.values(javaBatches), buildBatch(one)]
  const change = fc.record({ which: fc.nat(originals.length - 1), at: fc.nat(500), byte: fc.nat(255), length: fc.nat(500) })
  fc.assert(
    fc.property(change, fc.boolean(), ({ which, at, byte, length }, isCompacted) => {
      const original = originals[which]!
      const bytes = copyOf(original)
      bytes[at % bytes.byteLength] = byte
      batch.stampCrc(bytes.byteLength === batch.batchLength(bytes, 0) ? bytes : copyOf(original), 0)
      const cut = length % 4 === 0 ? bytes.subarray(0, length) : bytes
      const before = copyOf(cut)
      admit(cut, { ...rules, isCompacted, validation: 'all' }, nowMs)
      expect(cut).toEqual(before)
    }),
    { numRuns: 1500 },
  )
})

test('a record in a compressed batch has a bound of its own, whatever else is looked into', () => {
  const bounded = (bytesMax: number) => outcome(javaBatches.gzip, { validation: 'none', recordBytesMax: bytesMax })
  expect(bounded(10)).toBe('INVALID_RECORD')
  expect(bounded(1_000_000)).toBe('admitted')
  expect(outcome(buildBatch(one), { recordBytesMax: 1 })).toBe('admitted')
})

describe('what takes long to look into', () => {
  const large = Array.from({ length: 50_000 }, () => ({ key, value: new Uint8Array(100), timestampMs: nowMs }))
  const gzipped = (plain: Bytes) => recompress(plain, plain.subarray(batch.batchHeaderSize), batch.Codecs.gzip)
  const roomy = { ...rules, validation: 'all', messageBytesMax: 10_000_000, decompressedBytesMax: 64 * 1024 * 1024 } as const
  const sound = gzipped(buildBatch(large))
  const miscounted = copyOf(sound)
  viewOf(miscounted).setInt32(23, 49_998)
  viewOf(miscounted).setInt32(57, 49_999)
  batch.stampCrc(miscounted, 0)
  const cut = copyOf(sound).subarray(0, sound.byteLength - 20)
  batch.stampLength(cut)
  batch.stampCrc(cut, 0)
  const wrongSum = buildBatch(large)
  viewOf(wrongSum).setInt32(17, 1)
  const cases: readonly [string, Bytes, Partial<AdmissionRules>][] = [
    ['a sound batch', sound, {}],
    ['one that is to be in another codec', sound, { codec: batch.Codecs.lz4 }],
    ['one without compression', buildBatch(large), {}],
    ['one without compression whose sum is wrong', wrongSum, {}],
    ['one without compression that is to be compressed', buildBatch(large), { codec: batch.Codecs.gzip }],
    ['one that is larger in another codec than the topic takes', sound, { codec: batch.Codecs.none, messageBytesMax: 1_000_000 }],
    [
      'one without keys on a compacted topic',
      gzipped(buildBatch(large.map(record => ({ ...record, key: null })))),
      { isCompacted: true },
    ],
    ['one with another count', miscounted, {}],
    ['one of another time', sound, { timestampAfterMaxMs: -1 }],
    ['one that is too large when it is decompressed', sound, { decompressedBytesMax: 5_000_000 }],
    ['one that is cut off', cut, {}],
  ]

  /** Megabytes are compared faster as a text. */
  const comparable = (found: Admitted | BatchRefusal | null) =>
    found === null || isRefusal(found) ? found : { ...found, batch: Buffer.from(found.batch).toString('latin1') }

  test.each(cases)('%s: is put off, and found to be what it would have been at once', async (_, bytes, change) => {
    const its = { ...roomy, ...change }
    expect(admitOrDefer(bytes, its, nowMs, 13, 'later')).toBeNull()
    let pauses = 0
    const inspection = await inspect(bytes, its, nowMs, async () => void pauses++)
    expect(comparable(admitOrDefer(bytes, its, nowMs, 13, inspection))).toEqual(comparable(admit(bytes, its, nowMs)))
  })

  test('what was found under other rules is not believed', async () => {
    const inspection = await inspect(sound, { ...roomy }, nowMs, () => null)
    expect(admitOrDefer(sound, { ...roomy }, nowMs, 13, inspection)).toBeNull()
  })

  test('is not put off when its header is refused, when it is small, or when nothing is looked into', () => {
    const empty = copyOf(sound)
    viewOf(empty).setInt32(57, 0)
    batch.stampCrc(empty, 0)
    expect(admitOrDefer(empty, roomy, nowMs, 13, 'later')).toMatchObject({ kind: 'refused' })
    expect(admitOrDefer(gzipped(buildBatch(one)), roomy, nowMs, 13, 'later')).toMatchObject({ recordCount: 1 })
    expect(admitOrDefer(sound, { ...roomy, validation: 'none' }, nowMs, 13, 'later')).toMatchObject({ recordCount: 50_000 })
  })
})
