/** The keys of the HTTP port, one row each; spread into the broker's table. And its address, from text. */
import { boolean, choice, int, list, password, text } from './key.js'

export const httpKeys = {
  'gregor.http.listener': text(
    null,
    'Where the HTTP port is, as HOST:PORT: the console, the API, metrics and health. An empty host or 0.0.0.0 is every interface, port 0 ' +
      'a free port; with a + behind it (127.0.0.1:8080+) the next free port is taken when that one is in use. Empty: there is no ' +
      'HTTP port. Unset, gregor start says 127.0.0.1:8080+, and an embedded broker has none.',
  ),
  'gregor.http.allow.writes': boolean(
    false,
    'Whether the HTTP port of another than the loopback interface changes anything. On the loopback interface it does.',
  ),
  'gregor.http.hosts': list(
    [],
    'Names by which browsers and scrapers reach the HTTP port, besides localhost, the name of the machine, and addresses: that ' +
      'of a proxy or a container. A request for another name is refused, so that a page elsewhere cannot lead a browser here. ' +
      '* is any.',
  ),
  'gregor.http.metrics.series.max': int(
    10_000,
    'Of one family of metrics, how many series a scrape of /metrics is answered with at most. How many were left out is a metric.',
    { min: 1 },
  ),
  'gregor.http.metrics.redpanda': boolean(
    false,
    'Whether /metrics has the names of Redpanda’s metrics, too, for its dashboards.',
  ),
  'gregor.http.tls.keystore.type': choice(
    'JKS',
    ['JKS', 'PKCS12', 'PEM'],
    'Format of the key store of the HTTP port, as ssl.keystore.type.',
  ),
  'gregor.http.tls.keystore.location': text(
    null,
    'File with the private key and the certificates of the HTTP port, which speaks TLS with it. Read again at SIGHUP.',
  ),
  'gregor.http.tls.keystore.password': password('Password of that key store; not for PEM.'),
  'gregor.http.tls.key.password': password('Password of the private key, where it differs, or where a PEM key is encrypted.'),
  'gregor.http.tls.keystore.key': password('Private key as PEM text instead of a file; with gregor.http.tls.keystore.type=PEM.'),
  'gregor.http.tls.keystore.certificate.chain': password('Certificate chain as PEM text, beside gregor.http.tls.keystore.key.'),
} as const

export interface HttpAddress {
  /** Address to bind; '' is every interface. IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** The next free port does as well. */
  readonly orNext: boolean
}

const addressPattern = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:/[\]\s]*)):(\d{1,5})(\+?)$/

/** Null for an empty text: there is no HTTP port. */
export function parseHttpAddress(text: string): HttpAddress | 'wrong' | null {
  if (text === '') return null
  const match = addressPattern.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) return 'wrong'
  return { host: match[1] ?? match[2] ?? '', port, orNext: match[4] === '+' }
}

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
