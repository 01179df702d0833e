/**
 * Says why connections were closed or refused. What a client did wrong is a warning; what we did wrong is an error with its
 * stack. Clients that are broken are broken in a loop, so each client gets a line for each reason in a window of time, all of
 * them together a number of lines, and what was left out is counted: a flood of bad input must not become a flood of log lines.
 */
import type { Log, LogFields } from '../base/log.js'
import type { Clock } from '../base/world.js'
import type { ConnectionInfo } from '../net/connection-info.js'

const windowMs = 10_000
/** Warnings in one window. */
const warningsMax = 20

/** Names of the errors that speak of the client; they come from rooms below and from handler.ts. */
const faultsOfClients: ReadonlySet<string> = new Set(['MalformedError', 'ConnectionFault', 'CloseConnection'])

export class FaultReport {
  readonly #log: Log
  readonly #clock: Clock
  #windowStartMs = Number.NEGATIVE_INFINITY
  /** When something was said last, by message, address and reason; of this window and the one before. */
  readonly #saidMs = new Map<string, number>()
  #warnings = 0
  #leftOut = 0

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** A connection was closed because of `error`. */
  closed({ remoteAddress, id }: ConnectionInfo, error: unknown): void {
    const fields = { remoteAddress, connection: id }
    if (error instanceof Error && faultsOfClients.has(error.name)) {
      this.#warn({ ...fields, reason: error.message }, 'closed a connection: invalid input')
    } else this.#log.error({ ...fields, err: error }, 'closed a connection: internal error')
  }

  /** A client was not let in. */
  refused(remoteAddress: string, reason: string): void {
    this.#warn({ remoteAddress, reason }, 'refused a connection')
  }

  /** Clients of a listener are kept waiting, not refused. */
  waiting(listener: string, reason: string): void {
    this.#warn({ listener, reason }, 'connections wait')
  }

  #warn(fields: LogFields, message: string): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#windowStartMs >= windowMs) {
      if (this.#leftOut > 0) this.#log.warn({ leftOut: this.#leftOut }, 'closed or refused more connections than were logged')
      this.#windowStartMs = nowMs
      this.#warnings = 0
      this.#leftOut = 0
      for (const [key, saidMs] of this.#saidMs) if (nowMs - saidMs >= windowMs) this.#saidMs.delete(key)
    }
    const key = `${message} ${fields.remoteAddress ?? fields.listener} ${fields.reason}`
    const saidMs = this.#saidMs.get(key) ?? Number.NEGATIVE_INFINITY
    if (this.#warnings === warningsMax || nowMs - saidMs < windowMs) {
      this.#leftOut++
      return
    }
    this.#warnings++
    this.#saidMs.set(key, nowMs)
    this.#log.warn(fields, message)
  }
}
