// Client telemetry (KIP-714): what a client is asked for, what it may push when, and what is refused.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { ZERO_UUID } from '../lib/messages.mjs'

const METRICS = 16
const [SET, DELETE] = [0, 1]
const MIB = 1024 * 1024
const [NONE, GZIP, SNAPPY, LZ4, ZSTD] = [0, 1, 2, 3, 4]

// Ids with the same beginning for one transcript, the same at both brokers.
const prefixOf = t => createHash('sha256').update(t.name('')).digest().subarray(0, 9)
const idOf = (t, suffix) =>
  Buffer.concat([prefixOf(t), createHash('sha256').update(suffix).digest().subarray(0, 7)]).toString('base64url')

const subscribe = async (t, suffix, configs) => {
  const changed = Object.entries(configs).map(([name, value]) => ({
    name,
    configOperation: value === null ? DELETE : SET,
    value,
  }))
  const resources = [{ resourceType: METRICS, resourceName: t.name(suffix), configs: changed }]
  const answer = await t.quiet('IncrementalAlterConfigs', { resources, validateOnly: false })
  if (answer.responses[0].errorCode !== 0) throw new Error(JSON.stringify(answer))
}
const unsubscribe = (t, suffix) => subscribe(t, suffix, { metrics: null, 'interval.ms': null, match: null })
const own = t => `client_instance_id=${prefixOf(t).toString('base64url')}.*`

let polls = 0
// Kafka takes a change up a moment later: clients of their own ask until it is there.
const settled = async (t, fits) => {
  for (let n = 0; n < 500; n++) {
    const answer = await t.quiet('GetTelemetrySubscriptions', { clientInstanceId: idOf(t, `poll ${polls++}`) }, { on: 'polls' })
    if (fits(answer)) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error('a subscription does not come')
}
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
const get = (t, suffix, as, options = {}) =>
  t.call('GetTelemetrySubscriptions', { clientInstanceId: idOf(t, suffix) }, { as, ...options })
const push = (t, suffix, as, { subscriptionId }, more = {}, options = {}) =>
  t.call(
    'PushTelemetry',
    {
      clientInstanceId: idOf(t, suffix),
      subscriptionId,
      terminating: false,
      compressionType: NONE,
      metrics: Buffer.alloc(0),
      ...more,
    },
    { as, ...options },
  )
// A field that MetricsData does not know, of so many bytes in all.
const unknownField = bytes => {
  const field = Buffer.alloc(bytes)
  const length = bytes - 5
  field.set([0x7a, 0x80 | (length & 0x7f), 0x80 | ((length >> 7) & 0x7f), 0x80 | ((length >> 14) & 0x7f), length >> 21])
  return field
}
const lengthOf = bytes => Buffer.concat([Buffer.from([bytes.length]), bytes])
const nested = (id, bytes) => Buffer.concat([Buffer.from([(id << 3) | 2]), lengthOf(bytes)])
// MetricsData of one gauge with what its data point is.
const metrics = point =>
  nested(1, nested(2, nested(2, Buffer.concat([nested(1, Buffer.from('m')), nested(5, nested(1, Buffer.from(point)))]))))

export const transcripts = [
  {
    name: 'telemetry-subscriptions',
    async run(t) {
      const noId = body => ({ ...body, clientInstanceId: body.clientInstanceId?.length, subscriptionId: 'of a random id' })
      await t.call('GetTelemetrySubscriptions', { clientInstanceId: ZERO_UUID }, { as: 'a client without an id', view: noId })
      await get(t, 'a', 'nothing is asked for')
      await get(t, 'a', 'again, too early')
      await subscribe(t, 'one', { metrics: 'org.a.', match: own(t), 'interval.ms': '100' })
      await settled(t, body => body.requestedMetrics.includes('org.a.'))
      await get(t, 'a', 'early, but something has changed')
      await get(t, 'a', 'too early')
      await sleep(150)
      await get(t, 'a', 'after the interval')
      await subscribe(t, 'one', { 'interval.ms': '3600000' })
      await settled(t, body => body.pushIntervalMs === 300000)
      await get(t, 'a', 'the longest interval')
      await subscribe(t, 'two', { metrics: 'org.a.', match: own(t), 'interval.ms': '200000' })
      await settled(t, body => body.pushIntervalMs === 200000)
      await get(t, 'a', 'of two the shorter interval')
      const sortedMetrics = body => ({
        ...body,
        requestedMetrics: [...(body.requestedMetrics ?? [])].sort(),
        subscriptionId: 'of a set',
      })
      await subscribe(t, 'two', { metrics: 'org.b.,org.c.' })
      await settled(t, body => body.requestedMetrics.length === 3)
      await get(t, 'a', 'metrics of both', { view: sortedMetrics })
      await subscribe(t, 'two', { metrics: 'org.b.,*' })
      await settled(t, body => body.requestedMetrics.includes('*'))
      await get(t, 'a', 'all metrics')
      await subscribe(t, 'two', { metrics: '' })
      await settled(t, body => body.requestedMetrics.includes('org.a.'))
      await get(t, 'a', 'none of one')
      await unsubscribe(t, 'two')
      await settled(t, body => body.pushIntervalMs === 300000)
      await unsubscribe(t, 'one')
      await settled(t, body => body.requestedMetrics.length === 0)
      await get(t, 'a', 'nothing any more')
      await get(t, 'a', 'of the reserved id one', { on: 'another' })
      await t.call(
        'GetTelemetrySubscriptions',
        { clientInstanceId: 'AAAAAAAAAAAAAAAAAAAAAQ' },
        { as: 'a reserved id', on: 'reserved' },
      )
    },
  },
  {
    name: 'telemetry-matches',
    async run(t) {
      const patterns = [
        ['client_source_address=127\\.0\\.0\\.1', 'the address'],
        ['client_source_address=127', 'a part of the address'],
        ['client_source_port=[0-9]+', 'the port'],
        ['client_source_port=0', 'another port'],
        ['client_software_name=oracle', 'the software'],
        ['client_software_name=orac', 'a part of the software'],
        ['client_software_version=1\\..*', 'the version'],
        ['client_id=oracle', 'the client id'],
        ['client_id=ORACLE', 'in capitals'],
        ['client_id=(?i)ORACLE', 'whatever the case'],
        ['client_id=oracle,client_source_port=0', 'one of two'],
        ['client_id=x,client_id=oracle', 'one attribute twice'],
        [' client_id = oracle ', 'with blanks'],
      ]
      for (const [pattern, as] of patterns) {
        await subscribe(t, 'one', { metrics: `org.${as}`, match: pattern })
        await subscribe(t, 'all', { metrics: `all.${as}`, match: own(t) })
        await settled(t, body => body.requestedMetrics.includes(`all.${as}`))
        await t.quiet('ApiVersions', { clientSoftwareName: 'oracle', clientSoftwareVersion: '1.2' }, { v: 3, on: as })
        const fits = body => ({ fits: body.requestedMetrics?.includes(`org.${as}`) })
        await get(t, as, as, { on: as, clientId: 'oracle', view: fits })
      }
      for (const suffix of ['one', 'all']) await unsubscribe(t, suffix)
    },
  },
  {
    name: 'telemetry-pushes',
    async run(t) {
      await subscribe(t, 'one', { metrics: 'org.a.', match: own(t) })
      await settled(t, body => body.requestedMetrics.includes('org.a.'))
      const of = suffix => get(t, suffix, `${suffix}: the subscription`)
      const good = metrics([0x21, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f])
      for (const [id, as] of [
        [ZERO_UUID, 'zero'],
        ['AAAAAAAAAAAAAAAAAAAAAQ', 'one'],
      ]) {
        const body = { clientInstanceId: id, subscriptionId: 1, terminating: false, compressionType: NONE, metrics: good }
        await t.call('PushTelemetry', body, { as: `the reserved id ${as}` })
      }
      const a = await of('a')
      await push(t, 'a', 'nothing', a)
      await push(t, 'a', 'too early', a, { metrics: good })
      await get(t, 'a', 'asked too early')
      await push(t, 'a', 'early, but the last', a, { terminating: true, metrics: good })
      await push(t, 'a', 'behind the last', a, { metrics: good })
      await push(t, 'a', 'behind what was refused', a, { metrics: good })
      const b = await of('b')
      await push(t, 'b', 'a wrong subscription', { subscriptionId: b.subscriptionId + 1 })
      await push(t, 'b', 'too early after that', b)
      await get(t, 'b', 'asked too early after that')
      const c = await of('c')
      await push(t, 'c', 'a wrong subscription', { subscriptionId: 1 })
      await get(t, 'c', 'asked after a wrong subscription')
      await push(t, 'c', 'then', c, { metrics: good })
      for (const compressionType of [5, -1]) {
        const d = await of(`d${compressionType}`)
        await push(t, `d${compressionType}`, `codec ${compressionType}`, d, { compressionType })
        await get(t, `d${compressionType}`, `after codec ${compressionType}`)
      }
      await push(t, 'e', 'never asked', { subscriptionId: 1 })
      await push(t, 'e', 'never asked, the last, and wrong', { subscriptionId: 1 }, { terminating: true })
      await push(t, 'e', 'behind it', { subscriptionId: 1 })
      const f = await of('f')
      await push(t, 'f', 'the last, and wrong', { subscriptionId: 1 }, { terminating: true })
      await push(t, 'f', 'the last again', f, { terminating: true })
      await push(t, 'f', 'the last once more', f, { terminating: true, compressionType: 9 })
      const contents = {
        'the longest': [NONE, unknownField(MIB)],
        'too long': [NONE, unknownField(MIB + 1)],
        'gzip of the longest': [GZIP, gzipSync(unknownField(MIB))],
        'gzip of too long': [GZIP, gzipSync(unknownField(MIB + 1))],
        'gzip of nothing': [GZIP, gzipSync('')],
        'gzip of metrics': [GZIP, gzipSync(good)],
        'gzip cut off': [GZIP, gzipSync(unknownField(10000)).subarray(0, 20)],
        'no gzip': [GZIP, good],
        'no snappy': [SNAPPY, good],
        'no lz4': [LZ4, good],
        'no zstd': [ZSTD, good],
        metrics: [NONE, good],
        'metrics cut off': [NONE, good.subarray(0, -1)],
        'a data point cut off': [NONE, metrics([0x21, 0, 0])],
        'an empty data point': [NONE, metrics([])],
        'a field of another kind': [NONE, metrics([0x20, 1])],
        'field 0': [NONE, metrics([0x02, 0])],
        text: [NONE, Buffer.from('hello')],
        zeros: [NONE, Buffer.alloc(4)],
        'a group': [NONE, Buffer.from([0x7b, 0x7c])],
        'a varint without end': [NONE, Buffer.alloc(11, 0xff)],
      }
      for (const [as, [compressionType, bytes]] of Object.entries(contents)) {
        const subscription = await of(as)
        await push(t, as, as, subscription, { compressionType, metrics: bytes })
        await get(t, as, `${as}: asked after it`)
      }
      const g = await of('g')
      await subscribe(t, 'one', { metrics: 'org.z.' })
      await settled(t, body => body.requestedMetrics.includes('org.z.'))
      await push(t, 'g', 'for a subscription that was', g, { metrics: good })
      await get(t, 'g', 'asked for the new one')
      await t.quiet('GetTelemetrySubscriptions', { clientInstanceId: idOf(t, 'h') }, { on: 'closed' })
      const connection = await t.connection('closed')
      connection.close()
      await sleep(100)
      await get(t, 'h', 'at once, on another connection')
      await unsubscribe(t, 'one')
    },
  },
]
