/** 0: KIP-98. 1: the same, in records with tagged fields. 2: KIP-890, an epoch for each transaction. */
export type ServerTransactionVersion = 0 | 1 | 2

/** What an operator may set about transactions; names are Kafka's, with the unit at the end. */
export interface TransactionConfig {
  readonly transactionMaxTimeoutMs: number
  readonly transactionalIdExpirationMs: number
  readonly transactionAbortTimedOutTransactionCleanupIntervalMs: number
  readonly transactionRemoveExpiredTransactionCleanupIntervalMs: number
  /** Finalized feature transaction.version: of the records written, and of what the broker itself aborts. */
  readonly transactionVersion: ServerTransactionVersion
}

export const transactionConfigDefaults: TransactionConfig = {
  transactionMaxTimeoutMs: 900_000,
  transactionalIdExpirationMs: 7 * 24 * 60 * 60 * 1000,
  transactionAbortTimedOutTransactionCleanupIntervalMs: 10_000,
  transactionRemoveExpiredTransactionCleanupIntervalMs: 3_600_000,
  transactionVersion: 2,
}

/** Transactional ids of one partition of __transaction_state; InitProducerId of one more is refused as POLICY_VIOLATION. */
export const transactionalIdsMax = 100_000

/** Characters of all of them together; refused likewise. Enough for the ids that clients make up, of some 80 characters each. */
export const transactionalIdCharsPerShardMax = 8_000_000

/**
 * Partitions of one transaction, all of which are written again with every one that is added. More are refused as Kafka
 * refuses a record that has become too large: UNKNOWN_SERVER_ERROR.
 */
export const partitionsPerTransactionMax = 50_000

/** Characters of a transactional id: three bytes for each must fit into an int16-length string of the internal topic. */
export const transactionalIdCharsMax = 10_900
