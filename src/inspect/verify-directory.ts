/**
 * Looks at everything in a data directory that is not in use, and says what is wrong with it: batches by checksum and
 * offset, indexes against batches, transactions, producer state, leader epochs, checkpoints, identities, internal topics.
 * Reads only; what a start would repair is a note, what it cannot is damage.
 */
import { asBuffer, type Bytes } from '../base/bytes.js'
import { type Offset, zeroUuid } from '../base/ids.js'
import { MutableImage, topicResource } from '../cluster/image.js'
import { ImageReplay } from '../cluster/replay.js'
import { clusterMetadataTopic } from '../cluster/topic-name.js'
import * as batch from '../protocol/records/batch.js'
import { recordsOf } from '../protocol/records/records.js'
import { MalformedError } from '../protocol/wire.js'
import { cleanShutdownFile } from '../storage/directory/data-directory.js'
import { reservedDirectoryIds } from '../storage/directory/log-dirs.js'
import { readTopicId } from '../storage/directory/partition-loader.js'
import type { Files } from '../storage/files.js'
import {
  cleanerFile,
  highWatermarkFile,
  logStartFile,
  parsePartitionName,
  readCheckpoint,
  recoveryPointFile,
} from '../storage/format/checkpoint.js'
import {
  directoryStateFile,
  type PartitionState,
  parseDirectoryState,
  readQuorumState,
} from '../storage/format/directory-state.js'
import { LeaderEpochs, leaderEpochFile } from '../storage/format/leader-epochs.js'
import { decodeProducerSnapshot } from '../storage/rules/producer-snapshot.js'
import { Findings, type PartitionSummary } from './findings.js'
import { decodeInternal, isDecodable } from './internal-records.js'
import { checkSegment } from './segment-files.js'
import { TransactionCheck } from './transactions.js'

export interface Verification {
  readonly path: string
  readonly findings: Findings
  readonly partitions: readonly PartitionSummary[]
  readonly wasClosedCleanly: boolean
}

export function verifyDirectory(files: Files, path: string): Verification {
  return verifyDirectories(files, [path])[0]!
}

/** The data directories of one broker, one of which has the cluster's metadata. */
export function verifyDirectories(files: Files, paths: readonly string[]): Verification[] {
  const metadataPath = paths.find(path => files.isDirectory(`${path}/${clusterMetadataTopic}-0`)) ?? paths[0]
  const quorumState = metadataPath === undefined ? null : readQuorumState(files, metadataPath)
  const known = paths.map(path => {
    const findings = new Findings()
    return { path, findings, states: checkRootFiles(files, path, quorumState, findings) }
  })
  const holder = known.find(({ path }) => path === metadataPath)
  const image = holder === undefined ? new MutableImage() : readImage(files, holder.path, holder.findings)
  const verifications = known.map(({ path, findings, states }) => verifyIn(files, path, findings, states, image))
  for (const verification of verifications) checkTopics(image, verification)
  if (holder !== undefined) checkPlaces(files, image, verifications, holder.findings)
  return verifications
}

function verifyIn(
  files: Files,
  path: string,
  findings: Findings,
  states: ReadonlyMap<string, State>,
  image: MutableImage,
): Verification {
  const wasClosedCleanly = files.sizeOf(`${path}/${cleanShutdownFile}`) !== null
  const partitions: PartitionSummary[] = []
  for (const name of files.list(path).sort()) {
    if (!files.isDirectory(`${path}/${name}`)) continue
    const parsed = parsePartitionName(name)
    if (parsed === null) {
      if (name.endsWith('-delete')) findings.note(name, 'was deleted; the next start removes its files')
      if (name.endsWith('-future'))
        findings.note(name, 'is a copy of a partition on its way here; the next start begins it again')
      if (name.endsWith('-stray')) findings.note(name, 'was moved aside because its topic is unknown')
      continue
    }
    const before = findings.damages
    const isCompacted = image.configsOf(topicResource, parsed.topic).get('cleanup.policy')?.includes('compact') ?? false
    const input = { files, path, name, topic: parsed.topic, wasClosedCleanly, isCompacted, state: states.get(name) ?? null }
    const summary = checkPartition(input, findings)
    partitions.push({ ...summary, damages: findings.damages - before })
  }
  return { path, findings, partitions, wasClosedCleanly }
}

type State = Pick<PartitionState, 'recoveryPoint' | 'logStartOffset' | 'cleanedTo' | 'asLeft'>

function checkRootFiles(files: Files, path: string, quorumState: string | null, findings: Findings): Map<string, State> {
  const identity = files.readWhole(`${path}/meta.properties`)
  const text = identity === null ? '' : asBuffer(identity).toString()
  if (identity === null) findings.damage('meta.properties', 'is missing: this is not a data directory')
  else if (!/^version=1$/m.test(text) || !/^cluster\.id=\S+$/m.test(text) || !/^node\.id=\d+$/m.test(text)) {
    findings.damage('meta.properties', 'has no cluster id or node id')
  }
  const checkpoints = new Map<string, ReadonlyMap<string, Offset>>()
  for (const name of [recoveryPointFile, logStartFile, highWatermarkFile, cleanerFile]) {
    const offsets = readCheckpoint(files, path, name)
    if (offsets === null) findings.damage(name, 'is not a version 0 checkpoint')
    checkpoints.set(name, offsets ?? new Map())
  }
  const bytes = files.readWhole(`${path}/${directoryStateFile}`)
  const state = bytes === null ? null : parseDirectoryState(bytes)
  if (bytes !== null && state === null) findings.damage(directoryStateFile, 'is damaged')
  // Otherwise Kafka has had the directory since.
  if (state !== null && state.quorumState === quorumState) return new Map(state.partitions)
  const known = new Map<string, State>()
  for (const [name, recoveryPoint] of checkpoints.get(recoveryPointFile)!) {
    const logStartOffset = checkpoints.get(logStartFile)!.get(name) ?? 0
    known.set(name, { recoveryPoint, logStartOffset, cleanedTo: checkpoints.get(cleanerFile)!.get(name) ?? null, asLeft: null })
  }
  return known
}

/** The topics as the metadata log and the newest snapshot beside it say, as far as they can be read. */
function readImage(files: Files, path: string, findings: Findings): MutableImage {
  const replay = new ImageReplay(new MutableImage())
  const name = `${clusterMetadataTopic}-0`
  const folder = `${path}/${name}`
  if (!files.isDirectory(folder)) return replay.image
  const names = files.list(folder).sort()
  const snapshot = names.filter(one => one.endsWith('.checkpoint')).at(-1)
  const from = snapshot === undefined ? 0 : Number(snapshot.slice(0, 20))
  const logs = names.filter(one => /^\d{20}\.log$/.test(one))
  for (const file of snapshot === undefined ? logs : [snapshot, ...logs]) {
    const bytes = files.readWhole(`${folder}/${file}`) ?? new Uint8Array(0)
    try {
      seeBatches(bytes, (value, offset) => {
        if (file === snapshot || offset >= from) replay.see(value)
      })
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      findings.damage(`${name}/${file}`, `a record of the cluster's metadata cannot be read: ${error.message}`)
    }
  }
  return replay.image
}

function seeBatches(bytes: Bytes, see: (value: Bytes | null, offset: Offset) => void): void {
  let at = 0
  while (at + batch.batchHeaderSize <= bytes.byteLength) {
    const length = batch.batchLength(bytes, at)
    const isWhole = length >= batch.batchHeaderSize && at + length <= bytes.byteLength
    // What is wrong with it is said where segments are checked.
    if (!isWhole || batch.crc(bytes, at) !== batch.computeCrc(bytes, at)) return
    if (!batch.isControl(bytes, at)) for (const { value, offset } of recordsOf(bytes, at)) see(value, offset)
    at += length
  }
}

interface PartitionInput {
  readonly files: Files
  readonly path: string
  readonly name: string
  readonly topic: string
  readonly wasClosedCleanly: boolean
  readonly isCompacted: boolean
  readonly state: State | null
}

const segmentName = /^(\d{20})\.log$/
const snapshotName = /^(\d{20})\.snapshot$/

function checkPartition(input: PartitionInput, findings: Findings): Omit<PartitionSummary, 'damages'> {
  const { files, path, name, topic, state, wasClosedCleanly, isCompacted } = input
  const folder = `${path}/${name}`
  const names = files.list(folder).sort()
  const topicId = readTopicId(files, folder)
  if (topicId === zeroUuid) findings.damage(`${name}/partition.metadata`, 'does not say which topic this is')
  for (const one of names) {
    if (/\.(damaged|cut)$/.test(one)) findings.note(`${name}/${one}`, 'holds bytes that a recovery took out of the log')
    else if (/\.log\.(swap|cleaned|deleted)$/.test(one))
      findings.note(`${name}/${one}`, 'is left from an unfinished swap or deletion; the next start completes it')
  }
  const bases = names.map(one => segmentName.exec(one)?.[1]).filter(base => base !== undefined)
  const epochs = readEpochs(files, name, folder, bases.length > 0, findings)
  const startOffset = Math.max(state?.logStartOffset ?? 0, bases.length > 0 ? Number(bases[0]) : 0)
  const total = { batches: 0, records: 0, bytes: 0 }
  const transactions = new TransactionCheck()
  let end: Offset = bases.length > 0 ? Number(bases[0]) : (state?.logStartOffset ?? 0)
  const opensAsLeft = wasClosedCleanly && (state?.asLeft ?? null) !== null
  for (const [n, base] of bases.entries()) {
    if (Number(base) < end) findings.damage(`${name}/${base}.log`, `begins below the end of the segment before it, ${end}`)
    const mayHaveGaps = isCompacted || (state?.cleanedTo ?? null) !== null
    if (Number(base) > end && n > 0 && !mayHaveGaps && !names.some(one => one.endsWith('.damaged'))) {
      findings.damage(`${name}/${base}.log`, `offsets ${end} to ${Number(base) - 1} are missing before it`)
    }
    const isActive = n === bases.length - 1
    const checked = checkSegment(
      {
        ...{ files, folder, name, baseOffset: Number(base), isActive, wasClosedCleanly, opensAsLeft, mayHaveGaps },
        previousEnd: Number(base),
      },
      findings,
      (bytes, at) => {
        checkEpoch(bytes, at, epochs, `${name}/${base}.log`, findings)
        transactions.see(bytes, at)
        if (isDecodable(topic)) checkInternal(bytes, at, topic, `${name}/${base}.log`, findings)
      },
    )
    // Behind the recovery point the next start reads them from the log.
    const isRemade = (marker: Offset): boolean => !wasClosedCleanly && (isActive || marker >= (state?.recoveryPoint ?? 0))
    const index = files.readWhole(`${folder}/${base}.txnindex`)
    transactions.endSegment(`${name}/${base}.txnindex`, index, isRemade, findings)
    total.batches += checked.batches
    total.records += checked.records
    total.bytes += checked.bytes
    end = checked.endOffset
  }
  transactions.end(name, findings)
  checkState(input, end, findings)
  for (const one of names.filter(file => snapshotName.test(file))) checkSnapshot(input, one, end, findings)
  return { name, topicId, segments: bases.length, ...total, startOffset, endOffset: Math.max(end, startOffset) }
}

function readEpochs(files: Files, name: string, folder: string, hasSegments: boolean, findings: Findings): LeaderEpochs | null {
  const bytes = files.readWhole(`${folder}/${leaderEpochFile}`)
  const path = `${name}/${leaderEpochFile}`
  if (bytes === null) {
    if (hasSegments) findings.note(path, 'is missing and is rebuilt from the log')
    return null
  }
  const epochs = new LeaderEpochs()
  if (epochs.load(asBuffer(bytes).toString())) return epochs
  findings.damage(path, 'is not a version 0 checkpoint')
  return null
}

function checkEpoch(bytes: Bytes, at: number, epochs: LeaderEpochs | null, log: string, findings: Findings): void {
  const offset = batch.baseOffset(bytes, at)
  const epoch = batch.leaderEpoch(bytes, at)
  if (epochs === null || epochs.count === 0 || epoch < 0 || epochs.epochAt(offset) === epoch) return
  findings.damage(
    log,
    `the batch at offset ${offset} is of leader epoch ${epoch}, ${leaderEpochFile} says ${epochs.epochAt(offset)}`,
  )
}

function checkInternal(bytes: Bytes, at: number, topic: string, log: string, findings: Findings): void {
  if (batch.isControl(bytes, at)) return
  try {
    for (const { key, value } of recordsOf(bytes, at)) decodeInternal(topic, key, value)
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    findings.damage(log, `a record of the batch at offset ${batch.baseOffset(bytes, at)} cannot be decoded: ${error.message}`)
  }
}

function checkState({ name, state, wasClosedCleanly }: PartitionInput, end: Offset, findings: Findings): void {
  if (state === null) return
  const { recoveryPoint, logStartOffset } = state
  if (recoveryPoint > end) findings.damage(name, `was synced up to ${recoveryPoint}, but ends at ${end}`)
  else if (wasClosedCleanly && recoveryPoint < end)
    findings.note(name, `was closed cleanly, but its recovery point is ${recoveryPoint}`)
  if (logStartOffset > end) findings.damage(name, `starts at ${logStartOffset}, after its end, ${end}`)
}

function checkSnapshot({ files, path, name }: PartitionInput, file: string, end: Offset, findings: Findings): void {
  const offset = Number(file.slice(0, 20))
  const bytes = files.readWhole(`${path}/${name}/${file}`) ?? new Uint8Array(0)
  try {
    const states = decodeProducerSnapshot(bytes)
    if (offset > end) findings.note(`${name}/${file}`, `is for offset ${offset}, after the end of the log, ${end}`)
    for (const { producerId, batches } of states.entries()) {
      const last = batches.at(-1)
      if (last !== undefined && last.lastOffset >= offset) {
        findings.damage(`${name}/${file}`, `producer ${producerId} wrote up to ${last.lastOffset}, which lies above ${offset}`)
      }
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    findings.damage(`${name}/${file}`, `${error.message}; producer state is rebuilt from an older snapshot and the log`)
  }
}

/** Topics against directories: each has what the other says. */
/** Every partition that there should be is in one of the directories, and in one alone. */
function checkPlaces(files: Files, image: MutableImage, verifications: readonly Verification[], findings: Findings): void {
  const ids = new Set(verifications.map(({ path }) => directoryIdOf(files, path)))
  const places = new Map<string, string>()
  for (const { path, partitions, findings: ofDirectory } of verifications) {
    for (const { name } of partitions) {
      const other = places.get(name)
      if (other !== undefined) ofDirectory.note(name, `is also in ${other}; the next start keeps the longer of the two`)
      places.set(name, path)
    }
  }
  for (const { name, partitions } of image.topics.values()) {
    for (const { index, directory } of partitions) {
      if (places.has(`${name}-${index}`)) continue
      const isElsewhere = directory !== null && !reservedDirectoryIds.has(directory) && !ids.has(directory)
      const where = `is in a data directory that is not among these (directory.id ${directory})`
      findings.note(`${name}-${index}`, isElsewhere ? where : 'has no directory; the next start creates an empty one')
    }
  }
}

function directoryIdOf(files: Files, path: string): string | null {
  const bytes = files.readWhole(`${path}/meta.properties`)
  return bytes === null ? null : (/^directory\.id=(\S+)$/m.exec(asBuffer(bytes).toString())?.[1] ?? null)
}

function checkTopics(image: MutableImage, { partitions, findings }: Verification): void {
  const names = new Map(partitions.map(partition => [partition.name, partition]))
  for (const { name, topicId, partitions: indexes } of image.topics.values()) {
    for (const { index } of indexes) {
      const found = names.get(`${name}-${index}`)
      if (found !== undefined && found.topicId !== topicId && found.topicId !== zeroUuid) {
        findings.note(`${name}-${index}`, `belongs to a topic of this name that was deleted (${found.topicId})`)
      }
    }
  }
  for (const { name } of partitions) {
    const topic = parsePartitionName(name)?.topic ?? ''
    if (topic !== clusterMetadataTopic && !image.topics.has(topic))
      findings.note(name, 'belongs to a topic without a metadata record')
  }
}
