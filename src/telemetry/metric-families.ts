/**
 * The families that /metrics answers with, as OpenTelemetry has metrics: counters are monotonic sums since the start, what counts
 * in buckets is a histogram, everything else a gauge. Read in slices, as a scrape is.
 */
import type { HrTime } from '@opentelemetry/api'
import type { DataPoint, Histogram, MetricData, MetricProducer } from '@opentelemetry/sdk-metrics'
import type { Family, Sample } from '../http/metrics/family.js'
import { type Looked, Looks } from '../http/metrics/look.js'
import { familyGroups } from '../http/metrics/table.js'
import { Slices } from '../storage/slices.js'
import type { MetricPackages } from './packages.js'

export function metricFamilies(looked: Looked, packages: MetricPackages, version: string): MetricProducer {
  const looks = new Looks(looked)
  const { broker, world } = looked
  const resource = packages.resources.emptyResource()
  return {
    async collect() {
      const leftOut = new Map<string, number>()
      const seen = await looks.look(leftOut)
      const seriesMax = broker.config.get('gregor.http.metrics.series.max')
      const slices = Slices.ofRequest(world.host)
      const times = { startTime: hrTime(seen.process.startMs), endTime: hrTime(world.nowMs()) }
      const metrics: MetricData[] = []
      for (const { families, key } of familyGroups) {
        if (key !== undefined && !broker.config.get(key)) continue
        for (const family of families) {
          const converted = new Converted(family, packages, times)
          let count = 0
          for (const sample of family.read(seen)) {
            if (++count <= seriesMax) converted.add(sample)
            if (slices.isOver) await slices.next()
          }
          if (count > seriesMax) leftOut.set(family.name, count - seriesMax)
          metrics.push(...converted.metrics())
        }
      }
      return { resourceMetrics: { resource, scopeMetrics: [{ scope: { name: 'gregor', version }, metrics }] }, errors: [] }
    },
  }
}

type Times = Pick<DataPoint<number>, 'startTime' | 'endTime'>

/** The bound of a bucket, and how many are at or below it. */
type Bucket = readonly [bound: number, count: number]

/** One family. */
export class Converted {
  readonly #family: Family
  readonly #packages: MetricPackages
  readonly #times: Times
  /** By name: a summary has several. */
  readonly #points = new Map<string, DataPoint<number>[]>()
  /** By all labels but the bucket's. */
  readonly #histograms = new Map<string, DataPoint<{ buckets: Bucket[]; sum: number; count: number }>>()

  constructor(family: Family, packages: MetricPackages, times: Times) {
    this.#family = family
    this.#packages = packages
    this.#times = times
  }

  add({ labels, value, metricName = this.#family.name }: Sample): void {
    if (this.#family.type === 'histogram') {
      const { le, ...attributes } = labels
      const key = JSON.stringify(attributes)
      const point = this.#histograms.get(key) ?? { ...this.#times, attributes, value: { buckets: [], sum: 0, count: 0 } }
      this.#histograms.set(key, point)
      if (le !== undefined) point.value.buckets.push([le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), value])
      else if (metricName.endsWith('_sum')) point.value.sum = value
      else point.value.count = value
      return
    }
    const points = this.#points.get(metricName) ?? []
    this.#points.set(metricName, points)
    points.push({ ...this.#times, attributes: labels, value })
  }

  metrics(): MetricData[] {
    const { name, type, help } = this.#family
    const { api, sdk } = this.#packages
    const descriptorOf = (of: string) => ({ name: of, description: help, unit: '', valueType: api.ValueType.DOUBLE })
    const aggregationTemporality = sdk.AggregationTemporality.CUMULATIVE
    if (type === 'histogram') {
      const dataPoints = Array.from(this.#histograms.values(), point => ({ ...point, value: histogramOf(point.value) }))
      const dataPointType = sdk.DataPointType.HISTOGRAM
      return dataPoints.length === 0
        ? []
        : [{ descriptor: descriptorOf(name), aggregationTemporality, dataPointType, dataPoints }]
    }
    return Array.from(this.#points, ([of, dataPoints]): MetricData => {
      const common = { descriptor: descriptorOf(of), aggregationTemporality, dataPoints }
      return type === 'counter' || (type === 'summary' && of !== name)
        ? { ...common, dataPointType: sdk.DataPointType.SUM, isMonotonic: true }
        : { ...common, dataPointType: sdk.DataPointType.GAUGE }
    })
  }
}

/** Prometheus counts what is at or below a bound, OpenTelemetry what is between two. */
function histogramOf({ buckets, sum, count }: { readonly buckets: readonly Bucket[]; sum: number; count: number }): Histogram {
  const rising = buckets.toSorted(([a], [b]) => a - b)
  const boundaries = rising.map(([bound]) => bound).filter(Number.isFinite)
  const counts = rising.map(([, atOrBelow], at) => atOrBelow - (rising[at - 1]?.[1] ?? 0))
  if (counts.length === boundaries.length) counts.push(count - (rising.at(-1)?.[1] ?? 0))
  return { buckets: { boundaries, counts }, sum, count }
}

function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)]
}
