/**
 * Aborts transactions that are open for longer than their producers said they might be, and fences these producers. As in
 * Kafka, a look at all of them at an interval finds them; only a shard that has an open one looks.
 */
import type { TransactionTurn } from './command.js'
import type { Transaction, TransactionShard } from './state.js'
import { endTransaction } from './transition.js'

export const timeoutsKey = 'timeouts'

/** A transaction begins, or is open after a replay. */
export function watchTimeouts(shard: TransactionShard, turn: TransactionTurn): void {
  if (shard.isWatchingTimeouts) return
  shard.isWatchingTimeouts = true
  lookAgain(shard.config().transactionAbortTimedOutTransactionCleanupIntervalMs, turn)
}

function lookAgain(afterMs: number, turn: TransactionTurn): void {
  turn.setDeadline(timeoutsKey, afterMs, { type: 'find-timed-out' })
}

/** Each is aborted by a command of its own, so that one which cannot be does not keep the others. */
export function findTimedOut(shard: TransactionShard, turn: TransactionTurn): void {
  let isAnyOpen = false
  let found = 0
  for (const [transactionalId, transaction] of shard.transactions) {
    if (transaction.state !== 'Ongoing') continue
    isAnyOpen = true
    if (!isTimedOut(transaction, turn.nowMs)) continue
    if (++found > abortedAtOnceMax) {
      lookAgain(pauseMs, turn)
      return
    }
    turn.setDeadline(`abort ${transactionalId}`, 0, { type: 'abort-timed-out', transactionalId })
  }
  shard.isWatchingTimeouts = false
  if (isAnyOpen) watchTimeouts(shard, turn)
}

/** Transactions of one look; what is left comes after a pause for the others. */
const abortedAtOnceMax = 200
const pauseMs = 10

/** What stays open, because the log refuses it or there is no producer id at hand, the next look finds. */
export function abortTimedOut(shard: TransactionShard, transactionalId: string, turn: TransactionTurn): void {
  const transaction = shard.transactions.get(transactionalId)
  if (transaction?.state !== 'Ongoing' || !isTimedOut(transaction, turn.nowMs)) return
  const version = shard.config().transactionVersion
  endTransaction(shard, transactionalId, transaction, { isCommit: false, version, isFence: true }, turn)
}

function isTimedOut({ startMs, timeoutMs }: Transaction, nowMs: number): boolean {
  return timeoutMs !== neverMs && startMs + timeoutMs < nowMs
}

/** [KIP-939] Kafka's mark of a transaction that only its owner may end. */
const neverMs = 0x7fff_ffff
