/** Numbers, sizes and times as people read them; pure. What is not known is a dash. */

export const unknown = '–'

/** Null and undefined: not known. */
type Figure = number | null | undefined
const isNumber = (value: Figure): value is number => typeof value === 'number' && Number.isFinite(value)

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** 1234567 → 1,234,567 */
export const count = (value: Figure): string => (isNumber(value) ? whole.format(value) : unknown)

/** One decimal below 100, unless it is 0. */
const digits = (value: number): string => (value >= 99.95 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, ''))

function scaled(value: number, step: number, units: readonly string[]): string {
  let at = 0
  let left = Math.abs(value)
  // 999.95 would be written as 1000.0.
  while (left >= step - 0.5 && at < units.length - 1) {
    left /= step
    at++
  }
  const sign = value < 0 ? '-' : ''
  return `${sign}${at === 0 && left >= 100 ? left.toFixed(0) : digits(left)}${units[at]}`
}

/** 1536 → 1.5 KiB */
export const bytes = (value: Figure): string =>
  isNumber(value) ? scaled(value, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB', ' PiB']) : unknown

export const byteRate = (value: Figure): string => (isNumber(value) ? `${bytes(value)}/s` : unknown)

/** 12345 → 12.3k */
export const short = (value: Figure): string => (isNumber(value) ? scaled(value, 1000, ['', 'k', 'M', 'G', 'T']) : unknown)

export const rate = (value: Figure): string => (isNumber(value) ? `${short(value)}/s` : unknown)

export const percent = (share: Figure): string => (isNumber(share) ? `${digits(share * 100)} %` : unknown)

/** A length of time in at most two units: 42 ms, 1.5 s, 3 min, 2 h 5 min, 4 d 1 h. */
export function duration(ms: Figure): string {
  if (!isNumber(ms)) return unknown
  if (ms < 0) return `-${duration(-ms)}`
  if (ms < 1) return `${ms === 0 ? 0 : Math.max(0.01, Number(ms.toFixed(2)))} ms`
  if (ms < 999.5) return `${ms < 10 ? Number(ms.toFixed(1)) : ms.toFixed(0)} ms`
  if (ms < 59_950) return `${Number((ms / 1000).toFixed(1))} s`
  const minutes = Math.round(ms / 60_000)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return two(hours, 'h', minutes % 60, 'min')
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

const two = (a: number, unitA: string, b: number, unitB: string): string =>
  b === 0 ? `${a} ${unitA}` : `${a} ${unitA} ${b} ${unitB}`

/** In the reader's zone: 2026-11-30 23:11:07.123 */
export function time(ms: Figure): string {
  if (!isNumber(ms) || ms < 0) return unknown
  const at = new Date(ms)
  if (Number.isNaN(at.getTime())) return unknown
  const pad = (value: number, length = 2) => String(value).padStart(length, '0')
  const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`
  return `${day} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${pad(at.getMilliseconds(), 3)}`
}

/** "3 s ago", "in 2 min". */
export function ago(ms: Figure, nowMs: number): string {
  if (!isNumber(ms)) return unknown
  const passed = nowMs - ms
  if (Math.abs(passed) < 1000) return 'now'
  return passed > 0 ? `${duration(passed)} ago` : `in ${duration(-passed)}`
}

/** Of "1 topic" and "2 topics". */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`
