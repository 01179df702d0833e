/** Clients that speak another protocol than the listener, known by their first bytes, for a sentence in the log. */

/** What the length of an impossible frame says about its sender. */
export function hintAbout(length: number): string {
  if (length >>> 16 === 0x1603) return ' (the client speaks TLS, and this listener does not: see its security.protocol)'
  return length === 0x47455420 ? ' (the client speaks HTTP)' : ''
}

export const recordHeaderBytes = 5
const handshakeRecord = 22
/** [RFC 8446, 5.1] */
const recordBytesMax = 2 ** 14

/** Why these first bytes are not the beginning of a handshake; null when they may be. */
export function helloProblem(bytes: Buffer): string | null {
  if (bytes[0] !== handshakeRecord) {
    const isHttp = /^(GET|POST|PUT|HEAD|OPTIONS|CONNECT) /.test(bytes.toString('latin1', 0, 8))
    if (isHttp) return 'the client speaks HTTP; this listener speaks Kafka’s protocol over TLS'
    // The length of a frame that a Kafka client would begin with.
    if (bytes[0] === 0) return 'the client speaks without TLS; this listener is SSL: set security.protocol=SSL in the client'
    return 'what the client sends is no TLS handshake'
  }
  if (bytes.byteLength >= 2 && bytes[1] !== 3) return 'what the client sends is no TLS handshake'
  if (bytes.byteLength >= recordHeaderBytes && bytes.readUInt16BE(3) > recordBytesMax) {
    return 'what the client sends is no TLS handshake'
  }
  return null
}
