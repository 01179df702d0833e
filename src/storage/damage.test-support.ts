/**
 * A data directory with known content on a simulated disk, ways to damage it, and a judge who holds what is found afterwards
 * against what was written. The judge's sentences are those of docs/durability.md.
 */

import { equalBytes } from '../base/bytes.js'
import type { Offset } from '../base/ids.js'
import { atOnce, copyAtOnce } from '../base/slice.js'
import { type ErrorCode, Errors, isErrorCode, isRefusal } from '../protocol/errors.js'
import { baseOffset, batchLength, computeCrc, crc, lastOffset } from '../protocol/records/batch.js'
import { buildBatch } from '../protocol/records/build.js'
import { fakeWorld } from '../testing/fake-world.js'
import { noPause } from '../testing/no-pause.js'
import { SeededRandom } from '../testing/seeded-random.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import type { DataDirectory } from './directory/data-directory.js'
import { lockDirectory } from './directory/directory-lock.js'
import { InconsistentDirectoryError, openDataDirectory } from './directory/open-directory.js'
import type { Files } from './files.js'
import { defaultLogConfig, type LogConfig } from './log-config.js'
import type { Partition } from './partition.js'
import type { AppendOrigin, Durability } from './types.js'

export const dataPath = '/data'
const topicIds = { t: 'AbCdEfGhIjKlMnOpQrStUw', u: 'bCdEfGhIjKlMnOpQrStUwA' } as const
const client: AppendOrigin = { kind: 'client', apiVersion: 11 }
const startMs = 1_700_000_000_000

/** How the broker ended before the damage was done. */
export type Ending = 'closed in order' | 'killed' | 'power cut'

/** A batch that was acknowledged: as it stood in the log, and where in which file. */
export interface WrittenBatch {
  readonly file: string
  readonly position: number
  readonly bytes: Buffer
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  readonly timestampMs: number
}

export interface WrittenDirectory {
  readonly disk: SimulatedDisk
  /** Of the partition t-0. */
  readonly batches: readonly WrittenBatch[]
  /** Of t-0, as it was written down when the broker ended. */
  readonly recoveryPoint: Offset
  readonly others: Buffer
  readonly ending: Ending
}

export interface WriteOptions {
  readonly ending: Ending
  readonly batches: number
  /** After so many batches the recovery point is written down. */
  readonly checkpointAfter: number
  readonly valueBytes: (n: number) => number
  readonly config?: Partial<LogConfig>
  readonly durability?: Durability
}

export interface OpenedDirectory {
  readonly directory: DataDirectory
  readonly errors: string[]
  readonly warnings: string[]
}

export async function openOn(
  disk: SimulatedDisk,
  config: Partial<LogConfig> = {},
  durability: Durability = 'fsync',
  files: Files = disk.files,
): Promise<OpenedDirectory> {
  const [errors, warnings]: [string[], string[]] = [[], []]
  const settings: LogConfig = { ...defaultLogConfig, ...config }
  const directory = await openDataDirectory({
    path: dataPath,
    durability,
    world: fakeWorld(),
    log: {
      info: () => {},
      warn: message => void warnings.push(message),
      error: message => void errors.push(message),
    },
    onFatal: failure => void errors.push(failure.message),
    nodeId: 1,
    configFor: () => () => settings,
    files,
    defer: queueMicrotask,
  })
  return { directory, errors, warnings }
}

export async function writeDirectory(options: WriteOptions): Promise<WrittenDirectory> {
  const disk = new SimulatedDisk(dataPath)
  const { directory } = await openOn(disk, options.config, options.durability)
  const partition = directory.createPartition('t', 0, topicIds.t)
  const other = directory.createPartition('u', 0, topicIds.u)
  for (let n = 0; n < 5; n++) await appendTo(other, `other${n}`, 100, n)
  let recoveryPoint = 0
  for (let n = 0; n < options.batches; n++) {
    if (n === options.checkpointAfter) {
      await directory.checkpoint()
      recoveryPoint = partition.recoveryPoint
    }
    await appendTo(partition, `batch${n}`, options.valueBytes(n), n)
  }
  if (options.ending === 'closed in order') {
    await directory.close()
    recoveryPoint = partition.logEndOffset
  }
  const othersLogs = disk.paths(`${dataPath}/u-0`).filter(path => path.endsWith('.log'))
  const others = Buffer.concat(othersLogs.map(path => disk.files.readWhole(path)!))
  const left = copyOf(disk)
  if (options.ending === 'killed') pretendKilled(left)
  if (options.ending === 'power cut') left.files.remove(`${dataPath}/.lock`)
  return { disk: left, batches: batchesOn(left), recoveryPoint, others, ending: options.ending }
}

async function appendTo(partition: Partition, label: string, valueBytes: number, n: number): Promise<void> {
  const records = Array.from({ length: 1 + (n % 3) }, (_, index) => {
    return { key: Buffer.from(`k${index}`), value: Buffer.from(`${label}#${index}`.padEnd(valueBytes, '.')) }
  })
  // Most of the time later batches are younger.
  const timestampMs = startMs + n * 1000 - (n % 5 === 4 ? 2500 : 0)
  const producer = { producerId: 7, producerEpoch: 0, baseSequence: sequenceOf(n) }
  const appended = partition.append(buildBatch(records, { timestampMs, ...producer }), client)
  if (isRefusal(appended)) throw new Error(appended.message)
  await appended.durable
}

function sequenceOf(n: number): number {
  let sequence = 0
  for (let before = 0; before < n; before++) sequence += 1 + (before % 3)
  return sequence
}

/** A copy of the disk: the first one stays as it is. */
export function copyOf(disk: SimulatedDisk): SimulatedDisk {
  return disk.crash('keep', new SeededRandom(1))
}

/** The machine was restarted, and nothing was lost but the lock. */
export function pretendRebooted(disk: SimulatedDisk): void {
  disk.endProcess()
  disk.files.remove(`${dataPath}/.lock`)
}

/** The lock of a process that is no more, of this boot of the machine. */
export function pretendKilled(disk: SimulatedDisk): void {
  const path = `${dataPath}/.lock`
  pretendRebooted(disk)
  const lock = lockDirectory(disk.files, dataPath, fakeWorld())
  const owner = JSON.parse(Buffer.from(disk.files.readWhole(path)!).toString()) as Record<string, unknown>
  lock.release()
  disk.files.writeWhole(path, `${JSON.stringify({ ...owner, startTime: '0', pid: 4_194_303 })}\n`)
}

/** Every batch in the log files of t-0. */
function batchesOn(disk: SimulatedDisk): WrittenBatch[] {
  const found: WrittenBatch[] = []
  for (const file of disk.paths(`${dataPath}/t-0`).filter(path => path.endsWith('.log'))) {
    const bytes = Buffer.from(disk.files.readWhole(file)!)
    for (let at = 0; at < bytes.byteLength; at += batchLength(bytes, at)) {
      const whole = Buffer.from(bytes.subarray(at, at + batchLength(bytes, at)))
      const [base, last] = [baseOffset(whole, 0), lastOffset(whole, 0)]
      const timestampMs = Number(whole.readBigInt64BE(35))
      found.push({ file, position: at, bytes: whole, baseOffset: base, lastOffset: last, timestampMs })
    }
  }
  return found
}

/** A bit of a file is another. */
export function flip(disk: SimulatedDisk, path: string, at: number, bit = at % 8): void {
  disk.damage(path, bytes => {
    bytes[at] = bytes[at]! ^ (1 << bit)
  })
}

/** A file is shorter than it was. */
export function shorten(disk: SimulatedDisk, path: string, size: number): void {
  const fd = disk.files.open(path, 'write')
  disk.files.truncate(fd, size)
  disk.files.close(fd)
}

export interface Verdict {
  readonly problems: string[]
  /** The directory did not open, and said why. */
  readonly refusal: string | null
  readonly logEndOffset: Offset
  /** What reading the damaged batch gave: an error code, or bytes. */
  readonly ofDamaged: 'told' | 'whole' | 'wrong checksum' | 'wrong offset' | 'wrong epoch' | 'cut off' | 'none'
  readonly opened: OpenedDirectory | null
}

export interface JudgeOptions {
  /** Which batch has other bytes now; null: none. */
  readonly damaged: WrittenBatch | null
  readonly config?: Partial<LogConfig>
  readonly files?: Files
  /** Other batches that are no longer promised. */
  readonly lostFrom?: Offset
}

/** Opens what is on `disk`, reads all of it in several ways and goes on writing. */
export async function judge(disk: SimulatedDisk, written: WrittenDirectory, options: JudgeOptions): Promise<Verdict> {
  const problems: string[] = []
  let opened: OpenedDirectory
  try {
    opened = await openOn(disk, options.config, 'fsync', options.files)
  } catch (error) {
    if (!(error instanceof InconsistentDirectoryError)) problems.push(`does not open: ${(error as Error).stack}`)
    const refusal = (error as Error).message
    return { problems, refusal, logEndOffset: -1, ofDamaged: 'none', opened: null }
  }
  const partition = opened.directory.partition('t', 0)
  const other = opened.directory.partition('u', 0)
  if (partition === undefined || other === undefined) {
    return { problems: ['a partition is missing'], refusal: null, logEndOffset: -1, ofDamaged: 'none', opened }
  }
  if (!equalBytes(readFrom(other, 0) as Buffer, written.others)) problems.push('another topic reads differently')
  const { lostFrom = Number.MAX_SAFE_INTEGER, damaged } = options
  const durable = written.batches.filter(batch => batch !== damaged && batch.baseOffset < lostFrom)
  // 1. Each batch by its own offset.
  for (const batch of durable) {
    const read = readFrom(partition, batch.baseOffset, 1)
    if (isErrorCode(read)) problems.push(`offset ${batch.baseOffset}: error ${read}`)
    else if (!equalBytes(read, batch.bytes)) problems.push(`offset ${batch.baseOffset}: other bytes`)
  }
  // 2. As a consumer reads, which seeks over what it is told to be damaged.
  const seen = consume(partition, durable, damaged, problems)
  for (const batch of durable) if (!seen.has(batch.baseOffset)) problems.push(`offset ${batch.baseOffset} was not consumed`)
  // 3. By time.
  await judgeTimes(partition, durable, damaged, problems)
  // 4. Appending goes on behind everything.
  const { logEndOffset } = partition
  const endMin = (durable.at(-1)?.lastOffset ?? -1) + 1
  if (logEndOffset < endMin) problems.push(`the log ends at ${logEndOffset}, before ${endMin}`)
  const next = buildBatch([{ key: null, value: Buffer.from('next') }], { timestampMs: startMs })
  const appended = partition.append(next, client)
  if (isRefusal(appended)) problems.push(`append refused: ${appended.message}`)
  else {
    await appended.durable
    const read = readFrom(partition, appended.baseOffset)
    if (isErrorCode(read) || !equalBytes(read, next)) problems.push('what was appended is not there')
    if (appended.baseOffset !== logEndOffset) problems.push('appended elsewhere than at the end')
  }
  return { problems, refusal: null, logEndOffset, ofDamaged: readDamaged(partition, damaged, logEndOffset), opened }
}

function readDamaged(partition: Partition, damaged: WrittenBatch | null, end: Offset): Verdict['ofDamaged'] {
  if (damaged === null) return 'none'
  if (damaged.baseOffset >= end) return 'cut off'
  const read = readFrom(partition, damaged.baseOffset, 1)
  if (read === Errors.CORRUPT_MESSAGE) return 'told'
  if (isErrorCode(read)) return 'none'
  if (equalBytes(read, damaged.bytes)) return 'whole'
  if (crc(read, 0) !== computeCrc(read, 0)) return 'wrong checksum'
  return baseOffset(read, 0) === damaged.baseOffset ? 'wrong epoch' : 'wrong offset'
}

/** Offsets of the batches that come by, each of which must be one that was written, or be seen to be wrong by its checksum. */
function consume(
  partition: Partition,
  durable: readonly WrittenBatch[],
  damaged: WrittenBatch | null,
  problems: string[],
): Set<Offset> {
  const known = new Map(durable.map(batch => [batch.baseOffset, batch]))
  const seen = new Set<Offset>()
  let next = partition.logStartOffset
  for (let turn = 0; next < partition.logEndOffset && turn < durable.length * 3 + 10; turn++) {
    const read = readFrom(partition, next, 5000)
    if (isErrorCode(read)) {
      if (damaged === null) problems.push(`reading ${next}: error ${read}`)
      if (read !== Errors.CORRUPT_MESSAGE) problems.push(`reading ${next} gives error ${read}`)
      // As a person does who reads the log: to behind the damage.
      const behind = partition.endOfDamage(next) ?? (damaged?.lastOffset ?? next) + 1
      next = behind > next ? behind : next + 1
      continue
    }
    for (let at = 0; at < read.byteLength; ) {
      const length = at + 61 <= read.byteLength ? batchLength(read, at) : 0
      const isWhole = length >= 61 && at + length <= read.byteLength
      const batch = isWhole ? read.subarray(at, at + length) : read.subarray(at)
      const isRight = isWhole && crc(batch, 0) === computeCrc(batch, 0)
      const expected = isRight ? known.get(baseOffset(batch, 0)) : undefined
      if (!isRight || expected === undefined || !equalBytes(batch, expected.bytes)) {
        // A client refuses a batch with a wrong checksum, and its user goes on behind it.
        const isDamaged = damaged !== null && next <= damaged.lastOffset
        if (!isDamaged) problems.push(`at ${next} is a record that was not written`)
        next = Math.max(next + 1, (damaged?.lastOffset ?? next) + 1)
        break
      }
      seen.add(expected.baseOffset)
      next = expected.lastOffset + 1
      at += length
    }
  }
  return seen
}

async function judgeTimes(
  partition: Partition,
  durable: readonly WrittenBatch[],
  damaged: WrittenBatch | null,
  problems: string[],
): Promise<void> {
  const step = Math.max(1, Math.floor(durable.length / 8))
  for (let n = 0; n < durable.length; n += step) {
    const { timestampMs } = durable[n]!
    const found = await partition.offsetForTimestamp(timestampMs, 'read_uncommitted', noPause)
    if (isErrorCode(found)) {
      if (damaged === null || found !== Errors.CORRUPT_MESSAGE) problems.push(`time ${timestampMs}: error ${found}`)
      continue
    }
    const right = durable.find(batch => batch.timestampMs >= timestampMs)!
    const isOfDamaged = damaged !== null && damaged.timestampMs >= timestampMs && damaged.baseOffset <= right.baseOffset
    if (found?.offset === right.baseOffset || (isOfDamaged && found?.offset === damaged.baseOffset)) continue
    problems.push(`time ${timestampMs} is found at ${found?.offset}, not at ${right.baseOffset}`)
  }
  const largest = await partition.maxTimestampOffset('read_uncommitted', noPause)
  const right = durable.reduce((best, batch) => (batch.timestampMs > best.timestampMs ? batch : best))
  if (largest === null) problems.push('no largest time')
  else if (isErrorCode(largest) ? damaged === null : largest.timestamp < right.timestampMs) {
    problems.push(`the largest time: ${JSON.stringify(largest)}`)
  }
}

/** Whole batches from `from` on, or the error. */
export function readFrom(partition: Partition, from: Offset, maxBytes = 1 << 24): Buffer | ErrorCode {
  const read = atOnce(partition.read(from, { maxBytes, atLeastOneBatch: true, isolation: 'read_uncommitted' }))
  if (isErrorCode(read)) return read
  const bytes = Buffer.alloc(read.byteLength)
  let at = 0
  for (const slice of read.slices) {
    at += copyAtOnce(slice, bytes, at)
    slice.release()
  }
  return bytes
}
