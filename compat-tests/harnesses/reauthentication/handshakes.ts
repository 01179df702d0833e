/** Counts how often clients begin to authenticate on each of their connections, by what passes a relay. */
import { readRequestHeader } from '#protocol/frame.js'
import { SaslHandshake } from '#protocol/messages/sasl-handshake.js'
import { Reader } from '#protocol/wire.js'

export class Handshakes {
  /** Client id → connection → handshakes. */
  readonly #counts = new Map<string, Map<number, number>>()

  readonly hear = (frame: Buffer, connection: number): void => {
    // Tokens without a header are not among them: all of these clients speak v1.
    if (frame.length < 10 || frame.readInt16BE(0) !== SaslHandshake.key) return
    const reader = new Reader(frame)
    readRequestHeader(reader)
    const clientId = reader.nullableString() ?? ''
    const ofClient = this.#counts.get(clientId) ?? new Map<number, number>()
    this.#counts.set(clientId, ofClient)
    ofClient.set(connection, (ofClient.get(connection) ?? 0) + 1)
  }

  /** `again`: handshakes but the first of each connection. */
  of(clientId: string): { connections: number; again: number } {
    const counts = [...(this.#counts.get(clientId)?.values() ?? [])]
    return { connections: counts.length, again: counts.reduce((sum, count) => sum + count - 1, 0) }
  }
}
