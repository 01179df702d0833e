import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bytes, concat } from '../../base/bytes.js'
import { MalformedError } from '../../protocol/wire.js'
import { type Found, type Labels, readMetricsData } from './metrics-data.js'
import { cumulative, delta, encoded, metricsDataOf, pointOf } from './metrics-data.test-support.js'

/** A line for each thing that was found. */
function read(bytes: Bytes): string[] {
  return [...readMetricsData(bytes)].flatMap(lineOf)
}

function lineOf(found: Found): string[] {
  if (found === null) return []
  if ('resource' in found) return [`resource ${labels(found.resource)}`]
  const { metric, attributes, value, isDelta, timeMs } = found.point
  return [`${metric.kind} ${metric.name} ${labels(attributes)} ${isDelta ? '+' : ''}${value} at ${timeMs}`]
}

const labels = (of: Labels): string => `{${Array.from(of, ([key, value]) => `${key}=${value}`)}}`

test('gauges, sums and counters are found with their attributes, and the resource that they are of', () => {
  const bytes = metricsDataOf(
    [
      { name: 'g', gauge: { dataPoints: [pointOf(1.5, { topic: 't', node: '1' }, 1000), pointOf(2, {}, 2000)] } },
      { name: 's', sum: { aggregationTemporality: cumulative, dataPoints: [pointOf(-3)] } },
      { name: 'c', sum: { aggregationTemporality: delta, isMonotonic: true, dataPoints: [pointOf(4)] } },
    ],
    { group_id: 'g1' },
  )
  expect(read(bytes)).toEqual([
    'resource {group_id=g1}',
    'gauge g {topic=t,node=1} 1.5 at 1000',
    'gauge g {} 2 at 2000',
    'sum s {} -3 at 0',
    'counter c {} +4 at 0',
  ])
})

test('a value may be an integer, or be taken back', () => {
  const dataPoints = [{ asInt: -7 }, {}, { asDouble: 1, flags: 1 }]
  expect(read(metricsDataOf([{ name: 'm', gauge: { dataPoints } }]))).toEqual([
    'resource {}',
    'gauge m {} -7 at 0',
    'gauge m {} 0 at 0',
    'gauge m {} null at 0',
  ])
})

test('attributes are texts, numbers and truths; lists and maps are left out', () => {
  const attributes = [
    { key: 'a', value: { intValue: 5 } },
    { key: 'b', value: { boolValue: false } },
    { key: 'c', value: { doubleValue: 0.5 } },
    { key: 'd', value: { arrayValue: { values: [{ stringValue: 'x' }] } } },
    { key: 'e' },
  ]
  const bytes = metricsDataOf([{ name: 'm', gauge: { dataPoints: [{ asDouble: 1, attributes }] } }])
  expect(read(bytes)).toContain('gauge m {a=5,b=false,c=0.5} 1 at 0')
})

test('histograms, metrics without a name and what is unknown are passed over', () => {
  const metrics = [
    { name: 'h', histogram: { dataPoints: [{ count: 1 }] } },
    { name: '', gauge: { dataPoints: [pointOf(1)] } },
    { name: 'm', gauge: { dataPoints: [pointOf(2)] } },
  ]
  const unknown = Uint8Array.of(0x7a, 1, 0, 0x79, 0, 0, 0, 0, 0, 0, 0, 0, 0x7d, 0, 0, 0, 0, 0x78, 1)
  expect(read(concat([unknown, metricsDataOf(metrics)]))).toEqual(['resource {}', 'gauge m {} 2 at 0'])
})

test('what a metric is called may stand behind its points', () => {
  const name = [0x0a, 1, 0x6d]
  const counter = [0x3a, 15, 0x0a, 9, 0x21, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, 1, 0x18, 1]
  const metric = [0x12, name.length + counter.length, ...counter, ...name]
  const scope = [0x12, metric.length, ...metric]
  expect(read(Uint8Array.of(0x0a, scope.length, ...scope))).toEqual(['counter m {} +1 at 0'])
})

test.each([
  ['cut off', metricsDataOf([{ name: 'm', gauge: { dataPoints: [pointOf(1)] } }]).subarray(0, -1)],
  ['a field without a number', Uint8Array.of(0x02, 0)],
  ['a group', Uint8Array.of(0x7b, 0x7c)],
  ['a number without an end', new Uint8Array(20).fill(0xff)],
  ['a text', new TextEncoder().encode('hello')],
  ['a message beyond the one around it', Uint8Array.of(0x0a, 2, 0x12, 2, 0x18, 1)],
])('malformed: %s', (_, bytes) => {
  expect(() => read(bytes)).toThrow(MalformedError)
})

test('whatever is changed in a message, it is read or malformed', () => {
  const whole = metricsDataOf([
    { name: 'm', unit: 'ms', sum: { aggregationTemporality: delta, dataPoints: [pointOf(1, { a: 'b' })] } },
  ])
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }), changes => {
      const bytes = Uint8Array.from(whole)
      for (const [at, byte] of changes) bytes[at % bytes.byteLength] = byte
      try {
        read(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError)
      }
    }),
    { numRuns: 3000 },
  )
})

test('half a million empty messages are gone through one by one, and none of them is kept', () => {
  const found = [...readMetricsData(repeated([0x0a, 0], 500_000))]
  expect(found.length).toBe(500_000)
  expect(found.every(one => one === null)).toBe(true)
})

test('a point of half a million attributes is passed over, as is a name without an end', () => {
  const dataPoints = [{ asDouble: 1, attributes: Array.from({ length: 500_000 }, () => ({})) }, { asDouble: 2 }]
  expect(read(metricsDataOf([{ name: 'm', gauge: { dataPoints } }]))).toEqual(['resource {}', 'gauge m {} 2 at 0'])
  expect(read(metricsDataOf([{ name: 'm'.repeat(2000), gauge: { dataPoints: [pointOf(1)] } }]))).toEqual(['resource {}'])
})

test('values inside values inside values are malformed, not a broken stack', () => {
  let value: object = { stringValue: 'x' }
  for (let depth = 0; depth < 200; depth++) value = { arrayValue: { values: [value] } }
  const dataPoints = [{ asDouble: 1, attributes: [{ key: 'a', value }] }]
  // protobufjs would not write it either: its bytes come from what it reads, level by level.
  expect(() => read(deeplyNested(200))).toThrow(MalformedError)
  expect(() => encoded({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints } }] }] }] })).toThrow()
})

function deeplyNested(depth: number): Bytes {
  let value: number[] = []
  // AnyValue.array_value 5, ArrayValue.values 1
  for (let level = 0; level < depth; level++) value = field(5, field(1, value))
  const point = field(7, [...field(1, [0x61]), ...field(2, value)])
  const metric = [...field(1, [0x6d]), ...field(5, field(1, point))]
  return Uint8Array.from(field(1, field(2, field(2, metric))))
}

function field(id: number, bytes: number[]): number[] {
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7]
  return [(id << 3) | 2, ...length, ...bytes]
}

function repeated(pattern: readonly number[], count: number): Bytes {
  return Uint8Array.from({ length: pattern.length * count }, (_, at) => pattern[at % pattern.length]!)
}
