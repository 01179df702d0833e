/**
 * What stands around a message: the request header, the response header, the length prefix. A frame is everything behind
 * the length. The client id is in the classic int16 encoding even in flexible headers.
 */
import { type Bytes, viewOf } from '../base/bytes.js'
import type { Counted } from '../base/meter.js'
import type { Pause } from '../base/pause.js'
import type { Slice } from '../base/slice.js'
import { encode, encodeInSlices } from './codec.js'
import { type Encodable, type Fields, inRange, type Message, mayCarryRecords } from './schema.js'
import { type Insert, MalformedError, type Reader, TooLongError, Writer } from './wire.js'

/** Length, correlation id, and the tags of flexible headers. */
const responseHeaderBytesMax = 9
/** Bytes of the length in front of every frame. */
export const frameLengthBytes = 4
/** No header is shorter: api key, api version, correlation id. */
export const frameBytesMin = 8

export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
}

/** The fixed part of the header, which every version of every API has. */
export function readRequestHeader(reader: Reader): RequestHeader {
  if (reader.remaining < frameBytesMin) throw new MalformedError(`frame of ${reader.remaining} bytes`)
  return { apiKey: reader.int16(), apiVersion: reader.int16(), correlationId: reader.int32() }
}

/** The rest of the header: reads the client id and, in flexible versions, passes over the tags. Null is "". */
export function readClientId(reader: Reader, isFlexible: boolean): string {
  const clientId = reader.nullableString() ?? ''
  if (isFlexible) reader.skipTags()
  return clientId
}

/** A response ready to leave: `pieces`, then `bytes` with `inserts` (ranges of files) at their positions. */
export interface Outgoing extends Counted {
  /** The beginning of a long one; null where `bytes` are all of it. */
  readonly pieces: readonly Bytes[] | null
  /** Length prefix, header and body, without the inserts. */
  readonly bytes: Bytes
  readonly inserts: readonly Insert[] | null
  /** All that goes on the wire, inserts included. */
  readonly byteLength: number
}

/** With its places for who counts, so that all answers have one shape. */
function outgoing(pieces: Outgoing['pieces'], bytes: Bytes, inserts: Outgoing['inserts'], byteLength: number): Outgoing {
  return { pieces, bytes, inserts, byteLength, counters: null, receivedUs: 0, handledUs: 0, answeredUs: 0 }
}

const apiVersionsKey = 18

/** What the answer of one request may have in memory, ranges of files aside. Kafka's own bound is what an int32 counts. */
export const answerBytesMax = 100 * 1024 * 1024
/** What is encoded at once; some tenths of a millisecond. A longer response is encoded again from the start, in slices. */
export const encodedAtOnceMax = 32 * 1024

/** What an answer is the answer to. */
export interface Answering<F extends Fields> {
  readonly apiKey: number
  readonly version: number
  readonly correlationId: number
  readonly message: Message<F>
}

/**
 * Encodes a whole response frame at once; null when it is too long for that, and `encodeLongResponse` is to be asked.
 * `writer` is scratch space; the result owns its bytes. What cannot be encoded lets go of its slices.
 */
export function encodeResponse<F extends Fields>(writer: Writer, to: Answering<F>, value: Encodable<F>): Outgoing | null {
  writer.reset(encodedAtOnceMax)
  try {
    writeHeader(writer, to)
    encode(to.message, to.version, writer, value)
  } catch (error) {
    if (error instanceof TooLongError) return null
    releaseSlices(to, value)
    throw error
  }
  const byteLength = finishedLength(writer)
  return outgoing(null, writer.finish(), writer.inserts, byteLength)
}

/** The same, a slice at a time: `pause` is awaited between them. @throws TooLongError */
export async function encodeLongResponse<F extends Fields>(
  to: Answering<F>,
  value: Encodable<F>,
  pause: Pause,
): Promise<Outgoing> {
  const writer = new Writer(encodedAtOnceMax * 2)
  writer.reset(answerBytesMax)
  writeHeader(writer, to)
  try {
    for (const _ of encodeInSlices(to.message, to.version, writer, value)) {
      writer.cutIfLong()
      const paused = pause()
      if (paused !== null) await paused
    }
  } catch (error) {
    releaseSlices(to, value)
    throw error
  }
  return finished(writer)
}

/** The same around a body that is encoded already. */
export function frameResponse<F extends Fields>(to: Answering<F>, body: Bytes): Outgoing {
  const writer = new Writer(responseHeaderBytesMax + body.byteLength)
  writeHeader(writer, to)
  writer.raw(body)
  return finished(writer)
}

/** A SASL token on its own, as it travels after SaslHandshake v0. */
export function frameToken(token: Bytes): Outgoing {
  const writer = new Writer(frameLengthBytes + token.byteLength)
  writer.int32(0)
  writer.raw(token)
  return finished(writer)
}

/** How long a body is, with the ranges of files in it; and with its length, as Kafka counts it. */
export function encodedBytes<F extends Fields>(message: Message<F>, version: number, value: Encodable<F>): number {
  const writer = new Writer()
  writer.int32(0)
  encode(message, version, writer, value)
  return finishedLength(writer)
}

/** @throws TooLongError */
export async function encodeBody<F extends Fields>(
  message: Message<F>,
  version: number,
  value: Encodable<F>,
  pause: Pause,
): Promise<Bytes> {
  const writer = new Writer(encodedAtOnceMax)
  writer.reset(answerBytesMax)
  for (const _ of encodeInSlices(message, version, writer, value)) {
    const paused = pause()
    if (paused !== null) await paused
  }
  return writer.written()
}

function writeHeader<F extends Fields>(writer: Writer, { apiKey, version, correlationId, message }: Answering<F>): void {
  writer.int32(0)
  writer.int32(correlationId)
  // [KIP-511] ApiVersions keeps response header v0, so that a client of any age can read it.
  if (inRange(message.flexible, version) && apiKey !== apiVersionsKey) writer.uint8(0)
}

/** Of an answer that does not come about: whatever holds them, and however far it was written. */
function releaseSlices({ message }: Answering<Fields>, value: unknown): void {
  // An answer without any may be too long by naming one long thing many times: going through it would take seconds.
  if (mayCarryRecords(message.fields)) releaseSlicesIn(value)
}

function releaseSlicesIn(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if ('release' in value) (value as Slice).release()
  else for (const inner of Object.values(value)) releaseSlicesIn(inner)
}

/** The writer goes with this answer: its bytes need not be copied. */
function finished(writer: Writer): Outgoing {
  const byteLength = finishedLength(writer)
  const { cutOff, inserts } = writer
  return outgoing(cutOff.length === 0 ? null : cutOff, writer.written(), inserts, byteLength)
}

/** Puts the length in front, which counts the inserts. */
function finishedLength(writer: Writer): number {
  let byteLength = writer.cutOffBytes + writer.position
  const { inserts } = writer
  if (inserts !== null) for (const insert of inserts) byteLength += insert.source.byteLength
  const [first] = writer.cutOff
  if (first === undefined) writer.patchInt32(0, byteLength - frameLengthBytes)
  else viewOf(first).setInt32(0, byteLength - frameLengthBytes)
  return byteLength
}
