import fs from 'node:fs'
import { expect, test } from 'vitest'
import { runTransactionModel, type TransactionModelReport } from '../testing/transaction-model.js'
import { temporaryFolder } from './test-kit.test-support.js'

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
  for (let seed = 1; seed <= 40; seed++) {
    const report = await runs(seed, 400)
    for (const what of Object.keys(happened) as (keyof typeof happened)[]) happened[what] += report[what]
  }
  expect(happened.transactions).toBeGreaterThan(1500)
  expect(happened.aborted).toBeGreaterThan(700)
  expect(happened.compactions).toBeGreaterThan(60)
  expect(happened.restarts).toBeGreaterThan(150)
  expect(happened.rebuiltIndexes).toBeGreaterThan(10)
}, 120_000)
