/** Asks for the committed offsets of groups again and again, as somebody who does not wait for transactions under way. */
import { OffsetFetch } from '#protocol/messages/offset-fetch.js'
import { delay } from '../../lib/patience.js'
import { ConnectionLost, WireClient } from '../../lib/wire-client.js'
import type { HistoryEvent } from './history.js'

const EVERY_MS = 50
const OFFSET_FETCH_VERSION = 7

export interface ObservedGroup {
  readonly group: string
  /** topic → partitions */
  readonly topics: ReadonlyMap<string, number>
}

export class OffsetsObserver {
  lookCount = 0
  #isStopping = false

  constructor(
    private readonly bootstrap: string,
    private readonly groups: readonly ObservedGroup[],
    private readonly tell: (event: HistoryEvent) => void,
  ) {}

  async run(): Promise<void> {
    while (!this.#isStopping) {
      try {
        const client = await WireClient.connect(this.bootstrap, 'offsets-observer')
        try {
          while (!this.#isStopping) {
            await this.look(client)
            await delay(EVERY_MS)
          }
        } finally {
          client.close()
        }
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
        await delay(20)
      }
    }
  }

  stop(): void {
    this.#isStopping = true
  }

  /** False when the coordinator was not ready for all of them. */
  async look(client: WireClient): Promise<boolean> {
    let isWhole = true
    for (const { group, topics } of this.groups) {
      const answer = await client.request(OffsetFetch, OFFSET_FETCH_VERSION, {
        groupId: group,
        topics: [...topics].map(([name, count]) => ({ name, partitionIndexes: [...Array(count).keys()] })),
      })
      const atMs = Date.now()
      this.lookCount++
      if (answer.errorCode !== 0) {
        isWhole = false
        continue
      }
      for (const { name: topic, partitions } of answer.topics ?? []) {
        for (const { partitionIndex: partition, committedOffset, errorCode } of partitions) {
          if (errorCode !== 0) isWhole = false
          else this.tell({ type: 'committed offset', group, topic, partition, offset: Number(committedOffset), atMs })
        }
      }
    }
    return isWhole
  }
}
