/** Reads the output of kafka-dump-log back into batches, records, index entries and producer states. */

export interface DumpedRecord {
  readonly offset: number
  readonly timestamp: number
  readonly headerKeys: string
  /** null when there is none. */
  readonly key: string | null
  readonly payload: string | null
  /** Of a control batch; null elsewhere. */
  readonly marker: 'COMMIT' | 'ABORT' | null
}

export interface DumpedBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly count: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly leaderEpoch: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly position: number
  readonly maxTimestamp: number
  readonly size: number
  readonly magic: number
  readonly codec: string
  readonly isValid: boolean
  readonly records: DumpedRecord[]
}

const batchLine = new RegExp(
  [
    '^baseOffset: (\\d+) lastOffset: (\\d+) count: (\\d+) baseSequence: (-?\\d+) lastSequence: (-?\\d+)',
    'producerId: (-?\\d+) producerEpoch: (-?\\d+) partitionLeaderEpoch: (-?\\d+)',
    'isTransactional: (true|false) isControl: (true|false)',
    'deleteHorizonMs: OptionalLong.empty position: (\\d+) CreateTime: (-?\\d+) size: (\\d+) magic: (\\d+)',
    'compresscodec: (\\S+) crc: \\d+ isvalid: (true|false)$',
  ].join(' '),
)
const recordLine = new RegExp(
  [
    '^\\| offset: (\\d+) CreateTime: (-?\\d+) keySize: (-?\\d+) valueSize: (-?\\d+) sequence: -?\\d+',
    'headerKeys: \\[(.*?)\\](?: endTxnMarker: (COMMIT|ABORT) coordinatorEpoch: \\d+)?(?: key: (.*?))?(?: payload: (.*))?$',
  ].join(' '),
)

/** `.log` files with --deep-iteration; throws on any line that is not expected there, such as "invalid bytes at the end". */
export function dumpedBatches(stdout: string): DumpedBatch[] {
  const batches: DumpedBatch[] = []
  for (const line of stdout.split('\n')) {
    if (line === '' || line.startsWith('Dumping ') || line.startsWith('Log starting offset: ')) continue
    const batch = line.match(batchLine)
    const record = batch === null ? line.match(recordLine) : null
    if (batch !== null) batches.push(batchOf(batch))
    else if (record !== null) batches.at(-1)!.records.push(recordOf(record))
    else throw new Error(`unexpected line of kafka-dump-log: ${line.slice(0, 300)}`)
  }
  return batches
}

function batchOf(match: RegExpMatchArray): DumpedBatch {
  const n = match.map(Number)
  return {
    baseOffset: n[1]!,
    lastOffset: n[2]!,
    count: n[3]!,
    baseSequence: n[4]!,
    lastSequence: n[5]!,
    producerId: n[6]!,
    producerEpoch: n[7]!,
    leaderEpoch: n[8]!,
    isTransactional: match[9] === 'true',
    isControl: match[10] === 'true',
    position: n[11]!,
    maxTimestamp: n[12]!,
    size: n[13]!,
    magic: n[14]!,
    codec: match[15]!,
    isValid: match[16] === 'true',
    records: [],
  }
}

function recordOf(match: RegExpMatchArray): DumpedRecord {
  const [keySize, valueSize] = [Number(match[3]), Number(match[4])]
  const marker = (match[6] as 'COMMIT' | 'ABORT' | undefined) ?? null
  return {
    offset: Number(match[1]),
    timestamp: Number(match[2]),
    headerKeys: match[5]!,
    // The bytes of a marker are not printed beside what they mean.
    key: keySize < 0 || marker !== null ? null : (match[7] ?? ''),
    payload: valueSize < 0 || marker !== null ? null : (match[8] ?? ''),
    marker,
  }
}

export interface IndexEntry {
  readonly offset: number
  readonly position: number
}

/** An `.index` file; an empty one has no entries. */
export function dumpedIndex(stdout: string): IndexEntry[] {
  return matches(stdout, /^offset: (\d+) position: (\d+)$/).map(([offset, position]) => ({
    offset: offset!,
    position: position!,
  }))
}

export interface TimeIndexEntry {
  readonly timestamp: number
  readonly offset: number
}

/** A `.timeindex` file. */
export function dumpedTimeIndex(stdout: string): TimeIndexEntry[] {
  return matches(stdout, /^timestamp: (-?\d+) offset: (\d+)$/).map(([timestamp, offset]) => ({
    timestamp: timestamp!,
    offset: offset!,
  }))
}

export interface ProducerEntry {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastOffset: number
  readonly timestamp: number
  /** Of its open transaction; null when there is none. */
  readonly transactionStart: number | null
}

/** A `.snapshot` file of producer states. */
export function dumpedProducers(stdout: string): ProducerEntry[] {
  const line = new RegExp(
    [
      '^producerId: (\\d+) producerEpoch: (\\d+) coordinatorEpoch: -?\\d+ currentTxnFirstOffset: OptionalLong(?:.empty|\\[(\\d+)\\])',
      // Of a producer that has nothing but a marker the rest is not known.
      'lastTimestamp: (-?\\d+)(?: firstSequence: \\d+ lastSequence: (\\d+) lastOffset: (\\d+) offsetDelta: \\d+ timestamp: \\d+)?$',
    ].join(' '),
  )
  return matches(stdout, line).map(n => ({
    producerId: n[0]!,
    producerEpoch: n[1]!,
    lastSequence: Number.isNaN(n[4]) ? -1 : n[4]!,
    lastOffset: Number.isNaN(n[5]) ? -1 : n[5]!,
    timestamp: n[3]!,
    transactionStart: Number.isNaN(n[2]) ? null : n[2]!,
  }))
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  /** That of its marker. */
  readonly lastOffset: number
  readonly lastStableOffset: number
}

/** A `.txnindex` file. */
export function dumpedAborted(stdout: string): AbortedTransaction[] {
  const line = /^version: 0 producerId: (\d+) firstOffset: (\d+) lastOffset: (\d+) lastStableOffset: (\d+)$/
  return matches(stdout, line).map(n => ({
    producerId: n[0]!,
    firstOffset: n[1]!,
    lastOffset: n[2]!,
    lastStableOffset: n[3]!,
  }))
}

function matches(stdout: string, pattern: RegExp): number[][] {
  const found: number[][] = []
  for (const line of stdout.split('\n')) {
    if (line === '' || line.startsWith('Dumping ') || line.endsWith(' is empty.')) continue
    const match = line.match(pattern)
    if (match === null) throw new Error(`unexpected line of kafka-dump-log: ${line.slice(0, 300)}`)
    found.push(match.slice(1).map(Number))
  }
  return found
}
