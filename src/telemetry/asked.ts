/**
 * What the environment asks of OpenTelemetry, by its own variables: which signals, and in which encoding. The rest (headers,
 * certificates, timeouts, the sampler, the resource) its packages read themselves.
 */
export type Environment = Readonly<Record<string, string | undefined>>
export type Encoding = 'http/protobuf' | 'http/json'

export interface Asked {
  /** Null: not asked for. */
  readonly traces: Encoding | null
  readonly metrics: Encoding | null
  /** Why a signal that was asked for is not sent, as sentences. */
  readonly problems: readonly string[]
}

type Signal = 'TRACES' | 'METRICS'

export function askedOf(environment: Environment): Asked {
  const problems: string[] = []
  if (said(environment, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return { traces: null, metrics: null, problems }
  const [traces, metrics] = (['TRACES', 'METRICS'] as const).map(signal => encodingOf(environment, signal, problems))
  return { traces: traces ?? null, metrics: metrics ?? null, problems: [...new Set(problems)] }
}

function encodingOf(environment: Environment, signal: Signal, problems: string[]): Encoding | null {
  const own = (suffix: string): readonly [name: string, value: string] | null => {
    const names = [`OTEL_EXPORTER_OTLP_${signal}_${suffix}`, `OTEL_EXPORTER_OTLP_${suffix}`]
    const name = names.find(one => said(environment, one) !== null)
    return name === undefined ? null : [name, said(environment, name) as string]
  }
  const endpoint = own('ENDPOINT')
  const exporters = said(environment, `OTEL_${signal}_EXPORTER`)?.split(',') ?? ['otlp']
  if (endpoint === null || !exporters.some(name => name.trim() === 'otlp')) return null
  // Of what is none the packages would say nothing, and send to this machine.
  if (!/^https?:\/\//i.test(endpoint[1]) || !URL.canParse(endpoint[1])) {
    problems.push(`${endpoint[0]} is not an http:// or https:// URL`)
    return null
  }
  const [name, encoding] = own('PROTOCOL') ?? ['', 'http/protobuf']
  if (encoding === 'http/protobuf' || encoding === 'http/json') return encoding
  problems.push(`${name}=${encoding} is not spoken; http/protobuf and http/json are`)
  return null
}

/** Empty is unset, as OpenTelemetry has it. */
function said(environment: Environment, name: string): string | null {
  const text = environment[name]?.trim() ?? ''
  return text === '' ? null : text
}

const intervalMsDefault = 60_000
const timeoutMsDefault = 30_000

/** How often metrics are sent, and how long that may take. The packages do not read these two by themselves. */
export function exportTimesOf(environment: Environment): {
  readonly exportIntervalMillis: number
  readonly exportTimeoutMillis: number
} {
  const exportIntervalMillis = wholeOf(environment, 'OTEL_METRIC_EXPORT_INTERVAL') ?? intervalMsDefault
  const exportTimeoutMillis = wholeOf(environment, 'OTEL_METRIC_EXPORT_TIMEOUT') ?? timeoutMsDefault
  return { exportIntervalMillis, exportTimeoutMillis: Math.min(exportTimeoutMillis, exportIntervalMillis) }
}

/** Null where nothing is said, or no positive number that a timer takes. */
function wholeOf(environment: Environment, name: string): number | null {
  const text = said(environment, name)
  if (text === null || !/^[1-9]\d{0,8}$/.test(text)) return null
  return Number(text)
}
