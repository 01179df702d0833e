/**
 * A user on a command line, as `kafka-storage format --add-scram` takes one:
 *
 *   SCRAM-SHA-256=[name=alice,password=alice-secret,iterations=8192,salt="MWx2NHBkbnc0ZndxN25vdGN4bTB5Y2Qx"]
 *
 * What is wrong is said without repeating a value, which may be the password.
 */
import { type Bytes, fromBase64 } from '../base/bytes.js'
import {
  credentialFromPassword,
  credentialFromSalted,
  type ScramCredential,
  type ScramMechanism,
  scramIterationsMax,
  scramIterationsMin,
  scramMechanisms,
} from './scram-credentials.js'

export interface ScramUser {
  readonly name: string
  readonly mechanism: ScramMechanism
  /** Null: a random one. */
  readonly salt: Bytes | null
  readonly iterations: number
  readonly secret: { readonly password: string } | { readonly salted: Bytes }
  /** Takes the place of what is there for the mechanism. */
  readonly replaces?: true
}

const whole = /^(SCRAM-SHA-256|SCRAM-SHA-512)=\[(.*)\]$/s
const setting = /(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^,"]*))(?:,(?=.)|$)/gsy
const known = ['name', 'password', 'saltedpassword', 'salt', 'iterations']

/** The user, or the sentence that says what is wrong. */
export function parseScramUser(text: string): ScramUser | string {
  const [, mechanismName, inner = ''] = whole.exec(text) ?? []
  const mechanism = scramMechanisms.find(({ name }) => name === mechanismName)
  if (mechanism === undefined) return 'takes SCRAM-SHA-256=[name=NAME,password=PASSWORD] or the same with SCRAM-SHA-512'
  const settings = new Map<string, string>()
  let length = 0
  for (const [part, key = '', quoted, bare = ''] of inner.matchAll(setting)) {
    length += part.length
    if (!known.includes(key)) return `there is no ${key}; there are ${known.join(', ')}`
    if (settings.has(key)) return `${key} is given twice`
    settings.set(key, quoted === undefined ? bare : quoted.replace(/\\(.)/gs, '$1'))
  }
  if (length < inner.length) return 'takes KEY=VALUE with commas between them, and values with commas in double quotes'
  const name = settings.get('name') ?? ''
  const password = settings.get('password') ?? ''
  const salted = settings.get('saltedpassword') ?? ''
  const salt = settings.get('salt') ?? ''
  const iterations = settings.get('iterations') ?? String(scramIterationsMin)
  if (name === '') return 'name is missing'
  if ((password === '') === (salted === '')) return 'either password or saltedpassword is needed'
  if (salted !== '' && salt === '') return 'saltedpassword needs its salt'
  if (!/^\d{1,6}$/.test(iterations) || Number(iterations) < scramIterationsMin || Number(iterations) > scramIterationsMax) {
    return `iterations must be ${scramIterationsMin} to ${scramIterationsMax}`
  }
  return {
    name,
    mechanism,
    salt: salt === '' ? null : fromBase64(salt),
    iterations: Number(iterations),
    secret: salted === '' ? { password } : { salted: fromBase64(salted) },
  }
}

const saltBytes = 26

export async function credentialOf(
  { mechanism, salt, iterations, secret }: ScramUser,
  randomBytes: (size: number) => Bytes,
): Promise<ScramCredential> {
  const of = { salt: salt ?? randomBytes(saltBytes), iterations }
  return 'password' in secret
    ? credentialFromPassword(mechanism.hash, secret.password, of)
    : credentialFromSalted(mechanism.hash, secret.salted, of)
}
