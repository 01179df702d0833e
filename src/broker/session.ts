/**
 * What the broker knows of one connection beyond its address: its principal and its client software. Made when a client
 * connects, handed to every request in its context, told when the connection is over.
 */
import type { ConnectionControl } from '../net/connection.js'
import type { ConnectionInfo } from '../net/connection-info.js'
import { anonymous, type Principal, user } from '../security/principal.js'
import type { Authentication } from './authentication.js'

/** What a session was told that it may do; kept by authorization.ts. */
export interface Rights {
  readonly principal: Principal
  /** The client's address, as ACLs name it. */
  readonly host: string
  /** Of the ACLs. */
  readonly revision: number
  /** By topic, two bits for each operation: asked, and allowed. */
  readonly topics: Map<string, number>
}

const unknownSoftware = 'unknown'

export class Session {
  readonly connection: ConnectionInfo
  readonly control: ConnectionControl
  principal: Principal
  /** What it was told that it may do. */
  rights: Rights | null = null
  /** How far the client has authenticated; null on a listener without SASL. */
  authentication: Authentication | null = null
  /** By a delegation token, which may not be used to make others. */
  isTokenAuthenticated = false
  /** [KIP-511] What the client says in ApiVersions. */
  clientSoftwareName = unknownSoftware
  clientSoftwareVersion = unknownSoftware
  clientId = ''
  /** What has come and gone, for who looks. */
  requests = 0
  bytesIn = 0
  bytesOut = 0
  #isClosed = false
  #listeners: Set<() => void> | null = null

  /** Not a client's, but of who asks within the process: no request of it counts. */
  isInProcess = false

  constructor(connection: ConnectionInfo, control: ConnectionControl) {
    this.connection = connection
    this.control = control
    this.principal = typeof connection.peerName === 'string' ? user(connection.peerName) : anonymous
  }

  /** The connection is over: a response would not be sent. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Calls `listener` when the connection is over, at once if it is already; returns how to take that back. */
  onClosed(listener: () => void): () => void {
    if (this.#isClosed) {
      listener()
      return () => {}
    }
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
    return () => void this.#listeners?.delete(listener)
  }

  /** For net: the connection is over. */
  closed(): void {
    this.#isClosed = true
    const listeners = this.#listeners
    this.#listeners = null
    if (listeners !== null) for (const listener of listeners) listener()
  }
}
