/** What a broker's log must not be: a flood, and a place where secrets are found. */

const apartMsMin = 10_000

/** Lines that say of the same address the same for the same reason, within ten seconds. */
export function repeatedLines(log: readonly string[]): string[] {
  const lastMs = new Map<string, number>()
  const repeated: string[] = []
  for (const line of log) {
    const told = clientIn(line)
    if (told === null) continue
    const { of, atMs } = told
    const beforeMs = lastMs.get(of)
    const apartMs = beforeMs === undefined ? Number.POSITIVE_INFINITY : atMs - beforeMs
    if (apartMs < apartMsMin) repeated.push(`${Math.round(apartMs)} ms after another: ${of}`)
    lastMs.set(of, atMs)
  }
  return repeated
}

/** null for a line that is about no client. */
export function clientIn(line: string): { readonly of: string; readonly atMs: number } | null {
  try {
    const { remoteAddress, reason, msg, time } = JSON.parse(line) as Record<string, unknown>
    return remoteAddress === undefined ? null : { of: `${msg} ${remoteAddress} ${reason}`, atMs: Number(time) }
  } catch {
    return null
  }
}

export function leaks(log: readonly string[], secrets: readonly string[]): string[] {
  return log.filter(line => secrets.some(secret => line.includes(secret))).map(line => line.slice(0, 300))
}
