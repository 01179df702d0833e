/**
 * What the tests of this room share: requests and answers that carry a number, files to send from, a listener with a
 * service of the test's own, and a client that speaks raw bytes.
 */

import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bytes } from '../base/bytes.js'
import type { Slice } from '../base/slice.js'
import { realWorld } from '../base/world.js'
import type { Outgoing } from '../protocol/frame.js'
import type { Insert } from '../protocol/wire.js'
import { memorySlice } from '../testing/slices.js'
import type { ConnectionControl, Dispatched, Serve } from './connection.js'
import type { ConnectionInfo } from './connection-info.js'
import { type ConnectionLimits, ConnectionQuotas } from './connection-quotas.js'
import { frameMemory } from './frame-memory.js'
import { Listener, type ListenerOptions } from './listener.js'

export const produceKey = 0
export const fetchKey = 1

/** A request frame, length prefix included: key, version 0, `id` as correlation id, `padding` bytes. */
export function requestFrame(id: number, { key = fetchKey, padding = 0 } = {}): Buffer {
  const frame = Buffer.alloc(12 + padding, id & 0xff)
  frame.writeInt32BE(8 + padding, 0)
  frame.writeInt16BE(key, 4)
  frame.writeInt16BE(0, 6)
  frame.writeInt32BE(id, 8)
  return frame
}

export const idOf = (frame: Bytes): number => Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).readInt32BE(4)

/** An answer that carries `id` and `padding` bytes. */
export function answerTo(id: number, padding = 0): Outgoing {
  const bytes = Buffer.alloc(8 + padding, id & 0xff)
  bytes.writeInt32BE(4 + padding, 0)
  bytes.writeInt32BE(id, 4)
  return { pieces: null, bytes, inserts: null, byteLength: bytes.byteLength }
}

/** What the broker did to a connection, in tests that have only one. */
export interface Served {
  control: ConnectionControl
  info: ConnectionInfo
  closedCount: number
}

/** A service whose answers `handle` gives. `served` is filled when a client connects. */
export function serveBy(
  handle: (id: number, frame: Bytes, isOwnMemory: boolean) => Dispatched,
  served: Partial<Served> = {},
): Serve {
  return (info, control) => {
    Object.assign(served, { info, control, closedCount: 0 })
    return {
      dispatch: (frame, isOwnMemory) => handle(idOf(frame), frame, isOwnMemory),
      startsInOrder: frame => frame[1] === produceKey,
      closed() {
        served.closedCount = (served.closedCount ?? 0) + 1
      },
    }
  }
}

/** An answer that comes later. */
export function later(
  answer: Promise<Outgoing | null>,
  { isOrdered = false, fixed = null as Promise<void> | null, keepsFrame = false } = {},
): Dispatched {
  return { answer, isOrdered, fixed, keepsFrame }
}

/** A promise and the way to settle it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((onDone, onFailure) => {
    resolve = onDone
    reject = onFailure
  })
  return { promise, resolve, reject }
}

/** A file to send ranges of, which knows how many of them are out. */
export class SourceFile {
  readonly #directory = mkdtempSync(join(tmpdir(), 'gregor-net-'))
  readonly fd: number
  readonly content: Buffer
  /** Ranges that were made and not yet released. */
  retained = 0
  /** A range was released twice. */
  releasedTwice = false

  constructor(byteLength: number) {
    this.content = Buffer.allocUnsafe(byteLength)
    for (let at = 0, state = 12345; at < byteLength; at++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      this.content[at] = state >>> 16
    }
    const path = join(this.#directory, 'segment')
    writeFileSync(path, this.content)
    this.fd = openSync(path, 'r')
  }

  #made = 0
  /** Which of the ranges lie in no file, as of an engine that has none. */
  isInMemory: (nth: number) => boolean = () => false

  range(position: number, byteLength: number): Slice {
    this.retained += 1
    let isOut = true
    const slice = memorySlice(this.content.subarray(position, position + byteLength), () => {
      if (!isOut) this.releasedTwice = true
      isOut = false
      this.retained -= 1
    })
    return this.isInMemory(this.#made++) ? slice : { ...slice, byteLength, fd: this.fd, position }
  }

  close(): void {
    closeSync(this.fd)
    rmSync(this.#directory, { recursive: true })
  }
}

/** An answer with file ranges between pieces of memory, and the bytes that a client must get for it. */
export function answerWithRanges(
  id: number,
  file: SourceFile,
  pieces: readonly { readonly memory: number; readonly position: number; readonly byteLength: number }[],
  tail = 0,
): { answer: Outgoing; expected: Buffer } {
  const memory = pieces.reduce((sum, piece) => sum + piece.memory, 0)
  const bytes = Buffer.alloc(8 + memory + tail, id & 0xff)
  const ranges = pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
  bytes.writeInt32BE(4 + memory + tail + ranges, 0)
  bytes.writeInt32BE(id, 4)
  const inserts: Insert[] = []
  const parts: Buffer[] = []
  let at = 0
  for (const piece of pieces) {
    const end = (at === 0 ? 8 : at) + piece.memory
    parts.push(bytes.subarray(at, end), file.content.subarray(piece.position, piece.position + piece.byteLength))
    inserts.push({ position: end, source: file.range(piece.position, piece.byteLength) })
    at = end
  }
  parts.push(bytes.subarray(at))
  return { answer: { pieces: null, bytes, inserts, byteLength: bytes.byteLength + ranges }, expected: Buffer.concat(parts) }
}

export const reported: { faults: unknown[]; refused: string[]; waiting: string[] } = { faults: [], refused: [], waiting: [] }

/** Bounds on connections; what is not named is as good as unbounded. */
export function limitsOf(
  limits: Partial<Omit<ConnectionLimits, 'ofListener'>>,
  listeners: Readonly<Record<string, Partial<ConnectionLimits>>> = {},
): ConnectionLimits {
  const unbounded = 1_000_000
  const broker = { connectionsMax: unbounded, perSecondMax: unbounded, perAddressMax: unbounded, ...limits }
  return { perAddressOverrides: new Map(), ...broker, ofListener: name => ({ ...broker, ...listeners[name] }) }
}

export function quotasOf(...limits: Parameters<typeof limitsOf>): ConnectionQuotas {
  return new ConnectionQuotas(realWorld, limitsOf(...limits))
}

export function listenerOptions(serve: Serve): ListenerOptions {
  return {
    name: 'PLAINTEXT',
    protocol: 'PLAINTEXT',
    tls: null,
    host: '127.0.0.1',
    port: 0,
    clock: realWorld,
    serve,
    native: () => null,
    memory: frameMemory(64 * 1024 * 1024, realWorld),
    frameBytesMax: 1024 * 1024,
    idleMsMax: -1,
    backlog: 50,
    sendBufferBytes: -1,
    receiveBufferBytes: -1,
    quotas: quotasOf({}),
    isProtected: false,
    unref: false,
    onFault: (_connection, error) => reported.faults.push(error),
    onRefused: (_address, reason) => reported.refused.push(reason),
    onWaiting: reason => reported.waiting.push(reason),
  }
}

export async function listening(options: ListenerOptions): Promise<Listener & AsyncDisposable> {
  reported.faults = []
  reported.refused = []
  reported.waiting = []
  const listener = await Listener.listen(options)
  return Object.assign(listener, { [Symbol.asyncDispose]: () => listener.close(0) })
}

/** A client that reads when it is told to, and everything at once by default. */
export class RawClient implements Disposable {
  readonly socket: net.Socket
  readonly #chunks: Buffer[] = []
  received = 0
  isClosed = false
  #wake: () => void = () => {}

  private constructor(socket: net.Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', chunk => {
      this.#chunks.push(chunk)
      this.received += chunk.byteLength
      this.#wake()
    })
    socket.on('close', () => {
      this.isClosed = true
      this.#wake()
    })
  }

  static of(socket: net.Socket): RawClient {
    return new RawClient(socket)
  }

  static connect(port: number, { paused = false, allowHalfOpen = false } = {}): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen })
      const client = new RawClient(socket)
      if (paused) socket.pause()
      socket.once('error', reject)
      socket.once('connect', () => resolve(client))
    })
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  /** The next `byteLength` bytes; fails when the connection ends before. */
  async bytes(byteLength: number): Promise<Buffer> {
    await this.until(() => this.received >= byteLength || this.isClosed)
    if (this.received < byteLength) throw new Error(`closed after ${this.received} of ${byteLength} bytes`)
    const parts: Buffer[] = []
    let left = byteLength
    while (left > 0) {
      const chunk = this.#chunks[0] as Buffer
      parts.push(chunk.subarray(0, left))
      if (chunk.byteLength > left) this.#chunks[0] = chunk.subarray(left)
      else this.#chunks.shift()
      left -= Math.min(left, chunk.byteLength)
    }
    this.received -= byteLength
    return Buffer.concat(parts)
  }

  /** The next answer's id; the rest of the answer is read and dropped. */
  async answer(): Promise<number> {
    const length = (await this.bytes(4)).readInt32BE(0)
    return (await this.bytes(length)).readInt32BE(0)
  }

  async closed(): Promise<void> {
    await this.until(() => this.isClosed)
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

/** Turns of the event loop until `condition` holds: for what happens on the other side of a socket. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}
