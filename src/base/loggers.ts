/**
 * The log of a process by Kafka's names of loggers (KIP-412): each room says what it says by one of these, and each has a level
 * that may be changed while the broker runs. Not kept over a restart.
 */
import type { Log, LogFields } from './log.js'

/** What a logger is set to, the most important first. Ours has four levels; the outer two count as the next. */
export const logLevelNames = ['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'] as const
export type LogLevelName = (typeof logLevelNames)[number]

export const rootLogger = 'root'
export const loggerNames = [
  rootLogger,
  'kafka.coordinator.group',
  'kafka.coordinator.transaction',
  'kafka.log',
  'kafka.network',
  'kafka.server',
] as const
export type LoggerName = (typeof loggerNames)[number]

const [error, warn, info, debug] = [1, 2, 3, 4]

/** The loggers behind a log. */
const known = new WeakMap<Log, Loggers>()

export class Loggers {
  readonly #out: Log
  readonly #levels = new Map<LoggerName, LogLevelName>()
  readonly #logs = new Map<LoggerName, NamedLog>()

  constructor(out: Log, level: LogLevelName) {
    this.#out = out
    for (const name of loggerNames) {
      const log = new NamedLog(out)
      this.#logs.set(name, log)
      known.set(log, this)
    }
    this.set(rootLogger, level)
  }

  named(name: LoggerName): Log {
    return this.#logs.get(name) ?? this.#out
  }

  /** What each logger is set to, or has from the root. */
  levels(): ReadonlyMap<LoggerName, LogLevelName> {
    return new Map(loggerNames.map(name => [name, this.#levelOf(name)]))
  }

  /** Null: as the root is. */
  set(name: LoggerName, level: LogLevelName | null): void {
    if (level === null) this.#levels.delete(name)
    else this.#levels.set(name, level)
    for (const [other, log] of this.#logs) log.most = Math.max(error, logLevelNames.indexOf(this.#levelOf(other)))
  }

  #levelOf(name: LoggerName): LogLevelName {
    return this.#levels.get(name) ?? this.#levels.get(rootLogger) ?? 'INFO'
  }
}

class NamedLog implements Log {
  readonly #out: Log
  most = info
  constructor(out: Log) {
    this.#out = out
  }
  debug(fields: LogFields, message: string): void {
    if (this.most >= debug) this.#out.debug(fields, message)
  }
  info(fields: LogFields, message: string): void {
    if (this.most >= info) this.#out.info(fields, message)
  }
  warn(fields: LogFields, message: string): void {
    if (this.most >= warn) this.#out.warn(fields, message)
  }
  error(fields: LogFields, message: string): void {
    this.#out.error(fields, message)
  }
}

/** Says that the lines of `log` pass through these. */
export function withLoggers<L extends Log>(log: L, loggers: Loggers): L {
  known.set(log, loggers)
  return log
}

/** The loggers of a log that has them; of any other one all lines go there, and it decides itself. */
export function loggersOf(log: Log): Loggers {
  const loggers = known.get(log) ?? new Loggers(log, 'DEBUG')
  known.set(log, loggers)
  return loggers
}
