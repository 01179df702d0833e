/**
 * OpenTelemetry of a broker, where the environment asks for it: spans of its requests and its metrics to a collector, over OTLP.
 * Its packages are loaded when the broker serves, and the broker does without them: what is missing or fails, a line says.
 * Nothing of the process is set (no global provider, no handlers), since it may be an embedder's.
 */
import type { Resource } from '@opentelemetry/resources'
import type { Log } from '../base/log.js'
import type { World } from '../base/world.js'
import type { Interceptors } from '../broker/handler.js'
import type { RunningBroker } from '../server/broker.js'
import { type Asked, askedOf, type Environment, exportTimesOf } from './asked.js'
import { reported } from './exports.js'
import {
  type ImportPackage,
  installLine,
  loadMetricPackages,
  loadTracePackages,
  type MetricPackages,
  ownManifest,
  type TracePackages,
} from './packages.js'
import { requestSpans, type Tracing } from './request-spans.js'

export interface Telemetry {
  readonly interceptors: Interceptors
  /** Loads what is asked for; never rejects. */
  start(broker: RunningBroker): Promise<void>
  /** The broker stops: the last metrics are read while it is whole. Not later than `flushMsMax`, as the next. */
  stopMetrics(): Promise<void>
  /** Sends the spans that are left. */
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
/** Series sent at once, for the same reason. */
const seriesPerExport = 512

/** Null: nothing is asked for. */
export function openTelemetry(options: TelemetryOptions): Telemetry | null {
  const asked = askedOf(options.environment)
  for (const problem of asked.problems) options.log.warn({}, `OpenTelemetry: ${problem}`)
  return asked.traces === null && asked.metrics === null ? null : new RunningTelemetry(asked, options)
}

interface Provider {
  shutdown(): Promise<void>
}

class RunningTelemetry implements Telemetry {
  readonly interceptors: Interceptors
  readonly #asked: Asked
  readonly #options: TelemetryOptions
  readonly #closing = new AbortController()
  #tracing: Tracing | null = null
  #spans: Provider | null = null
  #metrics: Provider | null = null
  #started: Promise<void> = Promise.resolve()

  constructor(asked: Asked, options: TelemetryOptions) {
    this.#asked = asked
    this.#options = options
    const excluded = new Set(options.excludedApis)
    const spans = requestSpans(() => this.#tracing)
    this.interceptors = ({ api }) => (asked.traces === null || excluded.has(api.name) ? [] : [spans])
  }

  start(broker: RunningBroker): Promise<void> {
    this.#started = this.#load(broker)
    return this.#started
  }

  async #load(broker: RunningBroker): Promise<void> {
    const { log, load } = this.#options
    const { traces, metrics } = this.#asked
    try {
      const ofTraces = traces === null ? null : await loadTracePackages(traces, load)
      const ofMetrics = metrics === null ? null : await loadMetricPackages(metrics, load)
      if (ofTraces !== null && !this.#closing.signal.aborted) this.#trace(ofTraces, broker)
      if (ofMetrics !== null && !this.#closing.signal.aborted) await this.#measure(ofMetrics, broker)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
      if (isMissing) log.warn({}, `OpenTelemetry is configured, and its packages are not installed: ${installLine(this.#asked)}`)
      else log.error({ reason: message }, 'OpenTelemetry cannot be used')
    }
  }

  #trace(packages: TracePackages, broker: RunningBroker): void {
    const { log, environment } = this.#options
    const { api, sdk, exporter } = packages
    const { version } = ownManifest()
    const spanExporter = reported(new exporter.OTLPTraceExporter(), 'spans', log)
    const batchSize = environment.OTEL_BSP_MAX_EXPORT_BATCH_SIZE ? {} : { maxExportBatchSize: spansPerExport }
    const provider = new sdk.BasicTracerProvider({
      resource: resourceOf(packages, broker, version),
      spanProcessors: [new sdk.BatchSpanProcessor(spanExporter, batchSize)],
    })
    this.#spans = provider
    this.#tracing = { api, tracer: provider.getTracer('gregor', version) }
    log.info({}, 'requests are traced by OpenTelemetry')
  }

  async #measure(packages: MetricPackages, broker: RunningBroker): Promise<void> {
    // The families are many, and nobody else loads them so early.
    const { metricFamilies } = await import('./metric-families.js')
    const { log, environment, world } = this.#options
    const { sdk, exporter } = packages
    const { version } = ownManifest()
    const looked = { broker, world, closing: this.#closing.signal }
    const producer = metricFamilies(looked, packages, version)
    // The reader tells nobody.
    const collect = () =>
      producer.collect().catch(error => {
        log.error({ err: error }, 'metrics cannot be read')
        throw error
      })
    const reader = new sdk.PeriodicExportingMetricReader({
      exporter: reported(new exporter.OTLPMetricExporter(), 'metrics', log),
      metricProducers: [{ collect }],
      maxExportBatchSize: seriesPerExport,
      ...exportTimesOf(environment),
    })
    this.#metrics = new sdk.MeterProvider({ resource: resourceOf(packages, broker, version), readers: [reader] })
    log.info({}, 'metrics are sent by OpenTelemetry')
  }

  async stopMetrics(): Promise<void> {
    await this.#untilFlushed(() => this.#metrics?.shutdown())
    this.#closing.abort()
  }

  stop(): Promise<void> {
    this.#closing.abort()
    return this.#untilFlushed(() => {
      this.#tracing = null
      return this.#spans?.shutdown()
    })
  }

  async #untilFlushed(flush: () => Promise<void> | undefined): Promise<void> {
    const { host } = this.#options.world
    const late = new Promise<void>(resolve => void host.after(flushMsMax, resolve))
    // What could not be sent was said when it was tried.
    await Promise.race([this.#started.then(flush).catch(() => {}), late])
  }
}

function resourceOf({ resources }: TracePackages | MetricPackages, { services }: RunningBroker, version: string): Resource {
  const { clusterId, nodeId } = services
  const own = { 'service.name': 'gregor', 'service.version': version, 'service.instance.id': `${clusterId}-${nodeId}` }
  const said = resources.detectResources({ detectors: [resources.envDetector] })
  return resources.defaultResource().merge(resources.resourceFromAttributes(own)).merge(said)
}
