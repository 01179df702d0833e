/**
 * Keeps a second broker out of a data directory. The `.lock` file names its owner so exactly that a dead one is recognised
 * after kill -9 or a reboot, even when its process id is in use again: pid, start time of that process, boot, pid namespace.
 * Where /proc is missing, the pid alone decides.
 *
 * The file appears by link(2), whole or not at all, so nobody ever reads half a lock. Taking over a dead owner's file goes
 * through rename(2), which only one of several starters can win. Not seen: an owner in another pid namespace (another
 * container on the same volume); its lock counts as left behind, because a restarted container must not lock itself out.
 */
import fs from 'node:fs'
import { toHex } from '../base/bytes.js'
import type { World } from '../base/world.js'
import type { Files } from './files.js'

/** Somebody else has the directory; the command line answers with exit code 4. */
export class DirectoryLockedError extends Error {
  override readonly name = 'DirectoryLockedError'
  readonly code = 'DATA_DIRECTORY_LOCKED'
}

const lockFile = '.lock'
const attemptsMax = 5

interface Owner {
  readonly pid: number
  readonly startTime: string
  readonly bootId: string
  readonly pidNamespace: string
}

export interface DirectoryLock {
  /**
   * The owner before died and the machine did not: whatever it wrote can be read, synced or not. (Not when its disk had
   * failed: then pages may be gone that it wrote.)
   */
  readonly wasKilled: boolean
  /** The disk failed: who comes next must not rely on what was written. */
  distrust(): void
  release(): void
}

/** Takes the lock or throws DirectoryLockedError. */
export function lockDirectory(files: Files, folder: string, world: World): DirectoryLock {
  const path = `${folder}/${lockFile}`
  const unique = toHex(world.randomBytes(8))
  const mine = `${folder}/${lockFile}.${unique}`
  const text = `${JSON.stringify({ ...ourselves(), token: unique })}\n`
  let wasKilled = false
  files.writeWhole(mine, text)
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (files.link(mine, path)) {
        return { wasKilled, distrust: () => distrust(files, path, text), release: () => release(files, path, text) }
      }
      const before = textOf(files, path)
      if (before === null) continue
      const holder = holderOf(path, before)
      if (holder !== null) throw new DirectoryLockedError(`${folder} is in use by process ${holder}`)
      wasKilled = parse(before)?.bootId === ourselves().bootId
      takeAway(files, path, `${mine}.stale`, before)
    }
  } finally {
    files.remove(mine)
  }
  throw new DirectoryLockedError(`${folder}: other brokers are starting on it`)
}

/** The process that has the directory now; null when nobody has. Takes nothing and changes nothing. */
export function lockHolder(files: Files, folder: string): number | null {
  const path = `${folder}/${lockFile}`
  const text = textOf(files, path)
  return text === null ? null : holderOf(path, text)
}

function holderOf(path: string, text: string): number | null {
  const owner = parse(text)
  if (owner !== null) return isAlive(owner) ? owner.pid : null
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

/** Removes the lock whose text is `expected`; puts back what turns out to be somebody's fresh lock. */
function takeAway(files: Files, path: string, aside: string, expected: string): void {
  try {
    files.rename(path, aside)
  } catch {
    return
  }
  if (textOf(files, aside) !== expected) files.link(aside, path)
  files.remove(aside)
}

/** An owner of no boot is nobody, and its death says nothing. */
function distrust(files: Files, path: string, text: string): void {
  try {
    if (textOf(files, path) === text) files.writeWhole(path, `${JSON.stringify({ ...JSON.parse(text), bootId: '' })}\n`)
  } catch {
    // On a disk that takes nothing any more nothing can be said.
  }
}

function release(files: Files, path: string, text: string): void {
  if (textOf(files, path) === text) files.remove(path)
}

function textOf(files: Files, path: string): string | null {
  const bytes = files.readWhole(path)
  return bytes === null ? null : Buffer.from(bytes).toString()
}

// Anything that is no owner (Kafka's own empty .lock, a cut file) belongs to nobody.
function parse(text: string): Owner | null {
  try {
    const owner = JSON.parse(text) as Partial<Owner>
    if (!Number.isInteger(owner.pid)) return null
    return {
      pid: owner.pid!,
      startTime: String(owner.startTime),
      bootId: String(owner.bootId),
      pidNamespace: String(owner.pidNamespace),
    }
  } catch {
    return null
  }
}

function isAlive(owner: Owner): boolean {
  const { bootId, pidNamespace } = ourselves()
  if (owner.bootId !== bootId || owner.pidNamespace !== pidNamespace) return false
  if (!processExists(owner.pid)) return false
  return owner.startTime === startTimeOf(owner.pid)
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** This process; what it is does not change while it lives. */
function ourselves(): Owner {
  self ??= {
    pid: process.pid,
    startTime: startTimeOf(process.pid),
    bootId: attempt(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: attempt(() => fs.readlinkSync('/proc/self/ns/pid')),
  }
  return self
}
let self: Owner | null = null

/** Clock ticks since boot, field 22 of stat; the command name before it may hold spaces and parentheses. */
function startTimeOf(pid: number): string {
  return attempt(() => {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  })
}

function attempt(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
