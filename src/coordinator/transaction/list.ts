// ListTransactions v0-2: every transactional id of every shard that the client may see. v1: only what has been open for so long
// (KIP-994). The pattern of v2 (KIP-1152) is the handler's business.
import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import type { ListTransactions } from '../../protocol/messages/list-transactions.js'
import type { ResponseOf } from '../../protocol/schema.js'
import type { Command } from './command.js'
import { type Transaction, type TransactionState, transactionStates } from './state.js'

export type ListedTransaction = ResponseOf<typeof ListTransactions>['transactionStates'][number]

/** Empty lists ask for all, and so does a negative duration. */
export interface ListFilters {
  readonly stateFilters: readonly string[]
  readonly producerIdFilters: readonly number[]
  readonly durationFilter: number
  readonly mayList?: (transactionalId: string) => boolean
}

/** Made once for all shards: the filters may be long. */
interface ShardFilters {
  /** null: all. A filter of nothing but unknown names is empty, and nothing passes it. */
  readonly states: ReadonlySet<TransactionState> | null
  readonly producerIds: ReadonlySet<number> | null
  readonly durationMs: number
  readonly mayList: (transactionalId: string) => boolean
}

export async function list(
  askAll: (command: typeof listShard, filters: ShardFilters) => Promise<readonly (readonly ListedTransaction[] | ErrorCode)[]>,
  { stateFilters, producerIdFilters, durationFilter, mayList = () => true }: ListFilters,
): Promise<ResponseOf<typeof ListTransactions>> {
  const states = new Set(transactionStates.filter(state => stateFilters.includes(state)))
  const filters: ShardFilters = {
    states: stateFilters.length === 0 ? null : states,
    producerIds: producerIdFilters.length === 0 ? null : new Set(producerIdFilters),
    durationMs: durationFilter,
    mayList,
  }
  const listed: (readonly ListedTransaction[])[] = []
  for (const part of await askAll(listShard, filters)) {
    if (isErrorCode(part)) return { errorCode: part, transactionStates: [] }
    listed.push(part)
  }
  const unknownStateFilters = [...new Set(stateFilters)].filter(name => !isStateName(name))
  return { errorCode: Errors.NONE, unknownStateFilters, transactionStates: listed.flat() }
}

export const listShard: Command<ShardFilters, readonly ListedTransaction[] | ErrorCode> = {
  decide(shard, { request: filters, token }, turn) {
    const listed: ListedTransaction[] = []
    for (const [transactionalId, transaction] of shard.transactions) {
      if (!passes(transaction, filters, turn.nowMs) || !filters.mayList(transactionalId)) continue
      listed.push({ transactionalId, producerId: transaction.producerId, transactionState: transaction.state })
    }
    turn.answer(token, listed)
  },
  failure: (_filters, errorCode) => errorCode,
}

function passes({ state, producerId, startMs }: Transaction, filters: ShardFilters, nowMs: number): boolean {
  if (filters.states !== null && !filters.states.has(state)) return false
  if (filters.producerIds !== null && !filters.producerIds.has(producerId)) return false
  return filters.durationMs < 0 || nowMs - startMs > filters.durationMs
}

/** Kafka knows two more, which no id is ever seen in. */
const isStateName = (name: string): boolean => name === 'Dead' || name === 'PrepareEpochFence' || isListable(name)

const isListable = (name: string): boolean => (transactionStates as readonly string[]).includes(name)
