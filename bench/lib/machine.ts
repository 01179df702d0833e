// On what the figures were taken, in words that say nothing about whose machine it is.
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, type as systemName, totalmem } from 'node:os'

export interface Machine {
  readonly cores: number
  readonly processor: string
  readonly memoryGibibytes: number
  readonly system: string
  readonly node: string
}

export function machine(): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGibibytes: Math.round(totalmem() / 1024 ** 3),
    system: `${systemName()} ${release().split('-')[0]}`,
    node: process.version,
  }
}

/** Of the last minute; what else ran shows here. */
export function loadAverage(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0])
}
