/**
 * What clients push (KIP-714): OpenTelemetry's MetricsData, gone through point by point. The bytes are a stranger's and may say
 * half a million times in a megabyte that there is something, so no level is decoded as a whole: only a point or a resource,
 * if it is short.
 *
 *   MetricsData → ResourceMetrics* → ScopeMetrics* → Metric* → Gauge | Sum → NumberDataPoint*
 *
 * Numbers alone are read, which is all that Kafka's clients push; histograms and summaries are passed over.
 */
import type { Bytes } from '../../base/bytes.js'
import { ownFile, type ProtobufReader, type ProtobufType, protobufPackage } from '../../base/packages.js'
import { MalformedError } from '../../protocol/wire.js'

/** Of a point, and of what a client says of itself. Longer ones are not kept, nor looked into. */
const decodedBytesMax = 4096
const textBytesMax = 1000

export type Labels = ReadonlyMap<string, string>

export interface MetricDescription {
  readonly name: string
  readonly unit: string
  readonly description: string
  /** A counter only grows, a sum may fall, a gauge is what it is at a time. */
  readonly kind: 'counter' | 'sum' | 'gauge'
}

export interface Point {
  readonly metric: MetricDescription
  readonly attributes: Labels
  /** Null when the client says that there is none any more. */
  readonly value: number | null
  /** The value is what came to the one before. */
  readonly isDelta: boolean
  /** By the client's clock. */
  readonly timeMs: number
}

/** A point, what the client says of itself, or nothing, so that others may have their turn. */
export type Found = { readonly point: Point } | { readonly resource: Labels } | null

/** Throws MalformedError at what is not MetricsData, as far as it is read; what was found before that stands. */
export function* readMetricsData(bytes: Bytes): Generator<Found, void> {
  const reader = protobufPackage().Reader.create(bytes)
  reader.discardUnknown = true
  try {
    yield* metricsData(reader, bytes.byteLength, messages())
  } catch (error) {
    throw new MalformedError(`metrics: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function* metricsData(reader: ProtobufReader, end: number, of: Messages): Generator<Found, void> {
  const { resourceMetrics } = of.MetricsData.ids
  while (reader.pos < end) {
    const field = nextField(reader, end)
    if (field.id === resourceMetrics && field.isNested) yield* ofResource(reader, field, of)
    yield null
  }
}

function* ofResource(reader: ProtobufReader, message: Field, of: Messages): Generator<Found, void> {
  const { resource, scopeMetrics } = of.ResourceMetrics.ids
  for (reader.pos = message.from; reader.pos < message.end; yield null) {
    const field = nextField(reader, message.end)
    if (!field.isNested) continue
    if (field.id === scopeMetrics) yield* ofScope(reader, field, of)
    else if (field.id === resource) {
      const found = decoded<{ readonly attributes: readonly KeyValue[] }>(of.Resource, reader, field)
      if (found !== null) yield { resource: labelsOf(found.attributes) }
    }
  }
}

function* ofScope(reader: ProtobufReader, message: Field, of: Messages): Generator<Found, void> {
  const { metrics } = of.ScopeMetrics.ids
  for (reader.pos = message.from; reader.pos < message.end; yield null) {
    const field = nextField(reader, message.end)
    if (field.id === metrics && field.isNested) yield* ofMetric(reader, field, of)
  }
}

/** Fields may come in any order: first what the points are about, then the points. */
function* ofMetric(reader: ProtobufReader, message: Field, of: Messages): Generator<Found, void> {
  const { name, description, unit, gauge, sum } = of.Metric.ids
  const texts = { name: '', description: '', unit: '' }
  let points: Field | null = null
  for (reader.pos = message.from; reader.pos < message.end; yield null) {
    const field = nextField(reader, message.end)
    if (!field.isNested) continue
    if (field.id === gauge || field.id === sum) points = field
    else if (field.id === name) texts.name = textOf(reader, field)
    else if (field.id === description) texts.description = textOf(reader, field)
    else if (field.id === unit) texts.unit = textOf(reader, field)
  }
  if (points !== null && texts.name !== '') {
    const isSum = points.id === sum
    const { kind, isDelta } = isSum ? yield* natureOfSum(reader, points, of) : gaugeNature
    const { dataPoints } = (isSum ? of.Sum : of.Gauge).ids
    const metric: MetricDescription = { ...texts, kind }
    for (reader.pos = points.from; reader.pos < points.end; yield null) {
      const field = nextField(reader, points.end)
      if (field.id !== dataPoints || !field.isNested) continue
      const point = decoded<NumberDataPoint>(of.NumberDataPoint, reader, field)
      if (point !== null) yield { point: { metric, isDelta, ...readingOf(point) } }
    }
  }
  reader.pos = message.end
}

type Nature = Pick<MetricDescription, 'kind'> & Pick<Point, 'isDelta'>
const gaugeNature: Nature = { kind: 'gauge', isDelta: false }
/** AggregationTemporality */
const deltaTemporality = 1

function* natureOfSum(reader: ProtobufReader, message: Field, of: Messages): Generator<Found, Nature> {
  const { aggregationTemporality, isMonotonic } = of.Sum.ids
  let nature: Nature = { kind: 'sum', isDelta: false }
  for (reader.pos = message.from; reader.pos < message.end; yield null) {
    const { id, number } = nextField(reader, message.end)
    if (id === isMonotonic) nature = { ...nature, kind: number === 0 ? 'sum' : 'counter' }
    else if (id === aggregationTemporality) nature = { ...nature, isDelta: number === deltaTemporality }
  }
  return nature
}

interface KeyValue {
  readonly key: string
  readonly value: {
    readonly stringValue?: string
    readonly boolValue?: boolean
    readonly intValue?: Long
    readonly doubleValue?: number
  } | null
}
interface NumberDataPoint {
  readonly attributes: readonly KeyValue[]
  readonly timeUnixNano: Long
  readonly asDouble?: number
  readonly asInt?: Long
  readonly flags: number
}
interface Long {
  toNumber(): number
  toString(): string
}
const noRecordedValue = 1

function readingOf(point: NumberDataPoint): Omit<Point, 'metric' | 'isDelta'> {
  const { asDouble, asInt, flags } = point
  const isNone = (flags & noRecordedValue) !== 0
  // What is not in the message is shown as its default by the prototype alone.
  const value = Object.hasOwn(point, 'asInt') ? asInt!.toNumber() : (asDouble ?? 0)
  return {
    attributes: labelsOf(point.attributes),
    value: isNone ? null : value,
    timeMs: Math.floor(point.timeUnixNano.toNumber() / 1e6),
  }
}

/** Lists and maps, which no label can be, are left out. */
function labelsOf(attributes: readonly KeyValue[]): Labels {
  const labels = new Map<string, string>()
  for (const { key, value } of attributes) {
    const kind = value === null ? undefined : labelKinds.find(name => Object.hasOwn(value, name))
    if (kind !== undefined) labels.set(key, String(value![kind]))
  }
  return labels
}
const labelKinds = ['stringValue', 'boolValue', 'intValue', 'doubleValue'] as const

/** A field, behind which the reader is. */
interface Field {
  readonly id: number
  /** Of those encoded as a varint. */
  readonly number: number
  /** Bytes, a text or a message. */
  readonly isNested: boolean
  /** Where the length stands, and then what it is the length of. */
  readonly lengthAt: number
  readonly from: number
  readonly end: number
}

const wireTypes = { varint: 0, fixed64: 1, nested: 2, fixed32: 5 } as const

function nextField(reader: ProtobufReader, messageEnd: number): Field {
  const tag = reader.tag()
  const lengthAt = reader.pos
  const id = tag >>> 3
  if (id === 0) throw new RangeError('a field without a number')
  const type = tag & 7
  let number = 0
  if (type === wireTypes.varint) number = reader.uint32()
  else if (type === wireTypes.fixed64) reader.skip(8)
  else if (type === wireTypes.fixed32) reader.skip(4)
  // Groups are older than the messages: nobody sends one, and it would be passed over in one go.
  else if (type !== wireTypes.nested) throw new RangeError(`a field of wire type ${type}`)
  const isNested = type === wireTypes.nested
  const size = isNested ? reader.size() : 0
  const from = reader.pos
  const end = from + size
  if (end > messageEnd) throw new RangeError('a field is longer than its message')
  reader.pos = end
  return { id, number, isNested, lengthAt, from, end }
}

/** Null when it is too long. The reader is behind it again afterwards. */
function decoded<Message>({ type }: MessageType, reader: ProtobufReader, { from, end }: Field): Message | null {
  if (end - from > decodedBytesMax) return null
  reader.pos = from
  return type.decode(reader, end - from) as Message
}

/** Empty when it is too long. */
function textOf(reader: ProtobufReader, { lengthAt, from, end }: Field): string {
  if (end - from > textBytesMax) return ''
  reader.pos = lengthAt
  return reader.string()
}

/** A message, and the numbers of its fields. */
interface MessageType {
  readonly type: ProtobufType
  readonly ids: Readonly<Record<string, number>>
}
const messageNames = {
  MetricsData: 'metrics.v1',
  ResourceMetrics: 'metrics.v1',
  Resource: 'resource.v1',
  ScopeMetrics: 'metrics.v1',
  Metric: 'metrics.v1',
  Gauge: 'metrics.v1',
  Sum: 'metrics.v1',
  NumberDataPoint: 'metrics.v1',
} as const
type Messages = Readonly<Record<keyof typeof messageNames, MessageType>>

let loaded: Messages | null = null

function messages(): Messages {
  if (loaded !== null) return loaded
  const { Root } = protobufPackage()
  const root = new Root()
  root.resolvePath = (_, target) => ownFile(`proto/${target}`)
  const found = root.loadSync('opentelemetry/proto/metrics/v1/metrics.proto')
  const messageOf = ([name, folder]: [string, string]): [string, MessageType] => {
    const type = found.lookupType(`opentelemetry.proto.${folder}.${name}`)
    return [name, { type, ids: Object.fromEntries(Object.entries(type.fields).map(([field, { id }]) => [field, id])) }]
  }
  loaded = Object.fromEntries(Object.entries(messageNames).map(messageOf)) as Messages
  return loaded
}
