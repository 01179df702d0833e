/**
 * Producer ids, unique for ever: a block is reserved in __cluster_metadata before the first id of it is handed out, so ids
 * that a crash made forgotten are skipped, never repeated.
 */
import type { ProducerId } from '../base/ids.js'
import { allocateProducerIds, type ClusterSettings } from '../cluster/controller.js'
import type { ClusterImage } from '../cluster/image.js'
import type { MetadataLog } from './metadata-log.js'

/** Kafka's block size. */
const blockSize = 1000

export class ProducerIds {
  readonly #image: ClusterImage
  readonly #settings: ClusterSettings
  readonly #metadataLog: MetadataLog
  #next = 0
  #end = 0
  #reserving: Promise<void> | null = null

  constructor(image: ClusterImage, settings: ClusterSettings, metadataLog: MetadataLog) {
    this.#image = image
    this.#settings = settings
    this.#metadataLog = metadataLog
  }

  async next(): Promise<ProducerId> {
    while (this.#next === this.#end) {
      this.#reserving ??= this.#reserve().finally(() => {
        this.#reserving = null
      })
      await this.#reserving
    }
    return this.#next++
  }

  async #reserve(): Promise<void> {
    const { records, result } = allocateProducerIds(this.#image, this.#settings, blockSize)
    await this.#metadataLog.write(records)
    this.#next = result.first
    this.#end = result.end
  }
}
