/** What a broker under attack writes to its log: no fault of its own, no secret, and no flood. */
import { alice, bob } from '../../lib/logins.js'

const windowMs = 10_000
/** In one window, with the line that counts what was left out. */
const linesPerWindowMax = 21
const lineCharsMax = 1000

interface Line {
  readonly level: string
  readonly time: number
  readonly msg: string
  readonly remoteAddress?: string
  readonly reason?: string
}

export class LogLines {
  readonly faults = new Set<string>()
  readonly secrets: string[] = []
  readonly repeated: string[] = []
  readonly long: string[] = []
  count = 0
  busiest = 0
  readonly #saidMs = new Map<string, number>()
  readonly #times: number[] = []

  readonly hear = (text: string): void => {
    if (!text.startsWith('{')) return
    const line = JSON.parse(text) as Line
    if (line.level === 'error') this.faults.add(text.replace(/"(time|connection|remoteAddress)":("[^"]*"|\d+),?/g, ''))
    for (const { password } of [alice, bob]) if (text.includes(password)) this.secrets.push(text)
    if (!/^(closed|refused)/.test(line.msg)) return
    this.count++
    if (text.length > lineCharsMax) this.long.push(text.slice(0, lineCharsMax))
    const key = `${line.msg} ${line.remoteAddress} ${line.reason}`
    const beforeMs = this.#saidMs.get(key)
    // Lines are written a little after their time was taken.
    if (beforeMs !== undefined && line.time - beforeMs < windowMs - 10)
      this.repeated.push(`${key} after ${line.time - beforeMs} ms`)
    this.#saidMs.set(key, line.time)
    this.#times.push(line.time)
    while ((this.#times[0] ?? 0) <= line.time - windowMs) this.#times.shift()
    this.busiest = Math.max(this.busiest, this.#times.length)
  }

  get flood(): string | null {
    // A window of ten seconds laid anywhere over those of the broker touches two of them.
    const max = 2 * linesPerWindowMax
    return this.busiest <= max ? null : `${this.busiest} lines within ${windowMs} ms`
  }
}
