/**
 * Everything that is not a function of its input comes through one World value: time, timers, randomness. Tests give a
 * World whose clock they move by hand; nothing else in the project may read a clock (a test enforces it).
 *
 * There are two clocks. The world's own is the cluster's: sessions, rebalances, retention, timestamps. `host` is the
 * machine's: sockets, waiting requests, stopping, slices of work, the rhythm of commits. A broker whose cluster time
 * stands still or runs ahead still serves and stops.
 */
import { toBase64Url } from './bytes.js'
import { type Uuid, zeroUuid } from './ids.js'

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Monotonic, in milliseconds with a fraction; for durations. */
  monotonicMs(): number
  /** Calls `fire` once, not before `delayMs` from now. Timers never keep the process alive; `held` does. */
  after(delayMs: number, fire: () => void): Timer
}

export interface World extends Clock {
  /** Wall clock, milliseconds since 1970; may jump. */
  nowMs(): number
  readonly host: Clock
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

const hostClock: Clock = {
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
}

/** The machine's own clock, timers and randomness. */
export const realWorld: World = {
  ...hostClock,
  host: hostClock,
  nowMs: () => Date.now(),
  randomBytes: size => crypto.getRandomValues(new Uint8Array(size)),
  uuidText: () => crypto.randomUUID(),
}

/** The cluster's time and randomness as given, the rest the machine's own. */
export function worldWith(given: Partial<Omit<World, 'host'>>): World {
  return {
    host: hostClock,
    nowMs: given.nowMs?.bind(given) ?? realWorld.nowMs,
    monotonicMs: given.monotonicMs?.bind(given) ?? realWorld.monotonicMs,
    after: given.after?.bind(given) ?? realWorld.after,
    randomBytes: given.randomBytes?.bind(given) ?? realWorld.randomBytes,
    uuidText: given.uuidText?.bind(given) ?? realWorld.uuidText,
  }
}
