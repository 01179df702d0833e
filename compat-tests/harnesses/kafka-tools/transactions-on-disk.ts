/**
 * kafka-dump-log on what transactions leave on the disk: control batches, the index of aborted transactions beside what the
 * log itself says, a producer's open transaction in a snapshot, and `__transaction_state` through --transaction-log-decoder.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, expectEqual } from './checks.js'
import { batchesOf, dump, folderOf, internalPartitionOf, segmentsOf } from './disk.js'
import { type AbortedTransaction, type DumpedBatch, dumpedAborted, dumpedBatches, dumpedProducers } from './dump.js'
import type { Scenario } from './scenario.js'

const tool = 'kafka-dump-log'

interface DecodedKey {
  readonly data?: { readonly transactionalId: string }
}
interface DecodedValue {
  readonly data: { readonly transactionStatus: string }
}

export async function checkTransactionsOnDisk(scenario: Scenario): Promise<void> {
  const { checks, topics, transactionStates } = scenario
  await checks.check(tool, '.log with control batches: every transaction ends with a marker', async () => {
    for (const topic of [topics.paid, topics.copied, topics.shared, topics.held]) {
      const batches = await batchesOf(scenario, topic, 0)
      const markers = batches.filter(batch => batch.isControl)
      expect(markers.length > 0, `markers in ${topic}`)
      for (const batch of markers) {
        expectEqual([batch.isTransactional, batch.count, batch.size], [true, 1, 78], `marker at ${batch.baseOffset}`)
        expect(batch.records[0]!.marker !== null, `the type of the marker at ${batch.baseOffset}`)
      }
      const open = topic === topics.held ? 1 : 0
      expectEqual(transactionsOf(batches).open.size, open, `open transactions of ${topic}`)
    }
  })
  await checks.check(tool, '.txnindex: every aborted transaction as the log has it, with its last stable offset', async () => {
    for (const topic of [topics.paid, topics.copied, topics.held]) {
      const { aborted } = transactionsOf(await batchesOf(scenario, topic, 0))
      const files = readdirSync(folderOf(scenario, topic, 0)).filter(name => name.endsWith('.txnindex'))
      const entries: AbortedTransaction[] = []
      for (const file of files.sort()) {
        entries.push(...dumpedAborted((await dump(scenario, [join(folderOf(scenario, topic, 0), file)])).stdout))
      }
      expectEqual(entries, aborted, `aborted transactions of ${topic}`)
      expectEqual(entries.length > 0, topic !== topics.paid, `whether ${topic} has aborted transactions`)
    }
  })
  await checks.check(tool, '.snapshot: where the open transaction of a producer starts', async () => {
    const { open } = transactionsOf(await batchesOf(scenario, topics.held, 0))
    const folder = folderOf(scenario, topics.held, 0)
    const newest = readdirSync(folder)
      .filter(name => name.endsWith('.snapshot'))
      .sort()
      .at(-1)
    expect(newest !== undefined, `no snapshot in ${folder}`)
    const producers = dumpedProducers((await dump(scenario, [join(folder, newest)])).stdout)
    const starts = producers.filter(producer => producer.transactionStart !== null)
    expectEqual(
      starts.map(producer => [producer.producerId, producer.transactionStart]),
      [...open],
      'open transactions',
    )
  })
  await checks.check(tool, '--transaction-log-decoder reads the last state of every id in __transaction_state', async () => {
    for (const [id, state] of transactionStates) {
      const segments = segmentsOf(scenario, '__transaction_state', internalPartitionOf(id))
      const files = segments.map(segment => `${segment}.log`)
      const { stdout } = await dump(scenario, files, '--transaction-log-decoder')
      let last: string | undefined
      for (const { key, payload } of dumpedBatches(stdout).flatMap(batch => batch.records)) {
        if ((JSON.parse(key ?? '{}') as DecodedKey).data?.transactionalId !== id) continue
        last = payload === null ? undefined : (JSON.parse(payload) as DecodedValue).data.transactionStatus
      }
      expectEqual(last, state, `last state of ${id}`)
    }
  })
}

/** What a log says by itself: the transactions that were aborted, and where those start that are open at its end. */
function transactionsOf(batches: readonly DumpedBatch[]) {
  const open = new Map<number, number>()
  const aborted: AbortedTransaction[] = []
  for (const { producerId, isTransactional, isControl, baseOffset, records } of batches) {
    if (!isTransactional) continue
    if (!isControl) {
      if (!open.has(producerId)) open.set(producerId, baseOffset)
      continue
    }
    const firstOffset = open.get(producerId)
    open.delete(producerId)
    if (firstOffset === undefined || records[0]!.marker === 'COMMIT') continue
    const lastStableOffset = Math.min(baseOffset + 1, ...open.values())
    aborted.push({ producerId, firstOffset, lastOffset: baseOffset, lastStableOffset })
  }
  return { open, aborted }
}
