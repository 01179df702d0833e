/**
 * The system calls that Node does not expose, through koffi: send with MSG_MORE, sendfile, preadv2 with RWF_NOWAIT (is
 * this range in the page cache?) and setsockopt (TCP_CORK, the sizes of a socket's buffers). Loaded once; `null` where they
 * are not available (another system, koffi not installed); the read+write path then serves the same bytes.
 */
import type { Socket } from 'node:net'
import { libcFailure, loadLibc } from '../base/libc.js'

export interface NativeCalls {
  /** Sends without waiting; bytes taken, or -errno. `isMore`: more follows at once, so no packet need leave (MSG_MORE). */
  send(socketFd: number, bytes: Uint8Array, length: number, isMore: boolean): number
  /** Sends `length` bytes of a file from `position`; bytes taken (0 = end of file), or -errno. */
  sendFile(socketFd: number, fileFd: number, position: number, length: number): number
  /** Whether the byte at `position` can be read without touching the disk. */
  isCached(fileFd: number, position: number): boolean
  /** SO_SNDBUF and SO_RCVBUF in bytes; a negative size leaves that one to the system's tuning. */
  setBufferBytes(socketFd: number, sendBytes: number, receiveBytes: number): void
  /** TCP_CORK: what fills no packet waits for what follows, until it is off again. */
  setCork(socketFd: number, isCorked: boolean): void
  readonly wouldBlock: number
}

const messageFlags = 0x4000 /* MSG_NOSIGNAL */ | 0x40 /* MSG_DONTWAIT */
const moreFollows = 0x8000 // MSG_MORE
const noWait = 0x8 // RWF_NOWAIT
const interrupted = 4
const socketLevel = 1 // SOL_SOCKET
const sendBuffer = 7 // SO_SNDBUF
const receiveBuffer = 8 // SO_RCVBUF
const tcpLevel = 6 // IPPROTO_TCP
const tcpCork = 3 // TCP_CORK

let loaded: NativeCalls | null | undefined

/** The calls of this machine, or null. Never throws: why there are none is in `nativeFailure()`. */
export function loadNativeCalls(): NativeCalls | null {
  if (loaded === undefined) loaded = load()
  return loaded
}

/** The descriptor under a socket of Node's; -1 when it is closed. */
export function socketFd(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } | null })._handle?.fd ?? -1
}

let failure: string | undefined
export function nativeFailure(): string | undefined {
  return failure ?? libcFailure()
}

function load(): NativeCalls | null {
  const native = loadLibc()
  if (native === null) return null
  const { koffi, functions: libc } = native
  try {
    // ssize_t and size_t are pointer-sized on every Linux.
    const send = libc.func('intptr_t send(int socket, const void *bytes, uintptr_t length, int flags)')
    const sendfile = libc.func('intptr_t sendfile(int out, int in, void *offset, uintptr_t count)')
    const preadv2 = libc.func('intptr_t preadv2(int fd, const void *iov, int count, intptr_t position, int flags)')
    const setsockopt = libc.func('int setsockopt(int socket, int level, int option, const void *value, uint32_t length)')
    const wouldBlock = koffi.os.errno.EAGAIN as number
    const offset = new Uint32Array(2)
    const optionValue = new Int32Array(1)
    // struct iovec { void *base; size_t length } of one byte that is never looked at. An own ArrayBuffer, because V8 may move
    // a small typed array; it stays alive as long as `isCached` does.
    const probeByte = new Uint8Array(new ArrayBuffer(64))
    const iovec = new BigUint64Array([koffi.address(probeByte), 1n])

    const retried = (call: () => number): number => {
      for (;;) {
        const result = call()
        if (result >= 0) return result
        const errno = koffi.errno()
        if (errno !== interrupted) return -errno
      }
    }
    const setOption = (socketFd: number, level: number, option: number, value: number): void => {
      optionValue[0] = value
      // Fails for a socket that is gone; the next use of it fails too.
      setsockopt(socketFd, level, option, optionValue, optionValue.byteLength)
    }
    return {
      wouldBlock: -wouldBlock,
      send: (socketFd, bytes, length, isMore) =>
        retried(() => send(socketFd, bytes, length, isMore ? messageFlags | moreFollows : messageFlags)),
      sendFile: (socketFd, fileFd, position, length) => {
        offset[0] = position >>> 0
        offset[1] = Math.floor(position / 0x1_0000_0000)
        return retried(() => sendfile(socketFd, fileFd, offset, length))
      },
      isCached: (fileFd, position) => {
        const read = probeByte.byteLength > 0 ? preadv2(fileFd, iovec, 1, position, noWait) : 0
        // Only a plain "would block" means the disk; a file system without RWF_NOWAIT is left to sendfile.
        return read >= 0 || koffi.errno() !== wouldBlock
      },
      setCork: (socketFd, isCorked) => setOption(socketFd, tcpLevel, tcpCork, isCorked ? 1 : 0),
      setBufferBytes: (socketFd, sendBytes, receiveBytes) => {
        if (sendBytes >= 0) setOption(socketFd, socketLevel, sendBuffer, sendBytes)
        if (receiveBytes >= 0) setOption(socketFd, socketLevel, receiveBuffer, receiveBytes)
      },
    }
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error)
    return null
  }
}
