// An interrupted bench leaves nothing behind: the brokers and tools that it started end with it, and so does its scratch
// folder. Only processes that this one started itself are ended, each by its id.
import { readdirSync, readFileSync, rmSync } from 'node:fs'

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** Until the process ends. */
export function tidyUpWhenInterrupted(folder: string): void {
  for (const [signal, exitCode] of Object.entries(exitCodes)) {
    process.on(signal, () => {
      for (const pid of childrenOf(process.pid)) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // It ended by itself, as it may have heard the same signal.
        }
      }
      process.stderr.write(`bench: ended by ${signal}\n`)
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
      process.exit(exitCode)
    })
  }
}

function childrenOf(pid: number): number[] {
  const task = `/proc/${pid}/task`
  return readdirSync(task).flatMap(thread =>
    readFileSync(`${task}/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}
