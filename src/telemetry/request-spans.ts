/**
 * A span for each request, from the decoded request to its answer: of kind server, named as the API, with what OpenTelemetry's
 * conventions have for messaging. No byte of a record is in it, and no text of a client longer than `textMax`.
 */
import type { Attributes, Tracer } from '@opentelemetry/api'
import type { Bytes } from '../base/bytes.js'
import type { Call, Interceptor } from '../broker/handler.js'
import { EncodedAnswer, noAnswer, Ordered, type Outcome, RequestFailure } from '../broker/outcomes.js'
import { Errors, errorName } from '../protocol/errors.js'
import { Produce } from '../protocol/messages/produce.js'
import type { Decoded } from '../protocol/schema.js'
import { spansOfRecords } from './record-links.js'

export interface Tracing {
  readonly api: typeof import('@opentelemetry/api')
  readonly tracer: Tracer
}

/** Characters of a name that a client chose. */
const textMax = 256
/** Parts of an answer in which an error is looked for. */
const partsMax = 64

/** @param tracing null: it is not ready, or over */
export function requestSpans(tracing: () => Tracing | null): Interceptor {
  return (call, next) => {
    const ready = tracing()
    return ready === null ? next(call) : traced(ready, call, next)
  }
}

function traced({ api, tracer }: Tracing, call: Call, next: (call: Call) => Outcome<unknown>): Outcome<unknown> {
  const { name } = call.row.api
  const attributes = { 'messaging.system': 'kafka', 'rpc.system': 'kafka', 'rpc.method': name }
  const span = tracer.startSpan(name, { kind: api.SpanKind.SERVER, attributes }, api.ROOT_CONTEXT)
  if (!span.isRecording()) return next(call)
  span.setAttributes(attributesOf(call))
  // While its bytes are there.
  if (call.row.api.key === Produce.key) {
    for (const context of spansOfRecords(batchesOf(call.request as Decoded<typeof Produce.request.fields>))) {
      span.addLink({ context: { ...context, isRemote: true } })
    }
  }
  const failed = (type: string): void => {
    span.setAttribute('error.type', type).setStatus({ code: api.SpanStatusCode.ERROR })
  }
  const answered = (response: unknown): void => {
    const errorCode = response === noAnswer || response instanceof EncodedAnswer ? Errors.NONE : firstError(response)
    if (errorCode !== Errors.NONE) failed(errorName(errorCode))
    span.end()
  }
  const thrown = (error: unknown): void => {
    failed(error instanceof RequestFailure ? errorName(error.errorCode) : error instanceof Error ? error.name : 'unknown')
    span.end()
  }
  let outcome: Outcome<unknown>
  try {
    outcome = next(call)
  } catch (error) {
    thrown(error)
    throw error
  }
  if (outcome instanceof Promise) outcome.then(answered, thrown)
  else if (outcome instanceof Ordered) outcome.response.then(answered, thrown)
  else answered(outcome)
  return outcome
}

const operationTypes: Readonly<Record<string, string>> = { Produce: 'send', Fetch: 'receive', OffsetCommit: 'settle' }

function attributesOf({ row, request, context }: Call): Attributes {
  const { connection, clientId, version } = context
  const { groupId } = request as { groupId?: unknown }
  const topic = onlyTopic(request)
  const type = operationTypes[row.api.name]
  return {
    'messaging.operation.name': row.api.name,
    ...(type === undefined ? {} : { 'messaging.operation.type': type }),
    'messaging.client.id': cut(clientId),
    ...(typeof groupId === 'string' ? { 'messaging.consumer.group.name': cut(groupId) } : {}),
    ...(topic === null ? {} : { 'messaging.destination.name': cut(topic) }),
    'kafka.api.key': row.api.key,
    'kafka.api.version': version,
    'network.peer.address': connection.remoteAddress,
    'network.peer.port': connection.remotePort,
    'server.address': connection.localAddress,
    'server.port': connection.localPort,
  }
}

const cut = (text: string): string => text.slice(0, textMax)

/** The name of the topic that the request is about, if it is one. */
function onlyTopic(request: unknown): string | null {
  const { topicData, topics } = request as { topicData?: unknown; topics?: unknown }
  const named = topicData ?? topics
  if (!Array.isArray(named) || named.length !== 1) return null
  const name = named[0]?.name ?? named[0]?.topic
  return typeof name === 'string' && name !== '' ? name : null
}

function* batchesOf({ topicData }: Decoded<typeof Produce.request.fields>): Generator<Bytes> {
  for (const { partitionData } of topicData) for (const { records } of partitionData) if (records !== null) yield records as Bytes
}

/** The first error code in an answer, that of the whole request before those of its parts. */
function firstError(response: unknown): number {
  const parts: unknown[] = [response]
  for (let at = 0; at < parts.length && at < partsMax; at++) {
    const part = parts[at] as Readonly<Record<string, unknown>>
    if (typeof part.errorCode === 'number' && part.errorCode !== Errors.NONE) return part.errorCode
    for (const field of Object.values(part)) if (isList(field)) parts.push(...field.slice(0, partsMax))
  }
  return Errors.NONE
}

const isList = (field: unknown): field is object[] => Array.isArray(field) && typeof field[0] === 'object' && field[0] !== null
