/**
 * TLS as no client should speak it: handshakes of a real client whose records are damaged, cut, repeated, mixed with others or
 * never sent, and what follows a good handshake.
 */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { Random } from '../../lib/random.js'
import { type Counts, connected, Peer } from './peer.js'
import { type Attack, conversations, framed } from './sasl.js'
import { noise } from './tokens.js'

export interface TlsAttack {
  readonly address: string
  readonly authority: string
  readonly random: Random
  readonly counts: Counts
  readonly handshakeMs: number
  readonly onLogin: () => void
}

type TlsConversation = (attack: TlsAttack) => Promise<void>

const recordHeaderBytes = 5
const [changeCipherSpec, alert, handshake, applicationData, heartbeat] = [20, 21, 22, 23, 24]

export const tlsConversations: Readonly<Record<string, TlsConversation>> = {
  /** A client's first message, spoiled, and more of the like. */
  async hello({ address, random, counts, handshakeMs }) {
    const socket = await connected(address, random, counts)
    const peer = new Peer(socket, random, counts)
    const hello = await someHello(random)
    for (let count = random.between(1, 3); count > 0 && !peer.isClosed; count--) await peer.send(spoiledRecord(hello, random))
    await silence(peer, random, handshakeMs)
    peer.leave()
  },

  /** No TLS at all. */
  async plaintext({ address, random, counts, handshakeMs }) {
    const peer = new Peer(await connected(address, random, counts), random, counts)
    const words = ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\x0c\0\x12\0\0\0\0\0\x01\0\x02ab', 'SSH-2.0-x\r\n', '\x16', '\x16\x03', '']
    await peer.send(random.oneIn(3) ? noise(random, random.below(2000)) : Buffer.from(random.pick(words), 'latin1'))
    await silence(peer, random, handshakeMs)
    peer.leave()
  },

  /** A handshake of which one record does not arrive as it was sent, then silence. */
  async spoiledHandshake(attack) {
    const { random, handshakeMs, counts } = attack
    const wire = new Wire(await connected(attack.address, random, counts), counts)
    const spoiledAt = random.below(6)
    wire.change = (record, nth) => (nth === spoiledAt ? spoiledRecord(record, random) : record)
    const peer = new Peer(wire.client(attack, random), random, counts)
    await silence(peer, random, handshakeMs)
    wire.socket.destroy()
    peer.leave()
  },

  /** After a good handshake: SASL as in the plaintext conversations, or records that OpenSSL has to refuse. */
  async afterHandshake(attack) {
    const { random, counts } = attack
    const wire = new Wire(await connected(attack.address, random, counts), counts)
    const client = wire.client(attack, random)
    const peer = new Peer(client, random, counts)
    if (await secure(client)) {
      const name = random.pick(Object.keys(conversations))
      const what = random.below(5)
      peer.isSpoiled = what === 0
      if (peer.isSpoiled) wire.change = record => (random.oneIn(4) ? spoiledRecord(record, random) : record)
      if (what <= 1) await (conversations[name] as (attack: Attack) => Promise<void>)({ ...attack, peer })
      else if (what === 2) {
        // [RFC 5246, 7.4.1.1] A client that begins another handshake is not heard.
        if (client.getProtocol() === 'TLSv1.2') client.renegotiate({}, () => {})
        await peer.pause(20)
      } else if (what === 3) {
        // Out of TLS again, and into another one.
        wire.socket.write(random.oneIn(2) ? framed(noise(random, 40)) : await someHello(random))
        await peer.pause(20)
      } else {
        for (let count = random.between(1, 40); count > 0; count--) wire.socket.write(strangeRecord(random))
        await peer.pause(20)
      }
    }
    wire.socket.destroy()
    peer.leave()
  },
}

/** Between a real client and the broker: hands on the client's records, or others in their place. */
class Wire {
  readonly socket: Socket
  readonly #counts: Counts
  change: (record: Buffer, nth: number) => Buffer = record => record
  #pending: Buffer = Buffer.alloc(0)
  #nth = 0

  constructor(socket: Socket, counts: Counts) {
    this.socket = socket
    this.#counts = counts
  }

  client({ authority }: TlsAttack, random: Random): tls.TLSSocket {
    const { socket } = this
    const between = new Duplex({
      read() {},
      write: (chunk: Buffer, _, done) => {
        this.#pass(chunk)
        done()
      },
      final: done => {
        socket.end()
        done()
      },
    })
    socket.on('data', chunk => between.push(chunk))
    socket.on('end', () => between.push(null))
    socket.on('close', () => between.destroy())
    const maxVersion = random.oneIn(3) ? 'TLSv1.2' : 'TLSv1.3'
    const client = tls.connect({ socket: between, ca: authority, servername: 'localhost', maxVersion })
    client.on('error', () => {})
    return client
  }

  #pass(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk])
    for (;;) {
      if (this.#pending.length < recordHeaderBytes) return
      const end = recordHeaderBytes + this.#pending.readUInt16BE(3)
      if (this.#pending.length < end) return
      this.#counts.frames++
      if (!this.socket.destroyed) this.socket.write(this.change(Buffer.from(this.#pending.subarray(0, end)), this.#nth++))
      this.#pending = this.#pending.subarray(end)
    }
  }
}

function secure(client: tls.TLSSocket): Promise<boolean> {
  return new Promise(resolve => {
    client.once('secureConnect', () => resolve(true))
    client.once('close', () => resolve(false))
  })
}

const hellos: Buffer[] = []

/** Of a real client, one for each version. */
async function someHello(random: Random): Promise<Buffer> {
  if (hellos.length === 0) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      hellos.push(
        await new Promise<Buffer>(resolve => {
          const listening = new Duplex({ read() {}, write: (chunk: Buffer) => resolve(Buffer.from(chunk)) })
          tls.connect({ socket: listening, servername: 'localhost', maxVersion }).on('error', () => {})
        }),
      )
    }
  }
  return random.pick(hellos)
}

function spoiledRecord(record: Buffer, random: Random): Buffer {
  const copy = Buffer.from(record)
  switch (random.below(10)) {
    case 0:
      return copy
    case 1: {
      const at = recordHeaderBytes + random.below(Math.max(1, copy.length - recordHeaderBytes))
      if (at < copy.length) copy[at] = (copy[at] as number) ^ (1 << random.below(8))
      return copy
    }
    case 2:
      copy[0] = random.pick([0, changeCipherSpec, alert, handshake, applicationData, heartbeat, 255])
      return copy
    case 3:
      copy.writeUInt16BE(random.pick([0, 1, 0x4000, 0x4001, 0x4140, 0xffff, copy.length, copy.length - 4]) & 0xffff, 3)
      return copy
    case 4:
      copy.writeUInt16BE(random.pick([0x0300, 0x0301, 0x0302, 0x0304, 0x7f1c, 0, 0xffff]), 1)
      return copy
    case 5:
      return copy.subarray(0, random.below(copy.length))
    case 6:
      return Buffer.concat([copy, copy])
    case 7:
      return inSmallRecords(copy, random)
    case 8:
      return Buffer.concat([strangeRecord(random), copy])
    default:
      return Buffer.concat([copy, strangeRecord(random)])
  }
}

/** The same message in records of a few bytes, which TLS allows. */
function inSmallRecords(record: Buffer, random: Random): Buffer {
  const pieces: Buffer[] = []
  const step = random.between(1, 20)
  for (let at = recordHeaderBytes; at < record.length; at += step) {
    const piece = record.subarray(at, at + step)
    pieces.push(Buffer.from([record[0] as number, 3, 3, 0, piece.length]), piece)
  }
  return Buffer.concat(pieces)
}

function strangeRecord(random: Random): Buffer {
  const type = random.pick([changeCipherSpec, alert, handshake, applicationData, heartbeat, 0, 99])
  const content = type === alert ? Buffer.from([random.between(0, 3), random.below(120)]) : noise(random, random.below(60))
  return Buffer.concat([Buffer.from([type, 3, 3, 0, content.length]), content])
}

async function silence(peer: Peer, random: Random, handshakeMs: number): Promise<void> {
  if (random.oneIn(60)) await peer.waitsForEnd(handshakeMs)
  else await peer.pause(random.below(30))
}
