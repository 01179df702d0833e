// Processor time of a process over a stretch of time. The scheduler's nanoseconds of its live threads are precise, but a
// thread that ends takes its own with it, as a Java compiler's threads do; the ticks of `stat` lose nothing and are coarse.
// So the first is believed unless the second saw clearly more.
import { readFileSync } from 'node:fs'
import { cpuSecondsOf } from './proc.js'

const clockTicksPerSecond = 100
/** Two ticks at each end. */
const tickDoubtSeconds = 0.04

export class CpuWatch {
  readonly #pid: number
  readonly #threads: number
  readonly #ticks: number

  constructor(pid: number) {
    this.#pid = pid
    this.#threads = cpuSecondsOf(pid)
    this.#ticks = tickSecondsOf(pid)
  }

  /** Since it was made. */
  seconds(): number {
    const threads = cpuSecondsOf(this.#pid) - this.#threads
    const ticks = tickSecondsOf(this.#pid) - this.#ticks
    return ticks > threads + tickDoubtSeconds ? ticks : threads
  }
}

function tickSecondsOf(pid: number): number {
  // The name of the program may hold spaces; it ends with the last parenthesis.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond
}
