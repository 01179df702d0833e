/**
 * Everything that is not a function of its input comes through one World value: time, timers, randomness. Tests give a
 * World whose clock they move by hand; nothing else in the project may read a clock (a test enforces it).
 */
import { toBase64Url } from './bytes.js'
import { type Uuid, zeroUuid } from './ids.js'

export interface Timer {
  cancel(): void
}

export interface World {
  /** Wall clock, milliseconds since 1970; may jump. */
  nowMs(): number
  /** Monotonic clock in milliseconds with a fraction; for durations. */
  monotonicMs(): number
  /** Calls `fire` once, not before `delayMs` from now. Timers never keep the process alive; `held` does. */
  after(delayMs: number, fire: () => void): Timer
  randomBytes(size: number): Uint8Array
  /** A random UUID in RFC 4122 text form, as Kafka appends to member ids. */
  uuidText(): string
}

/** Random topic or directory id in Kafka's text form; never the zero id, never starting with a dash (as in Kafka). */
export function randomUuid(world: World): Uuid {
  for (;;) {
    const id = toBase64Url(world.randomBytes(16))
    if (id !== zeroUuid && !id.startsWith('-')) return id
  }
}

// setTimeout takes at most 2^31-1 ms; a longer wait is continued when it fires.
const longestTimeoutMs = 0x7fff_ffff

/** The machine's own clock, timers and randomness. */
export const realWorld: World = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, fire) {
    let left = delayMs
    let handle: ReturnType<typeof setTimeout>
    const arm = (): void => {
      const slice = Math.min(Math.max(left, 0), longestTimeoutMs)
      left -= slice
      handle = setTimeout(() => (left > 0 ? arm() : fire()), slice)
      handle.unref()
    }
    arm()
    return { cancel: () => clearTimeout(handle) }
  },
  randomBytes: size => crypto.getRandomValues(new Uint8Array(size)),
  uuidText: () => crypto.randomUUID(),
}
