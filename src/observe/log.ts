/**
 * The log of a process: pino on stderr, JSON lines for machines, pretty lines on a terminal. Loading pino takes longer than
 * starting the broker (about 20 ms, twice that with the pretty printer), so lines are kept until `open` and written then
 * with the time at which they happened. A broker embedded without a log never loads it.
 */
import type { Log, LogFields } from '../base/log.js'
import type { World } from '../base/world.js'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export interface ProcessLog extends Log {
  /** Loads the writer and writes what was kept. Call it once the broker is ready, and before leaving because of an error. */
  open(): Promise<void>
}

interface LogOptions {
  readonly level: LogLevel
  readonly format: 'json' | 'pretty'
  readonly world: World
  /** File descriptor to write to; stderr unless a test says otherwise. */
  readonly descriptor?: number
}

type WriteLine = (level: LogLevel, atMs: number, fields: LogFields, message: string) => void

export function processLog(options: LogOptions): ProcessLog {
  const { level, world } = options
  // Lines before `open`. Start-up says a few dozen things; the bound is for what goes wrong in a loop.
  const early: Parameters<WriteLine>[] = []
  let dropped = 0
  let write: WriteLine = (...line) => {
    if (early.length < earlyLinesMax) early.push(line)
    else dropped++
  }
  let opening: Promise<void> | undefined
  const lowest = logLevels.indexOf(level)
  const at = (lineLevel: LogLevel) =>
    logLevels.indexOf(lineLevel) < lowest
      ? () => {}
      : (fields: LogFields, message: string) => write(lineLevel, world.nowMs(), fields, message)
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    open() {
      opening ??= openWriter(options).then(writer => {
        write = writer
        for (const line of early.splice(0)) writer(...line)
        if (dropped > 0) writer('warn', world.nowMs(), { dropped }, 'more was logged during start than is kept')
      })
      return opening
    },
  }
}

const earlyLinesMax = 1000

async function openWriter({ level, format, descriptor = 2 }: LogOptions): Promise<WriteLine> {
  const { pino } = await import('pino')
  // Written synchronously: the last lines before a crash are the ones that matter, and a broker logs little.
  const stream =
    format === 'json'
      ? pino.destination({ dest: descriptor, sync: true })
      : (await import('pino-pretty')).PinoPretty({ destination: descriptor, sync: true, translateTime: 'SYS:HH:MM:ss.l' })
  let lineAtMs = 0
  const logger = pino(
    { level, base: null, timestamp: () => `,"time":${lineAtMs}`, formatters: { level: label => ({ level: label }) } },
    stream,
  )
  return (lineLevel, atMs, fields, message) => {
    lineAtMs = atMs
    logger[lineLevel](fields, message)
  }
}
