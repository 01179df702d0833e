/** The browser's clock and timers: the only file of the console that knows them. */

export const nowMs = (): number => Date.now()

/** Answers how to call it off. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
