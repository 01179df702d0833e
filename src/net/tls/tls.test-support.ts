/** The ssl.* keys of a listener, those given over Kafka's defaults; a listener that speaks TLS; clients of it. */
import type { Socket } from 'node:net'
import net from 'node:net'
import tls from 'node:tls'
import { realWorld } from '../../base/world.js'
import { authority, type Certified } from '../../testing/certificates.js'
import type { Serve } from '../connection.js'
import { listenerOptions, listening, reported } from '../harness.test-support.js'
import type { ListenerOptions } from '../listener.js'
import type { SslKey, SslSettings } from './settings.js'
import { TlsAcceptor, type TlsAcceptorOptions } from './tls-acceptor.js'

const defaults = {
  'ssl.keystore.type': 'JKS',
  'ssl.keystore.location': null,
  'ssl.keystore.password': null,
  'ssl.key.password': null,
  'ssl.keystore.key': null,
  'ssl.keystore.certificate.chain': null,
  'ssl.truststore.type': 'JKS',
  'ssl.truststore.location': null,
  'ssl.truststore.password': null,
  'ssl.truststore.certificates': null,
  'ssl.client.auth': 'none',
  'ssl.enabled.protocols': ['TLSv1.2', 'TLSv1.3'],
  'ssl.protocol': 'TLSv1.3',
  'ssl.cipher.suites': [],
  'ssl.allow.dn.changes': false,
  'ssl.allow.san.changes': false,
} satisfies Record<SslKey, unknown>

export type SslValues = Partial<Record<SslKey, unknown>>

export function testSettings(values: SslValues): SslSettings {
  const all: Record<SslKey, unknown> = { ...defaults, ...values }
  return { get: key => all[key] as never, nameOf: key => key }
}

/** The keys that show `certified` and trust the authority of that name. */
export function pemValues(certified: Certified, trusts = 'root'): SslValues {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.key': certified.keyText,
    'ssl.keystore.certificate.chain': certified.certificateText,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': authority(trusts).certificateText,
  }
}

export async function secureListener(
  serve: Serve,
  values: SslValues,
  more: Partial<ListenerOptions> = {},
  options: Partial<TlsAcceptorOptions> = {},
) {
  const warnings: string[] = []
  const acceptor = await TlsAcceptor.open({
    settings: testSettings(values),
    clock: more.clock ?? realWorld,
    nowMs: () => Date.now(),
    handshakeMsMax: 10_000,
    nameOf: subject => subject.flatMap(names => names.map(({ oid, value }) => `${oid}=${value}`)).join(),
    onWarning: warning => warnings.push(warning),
    ...options,
  })
  const listener = await listening({ ...listenerOptions(serve), name: 'SSL', protocol: 'SSL', tls: acceptor, ...more })
  return Object.assign(listener, { acceptor, warnings, reported })
}

/** A client's socket once it is secure; rejects with the client's error. */
export function secureSocket(port: number, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const ca = authority('root').certificateText
    const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
    socket.once('secureConnect', () => resolve(socket))
  })
}

/** What a client of plain bytes gets until it is disconnected. */
export function bytesAnswered(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise(resolve => {
    const received: Buffer[] = []
    const socket: Socket = net.connect({ port, host: '127.0.0.1' }, () => void socket.write(bytes))
    socket.on('data', chunk => received.push(chunk))
    socket.on('error', () => {})
    socket.on('close', () => resolve(Buffer.concat(received)))
  })
}
