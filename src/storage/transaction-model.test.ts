import fs from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { runTransactionModel, type TransactionModelReport } from '../testing/transaction-model.js'
import { temporaryFolder } from './test-kit.test-support.js'

/** Which rule is broken while a mutant runs; empty for the real code. */
const broken = vi.hoisted(() => ({ rule: '' }))

afterEach(() => {
  broken.rule = ''
})

// A tmpfs where there is one: the model is about what is written, not about the disk.
const memory = '/dev/shm'

async function runs(seed: number, operations: number): Promise<TransactionModelReport> {
  const folder = fs.existsSync(memory) ? fs.mkdtempSync(`${memory}/gregor-transactions-`) : temporaryFolder()
  try {
    return await runTransactionModel(seed, operations, folder)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

test('readers of committed records see what was committed, through compaction, restarts and lost indexes', async () => {
  const happened = { transactions: 0, aborted: 0, compactions: 0, restarts: 0, rebuiltIndexes: 0 }
  for (let seed = 1; seed <= 15; seed++) {
    const report = await runs(seed, 400)
    for (const what of Object.keys(happened) as (keyof typeof happened)[]) happened[what] += report[what]
  }
  expect(happened.transactions).toBeGreaterThan(500)
  expect(happened.aborted).toBeGreaterThan(250)
  expect(happened.compactions).toBeGreaterThan(15)
  expect(happened.restarts).toBeGreaterThan(50)
  expect(happened.rebuiltIndexes).toBeGreaterThan(3)
}, 120_000)

const mutants = {
  wrongStableOffset: 'the index says that all below a marker is stable, whatever else is open',
  lateAborted: 'an aborted transaction is looked for in the segment alone that is read',
  hastyMarkers: 'compaction drops a marker before the records of its transaction',
  eternalAborted: 'compaction keeps aborted records',
  unseenMarkers: 'compaction takes records for committed whose abort marker stands above its end',
  openCompacted: 'compaction goes on into what is not decided yet',
  staleSnapshots: 'a transaction is open because a snapshot says so that is older than the last compaction',
}

test.each(Object.entries(mutants))(
  '%s: the model notices when %s',
  async rule => {
    broken.rule = rule
    await expect(
      (async () => {
        for (let seed = 1; seed <= 60; seed++) await runs(seed, 400)
      })(),
    ).rejects.toThrow()
  },
  120_000,
)

vi.mock('./rules/open-transactions.js', async original => {
  const real = await original<typeof import('./rules/open-transactions.js')>()
  class OpenTransactions extends real.OpenTransactions {
    override firstOpenBut(producerId: number): number | null {
      return broken.rule === 'wrongStableOffset' ? null : super.firstOpenBut(producerId)
    }
  }
  return { ...real, OpenTransactions }
})

vi.mock('./segments/log-reader.js', async original => {
  const real = await original<typeof import('./segments/log-reader.js')>()
  class LogReader extends real.LogReader {
    override abortedFrom(from: number, end: number) {
      const found = super.abortedFrom(from, end)
      if (broken.rule === 'unseenMarkers' && from === 0) return found.filter(({ lastOffset }) => lastOffset < end)
      if (broken.rule === 'lateAborted' && from > 0) return found.filter(({ lastOffset }) => lastOffset < end)
      return found
    }
  }
  return { ...real, LogReader }
})

vi.mock('./rules/compaction-transactions.js', async original => {
  const real = await original<typeof import('./rules/compaction-transactions.js')>()
  const batch = await import('../protocol/records/batch.js')
  class CleanedTransactions extends real.CleanedTransactions {
    override see(bytes: Uint8Array, at: number): boolean {
      const mayGo = super.see(bytes, at)
      if (broken.rule === 'hastyMarkers' && batch.isControl(bytes, at)) return true
      return broken.rule === 'eternalAborted' && !batch.isControl(bytes, at) ? false : mayGo
    }
  }
  return { ...real, CleanedTransactions }
})

vi.mock('./rules/compaction.js', async original => {
  const real = await original<typeof import('./rules/compaction.js')>()
  const planCompaction: typeof real.planCompaction = (log, rules, nowMs) =>
    real.planCompaction(broken.rule === 'openCompacted' ? { ...log, lastStableOffset: log.logEndOffset } : log, rules, nowMs)
  return { ...real, planCompaction }
})

vi.mock('./format/producer-snapshots.js', async original => {
  const real = await original<typeof import('./format/producer-snapshots.js')>()
  class ProducerSnapshots extends real.ProducerSnapshots {
    override before(...[start, usable, names]: Parameters<InstanceType<typeof real.ProducerSnapshots>['before']>) {
      return super.before(start, broken.rule === 'staleSnapshots' ? { ...usable, from: 0 } : usable, names)
    }
  }
  return { ...real, ProducerSnapshots }
})
