// The figure that noise spoils least: processor time of the serving process per gigabyte of records, taken from outside
// around a stretch of load.
import type { Series } from './figure.js'
import { cpuSecondsOf } from './proc.js'
import type { Subject } from './subject.js'

export interface Cost {
  readonly cpuSecondsPerGigabyte: number
  readonly megabytesPerSecond: number
}

/** A decimal one, 10⁹ bytes of record batches. */
const gigabyte = 1e9

export async function costOf(subject: Subject, bytes: number, load: () => Promise<void>): Promise<Cost> {
  const cpuBefore = cpuSecondsOf(subject.pid)
  const startMs = performance.now()
  await load()
  const seconds = (performance.now() - startMs) / 1000
  const cpuSeconds = cpuSecondsOf(subject.pid) - cpuBefore
  return { cpuSecondsPerGigabyte: (cpuSeconds / bytes) * gigabyte, megabytesPerSecond: bytes / 1e6 / seconds }
}

export function costSeries(name: string, costs: readonly Cost[], limit: string | undefined): Series {
  return {
    name,
    values: costs.map(cost => cost.cpuSecondsPerGigabyte),
    megabytesPerSecond: costs.map(cost => cost.megabytesPerSecond),
    limit,
  }
}
