/** Cipher suites by the standard names that Kafka's configuration has, in the names that OpenSSL has. */
import { getCiphers } from 'node:tls'

/** OpenSSL's name of a suite; null for one that this runtime does not have. */
export function openSslName(suite: string): string | null {
  const name = suite.includes('_WITH_') ? beforeTls13(suite) : suite
  return getCiphers().includes(name.toLowerCase()) ? name : null
}

/** TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 is ECDHE-RSA-AES128-GCM-SHA256, TLS_RSA_WITH_AES_128_CBC_SHA is AES128-SHA. */
function beforeTls13(suite: string): string {
  const [exchange = '', cipher = ''] = suite.replace(/^(TLS|SSL)_/, '').split('_WITH_')
  return [
    exchange.replace(/^RSA$/, ''),
    cipher
      .replace(/^AES_(\d+)/, 'AES$1')
      .replace('_CBC', '')
      .replace('POLY1305_SHA256', 'POLY1305'),
  ]
    .filter(part => part !== '')
    .join('-')
    .replaceAll('_', '-')
}
