/** What one look at the broker sees, gathered for whoever shows metrics: a scrape, or a push. */
import type { HttpParts } from '../parts.js'
import { ProcessMeter } from './process-figures.js'
import { QuorumMeter } from './quorum-figures.js'
import type { DiskSeen, Seen } from './seen.js'

export type Looked = Pick<HttpParts, 'broker' | 'world' | 'closing'>

export class Looks {
  readonly #looked: Looked
  readonly #process: ProcessMeter
  readonly #quorum: QuorumMeter

  constructor(looked: Looked) {
    this.#looked = looked
    this.#process = new ProcessMeter(looked.world, looked.closing)
    this.#quorum = new QuorumMeter(looked.world.host, looked.broker.services.metadataLog)
  }

  /** @param leftOut filled while families are read; the last of them tells of it */
  async look(leftOut: ReadonlyMap<string, number>): Promise<Seen> {
    const { broker, world } = this.#looked
    const { groups, logDirs } = broker.services
    const disks = logDirs.all.map(async (dir): Promise<DiskSeen> => {
      const { path, isOnline } = dir
      return { path, isOnline, ...(await dir.room()) }
    })
    return {
      broker,
      world,
      groups: await groups.observe(),
      disks: await Promise.all(disks),
      process: await this.#process.read(),
      quorum: this.#quorum.read(),
      leftOut,
    }
  }
}
