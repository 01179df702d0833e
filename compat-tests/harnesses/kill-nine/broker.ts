/**
 * A Gregor that is killed and comes back: same port, same data directory, each time a new process. Keeps what every
 * incarnation logged at level error, because an error must not go unnoticed between two crashes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gregorProgram, type RunningGregor, startGregor } from '../../lib/gregor.js'
import { freePorts } from '../../lib/ports.js'

export class KillableBroker {
  readonly errorLines: string[] = []
  /** From exec to the ready line, of every start, in milliseconds. */
  readonly readyMs: number[] = []
  #gregor: RunningGregor | null = null

  private constructor(
    readonly bootstrap: string,
    readonly dataDir: string,
    private readonly args: readonly string[],
  ) {}

  /** `args` are further ones of `gregor start`. */
  static async create(dataDir: string, args: readonly string[] = []): Promise<KillableBroker> {
    const [port] = await freePorts(1)
    return new KillableBroker(`127.0.0.1:${port}`, dataDir, args)
  }

  get isUp(): boolean {
    return this.#gregor !== null
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    const startedMs = performance.now()
    this.#gregor = await startGregor({
      dataDir: this.dataDir,
      listen: this.bootstrap,
      args: this.args,
      onLogLine: line => {
        if (line.includes('"level":"error"') || line.includes('"level":"fatal"')) this.errorLines.push(line)
      },
    })
    this.readyMs.push(performance.now() - startedMs)
  }

  async kill9(): Promise<void> {
    const gregor = this.#gregor
    if (gregor === null) return
    this.#gregor = null
    this.#noteEnd(gregor)
    await gregor.kill9()
  }

  /** Starts it and kills it `afterMs` later, most likely in the middle of its recovery. */
  async startAndKill(afterMs: number): Promise<void> {
    const args = [gregorProgram, 'start', '--listen', this.bootstrap, '--data-dir', this.dataDir, ...this.args]
    const child = spawn(process.execPath, args, { stdio: 'ignore' })
    const exited = once(child, 'exit')
    setTimeout(() => child.kill('SIGKILL'), afterMs)
    const [exitCode] = await exited
    if (exitCode !== null) this.errorLines.push(`the broker ended with exit code ${exitCode} before it was killed`)
  }

  async stop(): Promise<number | null> {
    const gregor = this.#gregor
    this.#gregor = null
    if (gregor === null) return null
    this.#noteEnd(gregor)
    return await gregor.stop()
  }

  #noteEnd(gregor: RunningGregor): void {
    if (gregor.hasExited()) this.errorLines.push(`the broker ended by itself: ${gregor.stderr().slice(-2000)}`)
  }

  /**
   * Leaves behind the last log of a partition what a lost power supply may leave: the first bytes of a batch that never got
   * whole. Only while the broker is down.
   */
  tearTail(folder: string, bytes: number): boolean {
    const path = join(this.dataDir, folder)
    const active = readdirSync(path)
      .filter(name => name.endsWith('.log'))
      .sort()
      .at(-1)
    if (active === undefined || statSync(join(path, active)).size < bytes + 1) return false
    // The beginning of a real batch, so that only its missing end gives it away.
    appendFileSync(join(path, active), readFileSync(join(path, active)).subarray(0, bytes))
    return true
  }
}
