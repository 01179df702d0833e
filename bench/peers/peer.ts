// A broker to measure, behind one face: Gregor and what it is compared with. Each runs as a process of its own on
// 127.0.0.1, on a port that was free, with its log in a given folder of the same disk. A peer that this machine cannot run
// says why; it is never skipped silently.
import { WireClient } from '../../compat-tests/lib/wire-client.js'
import type { Subject } from '../lib/subject.js'
import { apiVersionsOf, metadataOf } from '../load/requests.js'

export type PeerId = 'gregor' | 'before' | 'kafka' | 'kfake' | 'mock'

export interface Peer {
  readonly id: PeerId
  /** The whole log is in memory: nothing to write, to restart with, or to read cold. */
  readonly isInMemory: boolean
  /** Builds or downloads what it takes, once. A version to show, or why it cannot run here. */
  prepare(): Promise<{ readonly version: string } | { readonly notRun: string }>
  start(options: PeerStart): Promise<RunningPeer>
}

export interface PeerStart {
  /** Comes back with its data when started again in the same folder. */
  readonly directory: string
  /** Only Gregor has the choice; the others leave it to the system, as Kafka's defaults do. */
  readonly durability?: 'os' | 'fsync'
  /** Kafka's configs beside those of all runs. */
  readonly properties?: Readonly<Record<string, string>>
  /** Listeners beside the one without protection. */
  readonly secure?: SecureListeners
  /** Open files that must be possible. */
  readonly descriptors?: number
}

export interface SecureListeners {
  /** By security protocol, which names the listener, too. */
  readonly ports: Readonly<Record<string, number>>
  /** What they need, as Kafka’s configs. */
  readonly properties: Readonly<Record<string, string>>
}

export const noSecureListeners: SecureListeners = { ports: {}, properties: {} }

/** As `listeners` has them. */
export function listenerTexts({ ports }: SecureListeners): string[] {
  return Object.entries(ports).map(([protocol, port]) => `${protocol}://127.0.0.1:${port}`)
}

export interface RunningPeer extends Subject {
  readonly peer: Peer
  /** From the spawn of its process to its first answer to Metadata. */
  readonly readyMs: number
  /** The highest version of each API that it serves, by key. */
  readonly versions: ReadonlyMap<number, number>
  /** Without a chance to tidy up. */
  kill(): Promise<unknown>
}

/** A peer that `prepare` found fit to run, and the version to show beside its figures. */
export interface PreparedPeer {
  readonly peer: Peer
  readonly version: string
}

/** What is left out of a run and why. */
export interface AbsentPeer {
  readonly peer: Peer
  readonly notRun: string
}

export async function prepareAll(
  peers: readonly Peer[],
): Promise<{ readonly present: PreparedPeer[]; readonly absent: AbsentPeer[] }> {
  const present: PreparedPeer[] = []
  const absent: AbsentPeer[] = []
  for (const peer of peers) {
    const outcome = await peer.prepare()
    if ('version' in outcome) present.push({ peer, version: outcome.version })
    else absent.push({ peer, notRun: outcome.notRun })
  }
  return { present, absent }
}

const retryMs = 3
const answerTimeoutMs = 120_000

/** Asks for Metadata until it is answered, however often nobody listens yet; then what the broker serves. */
export async function untilAnswered(port: number, isOver: () => boolean = () => false): Promise<ReadonlyMap<number, number>> {
  const deadlineMs = performance.now() + answerTimeoutMs
  for (;;) {
    try {
      const client = await WireClient.connect(`127.0.0.1:${port}`, 'gregor-bench')
      try {
        const { brokers } = await metadataOf(client, null)
        if (brokers.length > 0) return await apiVersionsOf(client)
      } finally {
        client.close()
      }
    } catch (error) {
      if (isOver() || performance.now() > deadlineMs) throw error
    }
    await new Promise(resolve => setTimeout(resolve, retryMs))
  }
}
