/**
 * Keeps a second broker out of a data directory. Two things say whose it is:
 *
 *   the directory itself   is locked by the kernel (flock), in all containers at once, for as long as the owner lives
 *   `.lock` in it          names the owner: for the message, and to tell a killed owner from a machine that lost its power
 *
 * Where the kernel's lock is not available, the file alone decides. It names its owner so exactly that a dead one is recognised
 * after kill -9 or a reboot, even when its process id is in use again: pid, start time of that process, boot, pid namespace;
 * where /proc is missing, by the pid alone. Then an owner in another pid namespace is not seen: its lock counts as left
 * behind, because a restarted container must not lock itself out.
 *
 * The file appears by link(2), whole or not at all, so half a lock is never read. Taking over a dead owner's file goes
 * through rename(2), which only one of several starters can win.
 */
import fs from 'node:fs'
import { toHex } from '../../base/bytes.js'
import type { World } from '../../base/world.js'
import { DiskFailure, type Files, type HeldLock } from '../files.js'
import { isAlive, ourselves, type ProcessIdentity, parseIdentity } from './process-identity.js'

/** Another broker has the directory; the command line exits with code 4. */
export class DirectoryLockedError extends Error {
  override readonly name = 'DirectoryLockedError'
  readonly code = 'DATA_DIRECTORY_LOCKED'
}

const lockFile = '.lock'
const attemptsMax = 5

interface Owner extends ProcessIdentity {
  /** It had the kernel's lock as well: a process that gets that lock need not check whether it lives. */
  readonly hasKernelLock: boolean
}

export interface DirectoryLock {
  /** False: an owner in another container would not be seen. */
  readonly hasKernelLock: boolean
  /**
   * The owner before died and the machine did not: whatever it wrote can be read, synced or not. (Not when its disk had
   * failed: then pages may be gone that it wrote.)
   */
  readonly wasKilled: boolean
  /** The disk failed: the next start must not rely on what was written. */
  distrust(): void
  release(): void
}

/** For a directory whose name no other process knows. */
export const wholeLock: DirectoryLock = { hasKernelLock: true, wasKilled: false, distrust: () => {}, release: () => {} }

/** Takes the lock or throws DirectoryLockedError. */
export function lockDirectory(files: Files, folder: string, world: World): DirectoryLock {
  const kernelLock = files.lockDirectory(folder)
  if (kernelLock === 'taken') throw new DirectoryLockedError(`${folder} is in use by ${ownerAsTold(files, folder)}`)
  try {
    return lockByFile(files, folder, world, kernelLock)
  } catch (error) {
    kernelLock?.release()
    throw error
  }
}

function lockByFile(files: Files, folder: string, world: World, kernelLock: HeldLock | null): DirectoryLock {
  const path = `${folder}/${lockFile}`
  const hasKernelLock = kernelLock !== null
  const unique = toHex(world.randomBytes(8))
  const mine = `${folder}/${lockFile}.${unique}`
  const text = `${JSON.stringify({ ...ourselves(), hasKernelLock, token: unique })}\n`
  const lockOf = (wasKilled: boolean): DirectoryLock => ({
    hasKernelLock,
    wasKilled,
    distrust: () => (hasKernelLock ? forget(files, path) : distrust(files, path, text)),
    release() {
      release(files, path, text)
      kernelLock?.release()
    },
  })
  let wasKilled = false
  /** What stands in the file that is there, after making sure that it has no living owner. */
  const left = (): string | null => {
    const before = textOf(files, path)
    if (before === null) return null
    const holder = holderOf(path, before, hasKernelLock)
    if (holder !== null) throw new DirectoryLockedError(`${folder} is in use by process ${holder}`)
    wasKilled = parse(before)?.bootId === ourselves().bootId
    return before
  }
  try {
    files.writeWhole(mine, text)
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (files.link(mine, path)) return lockOf(wasKilled)
      const before = left()
      if (before !== null) takeAway(files, path, `${mine}.stale`, before)
    }
  } catch (error) {
    // A full disk can be read: what the kernel says is enough for that.
    if (!hasKernelLock || !(error instanceof DiskFailure && error.kind === 'full')) throw error
    left()
    return lockOf(wasKilled)
  } finally {
    files.remove(mine)
  }
  throw new DirectoryLockedError(`${folder}: other brokers are starting on it`)
}

/** Who has the directory now, for a message; null when it is free. Changes nothing. */
export function lockHolder(files: Files, folder: string): string | null {
  const kernelLock = files.lockDirectory(folder)
  if (kernelLock === 'taken') return ownerAsTold(files, folder)
  kernelLock?.release()
  const text = textOf(files, `${folder}/${lockFile}`)
  const pid = text === null ? null : holderOf(`${folder}/${lockFile}`, text, kernelLock !== null)
  return pid === null ? null : `process ${pid}`
}

/** The owner of the kernel's lock, as far as it can be seen from here. */
function ownerAsTold(files: Files, folder: string): string {
  const text = textOf(files, `${folder}/${lockFile}`)
  const owner = text === null ? null : parse(text)
  if (owner === null) return 'another process'
  return owner.pidNamespace === ourselves().pidNamespace ? `process ${owner.pid}` : 'a process in another container'
}

function holderOf(path: string, text: string, hasKernelLock: boolean): number | null {
  const owner = parse(text)
  if (owner !== null) return isAlive(owner) && !(owner.hasKernelLock && hasKernelLock) ? owner.pid : null
  return text === '' ? kafkaHolding(path) : null
}

/** Kafka leaves its file empty and holds it by an advisory lock; the system knows who has such a lock. */
function kafkaHolding(path: string): number | null {
  const locks = attempt(() => fs.readFileSync('/proc/locks', 'utf8'))
  const place = attempt(() => {
    const { dev, ino } = fs.statSync(path)
    const hex = (value: number): string => value.toString(16).padStart(2, '0')
    return `${hex((dev >>> 8) & 0xfff)}:${hex(dev & 0xff)}:${ino}`
  })
  // 1: POSIX  ADVISORY  WRITE 31634 fe:00:9988428 0 EOF
  const fields = locks.split('\n').map(line => line.trim().split(/\s+/))
  const pid = Number(fields.find(field => place !== '' && field[5] === place)?.[4])
  return pid > 0 ? pid : null
}

/** Removes the lock whose text is `expected`; puts back what turns out to be a new lock of another process. */
function takeAway(files: Files, path: string, aside: string, expected: string): void {
  try {
    files.rename(path, aside)
  } catch {
    return
  }
  if (textOf(files, aside) !== expected) files.link(aside, path)
  files.remove(aside)
}

/** An owner without a boot id is unknown, and its death says nothing. */
function distrust(files: Files, path: string, text: string): void {
  try {
    if (textOf(files, path) === text) files.writeWhole(path, `${JSON.stringify({ ...JSON.parse(text), bootId: '' })}\n`)
  } catch {
    // On a disk that takes nothing any more nothing can be said.
  }
}

/** The next owner finds nothing about us. */
function forget(files: Files, path: string): void {
  try {
    files.remove(path)
  } catch (error) {
    if (!(error instanceof DiskFailure)) throw error
  }
}

function release(files: Files, path: string, text: string): void {
  try {
    if (textOf(files, path) === text) files.remove(path)
  } catch (error) {
    // What a failed disk keeps, the next owner finds without an owner that lives.
    if (!(error instanceof DiskFailure)) throw error
  }
}

function textOf(files: Files, path: string): string | null {
  const bytes = files.readWhole(path)
  return bytes === null ? null : Buffer.from(bytes).toString()
}

// Anything that is no owner (Kafka's own empty .lock, a truncated file) has no owner.
function parse(text: string): Owner | null {
  const identity = parseIdentity(text)
  return identity === null ? null : { ...identity, hasKernelLock: JSON.parse(text).hasKernelLock === true }
}

function attempt(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
