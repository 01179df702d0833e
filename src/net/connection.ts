/**
 * One client's connection: cuts frames, hands them to the service it was given, and sends the responses in the order of
 * the requests. It knows frame lengths and order, not messages.
 *
 * Receiving. All connections read into one shared buffer; a frame that lies whole in it is handed on as a view. A frame that
 * does not fit is collected in a buffer of its own, into which the socket then reads directly. Either is valid only until
 * dispatch returns: then the memory is the next frame's. A buffer of its own may be kept until the effects of the
 * request are fixed.
 *
 *   shared buffer:  [ frame | frame | fra ]
 *                                     └── own buffer [ fra······ ] ← the next read lands here
 *
 * Order. As Kafka does, one request of a connection is in its handler at a time; the next waits. The exception is a request
 * whose effects are fixed when dispatch returns or some turns of the event loop later (a produce whose appends are done and
 * only wait to be durable): the next such request may start then, and its answer waits in line.
 *
 * Ending. A frame or a request that cannot be served ends the connection: nothing behind it is read or started, what was
 * asked before it is answered first.
 *
 * Bounds. A frame gets memory as it arrives, and what has begun must get on. A client that does not read its answers gets no
 * further request started, is not read from, and counts as idle. What had arrived by then waits as frames, and beyond a number
 * of frames or a megabyte as raw bytes. A client that sends without a pause is read once per turn of the event loop; libuv
 * would otherwise read sixteen megabytes from it before the next client.
 */
import type { Socket } from 'node:net'
import type { Bytes } from '../base/bytes.js'
import { atEndOfTurn } from '../base/end-of-turn.js'
import { microsecondsOf, noteAnswered } from '../base/meter.js'
import type { Clock, Timer } from '../base/world.js'
import { frameBytesMin, frameLengthBytes, type Outgoing } from '../protocol/frame.js'
import type { ConnectionInfo } from './connection-info.js'
import { type FrameAccount, type FrameMemory, grownBytesMin, memoryFor, waitingBytesMax } from './frame-memory.js'
import type { NativeCalls } from './native.js'
import { hintAbout } from './other-protocols.js'
import { Outbound, releaseRanges } from './outbound.js'

/** What dispatch says about a frame. `null` stands for "no answer" (acks=0). */
export type Dispatched = Outgoing | null | Pending

/** The answer comes later. */
export interface Pending {
  readonly answer: Promise<Outgoing | null>
  /** Its effects are fixed before the answer is known, and from then on a frame that is ordered too may start. */
  readonly isOrdered: boolean
  /** When they are, or at least the frame is needed no more; null for now. Rejects never. */
  readonly fixed: Promise<void> | null
  /** The frame's own memory is needed until then. */
  readonly keepsFrame: boolean
}

/** What the broker may do to a connection. */
export interface ConnectionControl {
  /** The answers to what has started still leave; nothing further is read or started for so long. The longest call counts. */
  muteFor(muteMs: number): void
  /** What has started is answered, then the connection closes. `reason` goes to the log. */
  close(reason: string): void
  /** Which frames are taken from now on; null as the listener says. */
  boundFrames(bounds: FrameBounds | null): void
}

/** How many bytes a frame has. */
export interface FrameBounds {
  readonly min: number
  readonly max: number
}

/** What a connection's frames are given to; one for each connection. */
export interface ConnectionService {
  /**
   * Throws to have the connection closed: there is no answer to give. `isOwnMemory`: the frame's bytes may be kept until
   * its effects are fixed; otherwise they are over when this returns. `receivedUs`, `nowUs`: by the meter's clock (base/meter).
   */
  dispatch(frame: Bytes, isOwnMemory: boolean, receivedUs?: number, nowUs?: number): Dispatched
  /** Whether a frame may start while ordered ones wait for their answers. */
  startsInOrder(frame: Bytes): boolean
  /** The connection is over; called once. */
  closed(): void
}

export type Serve = (info: ConnectionInfo, control: ConnectionControl) => ConnectionService

export interface ConnectionOptions {
  readonly info: ConnectionInfo
  readonly serve: Serve
  readonly native: NativeCalls | null
  /** The socket speaks TLS: nothing may be sent past it. */
  readonly isSecure: boolean
  readonly memory: FrameMemory
  /** Largest frame, in bytes (socket.request.max.bytes). */
  readonly frameBytesMax: number
  readonly clock: Clock
  readonly onClose: (connection: Connection) => void
  /** The connection ends because of what the client sent, or because an answer could not be sent. */
  readonly onFault: (connection: Connection, error: unknown) => void
}

/** What the client sent cannot be served; says nothing about the broker. */
export class ConnectionFault extends Error {
  override readonly name = 'ConnectionFault'
}

/** A client that does not read its answers is not served and not read from beyond this. */
const unsentBytesMax = 1024 * 1024
/** Who sent this much in one turn of the event loop is read from again in the next. */
const turnBytesMax = 512 * 1024
/** A frame that has begun is whole, or longer by this much … */
const frameStepBytes = 1024 * 1024
/** … within this time. Otherwise a client that sends a byte now and then would hold memory for ever. */
const frameStepMsMax = 30_000
/** Frames of one connection that may wait behind the one in its handler; beyond, the socket is not read from. */
const waitingFramesMax = 64
/** Ordered requests of one connection that may wait for durability at once. */
const orderedInFlightMax = 32

/** A request in its handler, or answered and behind one that is not. */
interface Slot {
  answer: Outgoing | null | undefined
  /** Kept until the effects are fixed. */
  frame: Buffer | null
  /** A request before it ended the connection. */
  isDropped: boolean
}

export class Connection {
  readonly info: ConnectionInfo
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #service: ConnectionService
  readonly #memory: FrameAccount
  readonly #outbound: Outbound

  // Receiving.
  #bounds: FrameBounds
  /** The frame being collected; its memory grows as it arrives. */
  #partial: Buffer | null = null
  #partialFilled = 0
  /** How far it may be filled: so much of it is charged. */
  #partialCharged = 0
  #partialBytes = 0
  /** When the frame being received was last seen to get on, and how far it was. */
  #stepMs = 0
  #stepFilled = 0
  #readsIntoPartial = false
  readonly #prefix = new Uint8Array(frameLengthBytes)
  #prefixFilled = 0
  readonly #waitingFrames: Buffer[] = []
  /** When each of them was whole. */
  readonly #waitingSinceUs: number[] = []
  #isPaused = false
  #turnBytes = 0
  /** What arrived while there was no memory for its frame, or too many frames waited. */
  #unread: Buffer | null = null
  #lacksMemory = false
  /** The client has sent its last byte. */
  #isEnded = false

  // Answering: one slot per request in its handler, in order; a slot is filled when its answer is known.
  readonly #slots: Slot[] = []
  #hasUnordered = false
  #isDraining = false
  /** Closes once what has started is answered. */
  #isEnding = false
  #mutedUntilMs = 0
  #unmuting: Timer | null = null
  #isClosed = false
  #isGathering = false
  /** Frames are being started further up the stack, which goes on when this returns. */
  #isBusy = false
  /** When the client was last seen to send or to read. */
  lastActiveMs: number
  #sentBefore = 0
  /** When the clock was read last, for who counts. */
  #nowUs = 0

  constructor(socket: Socket, options: ConnectionOptions) {
    this.info = options.info
    this.#socket = socket
    this.#options = options
    this.#memory = options.memory.accountOf(options.info.remoteAddress)
    this.lastActiveMs = options.clock.monotonicMs()
    const bounds: FrameBounds = { min: frameBytesMin, max: options.frameBytesMax }
    this.#bounds = bounds
    this.#service = options.serve(options.info, {
      boundFrames: narrower => {
        this.#bounds = narrower ?? bounds
      },
      muteFor: muteMs => this.#muteFor(muteMs),
      close: reason => this.#endBecauseOf(new ConnectionFault(reason)),
    })
    this.#outbound = new Outbound(socket, {
      native: options.native,
      isSecure: options.isSecure,
      onProgress: () => this.#goOn(),
      onBroken: error => {
        this.#report(error)
        this.close()
      },
      onGone: () => this.close(),
    })
    socket.on('error', () => {}) // 'close' follows; a client that vanishes is no event.
    socket.on('close', () => {
      this.#letGo()
      options.onClose(this)
    })
    socket.on('end', () => {
      this.#isEnded = true
      this.#goOn()
    })
  }

  /** No request is in its handler, none waits, nothing is unsent. */
  get isQuiet(): boolean {
    return this.#slots.length === 0 && this.#waitingFrames.length === 0 && this.#unsentBytes() === 0
  }

  /**
   * Closes a client that neither sends nor reads for `idleMsMax` (negative: it may) while nothing of it is in a handler, and
   * one that has begun a frame and does not go on. To be called every few seconds.
   */
  closeIfStalled(idleMsMax: number): void {
    const nowMs = this.#options.clock.monotonicMs()
    const sent = this.#outbound.progress
    if (sent !== this.#sentBefore) this.lastActiveMs = nowMs
    this.#sentBefore = sent
    if (this.#partial !== null || this.#prefixFilled > 0) {
      // While we do not read, no time passes for the client.
      if (this.#isPaused || this.#partialFilled - this.#stepFilled >= frameStepBytes) this.#markStep(nowMs)
      else if (nowMs - this.#stepMs > frameStepMsMax) {
        const arrived = `${this.#partialFilled} of ${this.#partialBytes} bytes`
        this.#endBecauseOf(new ConnectionFault(`a frame did not arrive within ${frameStepMsMax} ms: ${arrived}`))
      }
    }
    if (idleMsMax >= 0 && nowMs - this.lastActiveMs > idleMsMax && this.#slots.length === 0) this.close()
  }

  #markStep(nowMs: number): void {
    this.#stepMs = nowMs
    this.#stepFilled = this.#partialFilled
  }

  /** Where the socket should put the next bytes; null for the shared buffer. */
  readTarget(): Buffer | null {
    const partial = this.#partial
    // A full one that may not grow yet is not read into.
    this.#readsIntoPartial = partial !== null && this.#partialCharged > this.#partialFilled
    if (!this.#readsIntoPartial) return null
    // One read takes all that the socket has: megabytes, if it may.
    const end = Math.min(this.#partialCharged, this.#partialFilled + turnBytesMax)
    return (partial as Buffer).subarray(this.#partialFilled, end)
  }

  /** `bytes` are valid during this call only. */
  received(bytes: Buffer): void {
    if (this.#isClosed) return
    this.#isActive()
    this.#isBusy = true
    this.#gatherWrites()
    this.#turnBytes += bytes.byteLength
    if (this.#partial !== null && this.#readsIntoPartial) {
      this.#partialFilled += bytes.byteLength
      this.#partialGrown()
    } else this.#cut(bytes, false)
    this.#isBusy = false
    this.#goOn()
  }

  /** Answers of one turn of the event loop leave in one write. */
  #gatherWrites(): void {
    if (this.#isGathering) return
    this.#isGathering = true
    this.#socket.cork()
    atEndOfTurn(this.#writeGathered)
  }
  readonly #writeGathered = (): void => {
    this.#isGathering = false
    this.#socket.uncork()
    const hadItsTurn = this.#turnBytes >= turnBytesMax
    this.#turnBytes = 0
    if (hadItsTurn) this.#updateReading()
  }

  /** No more requests are taken; resolves nothing: watch `isQuiet`. Used by a graceful stop. */
  drain(): void {
    this.#isDraining = true
    this.#dropWaiting()
    this.#updateReading()
  }

  /** Nothing more is started or sent, and the files are let go, at once; the socket's own end comes later. */
  close(): void {
    if (this.#isClosed) return
    this.#letGo()
    if (this.#options.isSecure) endSecurely(this.#socket)
    else this.#socket.destroy()
  }

  /** Cuts as many frames as `bytes` holds; the rest is kept. `isOwn`: the bytes stay what they are. */
  #cut(bytes: Buffer, isOwn: boolean): void {
    let at = 0
    while (at < bytes.byteLength && !this.#isClosed && !this.#isEnding) {
      if (this.#partial !== null) {
        if (this.#partialFilled === this.#partialCharged) {
          this.#keepUnread(bytes.subarray(at), isOwn)
          return
        }
        const take = Math.min(bytes.byteLength - at, this.#partialCharged - this.#partialFilled)
        this.#partial.set(bytes.subarray(at, at + take), this.#partialFilled)
        this.#partialFilled += take
        at += take
        this.#partialGrown()
        continue
      }
      if (this.#waitingFrames.length >= waitingFramesMax) {
        this.#keepUnread(bytes.subarray(at), isOwn)
        return
      }
      // 1. The length, which may itself arrive in pieces.
      let length: number
      if (this.#prefixFilled === 0 && bytes.byteLength - at >= frameLengthBytes) {
        length = bytes.readInt32BE(at)
      } else {
        while (this.#prefixFilled < frameLengthBytes && at < bytes.byteLength) {
          this.#prefix[this.#prefixFilled++] = bytes[at++] as number
        }
        if (this.#prefixFilled < frameLengthBytes) {
          this.#markStep(this.lastActiveMs)
          return
        }
        length = new DataView(this.#prefix.buffer).getInt32(0)
        at -= frameLengthBytes // Where the frame's length would start; may be negative, only sums are used.
      }
      // 2. Refused before anything is allocated for it.
      const { min, max } = this.#bounds
      if (length < min || length > max) {
        const allowed = `allowed are ${min} to ${max}${hintAbout(length)}`
        this.#endBecauseOf(new ConnectionFault(`frame of ${length} bytes; ${allowed}`))
        return
      }
      const start = at + frameLengthBytes
      // 3. Whole and nothing before it: straight to the handler.
      const mayStart = this.#mayStart(bytes, start)
      if (mayStart && start + length <= bytes.byteLength) {
        this.#prefixFilled = 0
        at = start + length
        this.#start(bytes.subarray(start, at), null, this.#nowUs)
        continue
      }
      // 4. Otherwise it is collected, if there is memory for it.
      const mayBegin = mayStart || this.#memory.usedBytes < waitingBytesMax
      const frame = mayBegin ? this.#memory.take(memoryFor(length, bytes.byteLength - start, mayStart), this.#onRoom) : null
      if (frame === null) {
        this.#lacksMemory = mayBegin
        // A length that came in pieces stays in #prefix; one that came whole is read again.
        this.#keepUnread(bytes.subarray(this.#prefixFilled === 0 ? at : start), isOwn)
        return
      }
      this.#prefixFilled = 0
      this.#partial = frame
      this.#partialFilled = 0
      this.#partialCharged = frame.byteLength
      this.#partialBytes = length
      this.#markStep(this.lastActiveMs)
      at = start
    }
  }

  #keepUnread(bytes: Buffer, isOwn: boolean): void {
    this.#unread = isOwn ? bytes : Buffer.from(bytes)
  }

  /** False when nothing came of it. */
  #cutUnread(unread: Buffer): boolean {
    this.#unread = null
    this.#cut(unread, true)
    return this.#unread === null || (this.#unread as Buffer).byteLength < unread.byteLength
  }

  readonly #onRoom = (): void => {
    this.#lacksMemory = false
    this.#goOn()
  }

  /** Something that was in the way may be gone: an answer left, room was made, the client read or ended. */
  #goOn(): void {
    if (this.#isBusy || this.#isClosed) return
    this.#isBusy = true
    this.#startWaiting()
    this.#partialGrown()
    while (this.#unread !== null && !this.#lacksMemory && this.#waitingFrames.length < waitingFramesMax) {
      if (!this.#cutUnread(this.#unread)) break
    }
    this.#isBusy = false
    this.#updateReading()
    // What arrived in full is served although its sender is gone: a producer with acks=0 counts on that.
    if (this.#isEnded && this.#waitingFrames.length === 0 && this.#unread === null) this.close()
    if (this.#isEnding && this.#slots.length === 0 && this.#unsentBytes() === 0) this.close()
  }

  #partialGrown(): void {
    const frame = this.#partial
    if (frame === null || this.#partialFilled < this.#partialCharged) return
    if (this.#partialFilled < this.#partialBytes) {
      this.#grow(frame)
      return
    }
    this.#partial = null
    this.#waitingFrames.push(frame)
    this.#waitingSinceUs.push(this.#nowUs)
    this.#startWaiting()
  }

  /** A frame that would have to wait grows up to a bound; its turn comes when what is before it is answered. */
  #grow(frame: Buffer): void {
    const mayStart = this.#mayStart(frame, 0)
    if (!mayStart && this.#memory.usedBytes >= waitingBytesMax) return
    const bytes = memoryFor(this.#partialBytes, this.#partialFilled, mayStart)
    this.#lacksMemory = !this.#memory.charge(bytes - this.#partialCharged, mayStart, this.#onRoom)
    if (this.#lacksMemory) return
    this.#partialCharged = bytes
    if (bytes <= frame.byteLength) return
    // A large one gets its last memory now, which costs nothing until it is filled: it would take long to copy it again.
    const roomBytes = bytes > grownBytesMin ? this.#partialBytes : bytes
    this.#partial = this.#memory.exchange(frame, this.#partialFilled, roomBytes)
  }

  #mayStart(bytes: Buffer, start: number): boolean {
    if (this.#unmuting !== null || this.#unsentBytes() > unsentBytesMax) return false
    if (this.#slots.length === 0) return this.#waitingFrames.length === 0
    if (this.#hasUnordered || this.#waitingFrames.length > 0 || this.#slots.length >= orderedInFlightMax) return false
    return this.#service.startsInOrder(bytes.subarray(start))
  }

  #startWaiting(): void {
    for (;;) {
      const frame = this.#waitingFrames[0]
      if (frame === undefined || this.#isClosed || this.#unmuting !== null || this.#unsentBytes() > unsentBytesMax) return
      if (this.#slots.length > 0) {
        if (this.#hasUnordered || this.#slots.length >= orderedInFlightMax) return
        if (!this.#service.startsInOrder(frame)) return
      }
      this.#waitingFrames.shift()
      if (!this.#start(frame, frame, this.#waitingSinceUs.shift()!)) this.#memory.give(frame, frame.byteLength)
    }
  }

  /** `own` is the frame where it has memory of its own. True when that is kept for now. */
  #start(frame: Bytes, own: Buffer | null, receivedUs: number): boolean {
    if (this.#isDraining || this.#isEnding) return false
    let dispatched: Dispatched
    try {
      dispatched = this.#service.dispatch(frame, own !== null, receivedUs, this.#nowUs)
    } catch (error) {
      this.#endBecauseOf(error)
      return false
    }
    if (dispatched === null || 'bytes' in dispatched) {
      if (this.#slots.length === 0) {
        if (dispatched !== null) this.#outbound.enqueue(dispatched, this.#nowUs)
      } else this.#slots.push({ answer: dispatched, frame: null, isDropped: false })
      return false
    }
    const { answer, isOrdered, fixed, keepsFrame } = dispatched
    const slot: Slot = { answer: undefined, frame: keepsFrame ? own : null, isDropped: false }
    this.#slots.push(slot)
    if (!isOrdered || fixed !== null) this.#hasUnordered = true
    if (fixed !== null) void fixed.then(() => (isOrdered ? this.#isFixed(slot) : this.#giveBack(slot)))
    answer.then(
      answer => this.#answered(slot, answer),
      error => this.#failed(slot, error),
    )
    return slot.frame !== null
  }

  /** Nothing has started behind it. */
  #isFixed(slot: Slot): void {
    this.#giveBack(slot)
    if (this.#isClosed || slot.isDropped) return
    this.#hasUnordered = false
    this.#goOn()
  }

  #answered(slot: Slot, answer: Outgoing | null): void {
    slot.answer = answer
    this.#isActive()
    if (answer !== null) noteAnswered(answer, this.#nowUs)
    this.#giveBack(slot)
    if (this.#isClosed || slot.isDropped) {
      if (answer !== null) releaseRanges(answer)
      return
    }
    if (this.#slots.length > 1) this.#gatherWrites()
    for (let head = this.#slots[0]; head !== undefined && head.answer !== undefined; head = this.#slots[0]) {
      this.#slots.shift()
      if (head.answer !== null) this.#outbound.enqueue(head.answer, this.#nowUs)
    }
    // An unordered request is always alone and last in line.
    if (this.#slots.length === 0) this.#hasUnordered = false
    this.#goOn()
  }

  /** There is no answer to this request, and so none to those behind it. */
  #failed(slot: Slot, error: unknown): void {
    this.#giveBack(slot)
    if (this.#isClosed || slot.isDropped) return
    for (const dropped of this.#slots.splice(this.#slots.indexOf(slot))) {
      dropped.isDropped = true
      if (dropped.answer !== undefined && dropped.answer !== null) releaseRanges(dropped.answer)
    }
    this.#endBecauseOf(error)
  }

  #giveBack(slot: Slot): void {
    if (slot.frame !== null) this.#memory.give(slot.frame, slot.frame.byteLength)
    slot.frame = null
  }

  #isActive(): void {
    this.lastActiveMs = this.#options.clock.monotonicMs()
    this.#nowUs = microsecondsOf(this.lastActiveMs)
  }

  #muteFor(muteMs: number): void {
    const { clock } = this.#options
    const untilMs = clock.monotonicMs() + muteMs
    if (this.#isClosed || muteMs <= 0 || untilMs <= this.#mutedUntilMs) return
    this.#mutedUntilMs = untilMs
    this.#unmuting?.cancel()
    this.#unmuting = clock.after(muteMs, () => {
      this.#unmuting = null
      this.#goOn()
    })
    this.#updateReading()
  }

  #unsentBytes(): number {
    return this.#outbound.pendingBytes + this.#socket.writableLength
  }

  /** Reading goes on only while the client reads, little waits, and there is memory. */
  #updateReading(): void {
    if (this.#isClosed) return
    const shouldPause =
      this.#isDraining ||
      this.#isEnding ||
      this.#isEnded ||
      this.#unmuting !== null ||
      this.#turnBytes >= turnBytesMax ||
      this.#unread !== null ||
      this.#lacksMemory ||
      (this.#partial !== null && this.#partialFilled === this.#partialCharged) ||
      this.#waitingFrames.length >= waitingFramesMax ||
      this.#unsentBytes() > unsentBytesMax
    if (shouldPause === this.#isPaused) return
    this.#isPaused = shouldPause
    if (shouldPause) this.#socket.pause()
    else this.#socket.resume()
  }

  #endBecauseOf(error: unknown): void {
    if (this.#isClosed) return
    if (!this.#isEnding) this.#report(error)
    this.#isEnding = true
    this.#dropUnserved()
    this.#goOn()
  }

  #report(error: unknown): void {
    if (!this.#isClosed) this.#options.onFault(this, error)
  }

  #letGo(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#unmuting?.cancel()
    this.#dropUnserved()
    this.#outbound.close()
    for (const { answer } of this.#slots) if (answer !== undefined && answer !== null) releaseRanges(answer)
    this.#slots.length = 0
    this.#memory.close()
    this.#service.closed()
  }

  #dropUnserved(): void {
    this.#dropWaiting()
    if (this.#partial !== null) this.#memory.give(this.#partial, this.#partialCharged)
    this.#partial = null
    this.#unread = null
  }

  #dropWaiting(): void {
    this.#waitingSinceUs.length = 0
    for (const frame of this.#waitingFrames.splice(0)) this.#memory.give(frame, frame.byteLength)
  }
}

/** Says that it is over, without which some clients report a failure of TLS; whether it arrives is not waited for. */
function endSecurely(socket: Socket): void {
  socket.end()
  setImmediate(() => socket.destroy())
}
