/**
 * What Node and the system say of this process. Measured from the first scrape on, and no longer than somebody scrapes: a process
 * that nobody looks at pays nothing for it.
 */
import { readdir, readFile } from 'node:fs/promises'
import {
  constants,
  type EventLoopUtilization,
  type PerformanceEntry as GcEntry,
  type IntervalHistogram,
  monitorEventLoopDelay,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks'
import v8 from 'node:v8'
import type { Timer, World } from '../../base/world.js'

export interface ProcessFigures {
  readonly memory: NodeJS.MemoryUsage
  readonly heap: v8.HeapInfo
  readonly heapSpaces: readonly v8.HeapSpaceInfo[]
  /** Microseconds since the start. */
  readonly cpu: NodeJS.CpuUsage
  readonly startMs: number
  /** By kind of collection, since the first scrape. */
  readonly collections: ReadonlyMap<string, Collections>
  /** How late the event loop came to what was due, since the scrape before; seconds. */
  readonly loopDelay: LoopDelay
  /** Of the time since the scrape before, how much the event loop did nothing; 0 to 1. */
  readonly idleRatio: number
  /** What Linux tells; null where it is not said. */
  readonly threads: number | null
  readonly virtualBytes: number | null
  readonly openFiles: number | null
  readonly openFilesMax: number | null
  readonly io: IoFigures | null
  /** Resident memory at its highest. */
  readonly peakBytes: number
}

/** As Linux counts them since the start. */
export interface IoFigures {
  /** What was read and written by calls, from files and from sockets. */
  readonly readBytes: number
  readonly writtenBytes: number
  readonly readCalls: number
  readonly writeCalls: number
  readonly diskReadBytes: number
  readonly diskWriteBytes: number
  /** Written, and gone before the disk got it. */
  readonly cancelledWriteBytes: number
}

export interface Collections {
  readonly count: number
  readonly seconds: number
}

export interface LoopDelay {
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly stddev: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

/** Nobody has scraped for so long: nothing is measured any more. */
const unusedMsMax = 10 * 60_000
const resolutionMs = 10

const collectionKinds: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
}

export class ProcessMeter {
  readonly #world: World
  readonly #collections = new Map<string, Collections>(
    Object.values(collectionKinds).map(kind => [kind, { count: 0, seconds: 0 }]),
  )
  #delay: IntervalHistogram | null = null
  #observer: PerformanceObserver | null = null
  #utilization: EventLoopUtilization = performance.eventLoopUtilization()
  #resting: Timer | null = null

  constructor(world: World, closing: AbortSignal) {
    this.#world = world
    closing.addEventListener('abort', this.#rest)
  }

  async read(): Promise<ProcessFigures> {
    this.#measure()
    const [status, limits, io, openFiles] = await Promise.all([
      ownText('status'),
      ownText('limits'),
      ownText('io'),
      readdir('/proc/self/fd').then(
        ({ length }) => length,
        () => null,
      ),
    ])
    const utilization = performance.eventLoopUtilization()
    const { utilization: busy } = performance.eventLoopUtilization(utilization, this.#utilization)
    this.#utilization = utilization
    const kibibytes = numberIn(status, /^VmSize:\s+(\d+) kB/m)
    return {
      memory: process.memoryUsage(),
      heap: v8.getHeapStatistics(),
      heapSpaces: v8.getHeapSpaceStatistics(),
      cpu: process.cpuUsage(),
      startMs: performance.timeOrigin,
      collections: this.#collections,
      loopDelay: this.#loopDelay(),
      idleRatio: 1 - Math.min(1, busy),
      threads: numberIn(status, /^Threads:\s+(\d+)/m),
      virtualBytes: kibibytes === null ? null : kibibytes * 1024,
      openFiles,
      openFilesMax: numberIn(limits, /^Max open files\s+(\d+)/m),
      io: ioFigures(io),
      peakBytes: process.resourceUsage().maxRSS * 1024,
    }
  }

  #measure(): void {
    this.#resting?.cancel()
    this.#resting = this.#world.host.after(unusedMsMax, this.#rest)
    if (this.#delay !== null) return
    this.#delay = monitorEventLoopDelay({ resolution: resolutionMs })
    this.#delay.enable()
    this.#observer = new PerformanceObserver(list => {
      for (const entry of list.getEntries()) {
        const { duration, detail } = entry as GcEntry & { readonly detail?: { readonly kind?: number } }
        const kind = collectionKinds[detail?.kind ?? -1]
        if (kind === undefined) continue
        const { count, seconds } = this.#collections.get(kind)!
        this.#collections.set(kind, { count: count + 1, seconds: seconds + duration / 1000 })
      }
    })
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  readonly #rest = (): void => {
    this.#resting?.cancel()
    this.#delay?.disable()
    this.#observer?.disconnect()
    this.#delay = null
    this.#observer = null
  }

  #loopDelay(): LoopDelay {
    const delay = this.#delay
    // Before the first tick there is nothing, which Node tells as numbers that are none.
    if (delay === null || delay.count === 0) return { min: 0, max: 0, mean: 0, stddev: 0, p50: 0, p90: 0, p99: 0 }
    // What Node measures is from tick to tick.
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000)
    const seen = {
      min: late(delay.min),
      max: late(delay.max),
      mean: late(delay.mean),
      stddev: delay.stddev / 1e9,
      p50: late(delay.percentile(50)),
      p90: late(delay.percentile(90)),
      p99: late(delay.percentile(99)),
    }
    delay.reset()
    return seen
  }
}

/** Null on another system. */
function ownText(name: string): Promise<string | null> {
  return readFile(`/proc/self/${name}`, 'utf8').catch(() => null)
}

function numberIn(text: string | null, pattern: RegExp): number | null {
  const found = pattern.exec(text ?? '')?.[1]
  return found === undefined ? null : Number(found)
}

function ioFigures(text: string | null): IoFigures | null {
  if (text === null) return null
  const of = (name: string): number => numberIn(text, new RegExp(`^${name}: (\\d+)`, 'm')) ?? 0
  return {
    readBytes: of('rchar'),
    writtenBytes: of('wchar'),
    readCalls: of('syscr'),
    writeCalls: of('syscw'),
    diskReadBytes: of('read_bytes'),
    diskWriteBytes: of('write_bytes'),
    cancelledWriteBytes: of('cancelled_write_bytes'),
  }
}
