/**
 * A certificate for a server, and the authority that vouches for it. The authority's key is not kept: nobody can make another
 * certificate that whoever trusts this authority would trust, too. When they run out, both are made anew.
 */
import { webcrypto, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { x509Package } from '../base/packages.js'

export interface DevelopmentCertificate {
  /** All of them PEM. */
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

/** More than 825 days are not accepted on every system. */
const lifetimeMs = 800 * 24 * 3600 * 1000
/** The clock of a client may be behind. */
const earlierMs = 24 * 3600 * 1000

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const serverAuthentication = '1.3.6.1.5.5.7.3.1'
/** A certificate that ends sooner is as good as none. */
const leftMsMin = 30 * 24 * 3600 * 1000

/** Whether the certificate is good for all of these hosts, and will be for a while. Throws for what is none. */
export function isGoodFor(hosts: readonly string[], pem: string, nowMs: number): boolean {
  const certificate = new X509Certificate(pem)
  const names = (host: string) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined
  return Date.parse(certificate.validTo) - nowMs > leftMsMin && hosts.every(names)
}

/** @param hosts names and addresses by which clients reach it */
export async function makeDevelopmentCertificate(
  hosts: readonly string[],
  nowMs: number,
  randomBytes: (size: number) => Uint8Array,
): Promise<DevelopmentCertificate> {
  const x509 = x509Package()
  x509.cryptoProvider.set(webcrypto)
  const { subtle } = webcrypto
  const authorityKeys = await subtle.generateKey(algorithm, false, ['sign', 'verify'])
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const content = () => ({
    serialNumber: serialNumber(randomBytes),
    notBefore: new Date(nowMs - earlierMs),
    notAfter: new Date(nowMs + lifetimeMs),
    signingAlgorithm: algorithm,
  })
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...content(),
    // Two authorities of one name are taken for the same one where both are trusted.
    name: `CN=Gregor development ${serialNumber(randomBytes).slice(0, 8)}`,
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  })
  const certificate = await x509.X509CertificateGenerator.create({
    ...content(),
    subject: 'CN=localhost',
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([serverAuthentication]),
      new x509.SubjectAlternativeNameExtension(hosts.map(value => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))),
      await x509.AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  })
  return {
    authority: `${authority.toString('pem')}\n`,
    certificate: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(await subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n`,
  }
}

/** Positive, and of full length. */
function serialNumber(randomBytes: (size: number) => Uint8Array): string {
  const bytes = Buffer.from(randomBytes(16))
  bytes[0] = (bytes[0]! & 0x3f) | 0x40
  return bytes.toString('hex')
}
