/**
 * The way out of one connection: answers in the order given, bytes and file ranges. On a plain socket with sendfile(2) a
 * range goes from the page cache to the socket without passing through this process; otherwise it is read and written.
 * Both ways serve the same bytes. Over TLS everything is read and written, and in pieces, since encrypting takes the loop's time.
 *
 * Invariant: at most one answer is being sent; nothing is written to the socket beside it. That is what keeps a header
 * sent through the descriptor from overtaking one that Node still holds.
 *
 *   enqueue → [ answer | answer | answer ]            `pendingBytes` counts them all; the connection stops reading beyond a bound
 *               └ head: bytes …, file range, bytes …
 *                   bytes   all Node-held writes done? send(MSG_MORE) : socket.write
 *                   range   cached? sendfile until EAGAIN, then one KiB by socket.write, whose callback continues
 *                           not cached (the disk would block the loop)? read in the thread pool, then socket.write
 */
import fs from 'node:fs'
import type { Socket } from 'node:net'
import type { Bytes } from '../base/bytes.js'
import { type ApiCounters, laterUs, noteSent } from '../base/meter.js'
import type { Slice } from '../base/slice.js'
import type { Outgoing } from '../protocol/frame.js'
import { type NativeCalls, socketFd } from './native.js'

/** Below this an answer is cheaper copied into one write than sent in two system calls (measured: even at 4 KiB). */
const copyBytesMax = 8 * 1024
/** What one connection may send before the others get their turn. */
const turnBytesMax = 1024 * 1024
/** Read and write in pieces of this size where sendfile cannot be used. */
const chunkBytes = 256 * 1024
/** Written through Node after EAGAIN: its callback is the "writable" event that a raw descriptor lacks. */
const nudgeBytes = 1024

/** Memory kept for the next answer: fresh memory costs more than what is read into it. Shared: idle connections hold none. */
class SpareBuffers {
  readonly #bytes: number
  readonly #max: number
  readonly #spare: Buffer[] = []

  constructor(bytes: number, max: number) {
    this.#bytes = bytes
    this.#max = max
  }

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#bytes)
  }

  giveBack(buffer: Buffer): void {
    if (this.#spare.length < this.#max) this.#spare.push(buffer)
  }
}

const chunks = new SpareBuffers(chunkBytes, 4)
const nudges = new SpareBuffers(nudgeBytes, 16)

export interface OutboundOptions {
  readonly native: NativeCalls | null
  readonly isSecure: boolean
  /** Called when less is pending than before. May be called while an answer is being enqueued. */
  readonly onProgress: () => void
  /** The answer cannot be completed (file shorter than promised, disk error); the connection must be destroyed. */
  readonly onBroken: (error: Error) => void
  /** The client is gone. */
  readonly onGone: () => void
}

export class Outbound {
  readonly #socket: Socket
  /** For sending past Node; null over TLS. */
  readonly #native: NativeCalls | null
  readonly #isSecure: boolean
  readonly #options: OutboundOptions
  readonly #queue: Outgoing[] = []
  #pendingBytes = 0
  /** Writes that Node has taken and not yet confirmed. */
  #nodeWrites = 0
  #progress = 0
  #isSending = false
  #isClosed = false
  // The answer being sent: next byte of its memory part, next insert, bytes of that insert already sent.
  #position = 0
  #insertIndex = 0
  #insertSent = 0
  /** Up to where the range was found in page cache. */
  #cachedTo = 0
  #isCorked = false
  /** While an answer is enqueued. */
  #enqueuedUs: number | null = null

  constructor(socket: Socket, options: OutboundOptions) {
    this.#socket = socket
    this.#isSecure = options.isSecure
    this.#native = options.isSecure ? null : options.native
    this.#options = options
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Grows while the client takes what it is sent. */
  get progress(): number {
    return this.#progress
  }

  /** `nowUs`: by the meter's clock. */
  enqueue(answer: Outgoing, nowUs = 0): void {
    if (this.#isClosed) {
      releaseRanges(answer)
      return
    }
    this.#pendingBytes += answer.byteLength
    if (answer.pieces === null) this.#queue.push(answer)
    else this.#queue.push(...partsOf(answer, answer.pieces))
    if (this.#isSending) return
    this.#enqueuedUs = nowUs
    this.#send()
    this.#enqueuedUs = null
  }

  /** Drops what is queued and lets go of the files. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const [index, answer] of this.#queue.entries()) releaseFrom(answer, index === 0 ? this.#insertIndex : 0)
    this.#queue.length = 0
    this.#pendingBytes = 0
  }

  /** Sends until the queue is empty or something has to be waited for, whose callback comes back here. */
  #send(): void {
    this.#isSending = true
    let turnBytes = 0
    for (;;) {
      const answer = this.#queue[0]
      if (answer === undefined || this.#isClosed) break
      if (turnBytes >= turnBytesMax) {
        setImmediate(() => this.#resume())
        return
      }
      if (answer.inserts === null && (!this.#isSecure || answer.byteLength <= chunkBytes)) {
        this.#write(answer.bytes)
        this.#finish(answer)
        continue
      }
      if (this.#position === 0 && answer.byteLength <= copyBytesMax && this.#canCopy(answer.inserts)) {
        if (!this.#writeCopied(answer)) return
        this.#finish(answer)
        continue
      }
      const sent = this.#sendStep(answer)
      if (sent === waiting) return
      turnBytes += sent
      if (this.#insertIndex === countOf(answer) && this.#position === answer.bytes.byteLength) this.#finish(answer)
    }
    this.#isSending = false
  }

  #resume(): void {
    if (!this.#isClosed) this.#send()
  }

  #finish(answer: Outgoing): void {
    if (this.#isCorked) this.#cork(false)
    if (answer.counters) noteSent(answer, this.#sentUs(answer, answer.counters))
    this.#queue.shift()
    this.#position = 0
    this.#insertIndex = 0
    this.#insertSent = 0
    // Bytes that Node holds are still pending for the reader's sake; they are subtracted when it confirms them.
    this.#pendingBytes -= answer.byteLength
    this.#options.onProgress()
  }

  /** The clock is not read for what takes no time to speak of: memory that Node takes at once. */
  #sentUs({ inserts, answeredUs = 0 }: Outgoing, counters: ApiCounters): number {
    return inserts === null && this.#enqueuedUs !== null ? laterUs(answeredUs, this.#enqueuedUs) : counters.nowUs()
  }

  /** One step of an answer with file ranges; bytes sent, or `waiting` when a callback will go on. */
  #sendStep(answer: Outgoing): number {
    const insert = answer.inserts?.[this.#insertIndex]
    const bytesEnd = insert === undefined ? answer.bytes.byteLength : insert.position
    if (this.#position < bytesEnd) return this.#sendBytes(answer, bytesEnd)

    const range = (insert as NonNullable<typeof insert>).source
    const at = range.position + this.#insertSent
    const left = range.byteLength - this.#insertSent
    if (left === 0) return this.#insertDone(range)
    if (this.#native === null || range.fd < 0 || !this.#isCached(this.#native, range, left))
      return this.#readAndWrite(range, at, left)
    // sendfile must not overtake what Node still holds.
    if (this.#nodeWrites > 0) return this.#afterNodeWrites()

    const sent = this.#native.sendFile(socketFd(this.#socket), range.fd, at, this.#cachedTo - this.#insertSent)
    if (sent === this.#native.wouldBlock) return this.#nudge(range, at, left)
    if (sent === 0) return this.#break(shorterThanPromised)
    if (sent < 0) return this.#failed('sendfile', -sent)
    this.#progress += sent
    this.#insertSent += sent
    if (sent === left) this.#insertDone(range)
    return sent
  }

  /**
   * Whether what follows of the range lies in page cache, and how far. Both ends of up to a turn's bytes are looked at:
   * read-ahead and eviction work on ranges, so this finds nearly all; and once, however often the socket's buffer is full
   * meanwhile.
   */
  #isCached(native: NativeCalls, range: Slice, left: number): boolean {
    if (this.#insertSent < this.#cachedTo) return true
    const bytes = Math.min(left, turnBytesMax)
    const at = range.position + this.#insertSent
    if (!native.isCached(range.fd, at) || !native.isCached(range.fd, at + bytes - 1)) return false
    this.#cachedTo = this.#insertSent + bytes
    return true
  }

  #insertDone(range: Slice): number {
    range.release()
    this.#insertIndex += 1
    this.#insertSent = 0
    this.#cachedTo = 0
    return 0
  }

  /** The memory part up to `end`: with the descriptor if nothing is held by Node, so that it shares a packet with the file. */
  #sendBytes(answer: Outgoing, end: number): number {
    const isLast = this.#insertIndex === countOf(answer)
    if (this.#isSecure && end - this.#position > chunkBytes) {
      const piece = answer.bytes.subarray(this.#position, this.#position + chunkBytes)
      this.#position += chunkBytes
      return this.#writeAndContinue(piece)
    }
    const bytes = answer.bytes.subarray(this.#position, end)
    const canSend = this.#native !== null && this.#nodeWrites === 0
    const sent = canSend ? this.#native.send(socketFd(this.#socket), bytes, bytes.byteLength, !isLast) : 0
    if (canSend && sent >= 0) {
      this.#progress += sent
      this.#position += sent
      return sent
    }
    if (canSend && sent !== this.#native.wouldBlock) return this.#failed('send', -sent)
    this.#position = end
    // A range that follows may only be sent once Node holds nothing; behind the last bytes nothing follows.
    if (canSend && !isLast) return this.#writeAndContinue(bytes)
    this.#write(bytes)
    return bytes.byteLength
  }

  /** The socket's buffer is full: the next KiB goes through Node, whose callback comes when there is room again. */
  #nudge(range: Slice, at: number, left: number): number {
    // In a packet of its own it would wake the client for next to nothing; the end of the answer lets it go.
    if (!this.#isCorked) this.#cork(true)
    const buffer = nudges.take()
    const read = this.#read(range.fd, left < nudgeBytes ? buffer.subarray(0, left) : buffer, at)
    if (read === 0) return waiting
    this.#insertSent += read
    return this.#writeAndContinue(buffer.subarray(0, read), () => nudges.giveBack(buffer))
  }

  #cork(isCorked: boolean): void {
    this.#isCorked = isCorked
    this.#native?.setCork(socketFd(this.#socket), isCorked)
  }

  /** Reads in the thread pool, so that a slow disk does not hold up the other connections. */
  #readAndWrite(range: Slice, at: number, left: number): number {
    const chunk = chunks.take()
    const bytes = Math.min(left, chunkBytes)
    const onRead = (error: Error | null, read: number): void => {
      if (this.#isClosed) {
        chunks.giveBack(chunk)
        return
      }
      if (error !== null || read === 0) {
        chunks.giveBack(chunk)
        this.#break(error === null ? shorterThanPromised : error.message)
        return
      }
      this.#insertSent += read
      this.#writeAndContinue(chunk.subarray(0, read), () => chunks.giveBack(chunk))
    }
    if (range.fd >= 0) fs.read(range.fd, chunk, 0, bytes, at, onRead)
    else readLater(range, this.#insertSent, chunk.subarray(0, bytes), onRead)
    return waiting
  }

  /** Over TLS what may not be in page cache is left to the thread pool; otherwise a small answer is worth the risk. */
  #canCopy(inserts: Outgoing['inserts']): boolean {
    if (inserts === null || !liesInFiles(inserts)) return false
    const { native } = this.#options
    if (!this.#isSecure) return true
    return (
      native !== null &&
      inserts.every(
        ({ source: { fd, position, byteLength } }) =>
          native.isCached(fd, position) && native.isCached(fd, position + Math.max(0, byteLength - 1)),
      )
    )
  }

  /** A small answer as one buffer and one write. False when it broke. */
  #writeCopied(answer: Outgoing): boolean {
    const whole = Buffer.allocUnsafe(answer.byteLength)
    let from = 0
    let to = 0
    for (const { position, source } of answer.inserts ?? []) {
      whole.set(answer.bytes.subarray(from, position), to)
      to += position - from
      from = position
      const range = source
      const piece = whole.subarray(to, to + range.byteLength)
      for (let got = 0; got < piece.byteLength; ) {
        const read = this.#read(range.fd, piece.subarray(got), range.position + got)
        if (read === 0) return false
        got += read
      }
      to += range.byteLength
    }
    whole.set(answer.bytes.subarray(from), to)
    releaseRanges(answer)
    this.#write(whole)
    return true
  }

  /** Bytes read, at least one; 0 when it broke. */
  #read(fd: number, buffer: Buffer, position: number): number {
    try {
      const read = fs.readSync(fd, buffer, 0, buffer.byteLength, position)
      if (read === 0) this.#break(shorterThanPromised)
      return read
    } catch (error) {
      this.#break((error as Error).message)
      return 0
    }
  }

  #write(bytes: Bytes): void {
    this.#nodeWrites += 1
    this.#socket.write(bytes, this.#onWritten)
  }
  readonly #onWritten = (): void => {
    this.#nodeWrites -= 1
    this.#progress += 1
    if (!this.#isClosed) this.#options.onProgress()
  }

  /** `onTaken`: Node needs the bytes no more. */
  #writeAndContinue(bytes: Bytes, onTaken: (() => void) | null = null): typeof waiting {
    this.#nodeWrites += 1
    this.#socket.write(bytes, error => {
      this.#nodeWrites -= 1
      this.#progress += 1
      onTaken?.()
      if (error === null || error === undefined) this.#resume()
    })
    return waiting
  }

  #afterNodeWrites(): typeof waiting {
    return this.#writeAndContinue(Buffer.alloc(0))
  }

  #failed(call: string, errno: number): typeof waiting {
    if (!goneErrnos.has(errno) && socketFd(this.#socket) >= 0) return this.#break(`${call} failed, errno ${errno}`)
    this.#options.onGone()
    return waiting
  }

  #break(message: string): typeof waiting {
    this.#options.onBroken(new Error(message))
    return waiting
  }
}

const shorterThanPromised = 'a segment is shorter than its index says'

/** Linux's EPIPE, ENETUNREACH, ECONNABORTED, ECONNRESET, ENOTCONN, ETIMEDOUT, EHOSTUNREACH: what becomes of connections. */
const goneErrnos: ReadonlySet<number> = new Set([32, 101, 103, 104, 107, 110, 113])

/** Returned by a step that a callback will continue. */
const waiting = -1

/** Lets go of the files of an answer that is not sent. */
export function releaseRanges(answer: Outgoing): void {
  releaseFrom(answer, 0)
}

/** The pieces of a long answer leave like answers of their own. */
function partsOf(answer: Outgoing, pieces: readonly Bytes[]): Outgoing[] {
  const parts = pieces.map(piece => ({ pieces: null, bytes: piece, inserts: null, byteLength: piece.byteLength }))
  const before = parts.reduce((sum, part) => sum + part.byteLength, 0)
  return [...parts, { ...answer, pieces: null, byteLength: answer.byteLength - before }]
}

function countOf({ inserts }: Outgoing): number {
  return inserts === null ? 0 : inserts.length
}

function liesInFiles(inserts: NonNullable<Outgoing['inserts']>): boolean {
  for (const { source } of inserts) if (source.fd < 0) return false
  return true
}

/** Never synchronously: the caller is in the middle of a step. */
function readLater(slice: Slice, from: number, target: Bytes, onRead: (error: Error | null, read: number) => void): void {
  Promise.resolve()
    .then(() => slice.read(from, target))
    .then(
      read => onRead(null, read),
      (error: Error) => onRead(error, 0),
    )
}

function releaseFrom(answer: Outgoing, insertIndex: number): void {
  const inserts = answer.inserts
  if (inserts === null) return
  for (const { source } of inserts.slice(insertIndex)) source.release()
}
