/** What Linux says about a broker from outside: resident memory and open files. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** VmRSS, in bytes. */
export function residentBytes(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m)
  if (line === null) throw new Error(`process ${pid} has no resident memory`)
  return Number(line[1]) * 1024
}

/** Processor time that the system counts in hundredths of a second, of all threads. */
export function processorMs(pid: number): number {
  // Behind the name, which may hold blanks: utime and stime are the 14th and 15th field.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

export interface OpenFiles {
  readonly count: number
  readonly sockets: number
  readonly logs: number
  /** Logs that are open and no longer have a name that counts. */
  readonly deletedLogs: number
}

export function openFiles(pid: number): OpenFiles {
  const folder = `/proc/${pid}/fd`
  const targets = readdirSync(folder).flatMap(fd => {
    try {
      return [readlinkSync(`${folder}/${fd}`)]
    } catch {
      // Closed meanwhile.
      return []
    }
  })
  const logs = targets.filter(target => target.includes('.log'))
  return {
    count: targets.length,
    sockets: targets.filter(target => target.startsWith('socket:')).length,
    logs: logs.length,
    deletedLogs: logs.filter(target => target.includes('.deleted') || target.endsWith('(deleted)')).length,
  }
}
