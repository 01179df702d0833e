/** A whole broker with OpenTelemetry, whose packages read the environment of the process. */
import net from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { utf8Encode } from '../base/bytes.js'
import { realWorld } from '../base/world.js'
import { batchOf, TestClient } from '../broker/test-client.test-support.js'
import { type GregorBroker, startBroker } from '../index.js'
import { Heartbeat } from '../protocol/messages/heartbeat.js'
import { ListGroups } from '../protocol/messages/list-groups.js'
import { collector } from './collector.test-support.js'
import { openTelemetry } from './telemetry.js'

afterEach(() => void vi.unstubAllEnvs())

const traced = 'requests are traced by OpenTelemetry'

/** A broker in an environment of these variables besides the process's own, with OpenTelemetry at work, and what it logged. */
async function observed(variables: Readonly<Record<string, string>>, excluded?: string) {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  const logged: string[] = []
  const note = (_: unknown, message: string) => void logged.push(message)
  const broker = await startBroker({
    environment: { ...process.env },
    config: excluded === undefined ? {} : { 'gregor.traces.excluded.apis': excluded },
    log: { debug() {}, info: note, warn: note, error: note },
  })
  return { broker, logged, [Symbol.asyncDispose]: () => broker.stop() }
}

const json = (url: string) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' })

async function produceOnce({ port }: GregorBroker): Promise<void> {
  const client = await TestClient.connect(port, 'a-client')
  await client.createTopic('t')
  const headers = [{ key: 'traceparent', value: utf8Encode(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`) }]
  await client.produce('t', batchOf([{ key: null, value: null, headers }]))
  client.close()
}

describe('spans of requests', () => {
  it('reach the collector, named as their APIs, but those of Produce; a stop sends the last', async () => {
    await using to = await collector()
    const variables = {
      ...json(to.url),
      OTEL_SERVICE_NAME: 'orders',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-token=secret',
    }
    await using at = await observed(variables)
    await expect.poll(() => at.logged).toContain(traced)
    await produceOnce(at.broker)
    await at.broker.stop()
    const names = to.spans().map(({ name }) => name)
    expect(names).toContain('CreateTopics')
    expect(names).not.toContain('Produce')
    const span = to.spans().find(({ name }) => name === 'CreateTopics')
    expect(span).toMatchObject({
      kind: 2,
      attributes: {
        'messaging.system': 'kafka',
        'messaging.destination.name': 't',
        'messaging.client.id': 'a-client',
        'rpc.method': 'CreateTopics',
        'network.peer.address': '127.0.0.1',
        'server.port': at.broker.port,
      },
      resource: {
        'service.name': 'orders',
        'service.instance.id': `${at.broker.clusterId}-1`,
        'deployment.environment': 'test',
      },
    })
    const traces = to.received.find(({ path }) => path === '/v1/traces')
    expect(traces?.headers['x-token']).toBe('secret')
  })

  it('of Produce, where they are wanted, are linked with the spans that the records name', async () => {
    await using to = await collector()
    await using at = await observed(json(to.url), 'Fetch')
    await expect.poll(() => at.logged).toContain(traced)
    await produceOnce(at.broker)
    await at.broker.stop()
    const [span] = to.spans().filter(({ name }) => name === 'Produce')
    expect(span?.links).toMatchObject([{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }])
    expect(span?.attributes).toMatchObject({ 'messaging.operation.type': 'send', 'messaging.destination.name': 't' })
  })

  it('of what is refused say the error by Kafka’s name', async () => {
    await using to = await collector()
    await using at = await observed(json(to.url))
    await expect.poll(() => at.logged).toContain(traced)
    const client = await TestClient.connect(at.broker.port)
    await client.call(Heartbeat, 0, { groupId: 'g', generationId: 1, memberId: 'm' })
    await client.call(ListGroups, 4, { statesFilter: [] })
    client.close()
    await at.broker.stop()
    const said = to.spans().map(({ name, status, attributes }) => [name, status.code, attributes['error.type']])
    expect(said).toContainEqual(['Heartbeat', 2, 'UNKNOWN_MEMBER_ID'])
    expect(said).toContainEqual(['ListGroups', 0, undefined])
  })

  it('are in the encoding of Protocol Buffers unless something else is said', async () => {
    await using to = await collector()
    await using at = await observed({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${to.url}/here` })
    await expect.poll(() => at.logged).toContain(traced)
    await produceOnce(at.broker)
    await at.broker.stop()
    expect(to.received[0]).toMatchObject({ path: '/here', contentType: 'application/x-protobuf' })
    expect(to.received.some(({ body }) => body.includes('CreateTopics'))).toBe(true)
  })

  it('are as many as the sampler takes', async () => {
    await using to = await collector()
    await using at = await observed({ ...json(to.url), OTEL_TRACES_SAMPLER: 'always_off' })
    await expect.poll(() => at.logged).toContain(traced)
    await produceOnce(at.broker)
    await at.broker.stop()
    expect(to.received.map(({ path }) => path)).not.toContain('/v1/traces')
  })
})

describe('metrics', () => {
  it('are those of /metrics, the last ones read before a stop', async () => {
    await using to = await collector()
    await using at = await observed({ ...json(to.url), OTEL_TRACES_EXPORTER: 'none', OTEL_SERVICE_NAME: 'orders' })
    await expect.poll(() => at.logged).toContain('metrics are sent by OpenTelemetry')
    await produceOnce(at.broker)
    await at.broker.stop()
    const metrics = to.metrics()
    expect(metrics.get('kafka_topic_partition_current_offset')).toMatchObject({
      isMonotonic: false,
      points: [{ attributes: { topic: 't', partition: 0 }, value: 1 }],
      resource: { 'service.name': 'orders' },
    })
    expect(metrics.get('process_cpu_seconds_total')).toMatchObject({ isMonotonic: true, points: [{ attributes: {} }] })
    expect(to.received.map(({ path }) => path)).not.toContain('/v1/traces')
    expect(at.logged).not.toContain('metrics cannot be read')
  })

  it('are sent again and again', async () => {
    await using to = await collector()
    await using at = await observed({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${to.url}/m`, OTEL_METRIC_EXPORT_INTERVAL: '100' })
    await expect.poll(() => to.received.length).toBeGreaterThan(8)
    expect(to.received[0]).toMatchObject({ path: '/m', contentType: 'application/x-protobuf' })
    await at.broker.stop()
  })
})

describe('a collector that does not take them', () => {
  it('is named in the log once, and the broker serves on and stops', async () => {
    const closed = net.createServer()
    await new Promise<void>(resolve => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as net.AddressInfo
    await new Promise(resolve => closed.close(resolve))
    const variables = { ...json(`http://127.0.0.1:${port}`), OTEL_BSP_SCHEDULE_DELAY: '1', OTEL_EXPORTER_OTLP_TIMEOUT: '10' }
    await using at = await observed(variables)
    await expect.poll(() => at.logged).toContain(traced)
    await produceOnce(at.broker)
    const lost = 'spans do not reach the collector and are lost; this is said once'
    await expect.poll(() => at.logged).toContain(lost)
    const client = await TestClient.connect(at.broker.port)
    expect(await client.call(ListGroups, 4, { statesFilter: [] })).toMatchObject({ errorCode: 0 })
    client.close()
    await at.broker.stop()
    expect(at.logged.filter(line => line === lost)).toEqual([lost])
  })

  it('does not hold up a stop', async () => {
    await using to = await collector(null)
    await using at = await observed(json(to.url))
    await expect.poll(() => at.logged).toContain(traced)
    await produceOnce(at.broker)
    const sinceMs = realWorld.monotonicMs()
    await at.broker.stop()
    expect(realWorld.monotonicMs() - sinceMs).toBeLessThan(8000)
    expect(to.received.map(({ path }) => path).sort()).toEqual(['/v1/metrics', '/v1/traces'])
  })
})

describe('without its packages', () => {
  const opened = (environment: Record<string, string>, load = async (name: string): Promise<unknown> => import(name)) => {
    const logged: string[] = []
    const note = (_: unknown, message: string) => void logged.push(message)
    const log = { debug: note, info: note, warn: note, error: note }
    const telemetry = openTelemetry({ environment, excludedApis: ['Fetch'], world: realWorld, log, load })
    return { telemetry, logged }
  }
  const missing = async (name: string): Promise<never> => {
    throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' })
  }
  const row = (name: string) => ({ api: { name } }) as never

  it('nothing stands before an API that is not traced, and nothing at all is made where nothing is asked for', () => {
    expect(opened({}).telemetry).toBeNull()
    const { telemetry } = opened({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })
    expect(telemetry?.interceptors(row('Fetch'))).toEqual([])
    expect(telemetry?.interceptors(row('Metadata'))).toHaveLength(1)
  })

  it('one line says what to install, and requests go on', async () => {
    const { telemetry, logged } = opened({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }, missing)
    await telemetry?.start({} as never)
    expect(logged).toEqual([
      'OpenTelemetry is configured, and its packages are not installed: npm install @opentelemetry/api@1.9 ' +
        '@opentelemetry/resources@2.12 @opentelemetry/sdk-trace-base@2.12 @opentelemetry/exporter-trace-otlp-proto@0.223 ' +
        '@opentelemetry/sdk-metrics@2.12 @opentelemetry/exporter-metrics-otlp-proto@0.223',
    ])
    const [spans] = telemetry!.interceptors(row('Metadata'))
    expect(spans?.({} as never, () => 'answer' as never)).toBe('answer')
    await telemetry?.stop()
  })

  it('a line says what cannot be had', () => {
    const { telemetry, logged } = opened({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })
    expect([telemetry, logged]).toEqual([null, [expect.stringContaining('OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not spoken')]])
  })
})
