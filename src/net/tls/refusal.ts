/**
 * Tells a client that its certificate is not accepted. Node only closes the connection, which a client takes for a broker that
 * went away, and tries again; after an alert it knows that it is at fault, as with Kafka. So the alert is written here, at the
 * line of OpenSSL's key log that comes when the client's certificate has been looked at and nothing has left since: in TLS 1.2
 * records are not encrypted yet, in TLS 1.3 it is the first record under the last key.
 */
import { createCipheriv, createHmac } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** As Kafka words it: JSSE does not say what is wrong with a certificate. [RFC 8446, 6.2] */
const alerts = { badCertificate: 42, certificateUnknown: 46 } as const

export interface CertificateProblem {
  /** For the log. */
  readonly reason: string
  readonly alert: number
}

/** What stands against letting the client in; null: nothing. `verifyError` is what OpenSSL has against its certificate. */
export function certificateProblem(
  secure: TLSSocket,
  isRequired: boolean,
  verifyError: string | null,
): CertificateProblem | null {
  if (secure.getPeerX509Certificate() === undefined) {
    const reason = 'the client shows no certificate, and ssl.client.auth is required'
    return isRequired ? { reason, alert: alerts.badCertificate } : null
  }
  if (verifyError === null) return null
  return { reason: `the client’s certificate is not accepted: ${verifyError}`, alert: alerts.certificateUnknown }
}

/** Of a handshake that is under way, what Node tells of only at its end. */
export function verifyErrorOf(secure: TLSSocket): string | null {
  const handle: { verifyError(): { readonly code: string } | null } = Reflect.get(secure, 'ssl')
  return handle.verifyError()?.code ?? null
}

/** One connection's key log, line by line. */
export class KeyLog {
  #trafficSecret: Buffer | null = null

  /** True at the line at which a client can be refused. */
  read(line: Buffer): boolean {
    const [label, , secret = ''] = line.toString('latin1').trim().split(' ')
    if (label === 'SERVER_TRAFFIC_SECRET_0') this.#trafficSecret = Buffer.from(secret, 'hex')
    return label === 'CLIENT_TRAFFIC_SECRET_0' || label === 'CLIENT_RANDOM'
  }

  /** The record that tells it; null where there is no key for it. */
  refusal(secure: TLSSocket, alert: number): Buffer | null {
    const content = Buffer.from([fatal, alert])
    if (secure.getProtocol() === 'TLSv1.2')
      return Buffer.concat([Buffer.from([alertContent, 3, 3, 0, content.byteLength]), content])
    const cipher = ciphers[secure.getCipher().standardName]
    if (this.#trafficSecret === null || cipher === undefined) return null
    return firstRecord(cipher, this.#trafficSecret, Buffer.concat([content, Buffer.of(alertContent)]))
  }
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

/** [RFC 8446, 5.2] Encrypted. The number of the record is zero, and does not change its nonce. */
function firstRecord(cipher: Cipher, trafficSecret: Buffer, content: Buffer): Buffer {
  const key = expanded(cipher.hash, trafficSecret, 'key', cipher.keyBytes)
  const nonce = expanded(cipher.hash, trafficSecret, 'iv', nonceBytes)
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
