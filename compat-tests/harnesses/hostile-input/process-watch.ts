/** What the system says about a process: memory in use, and which descriptors it holds (Linux only). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export const canWatchProcesses = process.platform === 'linux'

export function residentBytes(pid: number): number {
  const kibibytes = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m)?.[1]
  if (kibibytes === undefined) throw new Error(`process ${pid} has no memory: it has ended`)
  return Number(kibibytes) * 1024
}

export interface Descriptors {
  readonly sockets: number
  readonly others: number
}

export function descriptors(pid: number): Descriptors {
  let sockets = 0
  let others = 0
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      if (readlinkSync(`/proc/${pid}/fd/${name}`).startsWith('socket:')) sockets++
      else others++
    } catch {
      // Closed between the two calls.
    }
  }
  return { sockets, others }
}
