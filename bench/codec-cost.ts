// What opening and compressing batches costs in processor time, for each codec and each place where the broker does it: the
// check of what is produced, compression.type, compaction, and message sets for old clients. In this process, nothing sent.
import { type Bytes, concat } from '#base/bytes.js'
import { batchHeaderSize, Codecs, stampCodec, stampCrc, stampLength } from '#protocol/records/batch.js'
import { buildBatch } from '#protocol/records/build.js'
import { codecProblem, compress } from '#protocol/records/compression.js'
import { downConvert } from '#protocol/records/down-convert.js'
import { type AdmissionRules, admit } from '#storage/rules/admission.js'
import { BatchFilter, Kept, RecordReader } from '#storage/rules/compaction-filter.js'
import { KeyOffsets } from '#storage/rules/compaction-keys.js'
import { CleanedTransactions } from '#storage/rules/compaction-transactions.js'
import type { BenchOptions, Series, Table } from './lib/figure.js'
import { text } from './load/batches.js'

const recordCount = 64
const valueBytes = 1000
const nowMs = 1_700_000_000_000
const compressing = ['gzip', 'snappy', 'lz4', 'zstd'] as const

const rules: AdmissionRules = {
  messageBytesMax: 1 << 20,
  segmentBytes: 1 << 30,
  isCompacted: false,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.POSITIVE_INFINITY,
  timestampAfterMaxMs: Number.POSITIVE_INFINITY,
  validation: 'none',
  codec: null,
  compressionLevel: undefined,
  decompressedBytesMax: 64 << 20,
  recordBytesMax: Number.POSITIVE_INFINITY,
}

export async function codecCost(options: BenchOptions): Promise<Table> {
  const records = Array.from({ length: recordCount }, (_, index) => ({
    key: Buffer.from(`key ${index % (recordCount / 2)}`),
    value: text(valueBytes, index),
  }))
  const plain = buildBatch(records, { timestampMs: nowMs })
  const megabytes = (plain.byteLength - batchHeaderSize) / 1e6
  const series: Series[] = []
  for (const codec of compressing) {
    const reason = codecProblem(Codecs[codec])
    if (reason !== null) {
      series.push({ name: codec, notRun: reason })
      continue
    }
    const packed = packedIn(codec, plain)
    const works: readonly (readonly [string, () => unknown])[] = [
      ['looked into when produced', () => admit(packed, { ...rules, validation: 'all' }, nowMs)],
      ['believed when produced', () => admit(packed, rules, nowMs)],
      ['compressed when produced', () => admit(plain, { ...rules, codec: Codecs[codec] }, nowMs)],
      ['compacted to a half', () => compacted(packed)],
      ...(codec === 'zstd'
        ? []
        : [['for old clients', () => downConvert(packed, 1, 0, { bytesMax: 1 << 20, firstMessage: 'none' })] as const]),
    ]
    for (const [name, work] of works) {
      const values: number[] = []
      await measure(work, options.isQuick)
      for (let run = 0; run < options.runs; run++) values.push((await measure(work, options.isQuick)) / megabytes)
      series.push({ name: `${codec}: ${name}`, values })
    }
  }
  return {
    id: 'codec-cost',
    title: `Codecs: processor time per MB of records (batches of ${recordCount} × ${valueBytes} bytes of text)`,
    unit: 'ms/MB',
    series,
  }
}

function packedIn(codec: (typeof compressing)[number], plain: Bytes): Bytes {
  const packed = concat([plain.subarray(0, batchHeaderSize), compress(Codecs[codec], plain.subarray(batchHeaderSize))])
  stampLength(packed)
  stampCodec(packed, 0, Codecs[codec])
  stampCrc(packed, 0)
  return packed
}

/** Every second key comes again. */
function compacted(packed: Bytes): void {
  const keys = new KeyOffsets(recordCount, 1 << 16, 0.9)
  const reader = new RecordReader()
  for (reader.open(packed, 0); reader.next(); ) keys.put(reader.records, reader.keyStart, reader.keyEnd, reader.offset)
  keys.latestOffset = recordCount
  const transactions = new CleanedTransactions([])
  new BatchFilter({ keys, transactions, lastOfProducers: new Map(), nowMs, deleteRetentionMs: 0 }).filter(
    packed,
    0,
    new Kept(packed.byteLength),
  )
}

/** Milliseconds of processor time for one call. */
async function measure(work: () => unknown, isQuick: boolean): Promise<number> {
  const endMs = performance.now() + (isQuick ? 100 : 500)
  const before = process.cpuUsage()
  let calls = 0
  while (performance.now() < endMs) {
    for (let n = 0; n < 20; n++) work()
    calls += 20
    // What libraries hold outside of the heap is given back between two turns.
    await new Promise(resolve => setImmediate(resolve))
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / calls
}
