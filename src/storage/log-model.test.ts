import fs from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { type LogModelReport, runLogModel } from '../testing/log-model.js'
import { temporaryFolder } from './test-kit.test-support.js'

/** Which rule is broken while a mutant runs; empty for the real code. */
const broken = vi.hoisted(() => ({ rule: '' }))

// A tmpfs where there is one: the model is about what is written, not about the disk.
const memory = '/dev/shm'

async function runs(seed: number, operations: number): Promise<LogModelReport> {
  const folder = fs.existsSync(memory) ? fs.mkdtempSync(`${memory}/gregor-model-`) : temporaryFolder()
  try {
    return await runLogModel({ seed, operations, folder })
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

afterEach(() => {
  broken.rule = ''
})

test('a log agrees with the model, through compaction, retention, crashes and all', async () => {
  // What happens in one history hangs on the size of compressed batches, which each Node's zlib decides.
  const happened = { compactions: 0, recordsCompactedAway: 0, restarts: 0, crashesInCompaction: 0 }
  for (const seed of [1, 2, 3]) {
    const report = await runs(seed, 1500)
    for (const what of Object.keys(happened) as (keyof typeof happened)[]) happened[what] += report[what]
  }
  expect(happened.compactions).toBeGreaterThan(8)
  expect(happened.recordsCompactedAway).toBeGreaterThan(300)
  expect(happened.restarts).toBeGreaterThan(6)
  expect(happened.crashesInCompaction).toBeGreaterThan(8)
}, 60_000)

const mutants = {
  hastyTombstones: 'a tombstone goes the first time that it is met',
  eternalTombstones: 'a tombstone stays for ever',
  forgottenProducers: 'the last batch of a producer goes with its records',
  openSegmentEnds: 'the last batch of a segment goes with its records',
  lostLatest: 'a record goes although it is the latest of its key',
  ignoredLag: 'records younger than min.compaction.lag.ms are compacted',
  greedyRetention: 'one segment more than retention allows is deleted',
  greedySize: 'a segment is deleted that leaves less than retention.bytes',
  earlyDeletion: 'the sources of a compaction go before the new segment is complete',
  abandonedSwap: 'a swap that a crash interrupted is not finished',
  earlyAnswer: 'DeleteRecords answers before the start is written down',
}

test.each(Object.entries(mutants))(
  '%s: the model notices when %s',
  async rule => {
    broken.rule = rule
    await expect(
      (async () => {
        for (let seed = 1; seed <= 12; seed++) await runs(seed, 2500)
      })(),
    ).rejects.toThrow()
  },
  120_000,
)

vi.mock('./rules/compaction-filter.js', async original => {
  const real = await original<typeof import('./rules/compaction-filter.js')>()
  class BatchFilter extends real.BatchFilter {
    constructor(rules: ConstructorParameters<typeof real.BatchFilter>[0]) {
      switch (broken.rule) {
        case 'hastyTombstones':
          super({ ...rules, nowMs: Number.MAX_SAFE_INTEGER, deleteRetentionMs: 0 })
          break
        case 'eternalTombstones':
          super({ ...rules, deleteRetentionMs: 1e12 })
          break
        case 'forgottenProducers':
          super({ ...rules, lastOfProducers: new Map() })
          break
        default:
          super(rules)
      }
    }

    override filter(...args: Parameters<InstanceType<typeof real.BatchFilter>['filter']>): void {
      if (broken.rule === 'openSegmentEnds') this.segmentEnd = -1
      super.filter(...args)
    }
  }
  return { ...real, BatchFilter }
})

vi.mock('./rules/compaction-keys.js', async original => {
  const real = await original<typeof import('./rules/compaction-keys.js')>()
  class KeyOffsets extends real.KeyOffsets {
    override get(...args: Parameters<InstanceType<typeof real.KeyOffsets>['get']>): number {
      return super.get(...args) + (broken.rule === 'lostLatest' ? 1 : 0)
    }
  }
  return { ...real, KeyOffsets }
})

vi.mock('./rules/compaction.js', async original => {
  const real = await original<typeof import('./rules/compaction.js')>()
  const planCompaction: typeof real.planCompaction = (log, rules, nowMs) =>
    real.planCompaction(log, broken.rule === 'ignoredLag' ? { ...rules, compactionLagMinMs: 0 } : rules, nowMs)
  return { ...real, planCompaction }
})

vi.mock('./rules/retention.js', async original => {
  const real = await original<typeof import('./rules/retention.js')>()
  const expiredCount: typeof real.expiredCount = (log, rules, nowMs) => {
    const retentionBytes =
      broken.rule === 'greedySize' && rules.retentionBytes > 0 ? rules.retentionBytes - 1500 : rules.retentionBytes
    const count = real.expiredCount(log, { ...rules, retentionBytes }, nowMs)
    return broken.rule === 'greedyRetention' && count > 0 ? Math.min(count + 1, log.segments.length - 1) : count
  }
  return { ...real, expiredCount }
})

vi.mock('./segments/swap.js', async original => {
  const real = await original<typeof import('./segments/swap.js')>()
  const swapIn: typeof real.swapIn = async (host, cleaned, sources) => {
    if (broken.rule === 'earlyDeletion') {
      for (const source of sources) source.setAside(0)
      await host.files.syncPath(host.folder)
    }
    return real.swapIn(host, cleaned, sources)
  }
  const completeSwaps: typeof real.completeSwaps = async (...args) => {
    if (broken.rule !== 'abandonedSwap') await real.completeSwaps(...args)
  }
  return { ...real, swapIn, completeSwaps }
})

vi.mock('./directory/checkpoints.js', async original => {
  const real = await original<typeof import('./directory/checkpoints.js')>()
  const checkpointsOf: typeof real.checkpointsOf = (...args) => {
    const checkpoints = real.checkpointsOf(...args)
    if (broken.rule === 'earlyAnswer') for (const file of Object.values(checkpoints)) file.write = () => Promise.resolve()
    return checkpoints
  }
  return { ...real, checkpointsOf }
})
