/**
 * Key stores and trust stores of every kind that Kafka takes, as PEM: text in the configuration, PEM files, PKCS#12 and JKS.
 * Which of the last two a file is, it says itself, as in Java.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { jksPackage } from '../../base/packages.js'
import { type PemEntry, pemEntries, pemOfDer } from './pem.js'
import { readPkcs12, type StoreEntry, WrongPassword } from './pkcs12.js'
import { type SslKey, type SslSettings, TlsProblem, tlsProblem } from './settings.js'

/** A private key and its certificates as PEM, the broker's own first. */
export interface Identity {
  readonly key: string
  readonly chain: readonly string[]
}

/** One identity for each kind of key (RSA, EC, …). @throws TlsProblem */
export async function readKeyStore(settings: SslSettings): Promise<Identity[]> {
  const [key, chain] = [settings.get('ssl.keystore.key'), settings.get('ssl.keystore.certificate.chain')]
  const [type, location] = [settings.get('ssl.keystore.type'), settings.get('ssl.keystore.location')]
  const password = settings.get('ssl.keystore.password')
  if (key !== null || chain !== null) {
    if (type !== 'PEM') throw tlsProblem(settings, 'ssl.keystore.type', `must be PEM for a key given as text, not ${type}`)
    if (chain === null) throw tlsProblem(settings, 'ssl.keystore.certificate.chain', 'is missing beside ssl.keystore.key')
    if (key === null) throw tlsProblem(settings, 'ssl.keystore.key', 'is missing beside ssl.keystore.certificate.chain')
    if (location !== null) throw tlsProblem(settings, 'ssl.keystore.location', 'cannot be used together with ssl.keystore.key')
    return [pemIdentity(settings, 'ssl.keystore.key', pemEntries(key), pemEntries(chain))]
  }
  if (location === null) {
    const what = password === null ? 'is missing: an SSL listener needs a key store' : 'is missing beside ssl.keystore.password'
    throw tlsProblem(settings, 'ssl.keystore.location', what)
  }
  if (type === 'PEM') {
    if (password !== null) {
      throw tlsProblem(settings, 'ssl.keystore.password', 'is not for PEM; the password of the key is ssl.key.password')
    }
    const entries = pemEntries((await fileOf(settings, 'ssl.keystore.location', location)).toString('utf8'))
    return [pemIdentity(settings, 'ssl.keystore.location', entries, entries)]
  }
  if (password === null) throw tlsProblem(settings, 'ssl.keystore.password', 'is missing beside ssl.keystore.location')
  const entries = await storeEntries(settings, 'ssl.keystore', location, password)
  const identities = new Map<string, Identity>()
  for (const entry of entries) {
    if (entry.key === null) continue
    const privateKey =
      'pem' in entry.key
        ? createPrivateKey(entry.key.pem)
        : createPrivateKey({ key: entry.key.der, format: 'der', type: 'pkcs8' })
    const kind = privateKey.asymmetricKeyType ?? ''
    if (identities.has(kind)) continue
    const chain = entry.certificates.map(der => pemOfDer('CERTIFICATE', der))
    identities.set(kind, identity(settings, 'ssl.keystore.location', privateKey, chain))
  }
  if (identities.size === 0) throw tlsProblem(settings, 'ssl.keystore.location', `${location} holds no private key`)
  return [...identities.values()]
}

/** The trusted certificates as PEM; null where none are named. @throws TlsProblem */
export async function readTrustStore(settings: SslSettings): Promise<string[] | null> {
  const [type, location] = [settings.get('ssl.truststore.type'), settings.get('ssl.truststore.location')]
  const [password, certificates] = [settings.get('ssl.truststore.password'), settings.get('ssl.truststore.certificates')]
  if (certificates !== null && type !== 'PEM') {
    throw tlsProblem(settings, 'ssl.truststore.type', `must be PEM for certificates given as text, not ${type}`)
  }
  if (certificates !== null && location !== null) {
    throw tlsProblem(settings, 'ssl.truststore.location', 'cannot be used together with ssl.truststore.certificates')
  }
  if (password !== null && type === 'PEM') throw tlsProblem(settings, 'ssl.truststore.password', 'is not for PEM')
  if (certificates !== null)
    return trusted(settings, 'ssl.truststore.certificates', 'it', certificatesOf(pemEntries(certificates)))
  if (location === null) {
    if (password !== null) throw tlsProblem(settings, 'ssl.truststore.location', 'is missing beside ssl.truststore.password')
    return null
  }
  const key = 'ssl.truststore.location'
  if (type === 'PEM') {
    const text = (await fileOf(settings, key, location)).toString('utf8')
    return trusted(settings, key, location, certificatesOf(pemEntries(text)))
  }
  const entries = await storeEntries(settings, 'ssl.truststore', location, password)
  // Of a key's chain the key's own is trusted, as in Java: a key store may be its own trust store.
  const found = entries.flatMap(entry => entry.certificates.slice(0, entry.key === null ? undefined : 1))
  return trusted(
    settings,
    key,
    location,
    found.map(der => pemOfDer('CERTIFICATE', der)),
  )
}

/** Those of all public authorities take some hundred kilobytes. */
const storeBytesMax = 16 * 1024 * 1024

/** The path may come from a client: a pipe must not hold a thread, nor a device fill the memory. */
async function fileOf(settings: SslSettings, key: SslKey, path: string): Promise<Buffer> {
  const cannot = (why: string) => tlsProblem(settings, key, `cannot read the file: ${why}`)
  let handle: FileHandle | undefined
  try {
    // Without waiting for who writes into a pipe.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    if (!(await handle.stat()).isFile()) throw cannot(`${path} is not a regular file`)
    const file = await bytesOf(handle)
    if (file === null) throw cannot(`${path} has more than ${storeBytesMax} bytes`)
    return file
  } catch (error) {
    throw error instanceof TlsProblem ? error : cannot((error as Error).message)
  } finally {
    await handle?.close()
  }
}

/** Null when there are too many, whatever the file's size is said to be. */
async function bytesOf(handle: FileHandle): Promise<Buffer | null> {
  const pieces: Buffer[] = []
  for (let size = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(65_536))
    if (bytesRead === 0) return Buffer.concat(pieces)
    size += bytesRead
    if (size > storeBytesMax) return null
    pieces.push(buffer.subarray(0, bytesRead))
  }
}

function certificatesOf(entries: readonly PemEntry[]): string[] {
  return entries.filter(({ label }) => label === 'CERTIFICATE').map(({ text }) => text)
}

function trusted(settings: SslSettings, key: SslKey, place: string, certificates: readonly string[]): string[] {
  if (certificates.length === 0) throw tlsProblem(settings, key, `${place} holds no trusted certificate`)
  for (const certificate of certificates) parsed(settings, key, certificate)
  return [...certificates]
}

function parsed(settings: SslSettings, key: SslKey, certificate: string): X509Certificate {
  try {
    return new X509Certificate(certificate)
  } catch (error) {
    throw tlsProblem(settings, key, `a certificate cannot be read: ${(error as Error).message}`)
  }
}

// --- PEM ---

function pemIdentity(settings: SslSettings, key: SslKey, keys: readonly PemEntry[], chain: readonly PemEntry[]): Identity {
  const entry = keys.find(({ label }) => label.endsWith('PRIVATE KEY'))
  const place = settings.get('ssl.keystore.location') ?? 'the text'
  if (entry === undefined) throw tlsProblem(settings, key, `there is no private key in ${place}`)
  return identity(settings, key, pemKey(settings, key, entry, place), certificatesOf(chain))
}

function pemKey(settings: SslSettings, key: SslKey, { text }: PemEntry, place: string): KeyObject {
  const passphrase = settings.get('ssl.key.password')
  try {
    return createPrivateKey({ key: text, ...(passphrase === null ? {} : { passphrase }) })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (passphrase === null && text.includes('ENCRYPTED')) {
      throw tlsProblem(settings, 'ssl.key.password', `is missing: the private key in ${place} is encrypted`)
    }
    if (code === 'ERR_OSSL_BAD_DECRYPT' || code === 'ERR_OSSL_EVP_BAD_DECRYPT') {
      throw tlsProblem(settings, 'ssl.key.password', `does not open the private key in ${place}`)
    }
    const isOld = code === 'ERR_OSSL_UNSUPPORTED' || code === 'ERR_OSSL_EVP_UNSUPPORTED'
    const advice = isOld ? '; encrypt it again with openssl pkcs8 -topk8 -v2 aes-256-cbc' : ''
    throw tlsProblem(settings, key, `the private key in ${place} cannot be read: ${message}${advice}`)
  }
}

function identity(settings: SslSettings, key: SslKey, privateKey: KeyObject, chain: readonly string[]): Identity {
  const [own] = chain
  if (own === undefined) throw tlsProblem(settings, key, 'there is no certificate for the private key')
  for (const certificate of chain) parsed(settings, key, certificate)
  if (!parsed(settings, key, own).checkPrivateKey(privateKey)) {
    throw tlsProblem(settings, key, 'the first certificate is not that of the private key; the broker’s own must come first')
  }
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, chain }
}

// --- PKCS#12 and JKS ---

const jksMagic = 0xfeed_feed
const jceksMagic = 0xcece_cece

async function storeEntries(
  settings: SslSettings,
  store: 'ssl.keystore' | 'ssl.truststore',
  location: string,
  password: string | null,
): Promise<StoreEntry[]> {
  const key: SslKey = `${store}.location`
  const file = await fileOf(settings, key, location)
  const magic = file.byteLength < 4 ? 0 : file.readUInt32BE(0)
  const wrong = () => tlsProblem(settings, `${store}.password`, `does not open ${location}, or the file was changed`)
  if (magic === jceksMagic) {
    throw tlsProblem(settings, key, `${location} is a JCEKS store; convert it with keytool -importkeystore -deststoretype PKCS12`)
  }
  if (magic !== jksMagic && file[0] !== 0x30) {
    const isPem = file.includes('-----BEGIN ')
    const what = isPem ? `holds PEM; set ${settings.nameOf(`${store}.type`)}=PEM` : 'is neither PKCS12 nor JKS'
    throw tlsProblem(settings, key, `${location} ${what}`)
  }
  try {
    return magic === jksMagic ? jksEntries(settings, location, file, password) : readPkcs12(file, password)
  } catch (error) {
    if (error instanceof WrongPassword) throw wrong()
    if ((error as Error).name === 'TlsProblem') throw error
    if (password === null) throw tlsProblem(settings, `${store}.password`, `is missing: ${location} is encrypted`)
    throw tlsProblem(settings, key, `${location} cannot be read: ${(error as Error).message}`)
  }
}

function jksEntries(settings: SslSettings, location: string, file: Buffer, password: string | null): StoreEntry[] {
  const { parseJks, decrypt } = jksPackage()
  let entries: ReturnType<typeof parseJks>
  try {
    entries = parseJks(file, password ?? '')
  } catch (error) {
    if ((error as Error).message === 'Password verification failed') throw new WrongPassword()
    throw error
  }
  return entries.map(entry => {
    if (!('protectedPrivateKey' in entry)) return { key: null, certificates: [entry.cert.value] }
    const keyPassword = settings.get('ssl.key.password') ?? password ?? ''
    try {
      const pem = decrypt(entry.protectedPrivateKey, keyPassword)
      return { key: { pem }, certificates: entry.chain.map(({ value }) => value) }
    } catch {
      throw tlsProblem(settings, 'ssl.key.password', `does not open the private key "${entry.alias}" in ${location}`)
    }
  })
}
