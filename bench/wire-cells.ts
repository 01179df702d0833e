// The loads of the wire-level generator: one dimension at a time away from one base, which is 1 KB records in 64 KB batches
// to one partition over one connection. The full cross product would take days and say little more.
import { Codecs } from '#protocol/records/batch.js'
import { codecProblem } from '#protocol/records/compression.js'
import type { Target } from './lib/comparison.js'
import type { CodecName } from './load/batches.js'

export interface WireCell {
  readonly id: string
  /**
   * `consume` reads a log that lies in page cache, `cold` one that has to come from the disk, `both` writes one and follows
   * it; `stable` is `produce` with Gregor on stable storage.
   */
  readonly kind: 'produce' | 'stable' | 'consume' | 'cold' | 'both'
  readonly title: string
  readonly valueBytes: number
  readonly partitions: number
  readonly acks: number
  readonly codec: CodecName
  readonly connections: number
  /** Per batch; as many as make a usual batch when absent. */
  readonly records?: number
  readonly isInQuick: boolean
  readonly targets: readonly Target[]
}

const base = { valueBytes: 1000, partitions: 1, acks: 1, codec: 'none', connections: 1, isInQuick: false, targets: [] } as const

const producing: readonly Target[] = [
  { figure: 'cpuPerGigabyte', to: 'kafka', atMost: 0.35 },
  { figure: 'cpuPerGigabyte', to: 'limit', atMost: 2 },
]
const stable: readonly Target[] = [
  { figure: 'megabytesPerSecond', to: 'limit', atLeast: 0.8 },
  { figure: 'megabytesPerSecond', to: 'kafka', atLeast: 1 },
]
const consuming: readonly Target[] = [
  { figure: 'cpuPerGigabyte', to: 'limit', atMost: 1.15 },
  { figure: 'cpuPerGigabyte', to: 'kafka', atMost: 0.8 },
]
const small: readonly Target[] = [{ figure: 'cpuPerMillion', to: 'kafka', atMost: 0.33 }]

type Change = Partial<Omit<WireCell, 'id' | 'kind' | 'title'>>

const quick = { isInQuick: true } as const

export const wireCells: readonly WireCell[] = [
  cell('produce', '1 KB', { ...quick, targets: producing }),
  cell('produce', '1 KB, acks=all', { acks: -1, targets: producing }),
  cell('stable', '1 KB, acks=all, Gregor with fdatasync', { ...quick, acks: -1, targets: stable }),
  cell('produce', '1 KB, acks=0', { acks: 0 }),
  cell('produce', '100 B', { valueBytes: 100 }),
  cell('produce', '10 KB', { valueBytes: 10_000 }),
  cell('produce', '100 KB', { valueBytes: 100_000 }),
  cell('produce', '1 KB, 16 partitions', { partitions: 16 }),
  cell('produce', '1 KB, 256 partitions', { partitions: 256 }),
  cell('produce', '1 KB, lz4', { codec: 'lz4' }),
  // The load is compressed here, by Node from 22.15 on.
  ...(codecProblem(Codecs.zstd) === null ? [cell('produce', '1 KB, zstd', { codec: 'zstd' })] : []),
  cell('produce', '1 KB, 10 connections', { connections: 10 }),
  cell('produce', '1 KB, 500 connections', { connections: 500 }),
  cell('produce', 'small requests: 1 × 100 B, 100 connections', {
    ...quick,
    valueBytes: 100,
    records: 1,
    connections: 100,
    targets: small,
  }),
  cell('consume', '1 KB', { ...quick, targets: consuming }),
  cell('cold', '1 KB, from the disk', {}),
  cell('consume', '1 KB, 10 connections', { connections: 10 }),
  cell('consume', '1 KB, 500 connections', { connections: 500 }),
  cell('consume', '100 B', { valueBytes: 100 }),
  cell('consume', '10 KB', { valueBytes: 10_000 }),
  cell('consume', '100 KB', { valueBytes: 100_000 }),
  cell('consume', '1 KB, 16 partitions', { partitions: 16 }),
  cell('consume', '1 KB, 256 partitions', { partitions: 256 }),
  cell('both', '1 KB, one producer and one consumer behind it', quick),
  cell('both', '1 KB, 16 partitions, 10 producers, 10 consumers', { partitions: 16, connections: 10 }),
]

function cell(kind: WireCell['kind'], title: string, change: Change): WireCell {
  const id = `${kind}-${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`
  return { ...base, ...change, id, kind, title: `${kind}: ${title}` }
}

/** One to share by many connections, a stock producer's five otherwise. */
export function inFlightOf({ connections }: WireCell): number {
  return connections >= 100 ? 1 : 5
}
