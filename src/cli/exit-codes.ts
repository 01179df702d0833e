/**
 * How `gregor` ends. Scripts and supervisors act on these numbers; docs and --help print them.
 */
export const exitCodes = { clean: 0, fatal: 1, usage: 2, portInUse: 3, dataDirectory: 4, diskFailure: 5 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** What storage and the system call their failures: the `code` of an error, or its `name` where it has no code. */
const codeOfFailure: Readonly<Record<string, ExitCode>> = {
  CONFIG_INVALID: exitCodes.usage,
  EADDRNOTAVAIL: exitCodes.usage,
  EAFNOSUPPORT: exitCodes.usage,
  ENOTFOUND: exitCodes.usage,
  EAI_AGAIN: exitCodes.usage,
  EADDRINUSE: exitCodes.portInUse,
  DATA_DIRECTORY_LOCKED: exitCodes.dataDirectory,
  DATA_DIRECTORY_CORRUPT: exitCodes.dataDirectory,
  DATA_DIRECTORY_UNUSABLE: exitCodes.dataDirectory,
  InconsistentDirectoryError: exitCodes.dataDirectory,
  CorruptLogError: exitCodes.dataDirectory,
  DiskFailure: exitCodes.diskFailure,
  EIO: exitCodes.diskFailure,
  ENOSPC: exitCodes.diskFailure,
  EDQUOT: exitCodes.diskFailure,
  EROFS: exitCodes.diskFailure,
}

/** The exit code for an error that ended the broker or kept it from starting. */
export function exitCodeOf(error: unknown): ExitCode {
  return codeOfFailure[failureName(error)] ?? exitCodes.fatal
}

/** A failure of the surroundings, which its message explains; any other error is our bug, and its stack is wanted. */
export function isOfSurroundings(error: unknown): error is Error {
  return exitCodeOf(error) !== exitCodes.fatal || /^E[A-Z]+$/.test(failureName(error))
}

export function failureName(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
