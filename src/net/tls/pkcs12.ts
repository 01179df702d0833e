/**
 * What is in a PKCS#12 file. Read by a library of JavaScript and not by Node, which refuses a store without a private key and
 * trusts every certificate that it finds beside one.
 */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual, X509Certificate } from 'node:crypto'
import { type Asn1, type Forge, forgePackage } from '../../base/packages.js'

/** What a store holds under one name: a key with its chain, or a trusted certificate. */
export interface StoreEntry {
  readonly key: { readonly der: Buffer } | { readonly pem: string } | null
  readonly certificates: readonly Buffer[]
}

/** Wrong password, or a file that was changed. */
export class WrongPassword extends Error {}

/** `password` null: integrity is not checked, as in Java. @throws WrongPassword, or an error that says what is wrong. */
export function readPkcs12(file: Uint8Array, password: string | null): StoreEntry[] {
  const forge = forgePackage()
  const store = forge.asn1.fromDer(Buffer.from(file).toString('latin1'), { strict: false })
  // The library would check the MAC in JavaScript, which takes half a second.
  const [, content, mac] = store.value as Asn1[]
  if (mac !== undefined && content !== undefined) {
    if (password !== null && !isAuthentic(forge, content, mac, password)) throw new WrongPassword()
    ;(store.value as Asn1[]).pop()
  }
  const keys: { readonly id: string; readonly der: Buffer }[] = []
  const certificates: Certificate[] = []
  const derOf = (value: Asn1): Buffer => Buffer.from(forge.asn1.toDer(value).getBytes(), 'latin1')
  for (const { safeBags } of withOwnPbkdf2(forge, () => forge.pkcs12.pkcs12FromAsn1(store, false, password ?? '').safeContents)) {
    for (const bag of safeBags) {
      const id = bag.attributes.localKeyId?.[0] ?? ''
      if (bag.type === forge.pki.oids.certBag) {
        const certificate = bag.cert === null ? bag.asn1 : forge.pki.certificateToAsn1(bag.cert)
        if (certificate !== undefined) certificates.push({ id, der: derOf(certificate) })
      } else if (bag.type === forge.pki.oids.pkcs8ShroudedKeyBag || bag.type === forge.pki.oids.keyBag) {
        const key = bag.key === null ? bag.asn1 : forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key))
        if (key !== undefined) keys.push({ id, der: derOf(key) })
      }
    }
  }
  const inChains = new Set<Certificate>()
  const entries = keys.map(({ id, der }): StoreEntry => {
    const chain = chainFrom(
      certificates.find(certificate => certificate.id === id),
      certificates,
    )
    for (const certificate of chain) inChains.add(certificate)
    return { key: { der }, certificates: chain.map(each => each.der) }
  })
  const others = certificates.filter(certificate => !inChains.has(certificate))
  return [...entries, ...others.map(({ der }): StoreEntry => ({ key: null, certificates: [der] }))]
}

/** The library derives keys in JavaScript, which holds up all clients for half a second when a store is read again. */
function withOwnPbkdf2<T>(forge: Forge, read: () => T): T {
  const { pbkdf2 } = forge.pkcs5
  forge.pkcs5.pbkdf2 = (password, salt, count, bytes, digest) => {
    const [secret, salted] = [Buffer.from(password, 'latin1'), Buffer.from(salt, 'latin1')]
    return pbkdf2Sync(secret, salted, count, bytes, digest?.algorithm ?? 'sha1').toString('latin1')
  }
  try {
    return read()
  } finally {
    forge.pkcs5.pbkdf2 = pbkdf2
  }
}

interface Certificate {
  readonly id: string
  readonly der: Buffer
}

/** The file has the certificates in any order. */
function chainFrom(own: Certificate | undefined, certificates: readonly Certificate[]): Certificate[] {
  const chain: Certificate[] = []
  for (let next = own; next !== undefined && !chain.includes(next); ) {
    chain.push(next)
    const { der } = next
    const subject = new X509Certificate(der)
    next = certificates.find(({ der }) => subject.checkIssued(new X509Certificate(der)))
  }
  return chain
}

const digests: Readonly<Record<string, readonly [name: string, blockBytes: number]>> = {
  '1.3.14.3.2.26': ['sha1', 64],
  '2.16.840.1.101.3.4.2.1': ['sha256', 64],
  '2.16.840.1.101.3.4.2.2': ['sha384', 128],
  '2.16.840.1.101.3.4.2.3': ['sha512', 128],
}

/** [RFC 7292] MacData ::= SEQUENCE { DigestInfo, salt, iterations }, over the content. */
function isAuthentic(forge: Forge, content: Asn1, mac: Asn1, password: string): boolean {
  const [info, salt, iterations] = mac.value as [Asn1, Asn1, Asn1 | undefined]
  const [algorithm, expected] = info.value as [Asn1, Asn1]
  const oid = forge.asn1.derToOid((algorithm.value as [Asn1])[0].value as string)
  const digest = digests[oid]
  if (digest === undefined) throw new Error(`its integrity is protected by an algorithm that is not known here (${oid})`)
  const [name, blockBytes] = digest
  const count =
    iterations === undefined ? 1 : Number.parseInt(Buffer.from(iterations.value as string, 'latin1').toString('hex'), 16)
  const key = macKey(name, blockBytes, password, octets(salt), count)
  const signed = octets(((content.value as Asn1[])[1] as Asn1).value[0] as Asn1)
  const actual = createHmac(name, key).update(signed).digest()
  const wanted = octets(expected)
  return actual.byteLength === wanted.byteLength && timingSafeEqual(actual, wanted)
}

/** [RFC 7292, appendix B.2] The first block of it, which is as long as the key of a MAC. */
function macKey(name: string, blockBytes: number, password: string, salt: Uint8Array, iterations: number): Buffer {
  const passwordBytes = Buffer.from(`${password}\0`, 'utf16le').swap16()
  const repeated = (bytes: Uint8Array): Buffer => Buffer.alloc(Math.ceil(bytes.byteLength / blockBytes) * blockBytes, bytes)
  const parts = [Buffer.alloc(blockBytes, 3), repeated(salt), repeated(passwordBytes)]
  let key = createHash(name).update(Buffer.concat(parts)).digest()
  for (let round = 1; round < iterations; round++) key = createHash(name).update(key).digest()
  return key
}

/** The bytes of an OCTET STRING, which may have been written in pieces. */
function octets({ value }: Asn1): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'latin1') : Buffer.concat(value.map(octets))
}
