/**
 * The hostile side, in a thread of its own so that its work does not delay the clients that are watched: some lanes that
 * share one mutator. The main thread asks for so many frames at a time and hears what came of them.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Random } from '../../lib/random.js'
import { loadCorpus } from './corpus.js'
import { Lane, type LaneCounts } from './lane.js'
import { type Kind, kinds, Mutator } from './mutator.js'

export interface StormOptions {
  readonly port: number
  readonly seed: number
  readonly lanes: number
  readonly topicId: Uint8Array
}

export interface StormReport {
  readonly counts: LaneCounts
  readonly kinds: Readonly<Record<Kind, number>>
  readonly problems: readonly string[]
  /** The frames on their way when it ended, in hex, one lane after another. */
  readonly outstanding: readonly string[]
}

type Answer = { readonly done: StormReport } | { readonly progress: LaneCounts }

export class Storm {
  readonly #worker: Worker

  constructor(
    options: StormOptions,
    private readonly onProgress: (counts: LaneCounts) => void,
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

const PROGRESS_EVERY_MS = 1000

if (!isMainThread) {
  const { port, seed, lanes: laneCount, topicId } = workerData as StormOptions
  const random = new Random(seed)
  const mutator = new Mutator(loadCorpus(Buffer.from(topicId)), random.fork())
  const counts: LaneCounts = { frames: 0, answered: 0, closed: 0, stalled: 0, connections: 0, segments: 0 }
  const made = Object.fromEntries(kinds.map(kind => [kind, 0])) as Record<Kind, number>
  const laneRandoms = Array.from({ length: laneCount }, () => random.fork())
  const timer = setInterval(() => parentPort!.postMessage({ progress: counts }), PROGRESS_EVERY_MS)
  timer.unref()
  parentPort!.on('message', async (frames: number) => {
    let left = frames
    const next = () => {
      if (left === 0) return null
      left--
      const mutant = mutator.next()
      made[mutant.kind]++
      return mutant
    }
    const lanes = laneRandoms.map(own => new Lane(port, next, own, counts))
    await Promise.all(lanes.map(lane => lane.run()))
    const problems = lanes.flatMap(lane => lane.problems)
    const outstanding = lanes.flatMap(lane => lane.outstanding.map(bytes => bytes.toString('hex')))
    parentPort!.postMessage({ done: { counts, kinds: made, problems, outstanding } })
  })
}
