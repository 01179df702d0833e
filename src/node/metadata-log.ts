/**
 * __cluster_metadata: the log from which the image is built. Records of one decision are one batch, so a crash leaves all
 * of them or none.
 */
import type { Bytes } from '../base/bytes.js'
import type { LeaderEpoch, Offset } from '../base/ids.js'
import type { Log } from '../base/log.js'
import type { World } from '../base/world.js'
import type { MutableImage } from '../cluster/image.js'
import { ImageReplay } from '../cluster/replay.js'
import { Errors, isRefusal } from '../protocol/errors.js'
import { buildBatch } from '../protocol/records/build.js'
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  type MetadataRecord,
  type MetadataRecordInput,
} from '../protocol/state/metadata.js'
import { MalformedError } from '../protocol/wire.js'
import { InconsistentDirectoryError } from '../storage/directory/open-directory.js'
import { DiskFailure } from '../storage/files.js'
import type { Partition } from '../storage/partition.js'
import { recordsOfBatches, recordsOfLog } from './log-reader.js'
import { StorageFailure } from './storage-failure.js'

/** The image as of an offset, as batches of records. Gregor writes none: its log is short. */
export interface MetadataSnapshot {
  readonly endOffset: Offset
  readonly bytes: Bytes
}

const snapshotName = /^(\d{20})-\d{10}\.checkpoint$/

/** The newest snapshot in the directory of __cluster_metadata. */
export function newestSnapshot(names: readonly string[], read: (name: string) => Bytes | null): MetadataSnapshot | null {
  const name = names
    .filter(one => snapshotName.test(one))
    .sort()
    .at(-1)
  const bytes = name === undefined ? null : read(name)
  return name === undefined || bytes === null ? null : { endOffset: Number(name.slice(0, 20)), bytes }
}

/** The one of end offset 0 holds what a directory was formatted with: the first records of its log ("bootstrap metadata"). */
function recordsIn({ bytes }: MetadataSnapshot): MetadataRecord[] {
  const records: MetadataRecord[] = []
  for (const { value } of recordsOfBatches(bytes)) {
    const record = value === null ? 'of no interest' : decodeMetadataRecord(value)
    if (typeof record === 'object') records.push(record)
  }
  return records
}

/** KRaft's fixed id of the metadata topic. */
export const metadataTopicId = 'AAAAAAAAAAAAAAAAAAAAAQ'

export class MetadataLog {
  readonly #partition: Partition
  readonly #image: MutableImage
  readonly #world: World
  readonly #snapshot: MetadataSnapshot | null
  readonly #writes = { commits: 0, commitMs: 0, commitMsMax: 0 }

  /** `snapshot`: the newest that Kafka left beside the log. */
  constructor(partition: Partition, image: MutableImage, world: World, snapshot: MetadataSnapshot | null = null) {
    this.#partition = partition
    this.#image = image
    this.#world = world
    this.#snapshot = snapshot
  }

  /** Rises with every change of the metadata, also over a restart. */
  get endOffset(): Offset {
    return this.#partition.logEndOffset
  }
  get highWatermark(): Offset {
    return this.#partition.highWatermark
  }
  get leaderEpoch(): LeaderEpoch {
    return this.#partition.leaderEpoch
  }
  /** What became durable since the start, and how long it took. */
  get writes(): Readonly<{ commits: number; commitMs: number; commitMsMax: number }> {
    return this.#writes
  }

  /** Builds the image from the log; ids of topics that were removed, whose files may still be there. */
  async replay(log: Log): Promise<{ removedTopicIds: ReadonlySet<string> }> {
    try {
      return await this.#replay(log)
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      throw new InconsistentDirectoryError(`the log of the cluster's metadata is damaged: ${error.message}`, { cause: error })
    }
  }

  async #replay(log: Log): Promise<{ removedTopicIds: ReadonlySet<string> }> {
    const replay = new ImageReplay(this.#image)
    let from = this.#partition.logStartOffset
    // What Kafka's snapshot says need not be in the log any more.
    const snapshot = this.#snapshot
    if (snapshot !== null && snapshot.endOffset > from) {
      for (const { value } of recordsOfBatches(snapshot.bytes)) replay.see(value)
      from = snapshot.endOffset
    }
    for (const record of recordsOfLog(this.#partition, from)) {
      if (record instanceof Promise) await record
      else replay.see(record.value)
    }
    if (snapshot?.endOffset === 0 && this.#partition.logEndOffset === 0) this.writeOrAssume(recordsIn(snapshot), log)
    const { removedTopicIds, unknownKinds } = replay
    if (unknownKinds.size > 0) {
      log.warn({ kinds: [...unknownKinds].sort((a, b) => a - b).join(', ') }, 'ignoring metadata records of unsupported types')
    }
    return { removedTopicIds }
  }

  /** For what a start takes for given: a disk that takes no records now gets them at another start. */
  writeOrAssume(records: readonly MetadataRecordInput[], log: Log): void {
    try {
      void this.write(records)
    } catch (error) {
      if (!(error instanceof StorageFailure)) throw error
      log.warn({ reason: error.detail }, 'what holds for a new cluster could not be written down')
      for (const record of records) this.#image.apply(record as MetadataRecord)
    }
  }

  /**
   * Appends and applies at once; resolves when the records are durable. Throws StorageFailure when nothing was written, and
   * rejects with it when it is unknown whether the records are durable.
   */
  write(records: readonly MetadataRecordInput[]): Promise<void> {
    const timestampMs = this.#world.nowMs()
    const batch = buildBatch(records.map(record => ({ key: null, value: encodeMetadataRecord(record), timestampMs })))
    const startMs = this.#world.host.monotonicMs()
    const appended = this.#partition.append(batch, { kind: 'coordinator' })
    if (isRefusal(appended)) throw new StorageFailure(appended.errorCode, appended.message)
    for (const record of records) this.#image.apply(record as MetadataRecord)
    const durable = appended.durable ?? Promise.resolve()
    const written = durable.then(
      () => this.#count(this.#world.host.monotonicMs() - startMs),
      (error: unknown) => {
        throw new StorageFailure(Errors.KAFKA_STORAGE_ERROR, error instanceof DiskFailure ? error.told : String(error))
      },
    )
    // Callers that wait handle it; a caller that fails earlier does not wait.
    written.catch(() => {})
    return written
  }

  #count(tookMs: number): void {
    const writes = this.#writes
    writes.commits++
    writes.commitMs += tookMs
    writes.commitMsMax = Math.max(writes.commitMsMax, tookMs)
  }
}
