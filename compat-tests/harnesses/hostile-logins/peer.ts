/**
 * One hostile client: a connection on which whatever is sent must be answered, or the connection closed, within a time. It cuts
 * answers out of the stream and keeps count; what it sends leaves in TCP segments of any size.
 */
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Random } from '../../lib/random.js'
import { frameCutter } from '../../lib/relay.js'

export interface Counts {
  /** SASL messages and TLS records that were sent. */
  frames: number
  connections: number
  answers: number
  /** By the broker. */
  closed: number
  /** Kept open in silence until the broker's deadline. */
  waitedOut: number
  logins: number
}

/** Generous: the broker, the hostile side and the clients that are watched share two processors. */
const answerMsMax = 10_000
const spoiledMsMax = 100
/** Of what was sent at once. */
const shownBytes = 300

export class Peer {
  readonly #stream: Duplex
  readonly #random: Random
  readonly #counts: Counts
  readonly #answers: Buffer[] = []
  isClosed = false
  /** What is sent does not arrive as it is: it may never be answered. */
  isSpoiled = false
  readonly sinceMs = performance.now()
  /** For the report of a fault. */
  readonly sent: string[] = []
  #wake = () => {}

  constructor(stream: Duplex, random: Random, counts: Counts) {
    this.#stream = stream
    this.#random = random
    this.#counts = counts
    const cut = frameCutter(frame => this.#answers.push(frame))
    stream.on('data', (chunk: Buffer) => {
      cut(chunk)
      this.#wake()
    })
    stream.on('error', () => {})
    for (const end of ['end', 'close'] as const) {
      stream.on(end, () => {
        this.isClosed = true
        this.#wake()
      })
    }
  }

  /** `frameCount` whole ones are in it. */
  async send(bytes: Buffer, frameCount = 1): Promise<void> {
    this.#counts.frames += frameCount
    this.sent.push(bytes.toString('hex', 0, shownBytes))
    let at = 0
    for (let cuts = this.#random.oneIn(3) ? this.#random.between(1, 4) : 0; cuts > 0 && !this.isClosed; cuts--) {
      const end = Math.min(bytes.length, at + 1 + this.#random.below(Math.ceil(bytes.length / 2)))
      this.#stream.write(bytes.subarray(at, end))
      at = end
      await new Promise(resolve => setImmediate(resolve))
    }
    if (at < bytes.length && !this.isClosed) this.#stream.write(bytes.subarray(at))
  }

  /** The next answer; null when the broker has closed instead. */
  async answer(): Promise<Buffer | null> {
    const patienceMs = this.isSpoiled ? spoiledMsMax : answerMsMax
    const arrived = await this.#until(() => this.#answers.length > 0 || this.isClosed, patienceMs)
    if (!arrived && this.isSpoiled) return null
    if (!arrived) throw new Error(`neither an answer nor an end within ${answerMsMax} ms: ${this.sent.join(' ')}`)
    const answer = this.#answers.shift() ?? null
    if (answer === null) this.#counts.closed++
    else this.#counts.answers++
    return answer
  }

  /** Says nothing further: the broker must end this. */
  async waitsForEnd(deadlineMs: number): Promise<void> {
    const patienceMs = deadlineMs + answerMsMax
    if (!(await this.#until(() => this.isClosed, patienceMs)))
      throw new Error(`still connected ${patienceMs} ms later: ${this.sent.join(' ')}`)
    this.#counts.waitedOut++
  }

  pause(pauseMs: number): Promise<boolean> {
    return this.#until(() => this.isClosed, pauseMs)
  }

  leave(): void {
    if (this.#random.oneIn(2)) this.#stream.destroy()
    else {
      this.#stream.end()
      setImmediate(() => this.#stream.destroy())
    }
  }

  async #until(holds: () => boolean, patienceMs: number): Promise<boolean> {
    const endMs = performance.now() + patienceMs
    while (!holds()) {
      const leftMs = endMs - performance.now()
      if (leftMs <= 0) return false
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return true
  }
}

/** How many addresses attack: one would run out of ports that still wait for stragglers. */
const addresses = 60

export function connected(address: string, random: Random, counts: Counts): Promise<Socket> {
  const [host, port] = address.split(':')
  const localAddress = `127.0.77.${random.between(1, addresses)}`
  counts.connections++
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: host ?? '', localAddress, noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}
