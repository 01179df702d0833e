/**
 * Several producers write to one partition, in transactions and outside of them, while it is rolled, trimmed, compacted,
 * restarted and robbed of its indexes. The model is a list of records and what became of them; everything that a reader of
 * committed records is shown must follow from it. Not shipped.
 */
import fs from 'node:fs'
import path from 'node:path'
import { atOnce } from '../base/slice.js'
import { isErrorCode, isRefusal } from '../protocol/errors.js'
import { buildBatch } from '../protocol/records/build.js'
import type { DataDirectory } from '../storage/directory/data-directory.js'
import { openDataDirectory } from '../storage/directory/open-directory.js'
import { nodeFiles } from '../storage/files.js'
import { defaultLogConfig } from '../storage/log-config.js'
import type { Partition } from '../storage/partition.js'
import { decodeTransactionIndex } from '../storage/rules/compaction-transactions.js'
import { Slices } from '../storage/slices.js'
import type { Read } from '../storage/types.js'
import { type CommittedRecord, committedIn } from './committed-view.js'
import { fakeWorld } from './fake-world.js'
import { Draw } from './log-model-rules.js'

interface ModelTransaction {
  readonly producerId: number
  readonly firstOffset: number
  readonly records: CommittedRecord[]
  /** Null while it is open. */
  end: { readonly isCommit: boolean; readonly marker: number } | null
}

interface ModelProducer {
  readonly producerId: number
  epoch: number
  nextSequence: number
  open: ModelTransaction | null
}

export interface TransactionModelReport {
  readonly transactions: number
  readonly aborted: number
  readonly compactions: number
  readonly restarts: number
  readonly rebuiltIndexes: number
}

export class TransactionModelMismatch extends Error {
  override readonly name = 'TransactionModelMismatch'
}

const topicId = 'AbCdEfGhIjKlMnOpQrStUw'

/** Runs `operations` random operations in an empty folder; throws TransactionModelMismatch at the first difference. */
export async function runTransactionModel(seed: number, operations: number, folder: string): Promise<TransactionModelReport> {
  const run = new Run(seed, folder)
  await run.open()
  for (let n = 0; n < operations; n++) {
    await run.step()
    if (n % 10 === 0) run.check()
  }
  run.check()
  await run.close()
  return run.counts
}

class Run {
  readonly counts = { transactions: 0, aborted: 0, compactions: 0, restarts: 0, rebuiltIndexes: 0 }
  readonly #draw: Draw
  readonly #world = fakeWorld()
  readonly #root: string
  #folder: string
  #generation = 0
  #directory!: DataDirectory
  #partition!: Partition
  readonly #config

  // The model.
  readonly #producers: ModelProducer[] = [1, 2, 3, 4, 5].map(producerId => ({
    producerId,
    epoch: 0,
    nextSequence: 0,
    open: null,
  }))
  readonly #plain: CommittedRecord[] = []
  readonly #transactions: ModelTransaction[] = []
  #logEndOffset = 0
  #logStartOffset = 0
  #isCompacted = false

  constructor(seed: number, folder: string) {
    this.#draw = new Draw(seed)
    this.#root = folder
    this.#folder = path.join(folder, 'g0')
    fs.mkdirSync(this.#folder)
    this.#config = {
      ...defaultLogConfig,
      segmentBytes: this.#draw.between(800, 4000),
      indexIntervalBytes: this.#draw.pick([1, 200, 4096]),
      fileDeleteDelayMs: 0,
      producerIdExpirationMs: Number.MAX_SAFE_INTEGER,
      isCompacted: true,
      deleteRetentionMs: this.#draw.pick([0, 5000]),
    }
  }

  async open(): Promise<void> {
    this.#directory = await openDataDirectory({
      path: this.#folder,
      durability: 'os',
      world: this.#world,
      log: {
        info: () => {},
        warn: message => void (message.includes('transaction indexes') && this.counts.rebuiltIndexes++),
        error: message => this.#fail(message),
      },
      onFatal: failure => this.#fail(failure.message),
      nodeId: 1,
      configFor: () => () => this.#config,
      files: { ...nodeFiles, syncData: async () => {}, syncPath: async () => {} },
      defer: queueMicrotask,
    })
    this.#partition = this.#directory.partition('t', 0) ?? this.#directory.createPartition('t', 0, topicId)
  }

  close(): Promise<void> {
    return this.#directory.close()
  }

  #fail(message: string): never {
    throw new TransactionModelMismatch(message)
  }

  async step(): Promise<void> {
    const kind = this.#draw.below(1000)
    if (kind < 450) this.#write()
    else if (kind < 700) this.#end()
    else if (kind < 900) this.#writePlain()
    else if (kind < 940) this.#world.advance(this.#draw.pick([1, 1000, 10_000]))
    else if (kind < 965) await this.#compact()
    else if (kind < 975) await this.#deleteRecords()
    else if (kind < 982) await this.#directory.checkpoint()
    else await this.#restart()
  }

  // --- writing ---

  #records(count: number) {
    return Array.from({ length: count }, () => ({
      key: `k${this.#draw.below(30)}`,
      value: this.#draw.oneIn(8) ? null : `${this.#draw.below(1e9)}`.repeat(this.#draw.between(1, 6)),
    }))
  }

  #append(records: readonly { key: string; value: string | null }[], producer: ModelProducer | null): CommittedRecord[] {
    const writer =
      producer === null
        ? {}
        : {
            producerId: producer.producerId,
            producerEpoch: producer.epoch,
            baseSequence: producer.nextSequence,
            isTransactional: true,
          }
    const batch = buildBatch(
      records.map(({ key, value }) => ({ key: Buffer.from(key), value: value === null ? null : Buffer.from(value) })),
      { ...writer, timestampMs: this.#world.nowMs() },
    )
    const appended = this.#partition.append(batch, { kind: 'client', apiVersion: 11, guard: 'unverified' })
    if (isRefusal(appended)) this.#fail(`refused: ${appended.errorCode} ${appended.message}`)
    if (appended.baseOffset !== this.#logEndOffset) this.#fail(`appended at ${appended.baseOffset}, not ${this.#logEndOffset}`)
    this.#logEndOffset += records.length
    return records.map((record, n) => ({ offset: appended.baseOffset + n, ...record }))
  }

  #writePlain(): void {
    this.#plain.push(...this.#append(this.#records(this.#draw.between(1, 3)), null))
  }

  #write(): void {
    const producer = this.#draw.pick(this.#producers)
    const stored = this.#append(this.#records(this.#draw.between(1, 4)), producer)
    producer.nextSequence += stored.length
    if (producer.open === null) {
      producer.open = { producerId: producer.producerId, firstOffset: stored[0]!.offset, records: [], end: null }
      this.#transactions.push(producer.open)
      this.counts.transactions++
    }
    producer.open.records.push(...stored)
  }

  #end(): void {
    const producer = this.#draw.pick(this.#producers)
    const isCommit = this.#draw.oneIn(2)
    // An epoch of its own for each transaction, or one for many.
    const version = this.#draw.pick([0, 2] as const)
    const producerEpoch = producer.epoch + (version === 2 ? 1 : 0)
    const marker = { producer: { producerId: producer.producerId, producerEpoch }, isCommit, coordinatorEpoch: 0 }
    const appended = this.#partition.appendMarker(marker, version)
    if (isRefusal(appended)) this.#fail(`marker refused: ${appended.errorCode}`)
    if (producer.open !== null) {
      producer.open.end = { isCommit, marker: appended.baseOffset }
      producer.open = null
      if (!isCommit) this.counts.aborted++
    }
    if (producerEpoch > producer.epoch) producer.nextSequence = 0
    producer.epoch = producerEpoch
    this.#logEndOffset++
  }

  // --- upkeep ---

  async #deleteRecords(): Promise<void> {
    const offset = this.#logStartOffset + this.#draw.below(Math.min(30, this.#logEndOffset - this.#logStartOffset) + 1)
    const errorCode = await this.#partition.upkeep.deleteRecordsBefore(offset)
    if (errorCode !== 0) this.#fail(`DeleteRecords below ${offset}: ${errorCode}`)
    this.#logStartOffset = offset
  }

  async #compact(): Promise<void> {
    const plan = this.#partition.upkeep.compactionPlan(this.#world.nowMs())
    if (plan === null) return
    if (plan.end > this.#partition.lastStableOffset) this.#fail(`what is open is compacted: up to ${plan.end}`)
    const result = await this.#partition.upkeep.compact(plan, {
      keyBytesMax: 1 << 20,
      keyLoadFactor: 0.9,
      ioBytes: 1 << 16,
      slices: new Slices(this.#world, async () => {}),
      isCancelled: () => false,
    })
    if (result === null) this.#fail('compaction was cancelled')
    this.#isCompacted = true
    this.counts.compactions++
  }

  async #restart(): Promise<void> {
    const before = this.#state()
    const isOrderly = this.#draw.oneIn(2)
    const old = this.#folder
    if (isOrderly) await this.#directory.close()
    this.#folder = path.join(this.#root, `g${++this.#generation}`)
    fs.cpSync(old, this.#folder, { recursive: true })
    fs.rmSync(path.join(this.#folder, '.lock'), { force: true })
    if (!isOrderly) await this.#directory.close()
    fs.rmSync(old, { recursive: true })
    const indexes = this.#indexFiles()
    // Of what is older than the recovery point, only an orderly stop says how much there was.
    const harmed = isOrderly && indexes.length > 0 && this.#draw.oneIn(2) ? this.#draw.pick(indexes) : null
    if (harmed !== null && this.#draw.oneIn(2)) fs.rmSync(harmed)
    else if (harmed !== null) fs.truncateSync(harmed, fs.statSync(harmed).size - this.#draw.pick([1, 34]))
    await this.open()
    const after = this.#state()
    // Of what compaction took away, the log cannot tell; an index that is made again is as good.
    const isExact = (isOrderly && harmed === null) || !this.#isCompacted
    for (const what of ['offsets', 'producers', ...(isExact ? (['aborted'] as const) : [])] as const) {
      const [was, is] = [JSON.stringify(before[what]), JSON.stringify(after[what])]
      if (was !== is) this.#fail(`${what} before the restart:\n  ${was}\nand after:\n  ${is}`)
    }
    this.counts.restarts++
    this.check()
  }

  #indexFiles(): string[] {
    const folder = path.join(this.#folder, 't-0')
    const names = fs.readdirSync(folder).filter(name => name.endsWith('.txnindex'))
    return names.sort().map(name => path.join(folder, name))
  }

  #state() {
    const { logStartOffset, logEndOffset, lastStableOffset } = this.#partition
    const producers = Array.from(this.#partition.producers(), ({ lastHeardMs: _heard, lastTimestampMs: _at, ...entry }) => entry)
    return {
      offsets: { logStartOffset, logEndOffset, lastStableOffset },
      producers: producers.sort((a, b) => a.producerId - b.producerId),
      aborted: this.#indexFiles().flatMap(file => decodeTransactionIndex(fs.readFileSync(file))),
    }
  }

  // --- reading ---

  check(): void {
    const { lastStableOffset, logStartOffset, logEndOffset } = this.#partition
    if (logStartOffset !== this.#logStartOffset) this.#fail(`starts at ${logStartOffset}, not ${this.#logStartOffset}`)
    const open = this.#transactions.filter(({ end }) => end === null).map(({ firstOffset }) => firstOffset)
    const expected = Math.max(Math.min(logEndOffset, ...open), logStartOffset)
    if (lastStableOffset !== expected) this.#fail(`stable up to ${lastStableOffset}, not ${expected}`)
    const from = this.#draw.between(logStartOffset, logEndOffset)
    this.#compare(from, this.#readFrom(from))
    this.#compare(logStartOffset, this.#readFrom(logStartOffset))
  }

  /** Read by read, as a consumer does. */
  #readFrom(from: number): CommittedRecord[] {
    const { lastStableOffset } = this.#partition
    const records: CommittedRecord[] = []
    let next = from
    while (next < lastStableOffset) {
      const read = this.#read(next)
      const bytes = this.#bytesOf(read)
      if (bytes.byteLength === 0) break
      this.#checkAborted(read)
      records.push(...committedIn(bytes, next, read.abortedTransactions!))
      next = endOf(bytes)
    }
    if (next > Math.max(from, lastStableOffset)) this.#fail(`read up to ${next}, above ${lastStableOffset}`)
    return records
  }

  #read(from: number): Read {
    const maxBytes = this.#draw.pick([1, 300, 3000])
    const read = atOnce(this.#partition.read(from, { maxBytes, atLeastOneBatch: true, isolation: 'read_committed' }))
    if (isErrorCode(read)) this.#fail(`read from ${from}: error ${read}`)
    return read
  }

  #bytesOf({ slices, byteLength }: Read): Buffer {
    const bytes = Buffer.alloc(byteLength)
    let at = 0
    for (const slice of slices) {
      at += fs.readSync(slice.fd, bytes, at, slice.byteLength, slice.position)
      slice.release()
    }
    return bytes
  }

  #checkAborted({ abortedTransactions }: Read): void {
    for (const { producerId, firstOffset } of abortedTransactions!) {
      const isAborted = this.#transactions.some(one => one.producerId === producerId && isPartAborted(one, firstOffset))
      if (!isAborted) this.#fail(`producer ${producerId} aborted nothing at ${firstOffset}`)
    }
  }

  #compare(from: number, found: readonly CommittedRecord[]): void {
    const { lastStableOffset } = this.#partition
    const isVisible = ({ offset }: CommittedRecord): boolean => offset >= from && offset < lastStableOffset
    const committed = this.#transactions.filter(({ end }) => end?.isCommit === true)
    const all = [...this.#plain, ...committed.flatMap(({ records }) => records)].filter(isVisible)
    const expected = all.sort((a, b) => a.offset - b.offset)
    const known = new Map(expected.map(record => [record.offset, record]))
    for (const record of found) {
      if (JSON.stringify(known.get(record.offset)) !== JSON.stringify(record)) {
        this.#fail(`read from ${from}: ${JSON.stringify(record)} is not committed`)
      }
    }
    const [is, should] = this.#isCompacted ? [latestOf(found), latestOf(expected)] : [found, expected]
    if (JSON.stringify(is) !== JSON.stringify(should)) {
      this.#fail(`read from ${from}:\n  ${JSON.stringify(is)}\nand not\n  ${JSON.stringify(should)}`)
    }
  }
}

/** What begins at `offset` is the transaction, or what is left of it. */
function isPartAborted({ firstOffset, records, end }: ModelTransaction, offset: number): boolean {
  return end?.isCommit === false && offset >= firstOffset && records.some(record => record.offset === offset)
}

function latestOf(records: readonly CommittedRecord[]) {
  const latest = new Map(records.map(({ key, value }) => [key, value]))
  return [...latest].filter(([, value]) => value !== null).sort()
}

function endOf(bytes: Buffer): number {
  let at = 0
  let end = 0
  while (at < bytes.byteLength) {
    end = Number(bytes.readBigInt64BE(at)) + bytes.readInt32BE(at + 23) + 1
    at += bytes.readInt32BE(at + 8) + 12
  }
  return end
}
