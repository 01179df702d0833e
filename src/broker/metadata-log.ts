/**
 * __cluster_metadata: the log from which the image is built. Records of one decision are one batch, so a crash leaves all
 * of them or none.
 */
import type { Log } from '../base/log.js'
import type { World } from '../base/world.js'
import type { MutableImage } from '../cluster/image.js'
import { Errors } from '../protocol/errors.js'
import { buildBatch } from '../protocol/records/build.js'
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  type MetadataRecord,
  type MetadataRecordInput,
} from '../protocol/state/metadata.js'
import { MalformedError } from '../protocol/wire.js'
import { InconsistentDirectoryError } from '../storage/open-directory.js'
import type { Partition } from '../storage/partition.js'
import { recordsOfLog } from './log-reader.js'
import { StorageFailure } from './storage-failure.js'

/** KRaft's fixed id of the metadata topic. */
export const metadataTopicId = 'AAAAAAAAAAAAAAAAAAAAAQ'

export class MetadataLog {
  readonly #partition: Partition
  readonly #image: MutableImage
  readonly #world: World

  constructor(partition: Partition, image: MutableImage, world: World) {
    this.#partition = partition
    this.#image = image
    this.#world = world
  }

  /** Builds the image from the log; ids of topics that were removed, whose files may still be there. */
  replay(log: Log): { removedTopicIds: ReadonlySet<string> } {
    try {
      return this.#replay(log)
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      throw new InconsistentDirectoryError(`the log of the cluster's metadata is damaged: ${error.message}`, { cause: error })
    }
  }

  #replay(log: Log): { removedTopicIds: ReadonlySet<string> } {
    const removedTopicIds = new Set<string>()
    let strangers = 0
    for (const { value } of recordsOfLog(this.#partition)) {
      const record = value === null ? null : decodeMetadataRecord(value)
      if (record === null) strangers += 1
      else {
        if (record.kind === 'removeTopic') removedTopicIds.add(record.topicId)
        this.#image.apply(record)
      }
    }
    if (strangers > 0) log.warn({ count: strangers }, 'metadata records of unknown kinds were passed over')
    return { removedTopicIds }
  }

  /**
   * Appends and applies at once; resolves when the records are durable. Throws StorageFailure when nothing was written, and
   * rejects with it when nobody knows whether the records are durable.
   */
  write(records: readonly MetadataRecordInput[]): Promise<void> {
    const timestampMs = this.#world.nowMs()
    const batch = buildBatch(records.map(record => ({ key: null, value: encodeMetadataRecord(record), timestampMs })))
    const appended = this.#partition.append(batch, { kind: 'coordinator' })
    if (appended.kind === 'refused') throw new StorageFailure(appended.errorCode, appended.message)
    for (const record of records) this.#image.apply(record as MetadataRecord)
    const durable = appended.durable ?? Promise.resolve()
    const written = durable.catch((error: unknown) => {
      throw new StorageFailure(Errors.KAFKA_STORAGE_ERROR, String(error))
    })
    // Heeded by whoever waits for it; a caller that fails on the way has no use for it.
    written.catch(() => {})
    return written
  }
}
