// The peers that are measured beside each other, started together in folders of their own and ended together. A peer that
// fails while it is measured is out for that load, with the reason where its figures would stand; Gregor failing ends the
// whole run.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AbsentPeer, PreparedPeer, RunningPeer } from '../peers/peer.js'
import type { Entry, MeasuredEntry } from './comparison.js'
import { inTurns } from './rounds.js'
import { warmUp } from './warm-up.js'

export interface CompareOptions {
  readonly isQuick: boolean
  /** Measured runs of each load, after one warm-up. */
  readonly runs: number
  /** Only loads whose title holds this are measured. */
  readonly load: string
  readonly scratch: string
  /** Every log that a load leaves behind is read back and checked. */
  readonly isVerified: boolean
  readonly present: readonly PreparedPeer[]
  readonly absent: readonly AbsentPeer[]
  readonly progress: (text: string) => void
}

let folders = 0

export function newFolder(scratch: string, name: string): string {
  const folder = join(scratch, `${name}-${++folders}`)
  mkdirSync(folder, { recursive: true })
  return folder
}

export interface Fleet {
  readonly running: readonly RunningPeer[]
  /** Those that could not be started, and why. */
  readonly absent: readonly Entry[]
}

/** Seconds of work before anything is measured; a Java broker is several times slower in its first ones. */
const warmUpSeconds = { full: 16, quick: 3 }

/** Starts every peer that can run, for as long as `use` takes. */
export async function withFleet<Result>(options: CompareOptions, use: (fleet: Fleet) => Promise<Result>): Promise<Result> {
  const running: RunningPeer[] = []
  const absent: Entry[] = absentEntries(options)
  try {
    for (const { peer } of options.present) {
      try {
        options.progress(`starting ${peer.id}`)
        const started = await peer.start({ directory: newFolder(options.scratch, peer.id) })
        running.push(started)
        options.progress(`warming up ${peer.id}`)
        await warmUp(started, options.isQuick ? warmUpSeconds.quick : warmUpSeconds.full)
      } catch (error) {
        if (peer.id === 'gregor') throw error
        absent.push({ name: peer.id, notRun: firstLine(error) })
      }
    }
    return await use({ running: running.filter(({ name }) => absent.every(entry => entry.name !== name)), absent })
  } finally {
    for (const peer of running) await peer.stop()
  }
}

export function absentEntries({ absent }: CompareOptions): Entry[] {
  return absent.map(({ peer, notRun }) => ({ name: peer.id, notRun }))
}

/** Who takes a load: a peer, or a limit. */
export interface Contender {
  readonly name: string
  readonly isLimit: boolean
  /** One run; the values by figure. */
  readonly run: () => Promise<Readonly<Record<string, number>>>
}

/** All of them in turns. One that throws gets no further turn, unless it is Gregor. */
export async function compare(
  what: string,
  contenders: readonly Contender[],
  options: Pick<CompareOptions, 'runs' | 'progress'> & { readonly cold?: boolean },
): Promise<Entry[]> {
  const failures = new Map<Contender, string>()
  const runs = await inTurns(what, contenders, options, async contender => {
    if (failures.has(contender)) return {}
    try {
      return await contender.run()
    } catch (error) {
      if (contender.name.startsWith('gregor'))
        throw new Error(`${what}, ${contender.name}: ${firstLine(error)}`, { cause: error })
      failures.set(contender, firstLine(error))
      return {}
    }
  })
  return contenders.map((contender, index): Entry => {
    const notRun = failures.get(contender)
    if (notRun !== undefined) return { name: contender.name, notRun }
    return { name: contender.name, isLimit: contender.isLimit, values: columnsOf(runs[index]!) }
  })
}

function columnsOf(runs: readonly Readonly<Record<string, number>>[]): MeasuredEntry['values'] {
  const columns: Record<string, number[]> = {}
  for (const run of runs) {
    for (const [key, value] of Object.entries(run)) {
      columns[key] ??= []
      columns[key].push(value)
    }
  }
  return columns
}

export function firstLine(error: unknown): string {
  return (error as Error).message.trim().split('\n')[0]!
}
