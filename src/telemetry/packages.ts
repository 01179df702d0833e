/** OpenTelemetry's packages, optional peers of this one: whoever wants telemetry installs them, and nobody else loads them. */
import { readFileSync } from 'node:fs'
import { ownFile } from '../base/packages.js'
import type { Asked, Encoding } from './asked.js'

export interface TracePackages {
  readonly api: typeof import('@opentelemetry/api')
  readonly resources: typeof import('@opentelemetry/resources')
  readonly sdk: typeof import('@opentelemetry/sdk-trace-base')
  readonly exporter:
    | typeof import('@opentelemetry/exporter-trace-otlp-proto')
    | typeof import('@opentelemetry/exporter-trace-otlp-http')
}

export type ImportPackage = (name: string) => Promise<unknown>

const scope = '@opentelemetry/'
const suffixes: Readonly<Record<Encoding, string>> = { 'http/protobuf': 'proto', 'http/json': 'http' }

const traceNames = (encoding: Encoding): readonly string[] =>
  ['api', 'resources', 'sdk-trace-base', `exporter-trace-otlp-${suffixes[encoding]}`].map(name => scope + name)

/** Rejects with the error of the first that cannot be loaded. */
export async function loadTracePackages(encoding: Encoding, load: ImportPackage = importPackage): Promise<TracePackages> {
  const [api, resources, sdk, exporter] = await inTurn(traceNames(encoding), load)
  return { api, resources, sdk, exporter } as TracePackages
}

/** What to install for what is asked, in the versions that this one is made for. */
export function installLine({ traces }: Asked): string {
  const { peerDependencies } = ownManifest()
  const names = new Set(traces === null ? [] : traceNames(traces))
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
