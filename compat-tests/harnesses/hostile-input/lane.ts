/**
 * One hostile client after another: sends spoiled frames over a connection, cut into TCP segments at random places, until
 * the broker closes it, then begins a new one with the frames that were not looked at. Answers carry the number of the frame
 * they belong to, so that it is known how far the broker came, and that it never answers out of order.
 */
import { connect, type Socket } from 'node:net'
import type { Random } from '../../lib/random.js'
import { frameCutter } from '../../lib/relay.js'
import type { Mutant } from './mutator.js'

export interface LaneCounts {
  /** Frames that the broker took: answered, or the reason for closing. */
  frames: number
  answered: number
  closed: number
  /** Given up because nothing came for a while: a frame that is rightly parked, such as a join, or one without an answer. */
  stalled: number
  connections: number
  segments: number
}

/** About half of the frames end their connection, and those behind such a one are sent again: small chunks waste less. */
const FRAMES_PER_CHUNK_MAX = 6
const FRAMES_PER_LARGE_CHUNK_MAX = 100
const STALL_MS = 150
/** A frame after one with a false length would be taken for a part of it. */
const AFTER_LIE_MS = 20

export class Lane {
  readonly problems: string[] = []
  #queue: Mutant[] = []
  #socket: Socket | null = null
  /** Frames sent on this connection that are not known to be done, and the number of the first of them. */
  #sent: Mutant[] = []
  #firstSent = 0
  #wake = () => {}

  constructor(
    private readonly port: number,
    private readonly next: () => Mutant | null,
    private readonly random: Random,
    readonly counts: LaneCounts,
  ) {}

  /** What is on its way now, for the report of a broker that died. */
  get outstanding(): readonly Buffer[] {
    return this.#sent.map(({ bytes }) => bytes)
  }

  /** Ends when there are no more frames, or the broker does not listen any more. */
  async run(): Promise<void> {
    for (;;) {
      const chunk = this.#chunk()
      if (chunk.length === 0) break
      if (this.#socket === null && !(await this.#connect())) {
        this.problems.push('the broker does not listen any more')
        return
      }
      await this.#send(chunk)
      await this.#answers(chunk.at(-1)!.endsConnection ? AFTER_LIE_MS : STALL_MS)
    }
    this.#drop()
  }

  #chunk(): Mutant[] {
    const chunk: Mutant[] = []
    const countMax = this.random.oneIn(50) ? FRAMES_PER_LARGE_CHUNK_MAX : FRAMES_PER_CHUNK_MAX
    for (let count = this.random.between(1, countMax); count > 0; count--) {
      const mutant = this.#queue.shift() ?? this.next()
      if (mutant === null) break
      chunk.push(mutant)
      if (mutant.endsConnection) break
    }
    return chunk
  }

  #connect(): Promise<boolean> {
    // Many source addresses: one would run out of ports that do not still wait for stragglers.
    const localAddress = `127.0.${this.random.between(1, 250)}.${this.random.between(1, 250)}`
    return new Promise(resolve => {
      const socket = connect({ port: this.port, host: '127.0.0.1', localAddress })
      socket.once('connect', () => {
        this.counts.connections++
        this.#socket = socket
        this.#sent = []
        this.#firstSent = 0
        resolve(true)
      })
      socket.setNoDelay(true)
      socket.on('error', () => resolve(false))
      const cut = frameCutter(frame => this.#answered(frame))
      socket.on('data', chunk => {
        cut(chunk)
        this.#wake()
      })
      socket.on('close', () => {
        if (this.#socket === socket) this.#socket = null
        this.#wake()
      })
    })
  }

  async #send(chunk: readonly Mutant[]): Promise<void> {
    for (const mutant of chunk) {
      if (mutant.bytes.length >= 12) mutant.bytes.writeInt32BE(this.#firstSent + this.#sent.length, 8)
      this.#sent.push(mutant)
    }
    const bytes = Buffer.concat(chunk.map(mutant => mutant.bytes))
    // A segment per write, as long as the writes come in different turns.
    let cuts = this.random.oneIn(2) ? 0 : this.random.between(1, 8)
    let at = 0
    for (; cuts > 0 && this.#socket !== null; cuts--) {
      const end = Math.min(bytes.length, at + 1 + this.random.below(Math.ceil((2 * bytes.length) / (cuts + 1))))
      this.#socket.write(bytes.subarray(at, end))
      this.counts.segments++
      at = end
      await new Promise(resolve => setImmediate(resolve))
    }
    if (at < bytes.length) {
      this.#socket?.write(bytes.subarray(at))
      this.counts.segments++
    }
  }

  /** Until everything is answered, the broker closed, or nothing came for `patienceMs`. */
  async #answers(patienceMs: number): Promise<void> {
    while (this.#sent.length > 0 && this.#socket !== null) {
      const before = this.#sent.length
      const timedOut = await new Promise<boolean>(resolve => {
        const timer = setTimeout(resolve, patienceMs, true)
        this.#wake = () => {
          clearTimeout(timer)
          resolve(false)
        }
      })
      if (timedOut && this.#sent.length === before) {
        this.counts.stalled++
        this.#drop()
        break
      }
    }
    if (this.#socket !== null) return
    // The first one without an answer is why; those behind it were not looked at.
    if (this.#sent.length > 0) {
      this.counts.closed++
      this.counts.frames++
      this.#queue = [...this.#sent.slice(1), ...this.#queue]
      this.#sent = []
    }
  }

  #answered(frame: Buffer): void {
    const index = frame.readInt32BE(0) - this.#firstSent
    if (index < 0 || index >= this.#sent.length) {
      this.problems.push(`an answer to frame ${frame.readInt32BE(0)}; ${this.#sent.length} wait from ${this.#firstSent} on`)
      this.#drop()
      return
    }
    // Those before it had no answer to wait for (acks=0).
    this.counts.frames += index + 1
    this.counts.answered++
    this.#sent.splice(0, index + 1)
    this.#firstSent += index + 1
  }

  #drop(): void {
    this.#socket?.destroy()
    this.#socket = null
  }
}
