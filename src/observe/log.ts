/**
 * The log of a process: pino on stderr, JSON lines for machines, pretty lines on a terminal. Loading pino takes longer than
 * starting the broker (about 20 ms, twice that with the pretty printer), so lines are kept until `open` and written then
 * with the time at which they happened. A broker embedded without a log never loads it.
 */
import { held } from '../base/held.js'
import type { Log, LogFields } from '../base/log.js'
import { Loggers, type LogLevelName, rootLogger, withLoggers } from '../base/loggers.js'
import type { World } from '../base/world.js'
import { type Output, openOutput } from './output.js'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export interface ProcessLog extends Log {
  /** Loads the writer and writes what was kept. Call it once the broker is ready. */
  open(): Promise<void>
  /** The same, and waits up to a second until the output is written. Call it before the process exits. */
  close(): Promise<void>
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
  let output: Output | null = null
  const open = (): Promise<void> => {
    opening ??= openWriter(options).then(opened => {
      output = opened.output
      write = opened.write
      for (const line of early.splice(0)) write(...line)
      if (dropped > 0) write('warn', world.nowMs(), { dropped }, 'some log lines from the start were dropped')
    })
    return opening
  }
  const at = (lineLevel: LogLevel) => (fields: LogFields, message: string) => write(lineLevel, world.nowMs(), fields, message)
  const everything: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const loggers = new Loggers(everything, level.toUpperCase() as LogLevelName)
  const root = loggers.named(rootLogger)
  const log: ProcessLog = {
    debug: (fields, message) => root.debug(fields, message),
    info: (fields, message) => root.info(fields, message),
    warn: (fields, message) => root.warn(fields, message),
    error: (fields, message) => root.error(fields, message),
    open,
    async close() {
      await held(open().then(() => output?.flush(lastWordsMsMax)))
    },
  }
  return withLoggers(log, loggers)
}

/** How long the end of a process waits for a reader of its log. */
const lastWordsMsMax = 1000

const earlyLinesMax = 1000

interface Writer {
  readonly write: WriteLine
  readonly output: Output
}

async function openWriter({ format, world, descriptor = 2 }: LogOptions): Promise<Writer> {
  const { pino } = await import('pino')
  const pretty = format === 'json' ? null : (await import('pino-pretty')).prettyFactory({ translateTime: 'SYS:HH:MM:ss.l' })
  const render = (line: string): string => (pretty === null ? line : pretty(line))
  // Written at once and not in the thread pool: the last lines before a crash are the ones that matter.
  const output = openOutput({
    descriptor,
    world,
    lossLine(lines) {
      const fields = { level: 'warn', time: world.nowMs(), dropped: lines }
      return render(`${JSON.stringify({ ...fields, msg: 'log lines were dropped because the reader was too slow' })}\n`)
    },
  })
  let lineAtMs = 0
  const logger = pino(
    { level: 'debug', base: null, timestamp: () => `,"time":${lineAtMs}`, formatters: { level: label => ({ level: label }) } },
    { write: (line: string) => output.write(render(line)) },
  )
  const write: WriteLine = (lineLevel, atMs, fields, message) => {
    lineAtMs = atMs
    logger[lineLevel](fields, message)
  }
  return { write, output }
}
