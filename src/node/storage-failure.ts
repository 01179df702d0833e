import type { ErrorCode } from '../protocol/errors.js'

/** The disk took nothing of what a command had to write; the client gets the code that storage gave. */
export class StorageFailure extends Error {
  override readonly name = 'StorageFailure'
  constructor(
    readonly errorCode: ErrorCode,
    readonly detail: string | null,
  ) {
    super(`nothing was written: ${detail ?? `error ${errorCode}`}`)
  }
}
