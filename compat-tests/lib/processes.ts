/**
 * Child processes of the compat tests: run one to its end, or start one and wait for a line it prints. Every process is
 * ended by its own id; nothing here ends a process by name.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** How much of a process's stderr is kept: its tail, because the last words explain a failure. */
const KEPT_CHARACTERS_MAX = 256 * 1024

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** The process is killed after this long; its result then has `timedOut`. */
  readonly timeoutMs?: number
  readonly input?: string
}

export interface RunResult {
  /** null when a signal ended it; 127 when the program does not exist, as in a shell. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
  readonly elapsedMs: number
}

export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const startedMs = performance.now()
  return new Promise(resolve => {
    // A group of its own, so that the deadline also ends what a shell script started.
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const stdout = keepTail(child.stdout)
    const stderr = keepTail(child.stderr)
    let timedOut = false
    const deadline =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true
            endGroup(child)
          }, options.timeoutMs)
    const finish = (exitCode: number | null, extra = '') => {
      clearTimeout(deadline)
      resolve({ exitCode, stdout: stdout(), stderr: stderr() + extra, timedOut, elapsedMs: performance.now() - startedMs })
    }
    child.on('error', error => finish(127, error.message))
    child.on('close', exitCode => finish(exitCode))
    child.stdin.on('error', () => {
      // A program that does not read its input closes the pipe early; its exit code tells how it went.
    })
    child.stdin.end(options.input ?? '')
  })
}

/** Runs a program whose output goes where this one's goes, to its end; resolves to its exit code. */
export function runVisibly(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', reject)
    child.on('exit', exitCode => resolve(exitCode ?? 1))
  })
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It ended between the deadline and the signal.
  }
}

/** Reads a stream as it comes and answers with its tail when asked. */
function keepTail(stream: NodeJS.ReadableStream): () => string {
  let kept = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    kept += chunk
    if (kept.length > 2 * KEPT_CHARACTERS_MAX) kept = kept.slice(-KEPT_CHARACTERS_MAX)
  })
  return () => kept
}

export interface Service {
  readonly pid: number
  /** The match of the line that said it is ready. */
  readonly ready: RegExpMatchArray
  /** The tail of what it wrote to stderr so far. */
  stderr(): string
  hasExited(): boolean
  /** Sends the signal, waits for the end, and answers with the exit code (null when the signal ended it). */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export interface ServiceOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly readyLine: RegExp
  readonly readyTimeoutMs: number
  /** SIGTERM is followed by SIGKILL after this long. */
  readonly stopTimeoutMs: number
  /** Hears every line of stderr, of which otherwise only the tail is kept. */
  readonly onStderrLine?: (line: string) => void
}

/** Starts a long-running process and resolves when a line of its stdout or stderr matches `readyLine`. */
export async function startService(program: string, args: readonly string[], options: ServiceOptions): Promise<Service> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stderr = keepTail(child.stderr)
  const exited = new Promise<number | null>(resolve => {
    child.on('exit', code => resolve(code))
    child.on('error', () => resolve(127))
  })
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    const lastResort = setTimeout(() => child.kill('SIGKILL'), options.stopTimeoutMs)
    const exitCode = await exited
    clearTimeout(lastResort)
    return exitCode
  }

  let timer: NodeJS.Timeout | undefined
  const ready = await Promise.race([
    new Promise<RegExpMatchArray>(resolve => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', line => {
          const match = line.match(options.readyLine)
          if (match !== null) resolve(match)
          if (stream === child.stderr) options.onStderrLine?.(line)
        })
      }
    }),
    exited.then(code => `ended with exit code ${code} before it was ready`),
    new Promise<string>(resolve => {
      timer = setTimeout(resolve, options.readyTimeoutMs, `was not ready after ${options.readyTimeoutMs} ms`)
    }),
  ])
  clearTimeout(timer)
  if (typeof ready === 'string') {
    await stop('SIGKILL')
    throw new Error(`${program} ${ready}\n${stderr()}`)
  }
  return {
    pid: child.pid!,
    ready,
    stderr,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    stop,
  }
}
