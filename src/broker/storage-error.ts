import { type ErrorCode, Errors } from '../protocol/errors.js'

/** Old versions of Produce and Fetch do not know KAFKA_STORAGE_ERROR; their clients look for another leader instead. */
export function storageErrorFor(errorCode: ErrorCode, isKnown: boolean): ErrorCode {
  return errorCode === Errors.KAFKA_STORAGE_ERROR && !isKnown ? Errors.NOT_LEADER_OR_FOLLOWER : errorCode
}
