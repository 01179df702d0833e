/**
 * What is counted about requests. The rooms are given a Meter, as they are given a Log, and add to its plain counters; who
 * made it reads them whenever it likes. Times are in milliseconds.
 */
export interface ApiCounters {
  requests: number
  /** Requests that failed as a whole: answered with an error for all of it, or the connection closed. */
  failures: number
  bytesIn: number
  bytesOut: number
  /** The event loop's time in handlers, decoding and encoding included. */
  handlerMs: number
  /** From dispatch to the answer; waiting included. */
  answerMs: number
}

export interface Meter {
  /** Called once for every API. Null: it is not counted, and costs nothing. */
  countersOf(apiName: string): ApiCounters | null
}

export const silentMeter: Meter = { countersOf: () => null }
