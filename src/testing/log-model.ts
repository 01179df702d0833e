/**
 * A partition under random operations, held against a model in memory: appends of every codec with and without a producer,
 * reads, DeleteRecords, retention, compaction, changed configs, a clock that jumps, clean and unclean restarts, and crashes
 * in the middle of a compaction. The model knows records, batches and where segments begin; what stays of them it decides by
 * rules that are written down here a second time, in the simplest way. Not shipped.
 */

import fs from 'node:fs'
import path from 'node:path'
import type { Bytes } from '../base/bytes.js'
import { atOnce } from '../base/slice.js'
import type { World } from '../base/world.js'
import { isErrorCode, isRefusal } from '../protocol/errors.js'
import * as batch from '../protocol/records/batch.js'
import { buildBatch, type NewRecord } from '../protocol/records/build.js'
import { writableCodec } from '../protocol/records/compression.js'
import { recompress } from '../protocol/records/recompress.js'
import { recordsOf } from '../protocol/records/records.js'
import type { DataDirectory } from '../storage/directory/data-directory.js'
import { openDataDirectory } from '../storage/directory/open-directory.js'
import { type Files, nodeFiles } from '../storage/files.js'
import { directoryStateFile, parseDirectoryState } from '../storage/format/directory-state.js'
import { defaultLogConfig, type LogConfig } from '../storage/log-config.js'
import type { Partition } from '../storage/partition.js'
import type { CompactionMeans } from '../storage/partition-upkeep.js'
import { Slices } from '../storage/slices.js'
import { type FakeWorld, fakeWorld } from './fake-world.js'
import { Draw, LogModel, type ModelBatch, type ModelRecord } from './log-model-rules.js'

export interface LogModelOptions {
  readonly seed: number
  readonly operations: number
  /** An empty folder; the caller removes it. */
  readonly folder: string
}

export interface LogModelReport {
  readonly appends: number
  readonly compactions: number
  readonly recordsCompactedAway: number
  readonly segmentsRetired: number
  readonly restarts: number
  readonly crashesInCompaction: number
}

/** What the log does and what the model says are two things. */
export class LogModelMismatch extends Error {
  override readonly name = 'LogModelMismatch'
}

/** Runs `operations` random operations; throws LogModelMismatch at the first difference. */
export async function runLogModel(options: LogModelOptions): Promise<LogModelReport> {
  const run = new LogModelRun(options)
  await run.open()
  for (let n = 0; n < options.operations; n++) await run.step(n)
  await run.close()
  return run.report
}

const topicId = 'AAAAAAAAAAAAAAAAAAAAAw'
const name = 't-0'
const codecs = [0, 0, 0, 0, 0, batch.Codecs.gzip, batch.Codecs.snappy, batch.Codecs.lz4, writableCodec(batch.Codecs.zstd)]
/** Which keys there are changes now and then, so that some are written once and some again and again. */
const keyRanges = [3, 20, 20, 200]

interface CrashImage {
  readonly folder: string
  readonly batches: readonly ModelBatch[]
}

class LogModelRun {
  readonly #draw: Draw
  readonly #operations: number
  readonly #root: string
  readonly #world: FakeWorld = fakeWorld()
  readonly #model = new LogModel()
  readonly #counts = {
    ...{ appends: 0, compactions: 0, recordsCompactedAway: 0, segmentsRetired: 0, restarts: 0, crashesInCompaction: 0 },
  }
  #config: LogConfig
  #folder: string
  #generation = 0
  #keyRange = 20
  #directory!: DataDirectory
  #partition!: Partition
  /** While a compaction runs: copies of the folder as a crash at this moment would leave it. */
  #crashImages: CrashImage[] | null = null

  constructor({ seed, operations, folder }: LogModelOptions) {
    this.#draw = new Draw(seed)
    this.#operations = operations
    this.#root = folder
    this.#folder = path.join(folder, 'g0')
    fs.mkdirSync(this.#folder)
    this.#config = {
      ...defaultLogConfig,
      segmentBytes: this.#draw.between(1500, 6000),
      indexIntervalBytes: this.#draw.pick([1, 200, 4096]),
      fileDeleteDelayMs: 1000,
      retentionMs: -1,
      timestampAfterMaxMs: Number.POSITIVE_INFINITY,
      producerIdExpirationMs: Number.MAX_SAFE_INTEGER,
      isCompacted: true,
      deletesOld: this.#draw.oneIn(2),
      deleteRetentionMs: this.#draw.pick([0, 5000, 60_000]),
    }
  }

  get report(): LogModelReport {
    return this.#counts
  }

  async open(): Promise<void> {
    this.#directory = await openDataDirectory({
      path: this.#folder,
      durability: 'os',
      world: this.#busyWorld(),
      log: { info: () => {}, warn: () => {}, error: () => {} },
      onFatal: failure => this.#fail(`the disk failed: ${failure.message}`),
      nodeId: 1,
      configFor: () => () => this.#config,
      files: this.#files(),
      defer: queueMicrotask,
      nextTurn: async () => this.#meanwhile(),
    })
    this.#partition = this.#directory.partition('t', 0) ?? this.#directory.createPartition('t', 0, topicId)
  }

  async close(): Promise<void> {
    this.#compareAll('at the end')
    await this.#directory.close()
  }

  /** A machine on which every look at the clock takes half a millisecond, so that long work is cut into many slices. */
  #busyWorld(): World {
    let looks = 0
    return { ...this.#world, monotonicMs: () => this.#world.monotonicMs() + looks++ / 2 }
  }

  /** The machine's files, but syncs cost nothing and are moments at which the machine may die. */
  #files(): Files {
    const moment = async (): Promise<void> => this.#maybeCrashImage(6, 3)
    return { ...nodeFiles, syncData: moment, syncPath: moment }
  }

  #fail(message: string): never {
    throw new LogModelMismatch(message)
  }

  #expect(isTrue: boolean, message: () => string): void {
    if (!isTrue) this.#fail(message())
  }

  async step(n: number): Promise<void> {
    const draw = this.#draw
    const kind = draw.below(1000)
    if (kind < 870) this.#append()
    else if (kind < 930) this.#readSomewhere()
    else if (kind < 955) this.#world.advance(draw.pick([1, 100, 3000, 20_000]))
    else if (kind < 965) this.#changeConfig()
    else if (kind < 970) await this.#deleteRecords()
    else if (kind < 980) await this.#retain()
    else if (kind < 993) await this.#compact()
    else if (kind < 996) await this.#checkpoint()
    else if (kind < 998) await this.#restartCleanly()
    else await this.#restartAfterCrash()
    if (n % 500 === 499 || n === this.#operations - 1) this.#compareAll(`after operation ${n}`)
  }

  // --- appending and reading ---

  #append(): void {
    const draw = this.#draw
    const model = this.#model
    const producerId = draw.oneIn(3) ? draw.between(1, 6) : -1
    const producer = producerId < 0 ? null : model.producer(producerId)
    if (producer !== null && draw.oneIn(60)) model.nextEpoch(producerId)
    if (producer?.last != null && draw.oneIn(8)) {
      this.#sendAgain(producerId)
      return
    }

    const records = this.#newRecords()
    const codec = draw.pick(codecs)
    const plain = buildBatch(records, {
      producerId,
      producerEpoch: producer === null ? -1 : producer.epoch,
      baseSequence: producer === null ? -1 : producer.nextSequence,
    })
    const sent = codec === 0 ? plain : recompress(plain, plain.subarray(batch.batchHeaderSize), codec)
    const appended = this.#partition.append(sent.slice(), { kind: 'client', apiVersion: 11 })
    if (isRefusal(appended)) this.#fail(`refused: ${appended.errorCode} ${appended.message}`)
    this.#expect(!appended.isDuplicate, () => `taken for a duplicate at ${appended.baseOffset}`)
    this.#expect(
      appended.baseOffset === model.logEndOffset,
      () => `appended at ${appended.baseOffset}, not ${model.logEndOffset}`,
    )
    const isLogAppendTime = this.#config.timestampType === 'LogAppendTime'
    const stored = records.map(({ key, value, timestampMs }, index): ModelRecord => {
      return {
        offset: appended.baseOffset + index,
        key: key === null ? null : String(key),
        value: value === null ? null : String(value),
        timestampMs: isLogAppendTime ? this.#world.nowMs() : Number(timestampMs),
      }
    })
    model.append(stored, producerId, codec, this.#world.nowMs())
    this.#counts.appends++
  }

  #newRecords(): NewRecord[] {
    const draw = this.#draw
    if (draw.oneIn(300)) this.#keyRange = draw.pick(keyRanges)
    const count = draw.oneIn(4) ? draw.between(1, 12) : 1
    return Array.from({ length: count }, () => {
      const isKeyless = !this.#config.isCompacted && draw.oneIn(4)
      const value = draw.oneIn(5) ? null : `${draw.below(1e9)}`.repeat(draw.between(1, 8))
      return {
        key: isKeyless ? null : Buffer.from(`key-${draw.below(this.#keyRange)}`),
        value: value === null ? null : Buffer.from(value),
        timestampMs: this.#world.nowMs() - draw.below(2000),
      }
    })
  }

  /** An idempotent producer that lost its answer: what it sent last is not stored twice. */
  #sendAgain(producerId: number): void {
    const { epoch, last } = this.#model.producer(producerId)
    const records = Array.from({ length: last!.count }, () => ({ key: Buffer.from('again'), value: Buffer.from('again') }))
    const sent = buildBatch(records, { producerId, producerEpoch: epoch, baseSequence: last!.baseSequence, timestampMs: 1 })
    const appended = this.#partition.append(sent, { kind: 'client', apiVersion: 11 })
    const isKnown = !isRefusal(appended) && appended.isDuplicate && appended.baseOffset === last!.baseOffset
    this.#expect(isKnown, () => `producer ${producerId} is not recognised: ${JSON.stringify(appended)}`)
  }

  #readSomewhere(): void {
    const { logStartOffset, logEndOffset } = this.#model
    const from = this.#draw.between(logStartOffset, logEndOffset)
    const read = this.#decode(from, this.#draw.pick([1, 500, 5000]))
    this.#compare(read, this.#model.visibleFrom(from).slice(0, read.length), `read from ${from}`)
    this.#expect(read.length > 0 || this.#model.visibleFrom(from).length === 0, () => `nothing was read from ${from}`)
  }

  #compareAll(when: string): void {
    const { logStartOffset, logEndOffset } = this.#partition
    const model = this.#model
    this.#expect(
      logStartOffset === model.logStartOffset,
      () => `${when}: starts at ${logStartOffset}, not ${model.logStartOffset}`,
    )
    this.#expect(logEndOffset === model.logEndOffset, () => `${when}: ends at ${logEndOffset}, not ${model.logEndOffset}`)
    this.#compare(this.#decode(logStartOffset, 1 << 30), model.visibleFrom(logStartOffset), when)
  }

  #compare(actual: readonly ModelBatch[], expected: readonly ModelBatch[], when: string): void {
    const problem = difference(actual, expected)
    if (problem !== null) this.#fail(`${when}: ${problem}`)
  }

  #decode(from: number, maxBytes: number): ModelBatch[] {
    return decodeFrom(this.#partition, from, maxBytes)
  }

  // --- time, configs, deletion ---

  #changeConfig(): void {
    const draw = this.#draw
    const change: Partial<LogConfig> = draw.pick([
      { deletesOld: draw.oneIn(2) },
      { isCompacted: !draw.oneIn(4) },
      { retentionMs: draw.pick([-1, -1, 30_000, 200_000]) },
      { retentionBytes: draw.pick([-1, -1, 20_000, 60_000]) },
      { deleteRetentionMs: draw.pick([0, 5000, 60_000]) },
      { dirtyRatioMin: draw.pick([0, 0.3, 0.5]) },
      { compactionLagMinMs: draw.pick([0, 0, 10_000]) },
      { timestampType: draw.pick(['CreateTime', 'CreateTime', 'LogAppendTime']) },
      { segmentBytes: draw.between(1500, 6000) },
    ])
    this.#config = { ...this.#config, ...change }
  }

  async #deleteRecords(): Promise<void> {
    const { logStartOffset, logEndOffset } = this.#model
    const span = Math.min(logEndOffset - logStartOffset, 40)
    const offset = logStartOffset + this.#draw.between(0, span)
    const errorCode = await this.#partition.upkeep.deleteRecordsBefore(offset)
    this.#expect(errorCode === 0, () => `DeleteRecords below ${offset} gives ${errorCode}`)
    this.#model.raiseStart(offset)
    this.#model.persistedStart = offset
    this.#model.forgetBelow(this.#segmentsOnDisk()[0]?.baseOffset ?? offset)
  }

  async #retain(): Promise<void> {
    const sizes = this.#segmentsOnDisk()
    const before = this.#model.logStartOffset
    this.#model.applyRetention(sizes, this.#config, this.#world.nowMs())
    await this.#directory.enforceRetention()
    const { logStartOffset } = this.#partition
    const expected = this.#model.logStartOffset
    this.#expect(logStartOffset === expected, () => `retention moved the start to ${logStartOffset}, not ${expected}`)
    if (logStartOffset > before) this.#model.persistedStart = logStartOffset
    const left = this.#segmentsOnDisk()
    this.#model.forgetBelow(left[0]?.baseOffset ?? logStartOffset)
    this.#counts.segmentsRetired += Math.max(0, sizes.length - left.length)
    const isTidy = left.length === 0 || (left[1]?.baseOffset ?? Number.POSITIVE_INFINITY) > logStartOffset
    this.#expect(isTidy, () => `segments below ${logStartOffset} are left: ${JSON.stringify(left)}`)
  }

  /** `.log` files by name; the active segment may have none yet. */
  #segmentsOnDisk(): { baseOffset: number; size: number }[] {
    const folder = path.join(this.#folder, name)
    const found = fs.readdirSync(folder).filter(file => file.endsWith('.log'))
    return found.sort().map(file => ({ baseOffset: Number.parseInt(file, 10), size: fs.statSync(path.join(folder, file)).size }))
  }

  // --- compaction ---

  async #compact(): Promise<void> {
    const partition = this.#partition
    const nowMs = this.#world.nowMs()
    const plan = partition.upkeep.compactionPlan(nowMs)
    if (plan === null || !(plan.isDue || this.#draw.oneIn(3))) return
    const segments = this.#segmentsOnDisk()
    const bases = segments.map(({ baseOffset }) => baseOffset)
    const problem = this.#model.planProblem(plan, bases, this.#config, nowMs)
    if (problem !== null) this.#fail(`compaction plan: ${problem}`)

    const means: CompactionMeans = {
      keyBytesMax: this.#draw.pick([1 << 20, 1 << 20, 2400]),
      keyLoadFactor: 0.9,
      ioBytes: this.#draw.pick([300, 5000, 1 << 19]),
      slices: new Slices(this.#busyWorld(), async () => this.#meanwhile()),
      isCancelled: () => false,
    }
    const before = this.#model.visibleFrom(this.#model.logStartOffset)
    this.#crashImages = []
    const round = this.#model.beginCompaction(plan, segments, means, nowMs, this.#config)
    const result = await partition.upkeep.compact(plan, means)
    const images = this.#crashImages
    this.#crashImages = null
    if (result === null) this.#fail('compaction was cancelled without a reason')
    const { cleanedTo } = round
    this.#expect(result.cleanedTo === cleanedTo, () => `compacted up to ${result.cleanedTo}, not ${cleanedTo}`)
    this.#counts.recordsCompactedAway += round.finish()
    this.#counts.compactions++
    this.#compareAll(`after compaction of [${plan.firstDirty}, ${cleanedTo})`)
    for (const image of images) await this.#checkCrashImage(image, before)
  }

  /** What others do while a compaction lets them. */
  #meanwhile(): void {
    if (this.#crashImages === null) return
    if (this.#draw.oneIn(3)) this.#append()
    if (this.#draw.oneIn(6)) this.#readDuringCompaction()
    this.#maybeCrashImage(60, 1)
  }

  /** Which segments are new already the model does not know: it is enough that nothing comes twice or out of order. */
  #readDuringCompaction(): void {
    const from = this.#draw.between(this.#model.logStartOffset, this.#model.logEndOffset)
    let offset = -1
    for (const { baseOffset, lastOffset } of this.#decode(from, 5000)) {
      this.#expect(baseOffset > offset && lastOffset >= from, () => `read from ${from} gives ${baseOffset} after ${offset}`)
      offset = lastOffset
    }
  }

  /** `imagesMax`: syncs are few beside the other moments of a compaction, and must not find that all images are taken. */
  #maybeCrashImage(oneIn: number, imagesMax: number): void {
    if (this.#crashImages === null || this.#crashImages.length >= imagesMax || !this.#draw.oneIn(oneIn)) return
    this.#crashImages.push({ folder: this.#copyFolder(), batches: this.#model.visibleFrom(this.#model.logStartOffset) })
    this.#counts.crashesInCompaction++
  }

  /** The directory as kill -9 leaves it. */
  #copyFolder(): string {
    const folder = path.join(this.#root, `g${++this.#generation}`)
    fs.cpSync(this.#folder, folder, { recursive: true })
    fs.rmSync(path.join(folder, '.lock'), { force: true })
    return folder
  }

  /** Every segment is old or new: all that the compaction kept is there, and nothing that was not there before. */
  async #checkCrashImage({ folder, batches }: CrashImage, before: readonly ModelBatch[]): Promise<void> {
    const directory = await openDataDirectory({
      path: folder,
      durability: 'os',
      world: this.#world,
      log: { info: () => {}, warn: () => {}, error: () => {} },
      onFatal: failure => this.#fail(failure.message),
      nodeId: 1,
      configFor: () => () => this.#config,
      files: { ...nodeFiles, syncData: async () => {}, syncPath: async () => {} },
      defer: queueMicrotask,
    })
    const partition = directory.partition('t', 0)!
    const found = decodeFrom(partition, partition.logStartOffset, 1 << 30)
    const end = batches.at(-1)?.lastOffset ?? -1
    this.#expect(partition.logEndOffset >= end + 1, () => `a crash in a compaction left ${partition.logEndOffset} of ${end + 1}`)
    const problem = this.#model.crashProblem(found, before)
    if (problem !== null) this.#fail(`after a crash in a compaction: ${problem}`)
    await directory.close()
    fs.rmSync(folder, { recursive: true })
  }

  // --- restarts ---

  async #checkpoint(): Promise<void> {
    await this.#directory.checkpoint()
    this.#model.noteCheckpoint()
  }

  async #restartCleanly(): Promise<void> {
    await this.#directory.close()
    this.#model.noteCheckpoint()
    this.#counts.restarts++
    this.#model.restarted(this.#world.nowMs())
    await this.open()
    this.#compareAll('after a clean restart')
  }

  async #restartAfterCrash(): Promise<void> {
    const old = this.#folder
    const folder = this.#copyFolder()
    await this.#directory.close()
    fs.rmSync(old, { recursive: true })
    this.#folder = folder
    // The directory writes its checkpoints every minute, too, so they may be younger than what was waited for.
    const { start, cleanedTo } = this.#checkpointed()
    const isKept = start >= this.#model.persistedStart && start <= this.#model.logStartOffset
    this.#expect(isKept, () => `a crash left the start ${start}, of ${this.#model.persistedStart}`)
    const bases = this.#segmentsOnDisk().map(({ baseOffset }) => baseOffset)
    this.#model.restartAfterCrash(Math.max(start, bases[0] ?? 0), cleanedTo)
    this.#counts.restarts++
    this.#model.restarted(this.#world.nowMs())
    await this.open()
    this.#compareAll('after a crash')
  }

  #checkpointed(): { start: number; cleanedTo: number | null } {
    const file = path.join(this.#folder, directoryStateFile)
    const state = fs.existsSync(file) ? parseDirectoryState(fs.readFileSync(file))?.partitions.get(name) : undefined
    return { start: state?.logStartOffset ?? 0, cleanedTo: state?.cleanedTo ?? null }
  }
}

function decodeFrom(partition: Partition, from: number, maxBytes: number): ModelBatch[] {
  const batches: ModelBatch[] = []
  let next = from
  let left = maxBytes
  while (left > 0) {
    const read = atOnce(partition.read(next, { maxBytes: left, atLeastOneBatch: true, isolation: 'read_uncommitted' }))
    if (isErrorCode(read)) throw new LogModelMismatch(`read from ${next} gives error ${read}`)
    if (read.byteLength === 0) break
    for (const slice of read.slices) {
      const bytes = Buffer.alloc(slice.byteLength)
      fs.readSync(slice.fd, bytes, 0, slice.byteLength, slice.position)
      slice.release()
      for (let at = 0; at < bytes.byteLength; at += batch.batchLength(bytes, at)) batches.push(decodeBatch(bytes, at))
    }
    next = batches.at(-1)!.lastOffset + 1
    left -= read.byteLength
  }
  return batches
}

function decodeBatch(bytes: Bytes, at: number): ModelBatch {
  const baseOffset = batch.baseOffset(bytes, at)
  if (batch.crc(bytes, at) !== batch.computeCrc(bytes, at))
    throw new LogModelMismatch(`the batch at ${baseOffset} has a wrong CRC`)
  const records = [...recordsOf(bytes, at)].map(({ offset, key, value, timestampMs }): ModelRecord => {
    return {
      offset,
      key: key === null ? null : String(key),
      value: value === null ? null : String(value),
      timestampMs: Number(timestampMs),
    }
  })
  const largest = Math.max(...records.map(({ timestampMs }) => timestampMs))
  if (records.length > 0 && batch.maxTimestamp(bytes, at) !== largest) {
    throw new LogModelMismatch(`the batch at ${baseOffset} says ${batch.maxTimestamp(bytes, at)} and holds ${largest}`)
  }
  return {
    baseOffset,
    lastOffset: batch.lastOffset(bytes, at),
    producerId: batch.producerId(bytes, at),
    producerEpoch: batch.producerEpoch(bytes, at),
    baseSequence: batch.baseSequence(bytes, at),
    codec: batch.codecOf(bytes, at),
    horizonMs: batch.hasDeleteHorizon(bytes, at) ? Number(batch.baseTimestamp(bytes, at)) : null,
    records,
  }
}

function difference(actual: readonly ModelBatch[], expected: readonly ModelBatch[]): string | null {
  for (let n = 0; n < Math.max(actual.length, expected.length); n++) {
    const [is, should] = [JSON.stringify(actual[n]), JSON.stringify(expected[n])]
    if (is !== should) return `batch ${n} is\n  ${is}\nand should be\n  ${should}`
  }
  return null
}
