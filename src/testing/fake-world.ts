import type { Clock, World } from '../base/world.js'

export interface FakeWorld extends World {
  /** Moves both clocks and fires due timers in time order, each at its own moment. */
  advance(ms: number): void
  readonly pendingTimers: number
}

/** A World for tests: time stands still until `advance`, the host's too unless it is given; randomness is a seeded sequence. */
export function fakeWorld(options: { nowMs?: number; seed?: number; host?: Clock } = {}): FakeWorld {
  const startMs = options.nowMs ?? 1_700_000_000_000
  let nowMs = startMs
  let order = 0
  let state = (options.seed ?? 1) >>> 0 || 1
  const timers = new Set<{ atMs: number; order: number; fire: () => void }>()

  // xorshift32: small, seeded, good enough to make ids differ.
  const nextByte = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 0xff
  }
  const nextDue = (untilMs: number) => {
    let due: { atMs: number; order: number; fire: () => void } | undefined
    for (const timer of timers) {
      if (timer.atMs > untilMs) continue
      if (due === undefined || timer.atMs < due.atMs || (timer.atMs === due.atMs && timer.order < due.order)) due = timer
    }
    return due
  }
  const world: FakeWorld = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    after(delayMs, fire) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), order: order++, fire }
      timers.add(timer)
      return { cancel: () => void timers.delete(timer) }
    },
    get host() {
      return options.host ?? world
    },
    randomBytes: size => Uint8Array.from({ length: size }, nextByte),
    uuidText() {
      const hex = Array.from({ length: 16 }, () => nextByte().toString(16).padStart(2, '0')).join('')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
    },
    advance(ms) {
      const untilMs = nowMs + ms
      for (let due = nextDue(untilMs); due !== undefined; due = nextDue(untilMs)) {
        timers.delete(due)
        nowMs = Math.max(nowMs, due.atMs)
        due.fire()
      }
      nowMs = untilMs
    },
    get pendingTimers() {
      return timers.size
    },
  }
  return world
}
