// One client that connects, logs in and leaves: over TLS or not, by PLAIN, by SCRAM or not at all. What a client derives from its
// password it keeps, as most do. TLS begins anew each time, without a session from before.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectSecurely } from 'node:tls'
import { AlterUserScramCredentials } from '#protocol/messages/alter-user-scram-credentials.js'
import { ApiVersions } from '#protocol/messages/api-versions.js'
import { SaslAuthenticate } from '#protocol/messages/sasl-authenticate.js'
import { SaslHandshake } from '#protocol/messages/sasl-handshake.js'
import { WireClient } from '../../compat-tests/lib/wire-client.js'

export type Mechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export const benchUser = { name: 'bench', password: 'bench-secret' } as const
const iterations = 4096

const scramKinds = {
  'SCRAM-SHA-256': { type: 1, hash: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { type: 2, hash: 'sha512', bytes: 64 },
} as const
type ScramMechanism = keyof typeof scramKinds

/** The user, for both kinds of SCRAM, by whoever may say so. */
export async function makeScramUser(port: number): Promise<void> {
  const client = await WireClient.connect(`127.0.0.1:${port}`)
  try {
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
      const salt = randomBytes(20)
      const credential = { salt, saltedPassword: saltedPasswordOf(mechanism, salt), iterations }
      const upsertions = [{ name: benchUser.name, mechanism: scramKinds[mechanism].type, ...credential }]
      const { results } = await client.request(AlterUserScramCredentials, 0, { deletions: [], upsertions })
      if (results[0]?.errorCode !== 0) throw new Error(`the user cannot be made: ${results[0]?.errorMessage}`)
    }
  } finally {
    client.close()
  }
}

export interface Login {
  readonly port: number
  readonly secure: ConnectionOptions | null
  /** Null: only ApiVersions is asked. */
  readonly mechanism: Mechanism | null
}

/** Resolves when the broker has let it in. */
export async function logIn({ port, secure, mechanism }: Login): Promise<void> {
  const client = WireClient.of(await connected(port, secure))
  try {
    if (mechanism === null) await client.request(ApiVersions, 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
    else await authenticated(client, mechanism)
  } finally {
    client.close()
  }
}

function connected(port: number, secure: ConnectionOptions | null): Promise<Socket> {
  const to = { host: '127.0.0.1', port }
  return new Promise((resolve, reject) => {
    const socket: Socket = secure === null ? connect(to) : connectSecurely({ ...to, ...secure })
    socket.once('error', reject)
    socket.once(secure === null ? 'connect' : 'secureConnect', () => resolve(socket))
  })
}

async function authenticated(client: WireClient, mechanism: Mechanism): Promise<void> {
  const { errorCode } = await client.request(SaslHandshake, 1, { mechanism })
  if (errorCode !== 0) throw new Error(`${mechanism} is not there: error ${errorCode}`)
  const answerTo = async (token: string): Promise<string> => {
    const answer = await client.request(SaslAuthenticate, 1, { authBytes: Buffer.from(token) })
    if (answer.errorCode !== 0) throw new Error(`${mechanism}: ${answer.errorMessage}`)
    return Buffer.from(answer.authBytes).toString()
  }
  if (mechanism === 'PLAIN') await answerTo(`\0${benchUser.name}\0${benchUser.password}`)
  else await proven(mechanism, answerTo)
}

async function proven(mechanism: ScramMechanism, answerTo: (token: string) => Promise<string>): Promise<void> {
  const { hash } = scramKinds[mechanism]
  const first = `n=${benchUser.name},r=${randomBytes(15).toString('base64url')}`
  const challenge = await answerTo(`n,,${first}`)
  const [, nonce = '', salt = ''] = /^r=([^,]+),s=([^,]+),/.exec(challenge) ?? []
  const clientKey = clientKeyOf(mechanism, salt)
  const withoutProof = `c=biws,r=${nonce}`
  const storedKey = createHash(hash).update(clientKey).digest()
  const signature = createHmac(hash, storedKey).update(`${first},${challenge},${withoutProof}`).digest()
  const proof = signature.map((byte, at) => byte ^ clientKey[at]!)
  await answerTo(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`)
}

const clientKeys = new Map<string, Buffer>()

function clientKeyOf(mechanism: ScramMechanism, salt: string): Buffer {
  const key = `${mechanism} ${salt}`
  let clientKey = clientKeys.get(key)
  if (clientKey === undefined) {
    const { hash } = scramKinds[mechanism]
    clientKey = createHmac(hash, saltedPasswordOf(mechanism, Buffer.from(salt, 'base64')))
      .update('Client Key')
      .digest()
    clientKeys.set(key, clientKey)
  }
  return clientKey
}

function saltedPasswordOf(mechanism: ScramMechanism, salt: Buffer): Buffer {
  const { hash, bytes } = scramKinds[mechanism]
  return pbkdf2Sync(benchUser.password, salt, iterations, bytes, hash)
}
