/** A broken invariant: our bug, never the client's. It is logged with its stack and stops the broker. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/** States what must be true. `message` says what the invariant is, not that it failed. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** For the end of an exhaustive switch: compiles only when no case is left. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable case: ${String(value)}`)
}
