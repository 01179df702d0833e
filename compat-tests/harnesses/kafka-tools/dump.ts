/** Reads the output of kafka-dump-log back into batches, records, index entries and producer states. */

export interface DumpedRecord {
  readonly offset: number
  readonly timestamp: number
  readonly headerKeys: string
  /** null when there is none. */
  readonly key: string | null
  readonly payload: string | null
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
    'producerId: (-?\\d+) producerEpoch: (-?\\d+) partitionLeaderEpoch: (-?\\d+) isTransactional: false isControl: false',
    'deleteHorizonMs: OptionalLong.empty position: (\\d+) CreateTime: (-?\\d+) size: (\\d+) magic: (\\d+)',
    'compresscodec: (\\S+) crc: \\d+ isvalid: (true|false)$',
  ].join(' '),
)
const recordLine = new RegExp(
  [
    '^\\| offset: (\\d+) CreateTime: (-?\\d+) keySize: (-?\\d+) valueSize: (-?\\d+) sequence: -?\\d+',
    'headerKeys: \\[(.*?)\\](?: key: (.*?))?(?: payload: (.*))?$',
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
    position: n[9]!,
    maxTimestamp: n[10]!,
    size: n[11]!,
    magic: n[12]!,
    codec: match[13]!,
    isValid: match[14] === 'true',
    records: [],
  }
}

function recordOf(match: RegExpMatchArray): DumpedRecord {
  const [keySize, valueSize] = [Number(match[3]), Number(match[4])]
  return {
    offset: Number(match[1]),
    timestamp: Number(match[2]),
    headerKeys: match[5]!,
    key: keySize < 0 ? null : (match[6] ?? ''),
    payload: valueSize < 0 ? null : (match[7] ?? ''),
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
}

/** A `.snapshot` file of producer states. */
export function dumpedProducers(stdout: string): ProducerEntry[] {
  const line = new RegExp(
    [
      '^producerId: (\\d+) producerEpoch: (\\d+) coordinatorEpoch: -1 currentTxnFirstOffset: OptionalLong.empty',
      'lastTimestamp: (\\d+) firstSequence: \\d+ lastSequence: (\\d+) lastOffset: (\\d+) offsetDelta: \\d+ timestamp: (\\d+)$',
    ].join(' '),
  )
  return matches(stdout, line).map(n => ({
    producerId: n[0]!,
    producerEpoch: n[1]!,
    lastSequence: n[3]!,
    lastOffset: n[4]!,
    timestamp: n[5]!,
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
