/**
 * Retention and compaction against a model in memory: `run.js [--seeds N] [--operations N]
 * [--first-seed N] [--folder PATH]`. Every seed is another sequence of appends, reads, deletions, compactions, config changes,
 * restarts and crashes on one partition, whose content is held against the model all along. What the model is, and what
 * it must notice, stands in src/testing/log-model.ts and its test.
 *
 * Exit code 0 when log and model agree, 1 when they do not (the seed is printed), 2 for wrong usage.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type LogModelReport, runLogModel } from '#testing/log-model.js'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    operations: { type: 'string', default: '20000' },
    'first-seed': { type: 'string', default: '1' },
    folder: { type: 'string', default: existsSync('/dev/shm') ? '/dev/shm' : tmpdir() },
  },
})
const [seeds, operations, firstSeed] = [values.seeds, values.operations, values['first-seed']].map(Number) as [
  number,
  number,
  number,
]
if (![seeds, operations, firstSeed].every(value => Number.isInteger(value) && value > 0)) {
  console.error('seeds and operations are whole numbers above 0')
  process.exit(2)
}

const totals: Record<string, number> = {}
const startedMs = performance.now()
for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  const folder = mkdtempSync(join(values.folder, 'gregor-model-'))
  try {
    add(await runLogModel({ seed, operations, folder }))
  } catch (error) {
    console.error(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`)
    process.exit(1)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  if ((seed - firstSeed) % 10 === 9) console.log(`${seed - firstSeed + 1} seeds: ${summary()}`)
}
console.log(`log and model agree: ${seeds} seeds of ${operations} operations in ${seconds()} s: ${summary()}`)

function add(report: LogModelReport): void {
  for (const [name, count] of Object.entries(report)) totals[name] = (totals[name] ?? 0) + count
}

function summary(): string {
  return Object.entries(totals)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

function seconds(): number {
  return Math.round((performance.now() - startedMs) / 1000)
}
