/**
 * SCRAM credentials (RFC 5802, KIP-84): what is stored of a password. Whoever reads them cannot log in with them; they cannot be
 * turned back into the password, nor into what a client proves that it knows.
 */
import { type Bytes, utf8Encode } from '../base/bytes.js'
import { type HashName, hash, hmac, pbkdf2 } from '../base/crypto.js'

export interface ScramMechanism {
  readonly name: 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  /** In requests and records. */
  readonly type: number
  readonly hash: HashName
}

export const scramMechanisms: readonly ScramMechanism[] = [
  { name: 'SCRAM-SHA-256', type: 1, hash: 'sha256' },
  { name: 'SCRAM-SHA-512', type: 2, hash: 'sha512' },
]

/** Kafka's for both mechanisms. */
export const scramIterationsMin = 4096
export const scramIterationsMax = 16_384

export interface ScramCredential {
  readonly salt: Bytes
  readonly storedKey: Bytes
  readonly serverKey: Bytes
  readonly iterations: number
}

export function scramMechanismOf(type: number): ScramMechanism | null {
  return scramMechanisms.find(mechanism => mechanism.type === type) ?? null
}

/** From what AlterUserScramCredentials brings: the client has salted the password. */
export function credentialFromSalted(
  name: HashName,
  salted: Bytes,
  { salt, iterations }: Pick<ScramCredential, 'salt' | 'iterations'>,
): ScramCredential {
  const clientKey = hmac(name, salted, utf8Encode('Client Key'))
  return { salt, iterations, storedKey: hash(name, clientKey), serverKey: hmac(name, salted, utf8Encode('Server Key')) }
}

/** As in Kafka, passwords are taken as they are written, without SASLprep. */
export async function credentialFromPassword(
  name: HashName,
  password: string,
  of: Pick<ScramCredential, 'salt' | 'iterations'>,
): Promise<ScramCredential> {
  return credentialFromSalted(name, await pbkdf2(name, utf8Encode(password), of.salt, of.iterations), of)
}
