import { expect, test, vi } from 'vitest'
import { atOnce } from '../base/slice.js'
import { isErrorCode, isRefusal } from '../protocol/errors.js'
import * as batch from '../protocol/records/batch.js'
import { markerOf } from '../protocol/records/marker.js'
import { committedIn } from '../testing/committed-view.js'
import { SeededRandom } from '../testing/seeded-random.js'
import { crashPolicies } from '../testing/simulated-disk/crash.js'
import { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import type { Partition } from './partition.js'
import { type AbortedTransaction, decodeTransactionIndex } from './rules/compaction-transactions.js'
import { append, batchOf, everything, openTest, topicId } from './test-kit.test-support.js'
import type { Isolation, Read } from './types.js'

/** Which rule is broken while a mutant runs; empty for the real code. */
const broken = vi.hoisted(() => ({ rule: '' }))

const folder = '/data'

interface Cut {
  readonly disk: SimulatedDisk
  readonly what: string
  /** All below was acknowledged. */
  readonly acknowledged: number
}

/** A few producers at work in transactions; the power fails at random moments. */
async function cutsOf(seed: number, steps: number): Promise<Cut[]> {
  const random = new SeededRandom(seed)
  const disk = new SimulatedDisk(folder)
  const opened = await openTest({
    path: folder,
    files: disk.files,
    durability: 'fsync',
    defers: true,
    config: { segmentBytes: 1500 },
  })
  const partition = opened.directory.createPartition('t', 0, topicId)
  const cuts: Cut[] = []
  let acknowledged = 0
  disk.beforeCall = ({ changes, operation, path }) => {
    if (!changes || random.below(8) > 0) return undefined
    const policy = crashPolicies[random.below(crashPolicies.length)]!
    cuts.push({ disk: disk.crash(policy, random.fork()), what: `${policy} at ${operation} ${path}`, acknowledged })
    return undefined
  }
  const sequences = [0, 0, 0, 0]
  for (let step = 0; step < steps; step++) {
    const producerId = random.below(4)
    const kind = random.below(20)
    if (kind < 9) {
      const of = { producerId, producerEpoch: 0, baseSequence: sequences[producerId]!++, isTransactional: true }
      append(partition, batchOf(`s${step}`, { ...of, valueBytes: 60 }), { kind: 'client', apiVersion: 11, guard: 'unverified' })
    } else if (kind < 15) {
      const marker = { producer: { producerId, producerEpoch: 0 }, isCommit: random.below(3) === 0, coordinatorEpoch: 0 }
      if (isRefusal(partition.appendMarker(marker, 0))) throw new Error('refused')
    } else if (kind < 17) append(partition, batchOf(`s${step}`, { valueBytes: 100 }))
    else if (kind < 19) {
      const end = partition.logEndOffset
      await settled(partition, opened.deferred)
      acknowledged = end
    } else {
      const checkpoint = opened.directory.checkpoint()
      await settled(partition, opened.deferred)
      await checkpoint
    }
  }
  return cuts
}

async function settled(partition: Partition, deferred: (() => void)[]): Promise<void> {
  let isDone = false
  const done = partition.settled().then(() => {
    isDone = true
  })
  while (!isDone) {
    for (const run of deferred.splice(0)) run()
    await Promise.resolve()
  }
  await done
}

function bytesIn({ slices, byteLength }: Read): Uint8Array {
  const bytes = new Uint8Array(byteLength)
  let at = 0
  for (const slice of slices) {
    at += slice.read(0, bytes.subarray(at, at + slice.byteLength)) as number
    slice.release()
  }
  return bytes
}

/** Read by read, as a consumer does. */
function* readsFrom(
  partition: Partition,
  from: number,
  isolation: Isolation,
): Generator<{ bytes: Uint8Array; from: number; read: Read }> {
  for (let next = from; ; ) {
    const read = atOnce(partition.read(next, { ...everything, isolation }))
    if (isErrorCode(read)) throw new Error(`error ${read}`)
    const bytes = bytesIn(read)
    if (bytes.byteLength === 0) return
    yield { bytes, from: next, read }
    next = endOf(bytes)
  }
}

function endOf(bytes: Uint8Array): number {
  let end = 0
  for (let at = 0; at < bytes.byteLength; at += batch.batchLength(bytes, at)) end = batch.lastOffset(bytes, at) + 1
  return end
}

/** What a log says of its transactions, read from its first batch on. */
function transactionsOf(bytes: Uint8Array) {
  const open = new Map<number, number[]>()
  const committed: number[] = []
  const aborted: AbortedTransaction[] = []
  for (let at = 0; at < bytes.byteLength; at += batch.batchLength(bytes, at)) {
    const producerId = batch.producerId(bytes, at)
    const offset = batch.baseOffset(bytes, at)
    if (!batch.isTransactional(bytes, at)) committed.push(offset)
    else if (!batch.isControl(bytes, at)) open.set(producerId, [...(open.get(producerId) ?? []), offset])
    else {
      const offsets = open.get(producerId) ?? []
      open.delete(producerId)
      if (markerOf(bytes, at)!.isCommit) committed.push(...offsets)
      else if (offsets.length > 0) {
        const lastStableOffset = Math.min(offset + 1, ...[...open.values()].map(([first]) => first!))
        aborted.push({ producerId, firstOffset: offsets[0]!, lastOffset: offset, lastStableOffset })
      }
    }
  }
  return { committed, aborted, firstOpen: Math.min(...[...open.values()].map(([first]) => first!)) }
}

/** What is wrong with what the next start makes of it. */
async function problemsOf({ disk, acknowledged }: Cut): Promise<string[]> {
  const { directory } = await openTest({ path: folder, files: disk.files, durability: 'fsync', config: { segmentBytes: 1500 } })
  const partition = directory.partition('t', 0)
  if (partition === undefined) return acknowledged === 0 ? [] : ['the partition is gone']
  const problems: string[] = []
  const expectSame = (what: string, is: unknown, should: unknown): void => {
    if (JSON.stringify(is) !== JSON.stringify(should))
      problems.push(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`)
  }
  const { logEndOffset, lastStableOffset } = partition
  if (logEndOffset < acknowledged) problems.push(`ends at ${logEndOffset}, and ${acknowledged} was acknowledged`)
  // What is damaged was never acknowledged. A snapshot may know how a transaction ended of which the log has lost the marker.
  if (disk.paths(folder).some(path => path.endsWith('.damaged'))) return problems
  const log = transactionsOf(Buffer.concat(Array.from(readsFrom(partition, 0, 'read_uncommitted'), ({ bytes }) => bytes)))
  expectSame('stable up to', lastStableOffset, Math.min(log.firstOpen, logEndOffset))
  const visible = log.committed.filter(offset => offset < lastStableOffset).sort((a, b) => a - b)
  for (let from = 0; from <= logEndOffset; from += 5) {
    const reads = Array.from(readsFrom(partition, from, 'read_committed'))
    const records = reads.flatMap(({ bytes, from: asked, read }) => committedIn(bytes, asked, read.abortedTransactions!))
    const seen = records.map(({ offset }) => offset)
    expectSame(
      `committed from ${from}`,
      seen,
      visible.filter(offset => offset >= from),
    )
  }
  const files = disk.paths(folder).filter(path => /t-0\/\d{20}\.txnindex$/.test(path))
  expectSame(
    'aborted',
    files.flatMap(path => decodeTransactionIndex(disk.files.readWhole(path)!)),
    log.aborted,
  )
  await directory.close()
  return problems
}

async function problemsIn(seeds: number): Promise<{ problems: string[]; cuts: number }> {
  const problems: string[] = []
  let cuts = 0
  for (let seed = 1; seed <= seeds && problems.length === 0; seed++) {
    for (const cut of await cutsOf(seed, 120)) {
      cuts++
      problems.push(...(await problemsOf(cut)).map(problem => `seed ${seed}, ${cut.what}: ${problem}`))
    }
  }
  return { problems, cuts }
}

test('after a power cut transactions are what the log says they are', async () => {
  const { problems, cuts } = await problemsIn(8)
  expect(problems).toEqual([])
  expect(cuts).toBeGreaterThan(120)
}, 60_000)

const mutants = {
  trustedIndexes: 'what is behind the recovery point is taken from the index files',
  forgottenOpen: 'open transactions are forgotten with a restart',
  lateIndexes: 'the recovery point moves without the transaction indexes',
}
test.each(Object.entries(mutants))(
  '%s: it is noticed when %s',
  async rule => {
    broken.rule = rule
    try {
      expect((await problemsIn(30)).problems).not.toEqual([])
    } finally {
      broken.rule = ''
    }
  },
  60_000,
)

vi.mock('./segments/recovery.js', async original => {
  const real = await original<typeof import('./segments/recovery.js')>()
  const recoverLog: typeof real.recoverLog = async input => {
    const recovered = await real.recoverLog(input)
    return broken.rule === 'trustedIndexes' ? { ...recovered, abortedFrom: null } : recovered
  }
  return { ...real, recoverLog }
})

vi.mock('./rules/producers.js', async original => {
  const real = await original<typeof import('./rules/producers.js')>()
  class ProducerStates extends real.ProducerStates {
    override load(...[entry]: Parameters<InstanceType<typeof real.ProducerStates>['load']>): void {
      super.load(broken.rule === 'forgottenOpen' ? { ...entry, currentTxnFirstOffset: -1 } : entry)
    }
  }
  return { ...real, ProducerStates }
})

vi.mock('./segments/transaction-index.js', async original => {
  const real = await original<typeof import('./segments/transaction-index.js')>()
  class TransactionIndex extends real.TransactionIndex {
    override async sync(): Promise<void> {
      if (broken.rule !== 'lateIndexes') await super.sync()
    }
  }
  return { ...real, TransactionIndex }
})
