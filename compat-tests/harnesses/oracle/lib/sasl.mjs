// Logging in, by messages as they are on the wire.
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

const inBase64Url = value => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

// What OAUTHBEARER takes without a handler class: a token that nobody has signed, for whoever one likes to be.
export function unsecuredToken(user, { lifetimeMs = 3_600_000, header = { alg: 'none' }, ...claims } = {}) {
  const nowMs = Date.now()
  const times = { iat: Math.floor(nowMs / 1000) - 10, exp: Math.floor((nowMs + lifetimeMs) / 1000) }
  return `${inBase64Url(header)}.${inBase64Url({ sub: user, ...times, ...claims })}.`
}

export const bearer = (token, { gs2 = 'n,,', extensions = '' } = {}) =>
  Buffer.from(`${gs2}\x01auth=Bearer ${token}\x01${extensions}\x01`)

export const plain = (user, password, authorizationId = '') => Buffer.from(`${authorizationId}\0${user}\0${password}`)

export async function logIn(connection, apis, user) {
  const handshake = await connection.call(apis.get('SaslHandshake'), 1, { mechanism: 'OAUTHBEARER' })
  const answer = await connection.call(apis.get('SaslAuthenticate'), 2, { authBytes: bearer(unsecuredToken(user)) })
  if (answer.body?.errorCode !== 0) throw new Error(`${user} cannot log in: ${JSON.stringify([handshake, answer])}`)
}

const hashes = { 'SCRAM-SHA-256': ['sha256', 32, 1], 'SCRAM-SHA-512': ['sha512', 64, 2] }
const salt = Buffer.from('salt-of-the-oracle')
const iterations = 4096

// For AlterUserScramCredentials: the password of a user, salted as a client does it.
export function upsertion(name, mechanism, password) {
  const [hash, length, type] = hashes[mechanism]
  return { name, mechanism: type, iterations, salt, saltedPassword: pbkdf2Sync(password, salt, iterations, length, hash) }
}

// What a client answers to the first message of a server.
export function scramFinal(mechanism, password, clientFirstBare, serverFirst, { binding = 'biws', nonce } = {}) {
  const [hash, length] = hashes[mechanism]
  const parts = Object.fromEntries(serverFirst.split(',').map(part => [part[0], part.slice(2)]))
  const key = pbkdf2Sync(password, Buffer.from(parts.s, 'base64'), Number(parts.i), length, hash)
  const hmac = (of, text) => createHmac(hash, of).update(text).digest()
  const clientKey = hmac(key, 'Client Key')
  const withoutProof = `c=${binding},r=${nonce ?? parts.r}`
  const signature = hmac(createHash(hash).update(clientKey).digest(), `${clientFirstBare},${serverFirst},${withoutProof}`)
  const proof = Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]))
  return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)
}
