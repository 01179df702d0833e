/** TLS of the HTTP port: its key store, in the formats of the listeners. */
import type { BrokerConfig } from '../config/broker-config.js'
import type { SslKey, SslSettings } from '../net/tls/settings.js'
import { readKeyStore } from '../net/tls/stores.js'

/** As Node's TLS takes it. */
export interface HttpIdentity {
  readonly key: string[]
  readonly cert: string[]
}

const prefix = 'gregor.http.tls.'
const keyStoreKeys = {
  'ssl.keystore.type': 'gregor.http.tls.keystore.type',
  'ssl.keystore.location': 'gregor.http.tls.keystore.location',
  'ssl.keystore.password': 'gregor.http.tls.keystore.password',
  'ssl.key.password': 'gregor.http.tls.key.password',
  'ssl.keystore.key': 'gregor.http.tls.keystore.key',
  'ssl.keystore.certificate.chain': 'gregor.http.tls.keystore.certificate.chain',
} as const

/** Half a key store is one, of which the start says what is missing. */
export function hasHttpTls(config: BrokerConfig): boolean {
  const { 'ssl.keystore.type': _, ...others } = keyStoreKeys
  return Object.values(others).some(key => config.get(key) !== null)
}

/** @throws TlsProblem */
export async function readHttpIdentity(config: BrokerConfig): Promise<HttpIdentity> {
  const get = (key: SslKey): unknown => (isKeyStoreKey(key) ? config.get(keyStoreKeys[key]) : null)
  const settings: SslSettings = { get: get as SslSettings['get'], nameOf: key => key.replace(/^ssl\./, prefix) }
  const identities = await readKeyStore(settings)
  return { key: identities.map(({ key }) => key), cert: identities.map(({ chain }) => chain.join('')) }
}

function isKeyStoreKey(key: SslKey): key is keyof typeof keyStoreKeys {
  return key in keyStoreKeys
}
