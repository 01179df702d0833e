/** What is sent to a collector, and a line in the log when it no longer gets there, and when it does again. */
import type { Log } from '../base/log.js'

/** OpenTelemetry's ExportResult; 0 is success. */
interface Result {
  readonly code: number
  readonly error?: Error
}

export interface Exporter<Items> {
  export(items: Items, done: (result: Result) => void): void
  shutdown(): Promise<void>
  forceFlush?(): Promise<void>
}

export function reported<Items>(exporter: Exporter<Items>, what: string, log: Log): Required<Exporter<Items>> {
  let isFailing = false
  const report = ({ code, error }: Result): void => {
    const isFailure = code !== 0
    if (isFailure === isFailing) return
    isFailing = isFailure
    if (isFailure) log.warn({ reason: reasonOf(error) }, `${what} do not reach the collector and are lost; this is said once`)
    else log.info({}, `${what} reach the collector again`)
  }
  return {
    export(items, done) {
      exporter.export(items, result => {
        report(result)
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}

/** Of several addresses that were tried, Node says nothing but a code. */
function reasonOf(error: (Error & { readonly code?: unknown }) | undefined): string {
  return error?.message || String(error?.code ?? 'unknown')
}
