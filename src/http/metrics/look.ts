/** What one look at the broker sees, gathered for whoever shows metrics: a scrape, or a push. */
import type { Observed } from '../../server/observed.js'
import type { HttpParts } from '../parts.js'
import { Latencies } from './latencies.js'
import { ProcessMeter } from './process-figures.js'
import { QuorumMeter } from './quorum-figures.js'
import type { DiskSeen, ListenerSeen, Seen } from './seen.js'

export type Looked = Pick<HttpParts, 'broker' | 'world' | 'closing'>

export class Looks {
  readonly #looked: Looked
  readonly #process: ProcessMeter
  readonly #quorum: QuorumMeter
  readonly #latencies = new Latencies()

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
      apis: this.#latencies.see(broker.observed.meter?.apis.values() ?? [], world.host.monotonicMs()),
      listeners: listenersOf(broker.observed),
      groups: await groups.observe(),
      disks: await Promise.all(disks),
      process: await this.#process.read(),
      quorum: this.#quorum.read(),
      leftOut,
    }
  }
}

/** What is closed is counted already; to that comes what is open. */
function listenersOf({ meter, connections }: Observed): ListenerSeen[] {
  const seen = new Map(
    Array.from(meter?.listeners ?? [], ([name, { opened, closed, requests, bytesIn, bytesOut }]) => [
      name,
      { name, opened, closed, requests, bytesIn, bytesOut, software: new Map<string, Software>() },
    ]),
  )
  for (const session of connections()) {
    const listener = seen.get(session.connection.listenerName)
    if (listener === undefined) continue
    const { clientSoftwareName: name, clientSoftwareVersion: version } = session
    listener.requests += session.requests
    listener.bytesIn += session.bytesIn
    listener.bytesOut += session.bytesOut
    const key = `${name} ${version}`
    const same = listener.software.get(key) ?? { name, version, connections: 0 }
    same.connections++
    listener.software.set(key, same)
  }
  return [...seen.values()]
}

interface Software {
  readonly name: string
  readonly version: string
  connections: number
}
