/**
 * Builds an image from the values of metadata records, oldest first: what a start does with __cluster_metadata, and with the
 * snapshots that Kafka leaves beside it. Records of a transaction count when it has ended, and not before.
 */
import type { Bytes } from '../base/bytes.js'
import type { Uuid } from '../base/ids.js'
import { decodeMetadataRecord, type MetadataRecord } from '../protocol/state/metadata.js'
import type { MutableImage } from './image.js'

export class ImageReplay {
  readonly image: MutableImage
  /** Of topics that were removed, whose files may still be there. */
  readonly removedTopicIds = new Set<Uuid>()
  /** Keys of the kinds that were passed over although they may mean something: users, quotas, rights. */
  readonly unknownKinds = new Set<number>()
  #pending: MetadataRecord[] | null = null

  constructor(image: MutableImage) {
    this.image = image
  }

  /** @throws MalformedError */
  see(value: Bytes | null): void {
    const record = value === null ? 'of no interest' : decodeMetadataRecord(value)
    if (record === 'of no interest') return
    if (typeof record === 'number') this.unknownKinds.add(record)
    else if (record.kind === 'beginTransaction') this.#pending = []
    else if (record.kind === 'abortTransaction') this.#pending = null
    else if (record.kind === 'endTransaction') {
      for (const one of this.#pending ?? []) this.#apply(one)
      this.#pending = null
    } else if (this.#pending === null) this.#apply(record)
    else this.#pending.push(record)
  }

  #apply(record: MetadataRecord): void {
    if (record.kind === 'removeTopic') this.removedTopicIds.add(record.topicId)
    this.image.apply(record)
  }
}
