/** The machine of transactional ids. What is asked says itself how it is decided; the rest is told here. */

import type { ProducerId } from '../../base/ids.js'
import { type Decision, type Env, type Machine, Turn } from '../machine.js'
import { resumeAdds } from './add-partitions.js'
import { apply } from './apply.js'
import type { TransactionCommand, TransactionTurn, WriteMarkers } from './command.js'
import { complete } from './complete.js'
import type { TransactionConfig } from './config.js'
import { abortTimedOut, findTimedOut, watchTimeouts } from './expire.js'
import { expireIds, scheduleExpiry } from './expire-ids.js'
import { decodeRecord, encodeRecord } from './records.js'
import { isPrepared, type TransactionRecord, type TransactionShard } from './state.js'
import { sendMarkers } from './transition.js'

export type TransactionMachine = Machine<TransactionShard, TransactionCommand, TransactionRecord, WriteMarkers>

/** `takeProducerId`: one that was never given out, or null when there is none at hand. */
export function transactionMachine(config: () => TransactionConfig, takeProducerId: () => ProducerId | null): TransactionMachine {
  return {
    create: () => ({
      config,
      takeProducerId,
      transactions: new Map(),
      transactionalIdChars: 0,
      waitingAdds: new Map(),
      isWatchingTimeouts: false,
    }),
    load,
    decide(shard, command, env) {
      const turn: TransactionTurn = new Turn(env)
      carryOut(shard, command, turn)
      return turn
    },
    apply,
    // There are no transactions in __transaction_state, but an operator may write the end of one to any partition.
    applyMarker() {},
    encode: record => encodeRecord(record, config().transactionVersion),
    decode: decodeRecord,
  }
}

function carryOut(shard: TransactionShard, command: TransactionCommand, turn: TransactionTurn): void {
  switch (command.type) {
    case 'asked':
      command.decide(shard, turn)
      break
    case 'complete':
      complete(shard, command, turn)
      break
    case 'end-wait':
      resumeAdds(shard, command.transactionalId, turn)
      break
    case 'find-timed-out':
      findTimedOut(shard, turn)
      break
    case 'abort-timed-out':
      abortTimedOut(shard, command.transactionalId, turn)
      break
    case 'expire-ids':
      expireIds(shard, turn)
      break
  }
}

/** After a replay: what was decided is carried out, and what is open may time out. */
function load(shard: TransactionShard, env: Env): Decision<TransactionCommand, TransactionRecord, WriteMarkers> {
  const turn: TransactionTurn = new Turn(env)
  for (const [transactionalId, transaction] of shard.transactions) {
    if (isPrepared(transaction)) sendMarkers(transactionalId, transaction, turn)
    else if (transaction.state === 'Ongoing') watchTimeouts(shard, turn)
  }
  scheduleExpiry(shard, turn)
  return turn
}
