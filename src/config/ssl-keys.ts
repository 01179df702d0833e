/**
 * The keys of TLS, one row each; spread into the broker's table. All of them may be given for one listener alone, as
 * listener.name.NAME.ssl.…
 */
import { boolean, choice, choices, javaClass, type KeyTraits, list, password, text } from './key.js'

const perListener: KeyTraits = { perListener: true, dynamic: 'per-broker' }
/** Not taken up while the broker runs. */
const fixed: KeyTraits = { perListener: true }
const refused: KeyTraits = { effect: 'refused', perListener: true }

export const sslKeys = {
  'ssl.keystore.type': choice(
    'JKS',
    ['JKS', 'PKCS12', 'PEM'],
    'Format of the key store. As in Java, JKS and PKCS12 are told apart by the file itself, whichever of the two is named.',
    perListener,
  ),
  'ssl.keystore.location': text(
    null,
    'File with the private key and its certificate chain, the broker’s own certificate first. Read again at SIGHUP.',
    perListener,
  ),
  'ssl.keystore.password': password('Password of the key store; not for PEM.', perListener),
  'ssl.key.password': password(
    'Password of the private key, where it differs from the store’s, or where a PEM key is encrypted.',
    perListener,
  ),
  'ssl.keystore.key': password(
    'Private key as PEM text (PKCS#8, encrypted or not), instead of a file; with ssl.keystore.type=PEM.',
    perListener,
  ),
  'ssl.keystore.certificate.chain': password('Certificate chain as PEM text, beside ssl.keystore.key.', perListener),
  'ssl.truststore.type': choice('JKS', ['JKS', 'PKCS12', 'PEM'], 'Format of the trust store.', perListener),
  'ssl.truststore.location': text(
    null,
    'File with the certificates of the authorities that clients’ certificates may come from. Without one, as in Kafka, the ' +
      'public authorities that the runtime knows. Read again at SIGHUP.',
    perListener,
  ),
  'ssl.truststore.password': password('Password of the trust store; without it its integrity is not checked.', perListener),
  'ssl.truststore.certificates': password('Trusted certificates as PEM text, instead of a file.', perListener),
  'ssl.client.auth': choice(
    'none',
    ['none', 'requested', 'required'],
    'Whether clients show a certificate. requested: one that is shown must be valid. On a SASL_SSL listener it counts only as ' +
      'listener.name.NAME.ssl.client.auth, as in Kafka.',
    perListener,
  ),
  'ssl.principal.mapping.rules': text(
    'DEFAULT',
    'How the subject of a client’s certificate becomes the name of its principal: DEFAULT (the whole subject, as RFC 2253 writes ' +
      'it) or RULE:pattern/replacement/[LU], several with commas between them. A client that no rule matches is not let in.',
    fixed,
  ),
  'ssl.enabled.protocols': choices(
    ['TLSv1.2', 'TLSv1.3'],
    ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3', 'SSLv2Hello'],
    'Versions of TLS that are served. Those before 1.2 may be named and are never served.',
    perListener,
  ),
  'ssl.protocol': choice('TLSv1.3', ['TLSv1.3', 'TLSv1.2', 'TLS'], 'The newest version of TLS that is served.', perListener),
  'ssl.cipher.suites': list(
    [],
    'Cipher suites by their standard names, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256. Empty: those of the runtime. One that ' +
      'the runtime does not have is left out with a warning; if none is left, the start is refused.',
    perListener,
  ),
  'ssl.allow.dn.changes': boolean(
    false,
    'Whether a key store that is read again may hold a certificate with another subject.',
    fixed,
  ),
  'ssl.allow.san.changes': boolean(
    false,
    'Whether a key store that is read again may lack alternative names that the one before had.',
    fixed,
  ),
  'ssl.endpoint.identification.algorithm': text(
    'https',
    'How a client checks the host name. The broker opens no connections of its own.',
    { effect: 'moot', perListener: true, dynamic: 'per-broker' },
  ),
  'ssl.secure.random.implementation': text(null, 'Java’s source of randomness. Ours is that of OpenSSL.', {
    effect: 'none',
    perListener: true,
  }),
  'ssl.provider': text(null, 'Java’s provider of TLS.', refused),
  'ssl.engine.factory.class': javaClass(null, 'Class that makes TLS engines.', refused),
  'ssl.keymanager.algorithm': text('SunX509', 'Java’s algorithm for choosing a key.', refused),
  'ssl.trustmanager.algorithm': text('PKIX', 'Java’s algorithm for checking a certificate chain.', refused),
} as const
