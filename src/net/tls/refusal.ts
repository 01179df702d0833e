/**
 * Tells a client that its certificate is not accepted. Node only closes the connection, which a client takes for a broker that
 * went away, and tries again; after an alert it knows that it is at fault, as with Kafka. So the alert is written here, as the
 * record that follows those that OpenSSL has sent. In TLS 1.3 alone: in TLS 1.2 a record's key cannot be known from outside.
 */
import { createCipheriv, createHmac } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** What must be known of a handshake. */
export interface HandshakeSecrets {
  /** SERVER_TRAFFIC_SECRET_0, from the line of a key log; null before it is known, and before TLS 1.3. */
  readonly trafficSecret: Buffer | null
  /** Session tickets that were sent under it. */
  readonly ticketCount: number
}

/** From a line of a key log: what the broker's records are encrypted with; null for other lines. */
export function trafficSecretOf(line: Buffer): Buffer | null {
  const [label, , secret = ''] = line.toString('latin1').trim().split(' ')
  return label === 'SERVER_TRAFFIC_SECRET_0' ? Buffer.from(secret, 'hex') : null
}

/** [RFC 8446, 4.6.1] OpenSSL sends two; Node renews none at a resumption; a client that cannot use them gets none. */
export function ticketCountOf(hello: Buffer, isResumed: boolean): number {
  return isResumed || !hasPskModes(hello) ? 0 : 2
}

/** `below` is the socket that `secure` writes to. Both are closed; whether the client hears of it is not waited for. */
export function refuse(secure: TLSSocket, below: Socket, secrets: HandshakeSecrets, authorizationError: unknown): void {
  const record = alertRecord(secrets, secure.getCipher().standardName, alertOf(String(authorizationError)))
  if (record === null) {
    secure.destroy()
    return
  }
  secure.on('error', () => {})
  // The tickets leave at the end of this turn.
  setImmediate(() => {
    if (below.destroyed) return
    below.write(record)
    setImmediate(() => secure.destroy())
  })
}

interface Cipher {
  readonly name: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'
  readonly hash: 'sha256' | 'sha384'
  readonly keyBytes: 16 | 32
}

const ciphers: Readonly<Record<string, Cipher>> = {
  TLS_AES_128_GCM_SHA256: { name: 'aes-128-gcm', hash: 'sha256', keyBytes: 16 },
  TLS_AES_256_GCM_SHA384: { name: 'aes-256-gcm', hash: 'sha384', keyBytes: 32 },
  TLS_CHACHA20_POLY1305_SHA256: { name: 'chacha20-poly1305', hash: 'sha256', keyBytes: 32 },
}

const applicationData = 23
const alertContent = 21
const fatal = 2
const tagBytes = 16
const nonceBytes = 12

/** [RFC 8446, 6.2] */
const alerts = { badCertificate: 42, certificateRevoked: 44, certificateExpired: 45, unknownCa: 48 } as const

function alertOf(authorizationError: string): number {
  if (authorizationError === 'CERT_HAS_EXPIRED') return alerts.certificateExpired
  if (authorizationError === 'CERT_REVOKED') return alerts.certificateRevoked
  return /UNABLE_TO|SELF_SIGNED|INVALID_CA/.test(authorizationError) ? alerts.unknownCa : alerts.badCertificate
}

/** [RFC 8446, 5.2] One encrypted record; null where there is no key for it. */
function alertRecord({ trafficSecret, ticketCount }: HandshakeSecrets, suite: string, alert: number): Buffer | null {
  const cipher = ciphers[suite]
  if (trafficSecret === null || cipher === undefined) return null
  const key = expanded(cipher.hash, trafficSecret, 'key', cipher.keyBytes)
  const nonce = expanded(cipher.hash, trafficSecret, 'iv', nonceBytes)
  // The number of the record, of which a few are sent at most.
  nonce[nonceBytes - 1] = (nonce[nonceBytes - 1] as number) ^ ticketCount
  const content = Buffer.from([fatal, alert, alertContent])
  const header = Buffer.from([applicationData, 3, 3, 0, content.byteLength + tagBytes])
  const encrypting = createCipheriv(cipher.name as 'aes-128-gcm', key, nonce, { authTagLength: tagBytes })
  encrypting.setAAD(header, { plaintextLength: content.byteLength })
  return Buffer.concat([header, encrypting.update(content), encrypting.final(), encrypting.getAuthTag()])
}

/** [RFC 8446, 7.1] HKDF-Expand-Label without a context, of at most one block. */
function expanded(hash: string, secret: Buffer, label: string, bytes: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`)
  const info = Buffer.concat([Buffer.from([0, bytes, name.byteLength]), name, Buffer.from([0, 1])])
  return createHmac(hash, secret).update(info).digest().subarray(0, bytes)
}

const pskKeyExchangeModes = 45

/** Looks for the extension in a ClientHello within one record; a hello that is cut short has none. */
function hasPskModes(hello: Buffer): boolean {
  // 1. Over the record's and the message's header, version and random, to the session id, the suites and the compressions.
  let at = 5 + 4 + 2 + 32
  at += 1 + byteAt(hello, at)
  at += 2 + uint16At(hello, at)
  at += 1 + byteAt(hello, at)
  // 2. Extensions: type, length, content.
  const end = Math.min(hello.byteLength, at + 2 + uint16At(hello, at))
  for (at += 2; at + 4 <= end; at += 4 + uint16At(hello, at + 2)) {
    if (uint16At(hello, at) === pskKeyExchangeModes) return true
  }
  return false
}

function byteAt(bytes: Buffer, at: number): number {
  return bytes[at] ?? 0
}

function uint16At(bytes: Buffer, at: number): number {
  return (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1)
}
