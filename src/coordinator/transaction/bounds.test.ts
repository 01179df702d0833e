/** What is long is done in steps, and what grows has a bound. */
import { expect, test } from 'vitest'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { noTopics } from '../../testing/memory-log.js'
import type { Decision, Env } from '../machine.js'
import { addPartitions } from './add-partitions.js'
import { apply } from './apply.js'
import { asked, type TransactionCommand, type WriteMarkers } from './command.js'
import {
  partitionsPerTransactionMax,
  transactionalIdCharsMax,
  transactionalIdCharsPerShardMax,
  transactionalIdsMax,
  transactionConfigDefaults,
} from './config.js'
import { initProducerId } from './init-producer-id.js'
import { transactionMachine } from './machine.js'
import { noPartitions } from './partitions.js'
import type { Transaction, TransactionRecord } from './state.js'

const nowMs = 1_700_000_000_000
const env: Env = { nowMs, newId: () => '', topics: noTopics }
const week = transactionConfigDefaults.transactionalIdExpirationMs

const transaction: Transaction = {
  state: 'CompleteCommit',
  producerId: 1,
  producerEpoch: 0,
  previousProducerId: 1,
  nextProducerId: -1,
  lastProducerEpoch: -1,
  timeoutMs: 60_000,
  partitions: noPartitions,
  startMs: nowMs,
  lastUpdateMs: nowMs,
  clientTransactionVersion: 0,
}

function initialization(transactionalId: string): TransactionCommand {
  const request = { transactionalId, transactionTimeoutMs: 1000, producerId: -1, producerEpoch: -1 }
  return asked(initProducerId, { request, context: { version: 5 }, token: 0 })
}

function scene() {
  const machine = transactionMachine(
    () => transactionConfigDefaults,
    () => 7,
  )
  const shard = machine.create()
  const decide = (command: TransactionCommand): Decision<TransactionCommand, TransactionRecord, WriteMarkers> =>
    machine.decide(shard, command, env)
  /** Carries a command out, and all that is due at once after it. */
  const carryOut = (command: TransactionCommand): { readonly most: number; readonly steps: number } => {
    let steps = 0
    let most = 0
    const due = [command]
    for (let next = due.shift(); next !== undefined; next = due.shift()) {
      const { records, deadlines } = decide(next)
      for (const record of records) machine.apply(shard, record, null)
      for (const deadline of deadlines) if (deadline.afterMs !== null && deadline.afterMs <= 10) due.push(deadline.command)
      most = Math.max(most, records.length, deadlines.length)
      steps++
    }
    return { most, steps }
  }
  const fill = (count: number, value: Transaction): void => {
    for (let n = 0; n < count; n++) shard.transactions.set(`id ${n}`, value)
  }
  const ask = (transactionalId: string): ErrorCode => {
    const { answers } = decide(initialization(transactionalId))
    return (answers[0] as { response: { errorCode: ErrorCode } }).response.errorCode
  }
  return { shard, decide, carryOut, fill, ask }
}

test('a partition of __transaction_state has room for so many ids; those that it has go on', () => {
  const { fill, ask } = scene()
  fill(transactionalIdsMax - 1, transaction)
  expect(ask('one more')).toBe(Errors.NONE)
  fill(transactionalIdsMax, transaction)
  expect(ask('one too many')).toBe(Errors.POLICY_VIOLATION)
  expect(ask('id 0')).toBe(Errors.NONE)
})

test('long ids fill a partition of __transaction_state sooner; ids that go make room', () => {
  const { shard, carryOut, ask } = scene()
  const idOf = (n: number): string => `${n}`.padEnd(transactionalIdCharsMax, '-')
  const fitting = Math.floor(transactionalIdCharsPerShardMax / transactionalIdCharsMax)
  for (let n = 0; n < fitting; n++) carryOut(initialization(idOf(n)))
  expect(shard.transactions.size).toBe(fitting)
  expect(ask(idOf(fitting))).toBe(Errors.POLICY_VIOLATION)
  expect(ask(idOf(0))).toBe(Errors.NONE)
  apply(shard, { transactionalId: idOf(1), value: null })
  apply(shard, { transactionalId: 'never there', value: null })
  expect(ask(idOf(fitting))).toBe(Errors.NONE)
})

test('an id that would not fit into the log is refused before it gets there', () => {
  const { ask } = scene()
  expect(ask('x'.repeat(transactionalIdCharsMax))).toBe(Errors.NONE)
  expect(ask('x'.repeat(transactionalIdCharsMax + 1))).toBe(Errors.INVALID_REQUEST)
})

test('a transaction takes so many partitions', () => {
  const { shard, decide } = scene()
  shard.transactions.set('tx', transaction)
  const add = (count: number): unknown => {
    const topics = [{ name: 't', partitions: Array.from({ length: count }, (_, index) => index) }]
    const request = { transactionalId: 'tx', producerId: 1, producerEpoch: 0, topics }
    const context = { version: 3, api: 'implicit' as const }
    return decide(asked(addPartitions, { request, context, token: 0 })).answers[0]?.response
  }
  expect(add(partitionsPerTransactionMax)).toBe(Errors.NONE)
  expect(add(partitionsPerTransactionMax + 1)).toBe(Errors.UNKNOWN_SERVER_ERROR)
})

test('many transactions that have timed out are aborted in steps, and none is left out', () => {
  const { shard, carryOut, fill } = scene()
  fill(1_000, { ...transaction, state: 'Ongoing', startMs: nowMs - 60_001 })
  const { most, steps } = carryOut({ type: 'find-timed-out' })
  expect(most).toBeLessThan(300)
  expect(steps).toBeGreaterThan(1_000)
  expect([...shard.transactions.values()].every(({ state }) => state === 'PrepareAbort')).toBe(true)
})

test('many ids that have expired are forgotten in steps, and no other', () => {
  const { shard, carryOut, fill } = scene()
  fill(10_000, { ...transaction, lastUpdateMs: nowMs - week })
  shard.transactions.set('in use', { ...transaction, lastUpdateMs: nowMs - week + 1 })
  for (const state of ['Ongoing', 'PrepareCommit', 'PrepareAbort'] as const) {
    shard.transactions.set(state, { ...transaction, state, lastUpdateMs: 0 })
  }
  const { most, steps } = carryOut({ type: 'expire-ids' })
  expect(most).toBeLessThanOrEqual(2_000)
  expect(steps).toBe(5)
  expect([...shard.transactions.keys()]).toEqual(['in use', 'Ongoing', 'PrepareCommit', 'PrepareAbort'])
})
