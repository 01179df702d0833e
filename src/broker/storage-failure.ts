import type { ErrorCode } from '../protocol/errors.js'
import { RequestFailure } from './handler.js'

/** The disk took nothing of what a command had to write; the client gets the code that storage gave. */
export class StorageFailure extends RequestFailure {
  constructor(
    errorCode: ErrorCode,
    readonly detail: string | null,
  ) {
    super(errorCode)
  }
}
