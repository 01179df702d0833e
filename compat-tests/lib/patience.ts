/** Waiting in harnesses, always with an end: a broker that hangs must not hang its judge. */
import { setTimeout as delay } from 'node:timers/promises'

export { delay }

/** True as soon as `holds` says so, false after `timeoutMs`. An error of `holds` counts as "not yet". */
export async function eventually(holds: () => boolean | Promise<boolean>, timeoutMs: number, intervalMs = 50): Promise<boolean> {
  const endMs = performance.now() + timeoutMs
  for (;;) {
    try {
      if (await holds()) return true
    } catch {
      // The broker may be down just now.
    }
    if (performance.now() >= endMs) return false
    await delay(intervalMs)
  }
}

/** The result, or an error that names what took too long. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  const ended = new AbortController()
  try {
    const late = delay(timeoutMs, undefined, { signal: ended.signal }).then(() => {
      throw new Error(`${what}: no end after ${timeoutMs} ms`)
    })
    late.catch(() => {})
    return await Promise.race([promise, late])
  } finally {
    ended.abort()
  }
}
