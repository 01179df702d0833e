/** The ssl.* keys of one listener as this room reads them; config resolves them. */

type StoreType = 'JKS' | 'PKCS12' | 'PEM'

interface SslValues {
  'ssl.keystore.type': StoreType
  'ssl.keystore.location': string | null
  'ssl.keystore.password': string | null
  'ssl.key.password': string | null
  'ssl.keystore.key': string | null
  'ssl.keystore.certificate.chain': string | null
  'ssl.truststore.type': StoreType
  'ssl.truststore.location': string | null
  'ssl.truststore.password': string | null
  'ssl.truststore.certificates': string | null
  'ssl.client.auth': 'none' | 'requested' | 'required'
  'ssl.enabled.protocols': readonly string[]
  'ssl.protocol': string
  'ssl.cipher.suites': readonly string[]
  'ssl.allow.dn.changes': boolean
  'ssl.allow.san.changes': boolean
}

export type SslKey = keyof SslValues

export interface SslSettings {
  get<K extends SslKey>(key: K): SslValues[K]
  /** The key as it was given, such as listener.name.external.ssl.keystore.location. */
  nameOf(key: SslKey): string
}

/** TLS cannot be set up like this. The message names the key and the file, never a secret. */
export class TlsProblem extends Error {
  override readonly name = 'TlsProblem'
}

export function tlsProblem(settings: SslSettings, key: SslKey, message: string): TlsProblem {
  return new TlsProblem(`${settings.nameOf(key)}: ${message}`)
}
