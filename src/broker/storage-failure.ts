import { type ErrorCode, Errors } from '../protocol/errors.js'
import { RequestFailure } from './outcomes.js'

/** The disk took nothing of what a command had to write; the client gets the code that storage gave. */
export class StorageFailure extends RequestFailure {
  constructor(
    errorCode: ErrorCode,
    readonly detail: string | null,
  ) {
    super(errorCode)
  }
}

/** Old versions of Produce and Fetch do not know KAFKA_STORAGE_ERROR; their clients look for another leader instead. */
export function storageErrorFor(errorCode: ErrorCode, isKnown: boolean): ErrorCode {
  return errorCode === Errors.KAFKA_STORAGE_ERROR && !isKnown ? Errors.NOT_LEADER_OR_FOLLOWER : errorCode
}
