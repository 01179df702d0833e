/** MetricsData as clients push it, written by protobufjs from OpenTelemetry's definitions. */
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import type { Bytes } from '../../base/bytes.js'

const root = new protobuf.Root()
root.resolvePath = (_, target) => fileURLToPath(new URL(`../../../proto/${target}`, import.meta.url))
root.loadSync('opentelemetry/proto/metrics/v1/metrics.proto')
const metricsData = root.lookupType('opentelemetry.proto.metrics.v1.MetricsData')

export const delta = 1
export const cumulative = 2

export interface Metric {
  readonly name: string
  readonly unit?: string
  readonly description?: string
  readonly gauge?: { readonly dataPoints: readonly object[] }
  readonly sum?: {
    readonly aggregationTemporality?: number
    readonly isMonotonic?: boolean
    readonly dataPoints: readonly object[]
  }
  readonly histogram?: object
}

const attributesOf = (labels: Readonly<Record<string, string>>): object[] =>
  Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }))

export function pointOf(asDouble: number, labels: Readonly<Record<string, string>> = {}, timeMs = 0): object {
  return { asDouble, timeUnixNano: timeMs * 1e6, attributes: attributesOf(labels) }
}

export function metricsDataOf(metrics: readonly Metric[], resource: Readonly<Record<string, string>> = {}): Bytes {
  return encoded({ resourceMetrics: [{ resource: { attributes: attributesOf(resource) }, scopeMetrics: [{ metrics }] }] })
}

export function encoded(message: object): Bytes {
  return metricsData.encode(metricsData.fromObject(message)).finish()
}
