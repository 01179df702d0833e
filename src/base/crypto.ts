/** What the pure rooms need of node:crypto: hashes, keyed hashes, PBKDF2, and a comparison that takes the same time always. */
import { createHash, createHmac, pbkdf2 as derive, timingSafeEqual } from 'node:crypto'
import { type Bytes, utf8Encode } from './bytes.js'

export type HashName = 'sha256' | 'sha512'

export function hash(name: HashName, data: Bytes): Bytes {
  return createHash(name).update(data).digest()
}

export function hmac(name: HashName, key: Bytes, data: Bytes): Bytes {
  return createHmac(name, key).update(data).digest()
}

/** In a thread of the pool: it takes milliseconds by design. The result is as long as the hash. */
export function pbkdf2(name: HashName, password: Bytes, salt: Bytes, iterations: number): Promise<Bytes> {
  return new Promise((resolve, reject) =>
    derive(password, salt, iterations, name === 'sha256' ? 32 : 64, name, (error, key) =>
      error === null ? resolve(key) : reject(error),
    ),
  )
}

/** Tells nothing by its duration about where secrets differ, nor about how long they are. */
export function equalSecrets(a: Bytes, b: Bytes): boolean {
  return timingSafeEqual(hash('sha256', a), hash('sha256', b)) && a.byteLength === b.byteLength
}

export function equalSecretTexts(a: string, b: string): boolean {
  return equalSecrets(utf8Encode(a), utf8Encode(b))
}
