// Requests as ready-made frames, and one exchange whose answer is kept as it came. The load needs to know where in a frame
// the few bytes stand that change from request to request; everything else is sent and taken as it is.
import { connect } from 'node:net'
import { decode, encode } from '#protocol/codec.js'
import { type Api, type Decoded, type Encodable, type Fields, inRange } from '#protocol/schema.js'
import { Reader, Writer } from '#protocol/wire.js'

/** Of the correlation id, in a request. */
export const requestCorrelationAt = 8
/** Of the correlation id, in a response. */
export const responseCorrelationAt = 4

/** With the length in front; correlation id 0. */
export function requestFrame<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  body: Encodable<Req>,
): Buffer {
  const writer = new Writer()
  writer.int32(0)
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(0)
  writer.string('gregor-bench')
  if (inRange(api.flexible, version)) writer.uint8(0)
  encode(api.request, version, writer, body)
  writer.patchInt32(0, writer.position - 4)
  return Buffer.from(writer.written())
}

/** The body of an answer to anything but ApiVersions, from a frame with its length in front. */
export function decodeAnswer<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  version: number,
  frame: Buffer,
): Decoded<Res> {
  const reader = new Reader(frame, responseCorrelationAt + 4)
  if (inRange(api.flexible, version)) reader.skipTags()
  return decode(api.response, version, reader)
}

/** Sends one request on a connection of its own; the answer's frame, with its length in front. */
export function exchange(port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    const parts: Buffer[] = []
    let bytes = 0
    socket.on('data', part => {
      parts.push(part)
      bytes += part.length
      if (bytes < 4) return
      const frame = Buffer.concat(parts)
      if (bytes < 4 + frame.readInt32BE(0)) return
      socket.destroy()
      resolve(frame)
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the connection was closed instead of an answer')))
  })
}

/** Where `marker` stands in `frame`, once and only once. */
export function soleIndexOf(frame: Buffer, marker: Buffer): number {
  const at = frame.indexOf(marker)
  if (at < 0 || frame.indexOf(marker, at + 1) >= 0) throw new Error(`${marker.toString('hex')} does not stand there once`)
  return at
}
