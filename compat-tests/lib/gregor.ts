/**
 * Starts Gregor as a user does: the command-line program, a port of the system's choice, its ready line parsed. For tests
 * that must survive `kill -9`; tests inside the process use startBroker() of src/index.ts instead.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { repositoryRoot, scratchFolder } from './paths.js'
import { startService } from './processes.js'

export interface GregorOptions {
  /** Kept after stop() when given; otherwise a scratch folder that is removed. */
  readonly dataDir?: string
  /** No data directory of the test's own: dataDir is '' then. */
  readonly isEphemeral?: boolean
  /** The default is a port of the system's choice; name one to come back on the same port after a crash. */
  readonly listen?: string
  /** Several, as the key `listeners` takes them; `bootstrap` is the first of them. */
  readonly listeners?: string
  /** Further arguments of `gregor start`. */
  readonly args?: readonly string[]
  readonly nodeArgs?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Hears every line of the log. */
  readonly onLogLine?: (line: string) => void
}

export interface RunningGregor {
  /** HOST:PORT for clients. */
  readonly bootstrap: string
  readonly readyLine: string
  readonly pid: number
  readonly dataDir: string
  stderr(): string
  hasExited(): boolean
  /** Graceful; resolves to the exit code. */
  stop(): Promise<number | null>
  kill9(): Promise<void>
}

/** What users get: the command as it is published. */
export const gregorProgram = join(repositoryRoot, 'dist', 'bundle', 'gregor.js')

const READY_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000

export async function startGregor(options: GregorOptions = {}): Promise<RunningGregor> {
  const scratch = options.dataDir === undefined && !options.isEphemeral ? scratchFolder('data') : null
  const dataDir = options.dataDir ?? scratch ?? ''
  const where = options.isEphemeral ? ['--ephemeral'] : ['--data-dir', dataDir]
  const listeners =
    options.listeners === undefined
      ? ['--listen', options.listen ?? '127.0.0.1:0']
      : ['--config', `listeners=${options.listeners}`]
  const args = ['start', ...listeners, ...where, ...(options.args ?? [])]
  const service = await startService(process.execPath, [...(options.nodeArgs ?? []), gregorProgram, ...args], {
    readyLine: /^gregor ready: \w+:\/\/([^\s,]+)/,
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopTimeoutMs: STOP_TIMEOUT_MS,
    ...(options.env && { env: options.env }),
    ...(options.onLogLine && { onStderrLine: options.onLogLine }),
  })
  const removeScratch = async () => {
    if (scratch !== null) await rm(scratch, { recursive: true, force: true })
  }
  return {
    bootstrap: service.ready[1]!,
    readyLine: service.ready.input!,
    pid: service.pid,
    dataDir,
    stderr: service.stderr,
    hasExited: service.hasExited,
    stop: async () => {
      const exitCode = await service.stop()
      await removeScratch()
      return exitCode
    },
    // The data stays: coming back to it is what a killed broker is tested for.
    kill9: async () => {
      await service.stop('SIGKILL')
    },
  }
}
