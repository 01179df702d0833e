/**
 * OpenTelemetry of a broker, where the environment asks for it: spans of its requests to a collector, over OTLP. Its packages are
 * loaded when the broker serves, and the broker does without them: what is missing or fails is a line in the log. Nothing of the
 * process is set (no global provider, no handlers), since it may be an embedder's.
 */
import type { Log } from '../base/log.js'
import type { World } from '../base/world.js'
import type { Interceptors } from '../broker/handler.js'
import type { RunningBroker } from '../server/broker.js'
import { type Asked, askedOf, type Environment } from './asked.js'
import { reported } from './exports.js'
import { type ImportPackage, installLine, loadTracePackages, ownManifest } from './packages.js'
import { requestSpans, type Tracing } from './request-spans.js'

export interface Telemetry {
  readonly interceptors: Interceptors
  /** Loads what is asked for; never rejects. */
  start(broker: RunningBroker): Promise<void>
  /** Sends what is left, for at most `flushMsMax`. */
  stop(): Promise<void>
}

export interface TelemetryOptions {
  readonly environment: Environment
  /** gregor.traces.excluded.apis */
  readonly excludedApis: readonly string[]
  readonly world: World
  readonly log: Log
  readonly load?: ImportPackage
}

/** How long a stop waits for a collector. */
const flushMsMax = 1000
/** Spans sent at once, unless OTEL_BSP_MAX_EXPORT_BATCH_SIZE says so: encoding them is one step of the event loop. */
const spansPerExport = 128

/** Null: nothing is asked for. */
export function openTelemetry(options: TelemetryOptions): Telemetry | null {
  const asked = askedOf(options.environment)
  for (const problem of asked.problems) options.log.warn({}, `OpenTelemetry: ${problem}`)
  return asked.traces === null ? null : new RunningTelemetry(asked, options)
}

interface Provider {
  shutdown(): Promise<void>
}

class RunningTelemetry implements Telemetry {
  readonly interceptors: Interceptors
  readonly #asked: Asked
  readonly #options: TelemetryOptions
  #tracing: Tracing | null = null
  #provider: Provider | null = null
  #started: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(asked: Asked, options: TelemetryOptions) {
    this.#asked = asked
    this.#options = options
    const excluded = new Set(options.excludedApis)
    const spans = requestSpans(() => this.#tracing)
    this.interceptors = ({ api }) => (excluded.has(api.name) ? [] : [spans])
  }

  start(broker: RunningBroker): Promise<void> {
    this.#started = this.#load(broker)
    return this.#started
  }

  async #load(broker: RunningBroker): Promise<void> {
    const { log, load } = this.#options
    const { traces } = this.#asked
    if (traces === null) return
    try {
      const { api, resources, sdk, exporter } = await loadTracePackages(traces, load)
      if (this.#isStopped) return
      const { clusterId, nodeId } = broker.services
      const { version } = ownManifest()
      const own = { 'service.name': 'gregor', 'service.version': version, 'service.instance.id': `${clusterId}-${nodeId}` }
      const said = resources.detectResources({ detectors: [resources.envDetector] })
      const spanExporter = reported(new exporter.OTLPTraceExporter(), 'spans', log)
      const batchSize = this.#options.environment.OTEL_BSP_MAX_EXPORT_BATCH_SIZE ? {} : { maxExportBatchSize: spansPerExport }
      const provider = new sdk.BasicTracerProvider({
        resource: resources.defaultResource().merge(resources.resourceFromAttributes(own)).merge(said),
        spanProcessors: [new sdk.BatchSpanProcessor(spanExporter, batchSize)],
      })
      this.#provider = provider
      this.#tracing = { api, tracer: provider.getTracer('gregor', version) }
      log.info({}, 'requests are traced by OpenTelemetry')
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
      if (isMissing) log.warn({}, `OpenTelemetry is configured, and its packages are not installed: ${installLine(this.#asked)}`)
      else log.error({ reason: message }, 'OpenTelemetry cannot be used')
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    const { world } = this.#options
    const flushed = this.#started.then(() => {
      this.#tracing = null
      return this.#provider?.shutdown()
    })
    const late = new Promise<void>(resolve => void world.host.after(flushMsMax, resolve))
    // What could not be sent was said when it was tried.
    await Promise.race([flushed.catch(() => {}), late])
  }
}
