/**
 * The hostile side, in a thread of its own so that its work does not delay the clients that are watched: lanes that hold one
 * conversation after another, each over a connection of its own, until so many frames are sent.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Random } from '../../lib/random.js'
import type { Protocol } from '../../lib/secure-gregor.js'
import { type Counts, connected, Peer } from './peer.js'
import { conversations } from './sasl.js'
import { tlsConversations } from './tls.js'

export interface StormOptions {
  readonly addresses: Readonly<Record<Protocol, string>>
  /** PEM */
  readonly authority: string
  readonly seed: number
  readonly lanes: number
  readonly handshakeMs: number
}

export interface StormReport {
  readonly counts: Counts
  /** Conversations, by name. */
  readonly held: Readonly<Record<string, number>>
  readonly problems: readonly string[]
}

type Answer = { readonly done: StormReport } | { readonly progress: Counts }

export class Storm {
  readonly #worker: Worker

  constructor(
    options: StormOptions,
    private readonly onProgress: (counts: Counts) => void,
  ) {
    this.#worker = new Worker(new URL('./storm.js', import.meta.url), { workerData: options })
  }

  /** Sends `frames` more and resolves with everything so far; all its connections are closed then. */
  rage(frames: number): Promise<StormReport> {
    return new Promise((resolve, reject) => {
      const hear = (answer: Answer) => {
        if ('progress' in answer) this.onProgress(answer.progress)
        else {
          this.#worker.off('message', hear)
          resolve(answer.done)
        }
      }
      this.#worker.on('message', hear)
      this.#worker.once('error', reject)
      this.#worker.postMessage(frames)
    })
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}

const progressEveryMs = 1000
/** One in so many conversations speaks TLS: a handshake costs both sides as much as a hundred SASL messages. */
const tlsOneIn = 6

if (!isMainThread) {
  const { addresses, authority, seed, lanes: laneCount, handshakeMs } = workerData as StormOptions
  const random = new Random(seed)
  const counts: Counts = { frames: 0, connections: 0, answers: 0, closed: 0, waitedOut: 0, logins: 0 }
  const held: Record<string, number> = {}
  const problems: string[] = []
  const lanes = Array.from({ length: laneCount }, () => random.fork())
  const onLogin = () => void counts.logins++

  const overTls = async (own: Random): Promise<string> => {
    const name = own.pick(Object.keys(tlsConversations))
    // Without SASL nothing ends a connection of which the handshake is done.
    const address = addresses[name.endsWith('Handshake') || own.oneIn(2) ? 'SASL_SSL' : 'SSL']
    await tlsConversations[name]!({ address, authority, random: own, counts, handshakeMs, onLogin })
    return name
  }
  const bySasl = async (own: Random): Promise<string> => {
    const name = own.pick(Object.keys(conversations))
    const peer = new Peer(await connected(addresses.SASL_PLAINTEXT, own, counts), own, counts)
    try {
      await conversations[name]!({ peer, random: own, handshakeMs, onLogin })
    } finally {
      peer.leave()
    }
    return name
  }
  const lane = async (own: Random, framesMax: number): Promise<void> => {
    while (counts.frames < framesMax && problems.length < 20) {
      const { seed: conversationSeed } = own.fork()
      const ofThis = new Random(conversationSeed)
      try {
        const name = await (ofThis.oneIn(tlsOneIn) ? overTls(ofThis) : bySasl(ofThis))
        held[name] = (held[name] ?? 0) + 1
      } catch (error) {
        problems.push(`conversation ${conversationSeed}: ${(error as Error).message}`)
      }
    }
  }

  const timer = setInterval(() => parentPort!.postMessage({ progress: counts }), progressEveryMs)
  timer.unref()
  parentPort!.on('message', async (frames: number) => {
    const framesMax = counts.frames + frames
    await Promise.all(lanes.map(own => lane(own, framesMax)))
    parentPort!.postMessage({ done: { counts, held, problems } })
  })
}
