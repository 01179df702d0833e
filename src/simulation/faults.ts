/**
 * A disk that fails: one workload, run again and again, and in each run one call fails in one way. `EIO` on a write or a sync
 * ends the broker, and nothing is acknowledged afterwards; a full disk refuses what it must and is forgotten once there is
 * room. At the end the power fails, and what was acknowledged has to be there.
 */

import { atOnce } from '../base/slice.js'
import { DiskFailure } from '../storage/files.js'
import type { ReadLimits } from '../storage/types.js'
import { SeededRandom } from '../testing/seeded-random.js'
import { type DiskCall, type DiskFault, SimulatedDisk } from '../testing/simulated-disk/disk.js'
import { judge } from './judge.js'
import { Ledger } from './ledger.js'
import { dataPath, SimulatedBroker } from './simulated-broker.js'
import { drawStep, Workload } from './workload.js'

export interface FaultOptions {
  readonly seed: number
  readonly steps: number
  /** Whether this call fails. */
  readonly fault: (call: DiskCall) => DiskFault | undefined
}

export interface FaultReport {
  readonly problems: string[]
  readonly calls: number
  /** The broker gave up, as it must when it cannot know what the disk holds. */
  readonly isFatal: boolean
  /** It did not start. */
  readonly isRefusedAtStart: boolean
  readonly acknowledged: number
}

export async function runWithFault({ seed, steps, fault }: FaultOptions): Promise<FaultReport> {
  const random = new SeededRandom(seed)
  const ledger = new Ledger()
  const disk = new SimulatedDisk(dataPath)
  const problems: string[] = []
  let isFatal = false
  let isRefusedAtStart = false
  disk.beforeCall = fault
  try {
    const broker = await SimulatedBroker.open({ disk, seed: random.uint32() })
    const workload = new Workload(broker, ledger, random.fork(), true)
    for (let step = 0; step < steps && broker.fatal.length === 0; step++) {
      const next = drawStep(random)
      if (next !== 'restart') await workload.run(next)
    }
    isFatal = broker.fatal.length > 0
    if (isFatal) await refusesEverything(workload, ledger, problems)
    else await workload.finish()
    problems.push(...workload.problems)
    if (broker.fatal.length > 1) problems.push(`gave up ${broker.fatal.length} times`)
    await broker.stop()
  } catch (error) {
    if (!(error instanceof DiskFailure)) throw error
    isRefusedAtStart = true
  }
  const { callCount: calls } = disk
  const acknowledged = [...ledger.topics.values()].flatMap(topic => topic.partitions.map(one => one.acknowledged.size))
  const left = disk.crash('drop', random)
  left.files.remove(`${dataPath}/.lock`)
  const again = await SimulatedBroker.open({ disk: left, seed: random.uint32() })
  problems.push(...(await judge(again, ledger, random)))
  return { problems, calls, isFatal, isRefusedAtStart, acknowledged: acknowledged.reduce((sum, count) => sum + count, 0) }
}

/** What there is none of for a while, and which calls need it. */
const shortages = {
  room: { calls: new Set<string>(['write', 'writeWhole', 'makeDirectory'] satisfies DiskCall['operation'][]), mayRead: true },
  descriptors: {
    calls: new Set<string>(['open', 'list', 'readWhole', 'writeWhole', 'syncPath'] satisfies DiskCall['operation'][]),
    mayRead: false,
  },
}

export interface ShortageOptions {
  readonly of: keyof typeof shortages
  readonly seed: number
  readonly from: number
  readonly calls: number
}

/** No room, or no descriptor, between two calls: what needs it is refused, and afterwards everything is as before. */
export async function runWithShortage({ of, seed, from, calls }: ShortageOptions): Promise<string[]> {
  const shortage = shortages[of]
  const random = new SeededRandom(seed)
  const ledger = new Ledger()
  const disk = new SimulatedDisk(dataPath)
  const broker = await SimulatedBroker.open({ disk, seed: random.uint32() })
  const workload = new Workload(broker, ledger, random.fork(), true)
  const first = disk.callCount + from
  let refused = 0
  disk.beforeCall = ({ number, operation }) => {
    const isShort = number >= first && number < first + calls && shortage.calls.has(operation)
    if (!isShort) return undefined
    refused++
    if (of === 'descriptors') return 'EMFILE'
    return random.oneIn(2) ? 'short' : 'ENOSPC'
  }
  // 1. Until it was short and is not any more.
  for (let step = 0; step < fullDiskStepsMax && disk.callCount < first + calls; step++) {
    const next = drawStep(random)
    if (next !== 'restart') await workload.run(next)
    if (shortage.mayRead) await readsGoOn(broker, ledger, workload.problems)
  }
  await broker.settle()
  disk.beforeCall = () => undefined
  // What could not begin is tried again.
  broker.world.advance(shortageRetryMs)
  await workload.finish()
  // 2. No request is refused any more.
  const after = new Workload(broker, ledger, random.fork())
  for (const step of ['create', 'produce', 'commit', 'produce', 'read', 'producer', 'trim', 'grow'] as const)
    await after.run(step)
  await after.finish()
  const problems = [...workload.problems, ...after.problems]
  if (refused === 0) problems.push(`there was always enough ${of}`)
  for (const error of broker.fatal) problems.push(`gave up for want of ${of}: ${error.message}`)
  await broker.stop()
  // 3. What was acknowledged is there.
  const left = disk.crash('drop', random)
  left.files.remove(`${dataPath}/.lock`)
  const again = await SimulatedBroker.open({ disk: left, seed: random.uint32() })
  problems.push(...(await judge(again, ledger, random)))
  return problems
}

/** A start on a disk that takes nothing any more: everything that was acknowledged is served. */
export async function startOnFullDisk({ seed, ending }: { seed: number; ending: 'stop' | 'kill' }): Promise<string[]> {
  const random = new SeededRandom(seed)
  const ledger = new Ledger()
  const disk = new SimulatedDisk(dataPath)
  const broker = await SimulatedBroker.open({ disk, seed: random.uint32() })
  const workload = new Workload(broker, ledger, random.fork())
  for (let step = 0; step < startStepsMax; step++) {
    const next = drawStep(random)
    if (next !== 'restart') await workload.run(next)
  }
  await workload.finish()
  if (ending === 'stop') await broker.stop()
  else disk.endProcess()
  disk.beforeCall = ({ operation, path }) =>
    path !== dataPath && (shortages.room.calls.has(operation) || operation === 'link') ? 'ENOSPC' : undefined
  const again = await SimulatedBroker.open({ disk, seed: random.uint32() })
  const problems = [...workload.problems]
  await readsGoOn(again, ledger, problems)
  for (const error of again.fatal) problems.push(`gave up: ${error.message}`)
  disk.beforeCall = () => undefined
  problems.push(...(await judge(again, ledger, random)))
  return problems
}

const shortageRetryMs = 2000
const startStepsMax = 60
const fullDiskStepsMax = 400

async function readsGoOn(broker: SimulatedBroker, ledger: Ledger, problems: string[]): Promise<void> {
  for (const topic of ledger.usable()) {
    const partition = broker.core.services.topics.partition(topic.name, 0)
    if (partition === undefined) continue
    const read = atOnce(partition.read(partition.logStartOffset, readLimits))
    if (typeof read === 'number') problems.push(`${topic.name}-0 cannot be read while the disk is full: ${read}`)
    else for (const slice of read.slices) slice.release()
  }
}

const readLimits: ReadLimits = { maxBytes: 1 << 20, atLeastOneBatch: true, isolation: 'read_uncommitted' }

/**
 * After the disk has failed nothing that begins is promised any more, and waiting requests get an error. (What another sync has
 * brought to stable storage meanwhile may be acknowledged.)
 */
async function refusesEverything(workload: Workload, ledger: Ledger, problems: string[]): Promise<void> {
  const before = new Ledger(ledger)
  for (const step of ['produce', 'create', 'commit', 'produce', 'delete'] as const) await workload.run(step)
  await workload.finish()
  for (const [name, topic] of ledger.topics) {
    if (!before.topics.has(name) && topic.topicId !== null) problems.push(`topic ${name} was created after the disk had failed`)
    for (const [index, { sent, acknowledged }] of topic.partitions.entries()) {
      const known = new Set(before.topics.get(name)?.partitions[index]?.sent.map(({ label }) => label))
      const late = sent.filter(({ label }) => acknowledged.has(label) && !known.has(label))
      for (const { label } of late) problems.push(`${label} was acknowledged after the disk had failed`)
    }
  }
}
