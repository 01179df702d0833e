import { describe, expect, it } from 'vitest'
import { askedOf, exportTimesOf } from './asked.js'

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }
const nothing = { traces: null, metrics: null, problems: [] }
const both = { traces: 'http/protobuf', metrics: 'http/protobuf', problems: [] }

describe('what the environment asks for', () => {
  it.each([
    [{}, nothing],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, nothing],
    [{ OTEL_SERVICE_NAME: 'a' }, nothing],
    [endpoint, both],
    [{ ...endpoint, OTEL_SDK_DISABLED: 'TRUE' }, nothing],
    [{ ...endpoint, OTEL_SDK_DISABLED: 'false' }, both],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://a/b' }, { ...nothing, traces: 'http/protobuf' }],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://a/b' }, { ...nothing, metrics: 'http/protobuf' }],
    [
      { ...endpoint, OTEL_TRACES_EXPORTER: 'none' },
      { ...both, traces: null },
    ],
    [{ ...endpoint, OTEL_METRICS_EXPORTER: 'console, otlp' }, both],
    [
      { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
      { ...both, traces: 'http/json', metrics: 'http/json' },
    ],
    [
      { ...endpoint, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' },
      { ...both, traces: 'http/json' },
    ],
  ])('%j: %j', (environment, asked) => expect(askedOf(environment)).toEqual(asked))

  it('is told where it cannot be had, once for both signals', () => {
    const grpc = 'OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not spoken; http/protobuf and http/json are'
    expect(askedOf({ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toEqual({ ...nothing, problems: [grpc] })
    for (const url of ['127.0.0.1:4318', 'ftp://a', 'http://']) {
      const problem = 'OTEL_EXPORTER_OTLP_ENDPOINT is not an http:// or https:// URL'
      expect(askedOf({ OTEL_EXPORTER_OTLP_ENDPOINT: url })).toEqual({ ...nothing, problems: [problem] })
    }
  })

  it.each([
    [{}, 60_000, 30_000],
    [{ OTEL_METRIC_EXPORT_INTERVAL: '5000' }, 5000, 5000],
    [{ OTEL_METRIC_EXPORT_INTERVAL: '5000', OTEL_METRIC_EXPORT_TIMEOUT: '100' }, 5000, 100],
    [{ OTEL_METRIC_EXPORT_INTERVAL: '0', OTEL_METRIC_EXPORT_TIMEOUT: 'soon' }, 60_000, 30_000],
    [{ OTEL_METRIC_EXPORT_INTERVAL: '9999999999' }, 60_000, 30_000],
  ])('%j: every %d ms, within %d ms', (environment, exportIntervalMillis, exportTimeoutMillis) =>
    expect(exportTimesOf(environment)).toEqual({ exportIntervalMillis, exportTimeoutMillis }),
  )
})
