/** OpenTelemetry's packages, optional peers of this one: whoever wants telemetry installs them, and nobody else loads them. */
import { readFileSync } from 'node:fs'
import { ownFile } from '../base/packages.js'
import type { Asked, Encoding } from './asked.js'

/** What both signals need. */
interface Common {
  readonly api: typeof import('@opentelemetry/api')
  readonly resources: typeof import('@opentelemetry/resources')
}

export interface TracePackages extends Common {
  readonly sdk: typeof import('@opentelemetry/sdk-trace-base')
  readonly exporter:
    | typeof import('@opentelemetry/exporter-trace-otlp-proto')
    | typeof import('@opentelemetry/exporter-trace-otlp-http')
}

export interface MetricPackages extends Common {
  readonly sdk: typeof import('@opentelemetry/sdk-metrics')
  readonly exporter:
    | typeof import('@opentelemetry/exporter-metrics-otlp-proto')
    | typeof import('@opentelemetry/exporter-metrics-otlp-http')
}

export type ImportPackage = (name: string) => Promise<unknown>

const suffixes: Readonly<Record<Encoding, string>> = { 'http/protobuf': 'proto', 'http/json': 'http' }
const sdks = { trace: 'sdk-trace-base', metrics: 'sdk-metrics' } as const

const namesFor = (signal: keyof typeof sdks, encoding: Encoding): readonly string[] =>
  ['api', 'resources', sdks[signal], `exporter-${signal}-otlp-${suffixes[encoding]}`].map(name => `@opentelemetry/${name}`)

/** Rejects with the error of the first that cannot be loaded. */
export async function loadTracePackages(encoding: Encoding, load: ImportPackage = importPackage): Promise<TracePackages> {
  const [api, resources, sdk, exporter] = await inTurn(namesFor('trace', encoding), load)
  return { api, resources, sdk, exporter } as TracePackages
}

/** The same. */
export async function loadMetricPackages(encoding: Encoding, load: ImportPackage = importPackage): Promise<MetricPackages> {
  const [api, resources, sdk, exporter] = await inTurn(namesFor('metrics', encoding), load)
  return { api, resources, sdk, exporter } as MetricPackages
}

/** What to install for what is asked, in the versions that this one is made for. */
export function installLine({ traces, metrics }: Asked): string {
  const { peerDependencies } = ownManifest()
  const ofTraces = traces === null ? [] : namesFor('trace', traces)
  const names = new Set([...ofTraces, ...(metrics === null ? [] : namesFor('metrics', metrics))])
  return `npm install ${Array.from(names, name => `${name}@${/\d+\.\d+/.exec(peerDependencies[name] ?? '')?.[0]}`).join(' ')}`
}

export function ownManifest(): { readonly version: string; readonly peerDependencies: Readonly<Record<string, string>> } {
  return JSON.parse(readFileSync(ownFile('package.json'), 'utf8'))
}

const importPackage: ImportPackage = name => import(name)

/** One after the other: the event loop turns between them. */
async function inTurn(names: readonly string[], load: ImportPackage): Promise<readonly unknown[]> {
  const loaded: unknown[] = []
  for (const name of names) loaded.push(await load(name))
  return loaded
}
