/**
 * Packages that are loaded by the first call that needs them: loading one takes milliseconds, and most brokers never meet
 * every codec. Those with native code bring their binaries in optional packages of their own, so each may be missing here.
 */
import type { webcrypto } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

interface Snappy {
  compressSync(input: Uint8Array, options: { copyOutputData: boolean }): Uint8Array
  /** Allocates what the preamble says, but not before it is one that so many bytes can give. */
  uncompressSync(input: Uint8Array, options: { copyOutputData: boolean }): Uint8Array
  /** The same in a thread of the pool. */
  uncompress(input: Uint8Array, options: { copyOutputData: boolean }): Promise<Uint8Array>
}

/** A block behind its size as u32, little-endian: written by `compressSync`; `uncompressSync` allocates so much. */
interface Lz4 {
  compressSync(input: Uint8Array): Uint8Array
  uncompressSync(input: Uint8Array): Uint8Array
}

interface NativeCrc {
  crc32c(input: Uint8Array, before?: number): number
}

interface PortableCrc {
  /** Signed. */
  buf(input: Uint8Array, before?: number): number
}

/** Patterns in RE2's syntax. */
interface Re2 {
  readonly RE2JS: { compile(pattern: string): { matches(text: string): boolean; programSize(): number } }
  readonly RE2JSException: new (...args: never[]) => Error & { getDescription?(): string }
}

/** Messages in the format of Protocol Buffers. */
interface Protobuf {
  readonly Reader: { create(bytes: Uint8Array): ProtobufReader }
  readonly Root: new () => {
    /** Where a file is that another one names. */
    resolvePath: (origin: string, target: string) => string
    loadSync(file: string): { lookupType(name: string): ProtobufType }
  }
}

/** Throws Error at what is cut off or no message. */
export interface ProtobufReader {
  pos: number
  discardUnknown: boolean
  /** Number of a field × 8 + how it is encoded. */
  tag(): number
  size(): number
  uint32(): number
  string(): string
  skip(bytes: number): unknown
}

export interface ProtobufType {
  readonly fields: Readonly<Record<string, { readonly id: number }>>
  decode(reader: ProtobufReader, bytes: number): unknown
}

/** Java's own format of key stores. */
interface Jks {
  parseJks(file: Uint8Array, password: string): readonly (JksKey | JksCertificate)[]
  /** The key as PEM. */
  decrypt(protectedKey: Uint8Array, password: string): string
}
interface JksKey {
  readonly alias: string
  readonly chain: readonly { readonly value: Buffer }[]
  readonly protectedPrivateKey: Buffer
}
interface JksCertificate {
  readonly alias: string
  readonly cert: { readonly value: Buffer }
}

/** ASN.1 as node-forge has it: bytes are texts of one character each. */
export interface Asn1 {
  readonly tagClass: number
  readonly type: number
  readonly value: string | Asn1[]
}

export interface Forge {
  readonly asn1: {
    fromDer(der: string, how: { readonly strict?: boolean; readonly decodeBitStrings?: boolean }): Asn1
    toDer(value: Asn1): { getBytes(): string }
    derToOid(bytes: string): string
  }
  readonly pkcs12: {
    pkcs12FromAsn1(
      store: Asn1,
      strict: boolean,
      password: string,
    ): { readonly safeContents: readonly { readonly safeBags: readonly Pkcs12Bag[] }[] }
  }
  readonly pkcs5: {
    pbkdf2(password: string, salt: string, count: number, bytes: number, digest: { readonly algorithm: string } | null): string
  }
  readonly pki: {
    readonly oids: Readonly<Record<'certBag' | 'keyBag' | 'pkcs8ShroudedKeyBag', string>>
    certificateToAsn1(certificate: object): Asn1
    privateKeyToAsn1(key: object): Asn1
    wrapRsaPrivateKey(key: Asn1): Asn1
  }
}
/** What is not of RSA is left as `asn1`. */
interface Pkcs12Bag {
  readonly type: string
  readonly attributes: { readonly localKeyId?: readonly string[] }
  readonly cert: object | null
  readonly key: object | null
  readonly asn1?: Asn1
}

/** Certificates are made by it; it finds its parts by metadata of classes, which Node does not have. */
interface X509 {
  readonly cryptoProvider: { set(crypto: Crypto): void }
  readonly PemConverter: { encode(der: ArrayBuffer, label: string): string }
  readonly KeyUsageFlags: { readonly digitalSignature: number; readonly keyCertSign: number }
  readonly X509CertificateGenerator: {
    createSelfSigned(of: CertificateContent & { readonly name: string; readonly keys: CryptoKeyPair }): Promise<X509Certificate>
    create(
      of: CertificateContent & {
        readonly subject: string
        readonly issuer: string
        readonly publicKey: CryptoKey
        readonly signingKey: CryptoKey
      },
    ): Promise<X509Certificate>
  }
  readonly BasicConstraintsExtension: new (isAuthority: boolean, pathLength: number | undefined, isCritical: boolean) => Extension
  readonly KeyUsagesExtension: new (usages: number, isCritical: boolean) => Extension
  readonly ExtendedKeyUsageExtension: new (usages: readonly string[]) => Extension
  readonly SubjectAlternativeNameExtension: new (
    names: readonly { readonly type: 'dns' | 'ip'; readonly value: string }[],
  ) => Extension
  readonly SubjectKeyIdentifierExtension: { create(key: CryptoKey): Promise<Extension> }
  readonly AuthorityKeyIdentifierExtension: { create(key: CryptoKey): Promise<Extension> }
}
type CryptoKey = webcrypto.CryptoKey
type CryptoKeyPair = webcrypto.CryptoKeyPair
type Crypto = typeof webcrypto
type Extension = object
interface CertificateContent {
  readonly serialNumber: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly signingAlgorithm: webcrypto.EcdsaParams
  readonly extensions: readonly Extension[]
}
interface X509Certificate {
  readonly subject: string
  toString(format: 'pem'): string
}

// By require and not by a dynamic import, which takes three times as long and cannot be waited for here.
const require = createRequire(import.meta.url)

export const snappyPackage = lazy(() => require('snappy') as Snappy)
export const lz4Package = lazy(() => require('lz4-napi') as Lz4)
/** The CRC-32C of the processor; optional. */
export const nativeCrc = lazy(() => require('@node-rs/crc32') as NativeCrc)

let portable: PortableCrc | null = null

export function portableCrc(): PortableCrc {
  portable ??= require('crc-32/crc32c.js') as PortableCrc
  return portable
}

let re2: Re2 | null = null

export function re2Package(): Re2 {
  re2 ??= require('re2js') as Re2
  return re2
}

let protobuf: Protobuf | null = null

export function protobufPackage(): Protobuf {
  protobuf ??= require('protobufjs') as Protobuf
  return protobuf
}

/** Where a file of our own package is, in a clone and where it is installed. */
export function ownFile(path: string): string {
  return join(dirname(require.resolve('gregor/package.json')), path)
}

let jks: Jks | null = null

export function jksPackage(): Jks {
  jks ??= require('jks-js') as Jks
  return jks
}

let forge: Forge | null = null

export function forgePackage(): Forge {
  forge ??= require('node-forge') as Forge
  return forge
}

let x509: X509 | null = null

export function x509Package(): X509 {
  if (x509 !== null) return x509
  require('reflect-metadata')
  x509 = require('@peculiar/x509') as X509
  return x509
}

/**
 * Gives the package, or null when it cannot be loaded. That need not last (the process may be out of descriptors), so it is
 * tried again, after twice as many calls each time: what is missing for good costs a few dozen attempts.
 */
export function lazy<T>(load: () => T): () => T | null {
  let loaded: T | null = null
  let calls = 0
  let nextAttempt = 1
  return () => {
    if (loaded === null && ++calls >= nextAttempt) {
      nextAttempt = 2 * calls
      try {
        loaded = load()
      } catch {}
    }
    return loaded
  }
}
/** Whether a binary for this machine was installed with the package; nothing is loaded to find out. */
export function hasBinary(name: 'snappy' | 'lz4-napi' | '@node-rs/crc32'): boolean {
  try {
    const main = require.resolve(name)
    const home = main.slice(0, main.lastIndexOf(`/node_modules/${name}/`) + `/node_modules/${name}/`.length)
    const { optionalDependencies = {} } = JSON.parse(readFileSync(`${home}package.json`, 'utf8'))
    return Object.keys(optionalDependencies).some(binary => canResolve(createRequire(main), binary))
  } catch {
    return false
  }
}

function canResolve(from: NodeJS.Require, name: string): boolean {
  try {
    from.resolve(name)
    return true
  } catch {
    return false
  }
}
