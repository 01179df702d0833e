/** The subject of a certificate, attribute by attribute, as a principal's name is made of it. */
import { type Asn1, forgePackage } from '../../base/packages.js'
import type { Subject } from '../security-protocol.js'

/** `certificate` as DER, which OpenSSL has read before. */
export function subjectOf(certificate: Uint8Array): Subject {
  const { asn1 } = forgePackage()
  const latin1 = Buffer.from(certificate).toString('latin1')
  const [tbs] = asn1.fromDer(latin1, { decodeBitStrings: false }).value as [Asn1]
  const fields = tbs.value as Asn1[]
  // [RFC 5280] version [0], serial number, signature, issuer, validity, subject; the first may be absent.
  const subject = fields[fields[0]?.tagClass === contextSpecific ? 5 : 4]
  return ((subject?.value ?? []) as Asn1[]).map(names =>
    (names.value as Asn1[]).map(attribute => {
      const [type, value] = attribute.value as [Asn1, Asn1]
      const der = Buffer.from(asn1.toDer(value).getBytes(), 'latin1')
      return { oid: asn1.derToOid(type.value as string), value: textOf(value), der }
    }),
  )
}

const contextSpecific = 0x80
const utf8String = 12
const bmpString = 30

function textOf({ type, value }: Asn1): string {
  if (typeof value !== 'string') return ''
  if (type === utf8String) return Buffer.from(value, 'latin1').toString('utf8')
  return type === bmpString ? Buffer.from(value, 'latin1').swap16().toString('utf16le') : value
}
