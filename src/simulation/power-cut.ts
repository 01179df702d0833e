/**
 * Simulated power cuts. `everyCut` runs one workload and looks, before every call that changes the disk, at what each crash
 * policy would leave there. `randomCuts` lives through several crashes in a row, some of them during recovery, and goes on
 * working in between. Both answer with the promises that were broken.
 */

import type { Files } from '../storage/files.js'
import type { Durability } from '../storage/types.js'
import { SeededRandom } from '../testing/seeded-random.js'
import { type CrashPolicy, crashPolicies } from '../testing/simulated-disk/crash.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import { judge } from './judge.js'
import { Ledger } from './ledger.js'
import { dataPath, SimulatedBroker } from './simulated-broker.js'
import { drawStep, Workload } from './workload.js'

/** A deliberate fault of the broker: the harness must see it. */
export interface Mutant {
  readonly files?: (disk: SimulatedDisk) => Files
  readonly durability?: Durability
}

export interface CutOptions {
  readonly seed: number
  readonly steps: number
  readonly mutant?: Mutant
  readonly policies?: readonly CrashPolicy[]
}

export interface CutReport {
  /** One line per broken promise, with where it was broken. */
  readonly problems: string[]
  /** Power cuts that were looked at. */
  readonly cuts: number
  /** Calls that changed the disk. */
  readonly calls: number
  readonly acknowledged: number
}

/** A moment at which the power failed: what is left, and what clients knew. */
interface Cut {
  readonly disk: SimulatedDisk
  readonly ledger: Ledger
  readonly what: string
}

const problemsMax = 20
const lockPath = `${dataPath}/.lock`

export async function everyCut({ seed, steps, mutant = {}, policies = crashPolicies }: CutOptions): Promise<CutReport> {
  const random = new SeededRandom(seed)
  const ledger = new Ledger()
  const problems: string[] = []
  let waiting: Cut[] = []
  let cuts = 0
  let calls = 0
  const watch = (disk: SimulatedDisk): void => {
    disk.beforeCall = call => {
      if (!call.changes) return undefined
      calls++
      for (const policy of policies) {
        const what = `${policy}, call ${calls}: ${call.operation} ${call.path}`
        waiting.push({ disk: disk.crash(policy, random.fork()), ledger: new Ledger(ledger), what })
      }
      return undefined
    }
  }
  const judgeWaiting = async (): Promise<void> => {
    const judged = waiting
    waiting = []
    for (const cut of judged) {
      if (problems.length >= problemsMax) return
      cuts++
      const judgedOne = await recover(cut, random.fork(), {})
      problems.push(...judgedOne.problems.map(problem => `${cut.what}: ${problem}`))
    }
  }
  const disk = new SimulatedDisk(dataPath)
  watch(disk)
  let life = await begin({ disk, ledger, what: 'start' }, random, mutant)
  for (let step = 0; step < steps && problems.length < problemsMax; step++) {
    const next = drawStep(random)
    if (next === 'restart') {
      await life.workload.finish()
      await life.broker.stop()
      life = await begin({ disk, ledger, what: 'restart' }, random, mutant)
    } else {
      await life.workload.run(next)
    }
    problems.push(...life.workload.problems.splice(0))
    await judgeWaiting()
  }
  return { problems, cuts, calls, acknowledged: acknowledgedIn(ledger) }
}

export async function randomCuts({ seed, steps, mutant = {}, policies = crashPolicies }: CutOptions): Promise<CutReport> {
  const random = new SeededRandom(seed)
  const problems: string[] = []
  let [cuts, calls, acknowledged] = [0, 0, 0]
  let taken: Cut | null = null
  let present: { disk: SimulatedDisk; ledger: Ledger } = { disk: new SimulatedDisk(dataPath), ledger: new Ledger() }
  /** The power fails before the n-th call from now. */
  const arm = (n: number): void => {
    const { disk, ledger } = present
    const policy = random.pick(policies)
    const fate = random.fork()
    let left = n
    disk.beforeCall = call => {
      if (!call.changes) return undefined
      calls++
      if (--left > 0 || taken !== null) return undefined
      const what = `seed ${seed}, cut ${++cuts}, ${policy}, ${call.operation} ${call.path}`
      taken = { disk: disk.crash(policy, fate), ledger: new Ledger(ledger), what }
      return undefined
    }
  }
  /** What a power cut in the middle of opening leaves is opened again, until an opening gets through. */
  const open = async (what: string): Promise<Life | null> => {
    for (;;) {
      let life: Life
      try {
        life = await begin({ ...present, what }, random, mutant)
      } catch (error) {
        problems.push(`${what}: does not start: ${(error as Error).stack ?? String(error)}`)
        return null
      }
      if (taken === null) return life
      present = taken
      what = (taken as Cut).what
      taken = null
      present.disk.beforeCall = () => undefined
    }
  }

  arm(random.between(1, callsPerLife))
  let life = await open(`seed ${seed}, start`)
  for (let step = 0; step < steps && problems.length === 0 && life !== null; step++) {
    const next = drawStep(random)
    if (next === 'restart') {
      await life.workload.finish()
      await life.broker.stop()
      if (taken === null) life = await open(`seed ${seed}, restart`)
    } else {
      await life.workload.run(next)
    }
    if (life === null) break
    problems.push(...life.workload.problems.splice(0).map(problem => `seed ${seed}: ${problem}`))
    if (taken === null) continue
    const cut: Cut = taken
    taken = null
    acknowledged += acknowledgedIn(cut.ledger)
    present = cut
    if (random.oneIn(4)) arm(random.between(1, callsPerRecovery))
    life = await open(cut.what)
    if (life === null) break
    const found = await judge(life.broker, present.ledger, random.fork())
    problems.push(...found.map(problem => `${cut.what}: ${problem}`))
    taken = null
    arm(random.between(1, callsPerLife))
  }
  return { problems, cuts, calls, acknowledged }
}

/** About as many calls as a third of a run makes. */
const callsPerLife = 120
const callsPerRecovery = 12

interface Life {
  readonly broker: SimulatedBroker
  readonly workload: Workload
}

async function begin({ disk, ledger }: Cut, random: SeededRandom, mutant: Mutant): Promise<Life> {
  // The machine was restarted: the owner of the lock is gone.
  const { beforeCall } = disk
  disk.beforeCall = () => undefined
  disk.files.remove(lockPath)
  disk.beforeCall = beforeCall
  const broker = await SimulatedBroker.open({
    disk,
    seed: random.uint32(),
    ...(mutant.files === undefined ? {} : { files: mutant.files(disk) }),
    ...(mutant.durability === undefined ? {} : { durability: mutant.durability }),
  })
  return { broker, workload: new Workload(broker, ledger, random.fork()) }
}

async function recover(cut: Cut, random: SeededRandom, mutant: Mutant): Promise<{ problems: string[] }> {
  try {
    const { broker } = await begin(cut, random, mutant)
    return { problems: await judge(broker, cut.ledger, random, 'one') }
  } catch (error) {
    return { problems: [`does not start: ${(error as Error).stack ?? String(error)}`] }
  }
}

function acknowledgedIn(ledger: Ledger): number {
  let count = 0
  for (const topic of ledger.topics.values()) for (const { acknowledged } of topic.partitions) count += acknowledged.size
  return count
}
