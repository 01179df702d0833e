/**
 * Accepts connections on one address and gives each a Connection. All of them read into one buffer: the callback that gets
 * the bytes is synchronous, so a buffer per connection would only cost memory.
 */
import net from 'node:net'
import type { Clock, Timer } from '../base/world.js'
import { Connection, type Serve } from './connection.js'
import type { ConnectionInfo } from './connection-info.js'
import type { ConnectionQuotas, Evictable, ListenerQuota } from './connection-quotas.js'
import type { FrameMemory } from './frame-memory.js'
import { type NativeCalls, socketFd } from './native.js'
import type { SecurityProtocol } from './security-protocol.js'
import type { TlsAcceptor } from './tls/tls-acceptor.js'

export interface ListenerOptions {
  readonly name: string
  readonly protocol: SecurityProtocol
  /** What makes TLS of an accepted socket; null for a listener without. */
  readonly tls: TlsAcceptor | null
  /** Empty for all interfaces. */
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  readonly clock: Clock
  readonly serve: Serve
  /** Called when a client connects. */
  readonly native: () => NativeCalls | null
  readonly memory: FrameMemory
  /** socket.request.max.bytes */
  readonly frameBytesMax: number
  /** connections.max.idle.ms; negative: never. */
  readonly idleMsMax: number
  /** socket.listen.backlog.size */
  readonly backlog: number
  /** socket.send.buffer.bytes; negative: as the system tunes it. Has an effect with native calls alone, as the next. */
  readonly sendBufferBytes: number
  /** socket.receive.buffer.bytes */
  readonly receiveBufferBytes: number
  /** Of all listeners together. */
  readonly quotas: ConnectionQuotas
  /** The listener for brokers, where there are others. */
  readonly isProtected: boolean
  /** Do not keep the process alive. */
  readonly unref: boolean
  readonly onFault: (connection: ConnectionInfo, error: unknown) => void
  readonly onRefused: (remoteAddress: string, reason: string) => void
  /** Clients wait for their connection to be served. */
  readonly onWaiting: (reason: string) => void
}

/** How often the connections are looked at, unless they are idle sooner. */
const stalledCheckMs = 5000
const sharedBufferBytes = 512 * 1024
/** How often a stopping listener looks whether the last answers have left. */
const quietCheckMs = 5

/** What `node:net` keeps for itself and this file needs: a socket on an accepted handle with a buffer of ours. */
interface AcceptedSocket {
  _handle: unknown
  _server: unknown
  server: unknown
}

export class Listener {
  readonly #options: ListenerOptions
  readonly #server: net.Server
  readonly #connections = new Set<Connection>()
  readonly #quota: ListenerQuota
  readonly #sharedBuffer = Buffer.allocUnsafeSlow(sharedBufferBytes)
  #nextId = 1
  #isClosed = false
  #checking: Timer | null = null

  private constructor(options: ListenerOptions) {
    this.#options = options
    // A TLS socket takes over whether its peer may end first; the others are put into sockets of their own.
    const socketOptions = { pauseOnConnect: true, noDelay: true, keepAlive: true, allowHalfOpen: options.tls !== null }
    this.#server = net.createServer(socketOptions, socket => this.#accept(socket))
    this.#quota = options.quotas.quotaOf({
      name: options.name,
      isProtected: options.isProtected,
      waitingMax: options.backlog,
      evictables: () => this.#evictables(),
      onWaiting: options.onWaiting,
    })
  }

  /** Binds and accepts. Rejects with the system's error (EADDRINUSE, EACCES, …). */
  static listen(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options)
    return new Promise((resolve, reject) => {
      listener.#server.once('error', reject)
      const address = { port: options.port, ...(options.host === '' ? {} : { host: options.host }), backlog: options.backlog }
      listener.#server.listen(address, () => {
        listener.#server.off('error', reject)
        // A failed accept (no descriptors left) concerns the new client, not the connected ones.
        listener.#server.on('error', error => options.onRefused('', error.message))
        if (options.unref) listener.#server.unref()
        listener.#watchStalled()
        resolve(listener)
      })
    })
  }

  get name(): string {
    return this.#options.name
  }
  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }
  /** Whether clients are accepted. */
  get isOpen(): boolean {
    return !this.#isClosed && this.#server.listening
  }
  get connectionCount(): number {
    return this.#connections.size
  }

  /** Takes no more connections and requests, lets the answers under way leave for at most `graceMs`, then closes. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    this.#checking?.cancel()
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    this.#quota.close('the broker is stopping')
    this.#options.tls?.close()
    for (const connection of this.#connections) connection.drain()
    const { clock } = this.#options
    const deadline = clock.monotonicMs() + graceMs
    while (!this.#areAllQuiet() && clock.monotonicMs() < deadline) {
      await new Promise<void>(resolve => clock.after(quietCheckMs, resolve))
    }
    for (const connection of this.#connections) connection.close()
    await closed
  }

  #areAllQuiet(): boolean {
    for (const connection of this.#connections) if (!connection.isQuiet) return false
    return true
  }

  #accept(accepted: net.Socket): void {
    const remoteAddress = plainAddress(accepted.remoteAddress ?? '')
    const refused = (reason: string): void => {
      accepted.destroy()
      this.#options.onRefused(remoteAddress, reason)
    }
    if (this.#isClosed) refused('the broker is stopping')
    else this.#quota.enter({ remoteAddress, admitted: () => this.#admitted(accepted), refused })
  }

  #admitted(accepted: net.Socket): void {
    const { tls } = this.#options
    const { sendBufferBytes, receiveBufferBytes } = this.#options
    const native = this.#options.native()
    native?.setBufferBytes(socketFd(accepted), sendBufferBytes, receiveBufferBytes)
    const info = this.#infoOf(accepted)
    if (tls !== null) {
      if (this.#options.unref) accepted.unref()
      tls.accept(accepted, {
        onSecure: (socket, peerName) => this.#serveSecurely(socket, { ...info, peerName }, native),
        onFailed: reason => {
          this.#quota.leave(info.remoteAddress)
          if (reason !== null) this.#options.onRefused(info.remoteAddress, reason)
        },
      })
      return
    }
    let connection: Connection | null = null
    const socket = this.#adopt(
      accepted,
      received => connection?.received(received),
      () => connection?.readTarget() ?? null,
    )
    connection = this.#connect(socket, info, native, false)
    socket.resume()
  }

  #infoOf({ remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 }: net.Socket): ConnectionInfo {
    return {
      id: this.#nextId++,
      listenerName: this.#options.name,
      listenerProtocol: this.#options.protocol,
      connectedMs: this.#options.clock.monotonicMs(),
      peerName: null,
      remoteAddress: plainAddress(remoteAddress),
      remotePort,
      localAddress: plainAddress(localAddress),
      localPort,
    }
  }

  /** What is decrypted comes in memory of its own, so it is read as any stream is. */
  #serveSecurely(socket: net.Socket, info: ConnectionInfo, native: NativeCalls | null): void {
    const connection = this.#connect(socket, info, native, true)
    socket.on('data', (bytes: Buffer) => connection.received(bytes))
  }

  #connect(socket: net.Socket, info: ConnectionInfo, native: NativeCalls | null, isSecure: boolean): Connection {
    const connection = new Connection(socket, {
      info,
      serve: this.#options.serve,
      native,
      isSecure,
      memory: this.#options.memory,
      frameBytesMax: this.#options.frameBytesMax,
      clock: this.#options.clock,
      onFault: (faulty, error) => this.#options.onFault(faulty.info, error),
      onClose: closed => this.#forget(closed),
    })
    this.#connections.add(connection)
    return connection
  }

  #forget(connection: Connection): void {
    if (this.#connections.delete(connection)) this.#quota.leave(connection.info.remoteAddress)
  }

  *#evictables(): Iterable<Evictable> {
    for (const connection of this.#connections) {
      const evict = (reason: string): void => {
        this.#forget(connection)
        connection.close()
        this.#options.onRefused(connection.info.remoteAddress, reason)
      }
      yield { lastActiveMs: connection.lastActiveMs, evict }
    }
  }

  /** Moves the accepted handle into a socket that reads into our buffers; the first socket object is left empty. */
  #adopt(accepted: net.Socket, onBytes: (bytes: Buffer) => void, target: () => Buffer | null): net.Socket {
    const shell = accepted as unknown as AcceptedSocket
    const handle = shell._handle
    shell._handle = null
    shell._server = null
    const socket = new net.Socket({
      handle,
      // Who has sent its last byte is still owed the effects of what it sent; the connection decides when it is over.
      allowHalfOpen: true,
      onread: {
        buffer: () => target() ?? this.#sharedBuffer,
        callback: (size: number, buffer: Buffer) => {
          onBytes(buffer.subarray(0, size))
          return true
        },
      },
    } as unknown as net.SocketConstructorOpts)
    // The server counts its connections through this field; without it `close` would never finish.
    const adopted = socket as unknown as AcceptedSocket
    adopted.server = this.#server
    adopted._server = this.#server
    if (this.#options.unref) socket.unref()
    return socket
  }

  #watchStalled(): void {
    const { clock, idleMsMax } = this.#options
    const checkMs = idleMsMax < 0 ? stalledCheckMs : Math.max(100, Math.min(idleMsMax / 4, stalledCheckMs))
    const check = (): void => {
      for (const connection of this.#connections) connection.closeIfStalled(idleMsMax)
      this.#checking = clock.after(checkMs, check)
    }
    this.#checking = clock.after(checkMs, check)
  }
}

/** IPv4 clients of a dual-stack listener appear as ::ffff:1.2.3.4. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
