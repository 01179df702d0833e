/** What a record means: the only code that changes durable state, live and on replay alike. */
import type { TransactionRecord, TransactionShard } from './state.js'

export function apply(shard: TransactionShard, { transactionalId, value }: TransactionRecord): void {
  const { transactions } = shard
  if (value !== null) {
    if (!transactions.has(transactionalId)) shard.transactionalIdChars += transactionalId.length
    transactions.set(transactionalId, value)
  } else if (transactions.delete(transactionalId)) shard.transactionalIdChars -= transactionalId.length
}
