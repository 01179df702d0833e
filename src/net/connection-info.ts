import type { SecurityProtocol } from './security-protocol.js'

/** What the broker may know of a connection. */
export interface ConnectionInfo {
  readonly id: number
  /** As named in `listeners`. */
  readonly listenerName: string
  readonly listenerProtocol: SecurityProtocol
  /** When it was accepted, by the host's clock. */
  readonly connectedMs: number
  /** The name that the client's certificate gives it; null without one. */
  readonly peerName: string | null
  readonly remoteAddress: string
  readonly remotePort: number
  /** The address and port on which this client reached the broker. */
  readonly localAddress: string
  readonly localPort: number
}
