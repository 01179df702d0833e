/** Forgets transactional ids that were not used for transactional.id.expiration.ms and have no open transaction. */
import type { TransactionTurn } from './command.js'
import { isPrepared, type Transaction, type TransactionShard } from './state.js'

export const expiryKey = 'expiry'

export function scheduleExpiry(shard: TransactionShard, turn: TransactionTurn): void {
  const intervalMs = shard.config().transactionRemoveExpiredTransactionCleanupIntervalMs
  turn.setDeadline(expiryKey, intervalMs, { type: 'expire-ids' })
}

export function expireIds(shard: TransactionShard, turn: TransactionTurn): void {
  const unusedSinceMs = turn.nowMs - shard.config().transactionalIdExpirationMs
  turn.isDivisible = true
  for (const [transactionalId, transaction] of shard.transactions) {
    if (!isExpired(transaction, unusedSinceMs)) continue
    if (turn.records.length >= expiredAtOnceMax) {
      turn.setDeadline(expiryKey, pauseMs, { type: 'expire-ids' })
      return
    }
    turn.write({ transactionalId, value: null })
  }
  scheduleExpiry(shard, turn)
}

/** Records of one step; what is left comes after a pause for the others. */
const expiredAtOnceMax = 2_000
const pauseMs = 10

function isExpired(transaction: Transaction, unusedSinceMs: number): boolean {
  return transaction.state !== 'Ongoing' && !isPrepared(transaction) && transaction.lastUpdateMs <= unusedSinceMs
}
