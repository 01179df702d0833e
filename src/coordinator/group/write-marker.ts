/** The end of a transaction on a partition of __consumer_offsets: what was committed in it is a group's from now on, or gone. */
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import type { Marker, TransactionVersion } from '../../protocol/records/marker.js'
import type { EndOfTransaction } from '../machine.js'
import type { Command, Shards } from './command.js'

/** Waits for a shard that is loading: who sends it would have to come again and again. */
export function writeMarker(
  shards: Shards,
  partition: number,
  marker: Marker,
  transactionVersion: TransactionVersion,
): Promise<ErrorCode> {
  return shards.askShard(partition, endTransaction, { marker, transactionVersion }, { version: 0 })
}

export const endTransaction: Command<EndOfTransaction, ErrorCode> = {
  decide(_shard, { request, token }, turn) {
    turn.marker = request
    turn.answer(token, Errors.NONE)
  },
  failure: (_request, errorCode) => errorCode,
}
