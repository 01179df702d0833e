/** What clients send to log in to a broker of secure-gregor.ts, by the mechanisms that it has. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

export const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const
export type MechanismName = (typeof mechanisms)[number]

export const alice = { name: 'alice', password: 'alice-secret' } as const
export const bob = { name: 'bob', password: 'bob-secret' } as const

/** An unsecured bearer token. */
export function bearerToken(claims: object, header: object = { alg: 'none' }): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.`
}

export const secondsFromNow = (seconds: number): number => Math.ceil(Date.now() / 1000) + seconds

const saltedPasswords = new Map<string, Buffer>()

/** The last message of a SCRAM client that knows the password, for a server's first message. */
export function scramFinal(mechanism: MechanismName, password: string, clientFirst: string, serverFirst: string): string {
  const hash = mechanism === 'SCRAM-SHA-512' ? 'sha512' : 'sha256'
  const [, nonce = '', salt = '', iterations = '4096'] = /^r=(.*),s=(.*),i=(\d+)$/.exec(serverFirst) ?? []
  const key = `${hash} ${password} ${salt} ${iterations}`
  const salted =
    saltedPasswords.get(key) ??
    pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), hash === 'sha512' ? 64 : 32, hash)
  saltedPasswords.set(key, salted)
  const withoutProof = `c=biws,r=${nonce}`
  const clientKey = createHmac(hash, salted).update('Client Key').digest()
  const storedKey = createHash(hash).update(clientKey).digest()
  const signed = `${clientFirst.replace(/^n,,/, '')},${serverFirst},${withoutProof}`
  const signature = createHmac(hash, storedKey).update(signed).digest()
  const proof = clientKey.map((byte, at) => byte ^ (signature[at] as number))
  return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`
}
