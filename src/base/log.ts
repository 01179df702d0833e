/**
 * What every room may say about itself. The rooms are given a Log and never choose where it goes; src/observe makes one
 * for a process. An error goes in the field `err`, so that its stack is kept.
 */
export type LogFields = Readonly<Record<string, unknown>>

export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

/** For embedding: logs nothing by default. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
