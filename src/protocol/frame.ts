/**
 * What stands around a message: the request header, the response header, the length prefix. A frame is everything behind
 * the length. The client id is in the classic int16 encoding even in flexible headers.
 */
import type { Bytes } from '../base/bytes.js'
import { encode } from './codec.js'
import { type Encodable, type Fields, inRange, type Message } from './schema.js'
import { type Insert, MalformedError, Reader, type Writer } from './wire.js'

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
export function readRequestHeader(frame: Bytes): { header: RequestHeader; reader: Reader } {
  if (frame.byteLength < frameBytesMin) throw new MalformedError(`frame of ${frame.byteLength} bytes`)
  const reader = new Reader(frame)
  const header = { apiKey: reader.int16(), apiVersion: reader.int16(), correlationId: reader.int32() }
  return { header, reader }
}

/** The rest of the header: reads the client id and, in flexible versions, passes over the tags. Null is "". */
export function readClientId(reader: Reader, isFlexible: boolean): string {
  const clientId = reader.nullableString() ?? ''
  if (isFlexible) reader.skipTags()
  return clientId
}

/** A response ready to leave: `bytes` with `inserts` (ranges of files) at their positions. */
export interface Outgoing {
  /** Length prefix, header and body, without the inserts. */
  readonly bytes: Bytes
  readonly inserts: readonly Insert[] | null
  /** All that goes on the wire, inserts included. */
  readonly byteLength: number
}

const apiVersionsKey = 18

/** Encodes a whole response frame. `writer` is scratch space; the result owns its bytes. */
export function encodeResponse<F extends Fields>(
  writer: Writer,
  apiKey: number,
  version: number,
  correlationId: number,
  message: Message<F>,
  value: Encodable<F>,
): Outgoing {
  writer.reset()
  writer.int32(0)
  writer.int32(correlationId)
  // [KIP-511] ApiVersions keeps response header v0, so that a client of any age can read it.
  if (inRange(message.flexible, version) && apiKey !== apiVersionsKey) writer.uint8(0)
  encode(message, version, writer, value)
  let byteLength = writer.position
  const inserts = writer.inserts
  if (inserts !== null) for (const insert of inserts) byteLength += insert.source.byteLength
  writer.patchInt32(0, byteLength - frameLengthBytes)
  return { bytes: writer.finish(), inserts, byteLength }
}
