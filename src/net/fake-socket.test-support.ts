/** A connection over a socket that is none: what it writes is noted, what it reads is fed. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { fakeWorld } from '../testing/fake-world.js'
import { Connection, type Dispatched } from './connection.js'
import { frameMemory } from './frame-memory.js'
import { idOf, type Served, serveBy } from './harness.test-support.js'

export const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** A socket whose other end takes what it is given, or, while `isStuck`, nothing. */
class FakeSocket extends EventEmitter {
  written: number[] = []
  isPaused = false
  isDestroyed = false
  isStuck = false
  writableLength = 0
  readonly #unconfirmed: (() => void)[] = []

  write(bytes: Uint8Array, onWritten: () => void): boolean {
    if (bytes.byteLength > 0) this.written.push(idOf(bytes))
    this.writableLength += bytes.byteLength
    this.#unconfirmed.push(() => {
      this.writableLength -= bytes.byteLength
      onWritten()
    })
    if (!this.isStuck) queueMicrotask(() => this.flush())
    return true
  }
  flush(): void {
    this.isStuck = false
    for (const confirm of this.#unconfirmed.splice(0)) confirm()
  }
  /** Corked writes are held back; here only their balance matters. */
  corked = 0
  cork(): void {
    this.corked++
  }
  uncork(): void {
    this.corked--
  }
  pause(): void {
    this.isPaused = true
  }
  resume(): void {
    this.isPaused = false
  }
  destroy(): void {
    if (this.isDestroyed) return
    this.isDestroyed = true
    setImmediate(() => this.emit('close'))
  }
}

interface Setup {
  readonly frameBytesMax?: number
  readonly memoryBytes?: number
  readonly memory?: ReturnType<typeof frameMemory>
}

/** A connection over a fake socket; requests are noted and answered by `handle`. */
export function connected(
  handle: (id: number, key: number, frame: Uint8Array, isOwnMemory: boolean) => Dispatched,
  setup: Setup = {},
) {
  const world = fakeWorld()
  const served = {} as Served
  const socket = new FakeSocket()
  const started: number[] = []
  const faults: unknown[] = []
  const memory = setup.memory ?? frameMemory(setup.memoryBytes ?? 1024 * 1024, world)
  let isClosed = false
  const connection = new Connection(socket as unknown as Socket, {
    info: {
      id: 1,
      listenerName: 'L',
      listenerProtocol: 'PLAINTEXT',
      connectedMs: 0,
      peerName: null,
      remoteAddress: '127.0.0.1',
      remotePort: 50000,
      localAddress: '127.0.0.1',
      localPort: 9092,
    },
    serve: serveBy((id, frame, isOwnMemory) => {
      started.push(id)
      return handle(id, frame[1] as number, frame, isOwnMemory)
    }, served),
    native: null,
    isSecure: false,
    memory,
    frameBytesMax: setup.frameBytesMax ?? 1024 * 1024,
    clock: world,
    onClose: () => {
      isClosed = true
    },
    onFault: (_connection, error) => faults.push(error),
  })
  /** As the system does it: into the connection's own buffer where it has one, and never more than fits. */
  const feed = (bytes: Buffer, sharedBytes = 512 * 1024): number => {
    const shared = Buffer.alloc(sharedBytes)
    let at = 0
    while (at < bytes.byteLength && !socket.isPaused) {
      const target = connection.readTarget() ?? shared
      const length = Math.min(target.byteLength, bytes.byteLength - at)
      bytes.copy(target, 0, at, at + length)
      connection.received(target.subarray(0, length))
      // Views of the shared buffer are over when received() returns.
      if (target === shared) shared.fill(0xee)
      at += length
    }
    return at
  }
  /** As `feed`, over as many turns of the event loop as it takes; how much was taken. */
  const feedSlowly = async (bytes: Buffer): Promise<number> => {
    let at = 0
    for (; at < bytes.byteLength && !socket.isPaused; await settled()) at += feed(bytes.subarray(at, at + 256 * 1024))
    return at
  }
  return { socket, connection, started, faults, memory, feed, feedSlowly, world, served, isClosed: () => isClosed }
}
