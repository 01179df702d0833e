/**
 * From an accepted socket to one that speaks TLS, for one listener. What a client costs before it has shown that it speaks TLS
 * is the bytes that it sent: TLS begins when its first message is whole. The handshake has a deadline, and every way in which
 * it can fail has a sentence for the log.
 *
 *   accepted ─▶ hello: first message collected ─▶ handshake ─▶ onSecure
 *                 │ plaintext, garbage              │ refused by either side, too slow
 *                 └─────────────▶ onFailed ◀────────┘
 */
import type { Socket } from 'node:net'
import type tls from 'node:tls'
import type { Clock, Timer } from '../../base/world.js'
import { helloProblem, recordHeaderBytes } from '../other-protocols.js'
import type { Subject } from '../security-protocol.js'
import { type CertificateProblem, certificateProblem, KeyLog, verifyErrorOf } from './refusal.js'
import { type SslSettings, TlsProblem } from './settings.js'
import { subjectOf } from './subject.js'
import { oneLine, openTlsContext, replacementProblem, type TlsContext } from './tls-context.js'

export interface TlsAcceptorOptions {
  readonly settings: SslSettings
  readonly clock: Clock
  /** The date, for the validity of certificates. */
  readonly nowMs: () => number
  /** gregor.handshake.timeout.ms */
  readonly handshakeMsMax: number
  /** The principal's name by the client's certificate; null when there is none, and the client is not let in. */
  readonly nameOf: (subject: Subject) => string | null
  readonly onWarning: (warning: string) => void
}

export interface HandshakeResult {
  /** `peerName`: by the client's certificate; null when it showed none. */
  onSecure(socket: tls.TLSSocket, peerName: string | null): void
  /** The socket is closed. `reason` null: the client left before it said anything. */
  onFailed(reason: string | null): void
}

export class TlsAcceptor {
  readonly #options: TlsAcceptorOptions
  #context: TlsContext
  readonly #handshakes = new Map<string, Handshake>()

  private constructor(options: TlsAcceptorOptions, context: TlsContext) {
    this.#options = options
    this.#context = context
    this.#listenTo(context)
  }

  /** @throws TlsProblem */
  static async open(options: TlsAcceptorOptions): Promise<TlsAcceptor> {
    const context = await openTlsContext(options.settings, options.nowMs())
    for (const warning of context.warnings) options.onWarning(warning)
    return new TlsAcceptor(options, context)
  }

  /** Handshakes under way. */
  get handshakeCount(): number {
    return this.#handshakes.size
  }

  /**
   * Reads the stores again; handshakes from now on use them, connections stay as they are.
   * @throws TlsProblem: what was there is kept.
   */
  async reload(settings: SslSettings = this.#options.settings): Promise<void> {
    const context = await this.#openReplacement(settings)
    for (const warning of context.warnings) this.#options.onWarning(warning)
    this.#context = context
    this.#listenTo(context)
  }

  /** Why `reload` with these would fail. */
  async problemOf(settings: SslSettings): Promise<string | null> {
    try {
      await this.#openReplacement(settings)
      return null
    } catch (error) {
      if (!(error instanceof TlsProblem)) throw error
      return error.message
    }
  }

  async #openReplacement(settings: SslSettings): Promise<TlsContext> {
    const context = await openTlsContext(settings, this.#options.nowMs())
    const problem = replacementProblem(settings, this.#context, context)
    if (problem !== null) throw new TlsProblem(problem)
    return context
  }

  accept(socket: Socket, result: HandshakeResult): void {
    const ends = endsOf(socket)
    const handshake = new Handshake(socket, this.#context, this.#options, {
      onSecure: (secure, peerName) => {
        this.#handshakes.delete(ends)
        result.onSecure(secure, peerName)
      },
      onFailed: reason => {
        this.#handshakes.delete(ends)
        result.onFailed(reason)
      },
    })
    this.#handshakes.set(ends, handshake)
    handshake.begin()
  }

  /** Ends the handshakes that are under way. */
  close(): void {
    for (const handshake of [...this.#handshakes.values()]) handshake.fail(null)
  }

  #listenTo({ server, clientAuth }: TlsContext): void {
    if (clientAuth !== 'none') {
      server.on('keylog', (line, secure) => this.#handshakes.get(endsOf(secure))?.logged(line, secure))
    }
    server.on('secureConnection', secure => {
      const handshake = this.#handshakes.get(endsOf(secure))
      if (handshake === undefined) secure.destroy()
      else handshake.secured(secure)
    })
    server.on('tlsClientError', (error, secure) => {
      this.#handshakes.get(endsOf(secure))?.fail(failureText(error))
    })
  }
}

/** Both ends together tell open sockets apart: one port of a peer may be connected with several addresses of the listener. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}

const noBytes = Buffer.alloc(0)

class Handshake {
  readonly #socket: Socket
  readonly #context: TlsContext
  readonly #nameOf: TlsAcceptorOptions['nameOf']
  readonly #result: HandshakeResult
  readonly #deadline: Timer
  #received: Buffer = noBytes
  readonly #keyLog = new KeyLog()
  #isOver = false

  constructor(socket: Socket, context: TlsContext, options: TlsAcceptorOptions, result: HandshakeResult) {
    this.#socket = socket
    this.#context = context
    this.#nameOf = options.nameOf
    this.#result = result
    const { clock, handshakeMsMax } = options
    this.#deadline = clock.after(handshakeMsMax, () => this.fail(`the TLS handshake took longer than ${handshakeMsMax} ms`))
  }

  begin(): void {
    this.#socket.on('error', () => {}) // 'close' follows.
    this.#socket.on('close', this.#onClose)
    this.#socket.on('end', this.#onEnd)
    this.#socket.on('data', this.#onHello)
    this.#socket.resume()
  }

  readonly #onClose = (): void => this.fail(null)
  /** Who ends before the handshake is over wants nothing. */
  readonly #onEnd = (): void => this.fail(null)

  readonly #onHello = (bytes: Buffer): void => {
    this.#received = this.#received.byteLength === 0 ? bytes : Buffer.concat([this.#received, bytes])
    const problem = helloProblem(this.#received)
    if (problem !== null) {
      this.fail(problem)
      return
    }
    if (this.#received.byteLength < recordHeaderBytes) return
    if (this.#received.byteLength < recordHeaderBytes + this.#received.readUInt16BE(3)) return
    this.#socket.off('data', this.#onHello)
    this.#socket.off('end', this.#onEnd)
    this.#socket.pause()
    this.#socket.unshift(this.#received)
    this.#received = noBytes
    this.#context.server.emit('connection', this.#socket)
  }

  /** A line of the key log. Whoever is refused is told here, and disconnected when OpenSSL is done. */
  logged(line: Buffer, secure: tls.TLSSocket): void {
    if (this.#isOver || !this.#keyLog.read(line)) return
    const problem = this.#problemOf(secure, verifyErrorOf(secure))
    const alert = problem === null ? null : this.#keyLog.refusal(secure, problem.alert)
    if (alert !== null) this.#socket.write(alert)
  }

  secured(secure: tls.TLSSocket): void {
    if (this.#isOver) return
    const problem = this.#problemOf(secure, secure.authorized ? null : String(secure.authorizationError))
    if (problem !== null) {
      secure.on('error', () => {}) // What it answers to the alert is not heard.
      this.#over()
      // What was written leaves first.
      setImmediate(() => secure.destroy())
      this.#result.onFailed(problem.reason)
      return
    }
    const certificate = this.#context.clientAuth === 'none' ? undefined : secure.getPeerX509Certificate()
    const peerName = certificate === undefined ? null : this.#nameOf(subjectOf(certificate.raw))
    if (certificate !== undefined && peerName === null) {
      secure.destroy()
      this.fail(`no rule of ssl.principal.mapping.rules matches the client’s certificate: ${oneLine(certificate.subject)}`)
      return
    }
    this.#over()
    this.#result.onSecure(secure, peerName)
  }

  #problemOf(secure: tls.TLSSocket, verifyError: string | null): CertificateProblem | null {
    const { clientAuth } = this.#context
    return clientAuth === 'none' ? null : certificateProblem(secure, clientAuth === 'required', verifyError)
  }

  fail(reason: string | null): void {
    if (this.#isOver) return
    this.#over()
    this.#socket.destroy()
    this.#result.onFailed(reason)
  }

  #over(): void {
    this.#isOver = true
    this.#deadline.cancel()
    this.#socket.off('close', this.#onClose)
    this.#received = noBytes
  }
}

const failures: Readonly<Record<string, string>> = {
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the client offers no version of TLS that ssl.enabled.protocols has',
  ERR_SSL_NO_SHARED_CIPHER: 'the client offers no cipher suite that this listener has',
  ECONNRESET: 'the client left during the TLS handshake',
}

function failureText(error: Error): string {
  const { code = '', reason = error.message } = error as { code?: string; reason?: string }
  if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_)/.test(code)) {
    return `the client does not accept the broker’s certificate (${reason})`
  }
  return failures[code] ?? `the TLS handshake failed: ${reason}`
}
