// What Linux says about a process from outside: processor time and resident memory. Nothing is asked of the process itself,
// so a broker, a C program and a bare Node server are measured by the same instrument.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const clockTicksPerSecond = 100

/**
 * User and system time of all live threads, in seconds. The scheduler's own nanoseconds where the kernel keeps them; the
 * 10 ms ticks of `stat`, which also count threads that have ended, otherwise.
 */
export function cpuSecondsOf(pid: number): number {
  try {
    let nanoseconds = 0
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
    }
    return nanoseconds / 1e9
  } catch {
    // The name of the program may hold spaces; it ends with the last parenthesis.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond
  }
}

/** Of the thread that the process began with; Linux only knows it to 4 ms. */
export function mainThreadCpuMsOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
}

/** VmRSS, in bytes. */
export function residentBytesOf(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m)
  if (line === null) throw new Error(`process ${pid} has no resident memory`)
  return Number(line[1]) * 1024
}

const quietCheckMs = 50
const quietCpuSeconds = 0.002
const quietChecks = 4
const quietChecksMax = 200

/** Waits until the process has hardly computed for a while: what it had put off is done. Gives up after 10 s unless told otherwise. */
export async function quiet(pid: number, checksMax = quietChecksMax): Promise<void> {
  let before = cpuSecondsOf(pid)
  for (let inRow = 0, checks = 0; inRow < quietChecks && checks < checksMax; checks++) {
    await sleep(quietCheckMs)
    const now = cpuSecondsOf(pid)
    inRow = now - before < quietCpuSeconds ? inRow + 1 : 0
    before = now
  }
}

const settleCheckMs = 100
const settleChecks = 10
const settleChecksMax = 100
const settledBytes = 256 * 1024

/** Resident memory once it has stayed within 256 KiB for a second, or after 10 s. */
export async function settledResidentBytes(pid: number): Promise<number> {
  const seen: number[] = []
  for (let checks = 0; checks < settleChecksMax; checks++) {
    seen.push(residentBytesOf(pid))
    if (seen.length > settleChecks) seen.shift()
    if (seen.length === settleChecks && Math.max(...seen) - Math.min(...seen) <= settledBytes) break
    await sleep(settleCheckMs)
  }
  return seen.at(-1)!
}
