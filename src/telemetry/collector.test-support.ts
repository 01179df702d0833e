/** A collector of OpenTelemetry: takes what is sent over OTLP/HTTP, and answers as it is told to. */
import http from 'node:http'
import type net from 'node:net'

export interface Received {
  readonly path: string
  readonly contentType: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

export interface Collector extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
  /** Of what came as JSON. */
  spans(): Span[]
  /** The latest points of each metric. */
  metrics(): ReadonlyMap<string, Metric>
}

export interface Span {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status: { readonly code: number }
  readonly resource: Readonly<Record<string, unknown>>
}

export interface Metric {
  readonly isMonotonic: boolean
  readonly points: readonly { readonly attributes: Readonly<Record<string, unknown>>; readonly value: number }[]
  readonly resource: Readonly<Record<string, unknown>>
}

/** @param status of each answer; null: there is none */
export async function collector(status: number | null = 200): Promise<Collector> {
  const received: Received[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const contentType = request.headers['content-type'] ?? ''
      received.push({ path: request.url ?? '', contentType, headers: request.headers, body: Buffer.concat(chunks) })
      if (status !== null)
        response.writeHead(status, { 'content-type': contentType }).end(contentType.endsWith('json') ? '{}' : '')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    received,
    spans: () => received.flatMap(({ path, body }) => (path.endsWith('/v1/traces') ? spansOf(JSON.parse(body.toString())) : [])),
    metrics: () =>
      new Map(received.flatMap(({ path, body }) => (path.endsWith('/v1/metrics') ? metricsOf(JSON.parse(body.toString())) : []))),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

type Pair = { readonly key: string; readonly value: Readonly<Record<string, unknown>> }

const pairs = (attributes: readonly Pair[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

function spansOf(message: {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Pair[] }
    readonly scopeSpans: readonly { readonly spans: readonly (Omit<Span, 'attributes'> & { readonly attributes: Pair[] })[] }[]
  }[]
}): Span[] {
  return message.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(span => ({ ...span, attributes: pairs(span.attributes), resource: pairs(resource.attributes) })),
    ),
  )
}

interface Points {
  readonly isMonotonic?: boolean
  readonly dataPoints: readonly { readonly attributes: Pair[]; readonly asDouble: number }[]
}

function metricsOf(message: {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: Pair[] }
    readonly scopeMetrics: readonly {
      readonly metrics: readonly { readonly name: string; readonly sum?: Points; readonly gauge?: Points }[]
    }[]
  }[]
}): [string, Metric][] {
  return message.resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.map(({ name, sum, gauge }): [string, Metric] => {
        const { isMonotonic = false, dataPoints = [] } = sum ?? gauge ?? { dataPoints: [] }
        const points = dataPoints.map(({ attributes, asDouble }) => ({ attributes: pairs(attributes), value: asDouble }))
        return [name, { isMonotonic, points, resource: pairs(resource.attributes) }]
      }),
    ),
  )
}
