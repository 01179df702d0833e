/** The order between what Node holds and what goes through the descriptor, with both made of glass. */
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerTo, answerWithRanges, SourceFile } from './harness.test-support.js'
import type { NativeCalls } from './native.js'
import { Outbound } from './outbound.js'

let file: SourceFile
beforeAll(() => {
  file = new SourceFile(100_000)
})
afterAll(() => file.close())

/** A socket and the calls beside it; `events` tells in which order bytes were handed over. */
function glass() {
  const events: string[] = []
  const held: (() => void)[] = []
  const probes: number[] = []
  let room = Number.POSITIVE_INFINITY
  let errno = 0
  const take = (length: number): number => {
    const taken = Math.min(length, room)
    room -= taken
    return taken === 0 ? -11 : taken
  }
  const socket = {
    _handle: { fd: 7 },
    writableLength: 0,
    write(bytes: Uint8Array, onWritten: () => void) {
      events.push(`write ${bytes.byteLength}`)
      held.push(onWritten)
      return true
    },
  }
  const native: NativeCalls = {
    wouldBlock: -11,
    isCached(_fd, position) {
      probes.push(position)
      return true
    },
    send(fd, _bytes, length, isMore) {
      if (fd !== 7) return -9
      if (errno !== 0) return -errno
      const taken = take(length)
      events.push(`send ${taken}${isMore ? ' more' : ''}`)
      return taken
    },
    sendFile(_fd, _file, _position, length) {
      const taken = take(length)
      events.push(`sendfile ${taken}`)
      return taken
    },
    setCork(_fd, isCorked) {
      events.push(isCorked ? 'cork' : 'uncork')
    },
    setBufferBytes() {},
  }
  const broken: string[] = []
  const outbound = new Outbound(socket as unknown as Socket, {
    native,
    isSecure: false,
    onProgress: () => {},
    onBroken: error => broken.push(error.message),
    onGone: () => broken.push('gone'),
  })
  const confirm = (): void => {
    for (const onWritten of held.splice(0)) onWritten()
  }
  const setRoom = (bytes: number): void => {
    room = bytes
  }
  const setErrno = (value: number): void => {
    errno = value
  }
  return { outbound, events, probes, confirm, setRoom, setErrno, broken, socket }
}

const large = (id: number) => answerWithRanges(id, file, [{ memory: 92, position: 0, byteLength: 50_000 }], 4).answer

test('header, range and tail go through the descriptor; only the tail lets the packet leave', () => {
  const { outbound, events, confirm } = glass()
  outbound.enqueue(large(0))
  expect(events).toEqual(['send 100 more', 'sendfile 50000', 'send 4'])
  confirm()
  expect(outbound.pendingBytes).toBe(0)
  expect(file.retained).toBe(0)
})

test('nothing goes through the descriptor while Node holds bytes that come before', () => {
  const { outbound, events, confirm } = glass()
  outbound.enqueue(answerTo(0, 5000))
  outbound.enqueue(large(1))
  // The header joins what Node holds; the range waits behind an empty write, whose callback says that all has left.
  expect(events).toEqual(['write 5008', 'write 100', 'write 0'])
  confirm()
  expect(events.slice(3)).toEqual(['sendfile 50000', 'send 4'])
})

test('a full socket gets the next KiB by Node, and the descriptor goes on when it has left', () => {
  const { outbound, events, confirm, setRoom } = glass()
  setRoom(10_100)
  outbound.enqueue(large(0))
  expect(events).toEqual(['send 100 more', 'sendfile 10000', 'sendfile -11', 'cork', 'write 1024'])
  setRoom(Number.POSITIVE_INFINITY)
  confirm()
  expect(events.slice(5)).toEqual(['sendfile 38976', 'send 4', 'uncork'])
})

test('page cache is asked once about what one turn may send', () => {
  const { outbound, events, confirm, setRoom, probes } = glass()
  setRoom(10_100)
  outbound.enqueue(large(0))
  setRoom(10_000)
  confirm()
  setRoom(Number.POSITIVE_INFINITY)
  confirm()
  expect(events.at(-2)).toBe('send 4')
  expect(probes).toEqual([0, 49_999])
})

test('a full socket gets the header by Node as well', () => {
  const { outbound, events, confirm, setRoom } = glass()
  setRoom(30)
  outbound.enqueue(large(0))
  expect(events).toEqual(['send 30 more', 'send -11 more', 'write 70'])
  setRoom(Number.POSITIVE_INFINITY)
  confirm()
  expect(events.slice(3)).toEqual(['sendfile 50000', 'send 4'])
})

test('a tail that finds no room goes by Node, and the next answer waits behind it', () => {
  const { outbound, events, confirm, setRoom } = glass()
  setRoom(50_100)
  outbound.enqueue(large(0))
  expect(events).toEqual(['send 100 more', 'sendfile 50000', 'send -11', 'write 4'])
  setRoom(Number.POSITIVE_INFINITY)
  outbound.enqueue(large(1))
  expect(events.slice(4)).toEqual(['write 100', 'write 0'])
  confirm()
  expect(events.slice(6)).toEqual(['sendfile 50000', 'send 4'])
  expect(file.retained).toBe(0)
})

test('a small answer is one write', () => {
  const { outbound, events } = glass()
  outbound.enqueue(answerWithRanges(0, file, [{ memory: 2, position: 5, byteLength: 1000 }], 3).answer)
  expect(events).toEqual(['write 1013'])
  expect(file.retained).toBe(0)
})

test('a socket that Node has given up, or whose other end is gone, is no fault', () => {
  for (const errno of [32, 104]) {
    const { outbound, broken, setErrno } = glass()
    setErrno(errno)
    outbound.enqueue(large(0))
    expect(broken).toEqual(['gone'])
    outbound.close()
  }
  const { outbound, broken, socket } = glass()
  Object.assign(socket, { _handle: null })
  outbound.enqueue(large(0))
  expect(broken).toEqual(['gone'])
  outbound.close()
  expect(file.retained).toBe(0)
})

test('any other failure of a call is one', () => {
  const { outbound, broken, setErrno } = glass()
  setErrno(5)
  outbound.enqueue(large(0))
  expect(broken).toEqual(['send failed, errno 5'])
  outbound.close()
})

test('closing lets go of what has not left, once', () => {
  const { outbound, setRoom } = glass()
  setRoom(20_000)
  outbound.enqueue(
    answerWithRanges(0, file, [
      { memory: 0, position: 0, byteLength: 15_000 },
      { memory: 0, position: 0, byteLength: 15_000 },
    ]).answer,
  )
  outbound.enqueue(large(1))
  expect(file.retained).toBe(2)
  outbound.close()
  outbound.close()
  expect(file.retained).toBe(0)
  expect(file.releasedTwice).toBe(false)
  expect(outbound.pendingBytes).toBe(0)
})
