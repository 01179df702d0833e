/**
 * Names a process so exactly that its death is recognised after kill -9 or a reboot, even when its process id is in use again:
 * pid, start time of that process, boot, pid namespace. Where /proc is missing, the pid alone decides.
 */
import fs from 'node:fs'

export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot. */
  readonly startTime: string
  readonly bootId: string
  readonly pidNamespace: string
}

/** This process; what it is does not change while it lives. */
export function ourselves(): ProcessIdentity {
  self ??= {
    pid: process.pid,
    startTime: startTimeOf(process.pid),
    bootId: attempt(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: attempt(() => fs.readlinkSync('/proc/self/ns/pid')),
  }
  return self
}
let self: ProcessIdentity | null = null

/** Null for anything that names no process. */
export function parseIdentity(text: string): ProcessIdentity | null {
  try {
    const found = JSON.parse(text) as Partial<ProcessIdentity>
    if (!Number.isInteger(found.pid)) return null
    return {
      pid: found.pid!,
      startTime: String(found.startTime),
      bootId: String(found.bootId),
      pidNamespace: String(found.pidNamespace),
    }
  } catch {
    return null
  }
}

/** A process that cannot be seen from here, in another pid namespace, counts as dead. */
export function isAlive(owner: ProcessIdentity): boolean {
  const { bootId, pidNamespace } = ourselves()
  if (owner.bootId !== bootId || owner.pidNamespace !== pidNamespace) return false
  if (!processExists(owner.pid) || isZombie(owner.pid)) return false
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

function startTimeOf(pid: number): string {
  return statOf(pid)[19] ?? ''
}

/** It has ended, and only its parent has not asked how. */
function isZombie(pid: number): boolean {
  const state = statOf(pid)[0]
  return state === 'Z' || state === 'X'
}

/** The fields of /proc/PID/stat behind the command's name, which may hold spaces and parentheses: state, parent … */
function statOf(pid: number): string[] {
  const stat = attempt(() => fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function attempt(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
