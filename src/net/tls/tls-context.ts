/** What a TLS server needs to know, made from the ssl.* keys of a listener and the stores that they name. */
import { constants, X509Certificate } from 'node:crypto'
import tls from 'node:tls'
import { openSslName } from './cipher-suites.js'
import { type SslSettings, TlsProblem, tlsProblem } from './settings.js'
import { type Identity, readKeyStore, readTrustStore } from './stores.js'

export interface TlsContext {
  readonly server: tls.Server
  readonly clientAuth: 'none' | 'requested' | 'required'
  readonly identities: readonly Identity[]
  readonly hasTrustStore: boolean
  /** What an operator should know of it. */
  readonly warnings: readonly string[]
}

/** @throws TlsProblem */
export async function openTlsContext(settings: SslSettings, nowMs: number): Promise<TlsContext> {
  const identities = await readKeyStore(settings)
  const trusted = await readTrustStore(settings)
  const clientAuth = settings.get('ssl.client.auth')
  const warnings: string[] = []
  const options: tls.TlsOptions = {
    key: identities.map(({ key }) => key),
    cert: identities.map(({ chain }) => chain.join('')),
    ...(trusted === null ? {} : { ca: trusted }),
    ...versions(settings),
    ...cipherSuites(settings, warnings),
    // What is served is fixed at the handshake: a client that begins another one is not heard.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    requestCert: clientAuth !== 'none',
    // Node only disconnects; the acceptor refuses, and tells the client.
    rejectUnauthorized: false,
    // The acceptor has a deadline of its own; zero would be Node's default.
    handshakeTimeout: 2 ** 31 - 1,
  }
  if (clientAuth !== 'none' && trusted === null) {
    warnings.push(
      `${settings.nameOf('ssl.truststore.location')} is not set: client certificates of every public authority are accepted`,
    )
  }
  for (const { chain } of identities) warnings.push(...validityWarnings(settings, new X509Certificate(chain[0] ?? ''), nowMs))
  try {
    const server = tls.createServer(options)
    // Every certificate of a trust store is trusted, as in Java, and not only those that signed themselves. Node's server does
    // not pass this on.
    const secureContext = tls.createSecureContext({
      ...options,
      sessionIdContext: 'gregor',
      allowPartialTrustChain: true,
    } as object)
    Object.assign(server, { _sharedCreds: secureContext })
    return { server, clientAuth, identities, hasTrustStore: trusted !== null, warnings }
  } catch (error) {
    throw new TlsProblem(`${settings.nameOf('ssl.keystore.location')}: TLS cannot be set up: ${(error as Error).message}`)
  }
}

/** Why a context must not take the place of another; null when it may. As Kafka checks it. */
export function replacementProblem(settings: SslSettings, before: TlsContext, after: TlsContext): string | null {
  if (before.hasTrustStore !== after.hasTrustStore) {
    return `${settings.nameOf('ssl.truststore.location')}: a trust store cannot be added or taken away while the broker runs`
  }
  if (before.identities.length !== after.identities.length) {
    return `${settings.nameOf('ssl.keystore.location')}: held ${before.identities.length} keys and now holds ${after.identities.length}`
  }
  for (const [at, identity] of after.identities.entries()) {
    const [old, fresh] = [before.identities[at]?.chain[0], identity.chain[0]].map(pem => new X509Certificate(pem ?? ''))
    if (old === undefined || fresh === undefined) continue
    if (!settings.get('ssl.allow.dn.changes') && old.subject !== fresh.subject) {
      return (
        `the subject of the certificate was ${oneLine(old.subject)} and is now ${oneLine(fresh.subject)}; ` +
        `${settings.nameOf('ssl.allow.dn.changes')}=true would allow it`
      )
    }
    const kept = new Set(namesOf(fresh))
    const lost = namesOf(old).filter(name => !kept.has(name))
    if (!settings.get('ssl.allow.san.changes') && lost.length > 0) {
      return (
        `the certificate lacks the alternative names ${lost.join(', ')} that the one before had; ` +
        `${settings.nameOf('ssl.allow.san.changes')}=true would allow it`
      )
    }
  }
  return null
}

export function oneLine(subject: string): string {
  return subject.replaceAll('\n', ', ')
}

function namesOf({ subjectAltName }: X509Certificate): string[] {
  return subjectAltName?.split(', ') ?? []
}

function versions(settings: SslSettings): { minVersion: tls.SecureVersion; maxVersion: tls.SecureVersion } {
  const newest = settings.get('ssl.protocol')
  const enabled = settings.get('ssl.enabled.protocols').filter(version => newest !== 'TLSv1.2' || version !== 'TLSv1.3')
  const [has12, has13] = [enabled.includes('TLSv1.2'), enabled.includes('TLSv1.3')]
  if (!has12 && !has13) {
    throw tlsProblem(settings, 'ssl.enabled.protocols', `leaves no version of TLS that is served, with ssl.protocol=${newest}`)
  }
  return { minVersion: has12 ? 'TLSv1.2' : 'TLSv1.3', maxVersion: has13 ? 'TLSv1.3' : 'TLSv1.2' }
}

function cipherSuites(settings: SslSettings, warnings: string[]): { ciphers?: string } {
  const suites = settings.get('ssl.cipher.suites')
  if (suites.length === 0) return {}
  const unknown = suites.filter(suite => openSslName(suite) === null)
  if (unknown.length === suites.length) {
    throw tlsProblem(settings, 'ssl.cipher.suites', `this runtime has none of ${suites.join(', ')}`)
  }
  if (unknown.length > 0) {
    warnings.push(`${settings.nameOf('ssl.cipher.suites')}: this runtime does not have ${unknown.join(', ')}; left out`)
  }
  return { ciphers: suites.flatMap(suite => openSslName(suite) ?? []).join(':') }
}

function validityWarnings(settings: SslSettings, { validFrom, validTo }: X509Certificate, nowMs: number): string[] {
  const name = settings.nameOf('ssl.keystore.location')
  if (nowMs > Date.parse(validTo)) return [`${name}: the broker’s certificate expired at ${validTo}; clients will refuse it`]
  if (nowMs < Date.parse(validFrom)) return [`${name}: the broker’s certificate is not valid before ${validFrom}`]
  return []
}
