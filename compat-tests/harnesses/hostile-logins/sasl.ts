/** Logins by SASL as no client should do them: each function is one conversation of one connection. */
import { decode, encode } from '#protocol/codec.js'
import { ApiVersions } from '#protocol/messages/api-versions.js'
import { Metadata } from '#protocol/messages/metadata.js'
import { SaslAuthenticate } from '#protocol/messages/sasl-authenticate.js'
import { SaslHandshake } from '#protocol/messages/sasl-handshake.js'
import { type Api, type Encodable, type Fields, inRange } from '#protocol/schema.js'
import { Reader, Writer } from '#protocol/wire.js'
import { alice, bob, type MechanismName, mechanisms, scramFinal } from '../../lib/logins.js'
import type { Random } from '../../lib/random.js'
import { readCaptures } from '../hostile-input/captures.js'
import type { Peer } from './peer.js'
import { bearerMessage, noise, plainToken, scramFirst, spoiled, spoiledFinal } from './tokens.js'

export interface Attack {
  readonly peer: Peer
  readonly random: Random
  /** `gregor.handshake.timeout.ms` of the broker. */
  readonly handshakeMs: number
  readonly onLogin: () => void
}

type Conversation = (attack: Attack) => Promise<void>

/** Fetch, JoinGroup and SyncGroup may be parked, which is no fault. */
const parking = [1, 11, 14]
/** What leaves nothing behind, should somebody be logged in by then, and is answered. */
const harmless = [2, 3, 9, 10, 12, 15, 16, 18, 32, 60]
const captured = readCaptures().frames.filter(({ apiKey }) => harmless.includes(apiKey))

export const conversations: Readonly<Record<string, Conversation>> = {
  /** Frames of all kinds, in any order, one after the other or at once. */
  async anyOrder({ peer, random }) {
    for (let rounds = random.between(1, 4); rounds > 0 && !peer.isClosed; rounds--) {
      const frames = Array.from({ length: random.between(1, 5) }, () => anyFrame(random))
      await peer.send(Buffer.concat(frames.map(framed)), frames.length)
      for (const _ of frames) if ((await peer.answer()) === null) return
    }
  },

  async plain(attack) {
    await steps(attack, 'PLAIN', () => plainToken(attack.random))
  },

  async bearer(attack) {
    await steps(attack, 'OAUTHBEARER', () => bearerMessage(attack.random))
  },

  async scram(attack) {
    const { random } = attack
    const mechanism = random.pick(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)
    const first = scramFirst(random)
    await steps(attack, mechanism, shown => {
      if (shown === null) return Buffer.from(first)
      const text = spoiledFinal(scramFinal(mechanism, alice.password, first, shown.toString()), random)
      return random.oneIn(4) ? spoiled(Buffer.from(text), random) : Buffer.from(text)
    })
  },

  /** Handshake v0: the tokens have no header. */
  async raw({ peer, random }) {
    const mechanism = random.pick(mechanisms)
    await peer.send(framed(frame(SaslHandshake, 0, { mechanism })))
    if ((await peer.answer()) === null) return
    for (let rounds = random.between(1, 4); rounds > 0; rounds--) {
      const token = random.oneIn(4) ? noise(random, random.below(100)) : tokenOf(mechanism, random)
      await peer.send(framed(token))
      if ((await peer.answer()) === null) return
      // Whoever is known by now speaks Kafka's protocol; a frame that is too short for it closes.
    }
  },

  /** A length that is a lie: too large, negative, or more than what follows. */
  async lies({ peer, random, handshakeMs }) {
    if (random.oneIn(2)) {
      await peer.send(framed(frame(SaslHandshake, random.below(2), { mechanism: 'PLAIN' })))
      if ((await peer.answer()) === null) return
    }
    const lie = Buffer.alloc(4)
    lie.writeInt32BE(random.pick([-1, -0x8000_0000, 0x7fff_ffff, 524_289, 524_288, 100_000, 7, 1, 0x4745_5420, 0x1603_0100]))
    await peer.send(Buffer.concat([lie, noise(random, random.below(300))]))
    await silence(peer, random, handshakeMs)
  },

  /** A frame that stops in the middle, or comes a byte at a time. */
  async cut({ peer, random, handshakeMs }) {
    const whole = framed(anyFrame(random))
    const part = whole.subarray(0, random.below(whole.length))
    if (random.oneIn(4)) for (const byte of part.subarray(0, 20)) await peer.send(Buffer.from([byte]), 0)
    else await peer.send(part)
    await silence(peer, random, handshakeMs)
  },

  /** After a right login: another one, as another, by another mechanism, with requests between. */
  async again(attack) {
    const { peer, random } = attack
    if (!(await login(attack))) return
    for (let rounds = random.between(1, 4); rounds > 0; rounds--) {
      const frames: Buffer[] = []
      if (random.oneIn(2)) frames.push(metadata(random))
      const mechanism = random.oneIn(3) ? random.pick(mechanisms) : 'PLAIN'
      frames.push(frame(SaslHandshake, random.below(2), { mechanism }))
      const token = random.oneIn(2) ? Buffer.from(`\0${bob.name}\0${bob.password}`) : tokenOf(mechanism, random)
      frames.push(random.oneIn(6) ? token : frame(SaslAuthenticate, random.below(3), { authBytes: token }))
      if (random.oneIn(2)) frames.push(metadata(random))
      await peer.send(Buffer.concat(frames.map(framed)), frames.length)
      for (const _ of frames) if ((await peer.answer()) === null) return
    }
  },
}

/** Handshake and tokens in their turn, with something else between now and then. */
async function steps(attack: Attack, mechanism: MechanismName, next: (shown: Buffer | null) => Buffer): Promise<void> {
  const { peer, random } = attack
  if (random.oneIn(2)) {
    await peer.send(framed(frame(ApiVersions, random.below(5), software)))
    if ((await peer.answer()) === null) return
  }
  await peer.send(framed(frame(SaslHandshake, 1, { mechanism })))
  if ((await peer.answer()) === null) return
  const version = random.below(3)
  let shown: Buffer | null = null
  for (let rounds = random.between(1, 4); rounds > 0; rounds--) {
    if (random.oneIn(8)) {
      await peer.send(framed(anyFrame(random)))
      if ((await peer.answer()) === null) return
    }
    const right = frame(SaslAuthenticate, version, { authBytes: next(shown) })
    await peer.send(framed(random.oneIn(8) ? spoiled(right, random) : right))
    const answer = await peer.answer()
    if (answer === null) return
    const told = authBytesOf(answer, version)
    if (told.isLast) {
      attack.onLogin()
      await peer.send(framed(metadata(random)))
      await peer.answer()
      return
    }
    shown = told.authBytes
  }
}

async function login({ peer, onLogin, handshakeMs }: Attack): Promise<boolean> {
  await peer.send(framed(frame(SaslHandshake, 1, { mechanism: 'PLAIN' })))
  const greeting = await peer.answer()
  const authBytes = Buffer.from(`\0${alice.name}\0${alice.password}`)
  if (greeting !== null) await peer.send(framed(frame(SaslAuthenticate, 1, { authBytes })))
  const answer = greeting === null ? null : await peer.answer()
  if (answer === null || answer.readInt16BE(4) !== 0) {
    const tookMs = performance.now() - peer.sinceMs
    // On a busy machine this side, too, can be slower than the broker allows.
    if (peer.isSpoiled || (answer === null && tookMs > handshakeMs / 2)) return false
    throw new Error(`a right login was refused after ${Math.round(tookMs)} ms: ${answer?.toString('hex') ?? 'closed'}`)
  }
  onLogin()
  return true
}

/** Most do not wait until the broker has enough of them. */
async function silence(peer: Peer, random: Random, handshakeMs: number): Promise<void> {
  if (random.oneIn(60)) await peer.waitsForEnd(handshakeMs)
  else await peer.pause(random.below(20))
}

function anyFrame(random: Random): Buffer {
  const whole = wholeFrame(random)
  if (!random.oneIn(3)) return whole
  const broken = spoiled(whole, random)
  // What became one that may be parked is told apart from one that hangs by nobody.
  return broken.length >= 2 && parking.includes(broken.readInt16BE(0)) ? whole : broken
}

function wholeFrame(random: Random): Buffer {
  switch (random.below(8)) {
    case 0:
    case 1:
      return frame(ApiVersions, random.below(5), software)
    case 2:
    case 3:
      return frame(SaslHandshake, random.below(2), { mechanism: anyMechanism(random) })
    case 4:
    case 5:
      return frame(SaslAuthenticate, random.below(3), { authBytes: tokenOf(random.pick(mechanisms), random) })
    case 6:
      return Buffer.from(random.pick(captured).bytes)
    default:
      return noise(random, random.below(60))
  }
}

const oddMechanisms = ['', 'plain', 'GSSAPI', 'SCRAM-SHA-1', '\0', 'é', 'PLAIN ', '__proto__', 'constructor', 'X'.repeat(30_000)]

function anyMechanism(random: Random): string {
  return random.oneIn(3) ? random.pick(oddMechanisms) : random.pick(mechanisms)
}

function tokenOf(mechanism: MechanismName, random: Random): Buffer {
  if (mechanism === 'PLAIN') return plainToken(random)
  return mechanism === 'OAUTHBEARER' ? bearerMessage(random) : Buffer.from(scramFirst(random))
}

const software = { clientSoftwareName: 'hostile', clientSoftwareVersion: '1' }
const metadata = (random: Random): Buffer => frame(Metadata, random.between(1, 12), { topics: [] })

function frame<Req extends Fields, Res extends Fields>(api: Api<Req, Res>, version: number, body: Encodable<Req>): Buffer {
  const writer = new Writer()
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(0)
  writer.nullableString('hostile')
  if (inRange(api.flexible, version)) writer.uint8(0)
  encode(api.request, version, writer, body)
  return Buffer.from(writer.finish())
}

export function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Of an answer to SaslAuthenticate, behind its correlation id; what is no such answer holds nothing. */
function authBytesOf(answer: Buffer, version: number): { isLast: boolean; authBytes: Buffer | null } {
  try {
    const reader = new Reader(answer, 4)
    if (inRange(SaslAuthenticate.flexible, version)) reader.skipTags()
    const { errorCode, authBytes } = decode(SaslAuthenticate.response, version, reader)
    const shown = Buffer.from(authBytes)
    const isLast = errorCode === 0 && (shown.length === 0 || shown.toString('latin1', 0, 2) === 'v=')
    return { isLast, authBytes: errorCode === 0 ? shown : null }
  } catch {
    return { isLast: false, authBytes: null }
  }
}
