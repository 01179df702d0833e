/**
 * A broker's data directory: lock, identity, checkpoints and the partitions in it.
 */
import type { Uuid } from '../base/ids.js'
import type { World } from '../base/world.js'
import type { LogConfigSource } from './log-config.js'
import type { Partition } from './partition.js'
import type { Durability, StorageLog } from './types.js'

export interface DataDirectoryOptions {
  /** Null: ephemeral, in a new folder under the system's temporary directory, never synced, removed at close. */
  readonly path: string | null
  readonly durability: Durability
  readonly world: World
  readonly log: StorageLog
  /** Called once when the disk failed a sync: nothing is acknowledged any more, the process should exit with code 5. */
  readonly onFatal: (error: Error) => void
  readonly nodeId: number
  /** Identity for a new directory; an existing one keeps its own. */
  readonly clusterId?: Uuid
  /** Called once per partition; the getter that it returns is read on every append. */
  readonly configFor: (topic: string) => LogConfigSource
}

export interface DataDirectory {
  readonly path: string
  readonly clusterId: Uuid
  readonly directoryId: Uuid
  readonly isEphemeral: boolean
  /** Every partition, under `<topic>-<index>`. */
  readonly partitions: ReadonlyMap<string, Partition>
  partition(topic: string, index: number): Partition | undefined
  createPartition(topic: string, index: number, topicId: Uuid): Partition
  /** Frees the name at once; the files go after file.delete.delay.ms. */
  deletePartition(topic: string, index: number): void
  close(): Promise<void>
}

export type OpenDataDirectory = (options: DataDirectoryOptions) => Promise<DataDirectory>
