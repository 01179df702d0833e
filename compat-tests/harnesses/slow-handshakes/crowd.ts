/**
 * Clients that do not get on with their handshake, in a thread of their own: each does one of the things below, and waits for
 * the broker to close. Told when all are connected, and when the last is gone.
 */
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { delay } from '../../lib/patience.js'
import type { Protocol } from '../../lib/secure-gregor.js'

const secured = 'TLS: silent after the handshake, where SASL follows'
export const kinds = [
  'TLS: silent',
  'TLS: its first message a byte at a time',
  'TLS: silent after its first message',
  secured,
  'SASL: silent',
  'SASL: its first message a byte at a time',
  'SASL: a token of half a megabyte, a byte at a time',
] as const
type Kind = (typeof kinds)[number]

export interface CrowdOptions {
  readonly addresses: Readonly<Record<Protocol, string>>
  /** PEM */
  readonly authority: string
  readonly clients: number
  /** The connections are made in this time. */
  readonly rampMs: number
}

export interface CrowdReport {
  readonly refused: number
  /** From connecting to the end, in milliseconds, sorted. */
  readonly lastedMs: readonly number[]
}

const byteEveryMs = 250

export class Crowd {
  readonly #worker: Worker
  readonly gone: Promise<CrowdReport>

  constructor(options: CrowdOptions) {
    this.#worker = new Worker(new URL('./crowd.js', import.meta.url), { workerData: options })
    this.gone = new Promise((resolve, reject) => {
      this.#worker.once('message', resolve)
      this.#worker.once('error', reject)
    })
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}

async function gather({ addresses, authority, clients, rampMs }: CrowdOptions): Promise<CrowdReport> {
  const hello = await firstMessage()
  const lastedMs: number[] = []
  let refused = 0
  const slow = async (nth: number) => {
    await delay((nth / clients) * rampMs)
    const kind = kinds[nth % kinds.length] as Kind
    const protocol = kind === secured ? 'SASL_SSL' : kind.startsWith('TLS') ? 'SSL' : 'SASL_PLAINTEXT'
    const socket = await connected(addresses[protocol], nth)
    if (socket === null) {
      refused++
      return
    }
    const since = performance.now()
    const stream = kind === secured ? tls.connect({ socket, ca: authority, servername: 'localhost' }) : socket
    const isOver = { value: false }
    const ended = new Promise<void>(resolve => {
      const over = () => {
        isOver.value = true
        resolve()
      }
      stream.on('error', over).on('end', over).on('close', over).resume()
    })
    if (kind !== secured) void act(kind, { socket, hello, isOver })
    await ended
    lastedMs.push(performance.now() - since)
    socket.destroy()
  }
  await Promise.all(Array.from({ length: clients }, (_, nth) => slow(nth)))
  return { refused, lastedMs: lastedMs.sort((a, b) => a - b) }
}

interface Client {
  readonly socket: Socket
  readonly hello: Buffer
  readonly isOver: { readonly value: boolean }
}

/** SaslHandshake v1 with PLAIN, from a client without an id. */
const handshake = Buffer.from([0, 0, 0, 17, 0, 17, 0, 1, 0, 0, 0, 0, 255, 255, 0, 5, ...Buffer.from('PLAIN')])
const largeToken = Buffer.from([0, 8, 0, 0, 0, 36, 0, 1, 0, 0, 0, 1, 255, 255, 0, 7, 255, 0])

async function act(kind: Exclude<Kind, typeof secured>, { socket, hello, isOver }: Client): Promise<void> {
  const dribble = async (bytes: Buffer) => {
    for (const byte of bytes.subarray(0, -1)) {
      if (isOver.value) return
      socket.write(Buffer.from([byte]))
      await delay(byteEveryMs)
    }
  }
  switch (kind) {
    case 'TLS: silent':
    case 'SASL: silent':
      return
    case 'TLS: its first message a byte at a time':
      return dribble(hello)
    case 'TLS: silent after its first message':
      socket.write(hello)
      return
    case 'SASL: its first message a byte at a time':
      return dribble(handshake)
    case 'SASL: a token of half a megabyte, a byte at a time':
      socket.write(handshake)
      return dribble(Buffer.concat([largeToken, Buffer.alloc(1000)]))
  }
}

function connected(address: string, nth: number): Promise<Socket | null> {
  const [host, port] = address.split(':')
  return new Promise(resolve => {
    const socket = connect({ port: Number(port), host: host ?? '', localAddress: `127.0.78.${1 + (nth % 50)}`, noDelay: true })
    socket.on('error', () => resolve(null))
    socket.once('connect', () => resolve(socket))
  })
}

/** Of a real client. */
function firstMessage(): Promise<Buffer> {
  return new Promise(resolve => {
    const listening = new Duplex({ read() {}, write: (chunk: Buffer) => resolve(Buffer.from(chunk)) })
    tls.connect({ socket: listening, servername: 'localhost' }).on('error', () => {})
  })
}

if (!isMainThread) parentPort!.postMessage(await gather(workerData as CrowdOptions))
