import * as api from '@opentelemetry/api'
import * as exporter from '@opentelemetry/exporter-metrics-otlp-http'
import * as resources from '@opentelemetry/resources'
import * as sdk from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'
import type { Family, Sample } from '../http/metrics/family.js'
import { Converted } from './metric-families.js'

const times = { startTime: [1, 0], endTime: [2, 0] } as const

function converted(type: Family['type'], samples: readonly Sample[]) {
  const family: Family = { name: 'f', type, labels: [], help: 'What it is.', read: () => [] }
  const metrics = new Converted(family, { api, exporter, resources, sdk }, { startTime: [1, 0], endTime: [2, 0] })
  for (const sample of samples) metrics.add(sample)
  return metrics.metrics()
}

test('a histogram has a point for each set of labels, and counts what is between two bounds', () => {
  const bucket = (api: string, le: string | number, value: number) => ({ metricName: 'f_bucket', labels: { api, le }, value })
  const [metric, ...others] = converted('histogram', [
    bucket('A', 1, 3),
    bucket('A', 10, 5),
    bucket('A', '+Inf', 6),
    { metricName: 'f_sum', labels: { api: 'A' }, value: 44 },
    { metricName: 'f_count', labels: { api: 'A' }, value: 6 },
    bucket('B', 1, 0),
  ])
  expect(others).toEqual([])
  expect(metric).toMatchObject({
    descriptor: { name: 'f', description: 'What it is.' },
    dataPointType: sdk.DataPointType.HISTOGRAM,
    dataPoints: [
      { ...times, attributes: { api: 'A' }, value: { buckets: { boundaries: [1, 10], counts: [3, 2, 1] }, sum: 44, count: 6 } },
      { attributes: { api: 'B' }, value: { buckets: { boundaries: [1], counts: [0, 0] }, sum: 0, count: 0 } },
    ],
  })
})

test('a summary is its sum and its count, which rise, and its quantiles', () => {
  const metrics = converted('summary', [
    { metricName: 'f_sum', labels: {}, value: 5 },
    { metricName: 'f_count', labels: {}, value: 2 },
    { labels: { quantile: '0.99' }, value: 3 },
  ])
  const said = metrics.map(({ descriptor, dataPointType, dataPoints }) => [descriptor.name, dataPointType, dataPoints[0]!.value])
  expect(said).toEqual([
    ['f_sum', sdk.DataPointType.SUM, 5],
    ['f_count', sdk.DataPointType.SUM, 2],
    ['f', sdk.DataPointType.GAUGE, 3],
  ])
})

test('a counter rises, everything else does not, and a family without series is no metric', () => {
  const one = [{ labels: { a: 1 }, value: 7 }]
  expect(converted('counter', one)).toMatchObject([{ dataPointType: sdk.DataPointType.SUM, isMonotonic: true }])
  for (const type of ['gauge', 'untyped'] as const) {
    expect(converted(type, one)).toMatchObject([
      { dataPointType: sdk.DataPointType.GAUGE, dataPoints: [{ attributes: { a: 1 } }] },
    ])
  }
  expect(converted('gauge', [])).toEqual([])
  expect(converted('histogram', [])).toEqual([])
})
