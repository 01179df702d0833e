/** flock(2): a lock that the kernel holds for an open file and lets go when the process ends, however it ends. */
import { loadLibc } from '../base/libc.js'

const exclusive = 2 // LOCK_EX
const withoutWaiting = 4 // LOCK_NB

let call: ((fd: number, operation: number) => number) | null | undefined

/** True: the lock is ours until the descriptor is closed. False: another process has it. Null: not available here. */
export function tryFlock(fd: number): boolean | null {
  const libc = loadLibc()
  if (libc === null) return null
  call ??= libc.functions.func('int flock(int fd, int operation)') as (fd: number, operation: number) => number
  if (call(fd, exclusive | withoutWaiting) === 0) return true
  // Anything else: a file system or a sandbox without such locks.
  return libc.koffi.errno() === libc.koffi.os.errno.EWOULDBLOCK ? false : null
}
