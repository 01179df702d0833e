/** What a record means: the only code that changes durable state, live and on replay alike. */
import type { TransactionRecord, TransactionShard } from './state.js'

export function apply({ transactions }: TransactionShard, { transactionalId, value }: TransactionRecord): void {
  if (value === null) transactions.delete(transactionalId)
  else transactions.set(transactionalId, value)
}
