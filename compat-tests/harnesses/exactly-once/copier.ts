/**
 * One copier's place: a transactional id and the processes that use it, one after another, or two at once when one was stopped
 * and another takes over. What they say becomes history; one that ends because it must not go on is followed by the next.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { delay } from '../../lib/patience.js'
import type { Random } from '../../lib/random.js'
import type { CopyingClient } from './clients.js'
import { copierEnvironment, eventsOf, type Routes, routeTexts } from './copier-lines.js'
import type { HistoryEvent } from './history.js'

export interface CopierPlace {
  readonly name: string
  readonly client: CopyingClient
  readonly group: string
  readonly routes: Routes
}

/** The exit code of one that can go no further with its transactional id. */
const EXIT_NEXT_TAKES_OVER = 3
const NEXT_AFTER_MS = 300
const LEAVE_MS_MAX = 15_000

export class Copier {
  readonly problems: string[] = []
  /** What the processes gave as reasons, numbers left out, and how often. */
  readonly reasons = new Map<string, number>()
  processCount = 0
  readonly #lives = new Set<ChildProcess>()
  #current: ChildProcess | null = null
  #isStopping = false
  /** Of the turn that is being played with this place. */
  isBusy = false

  constructor(
    readonly place: CopierPlace,
    private readonly bootstrap: string,
    private readonly random: Random,
    private readonly tell: (event: HistoryEvent) => void,
    /** All that they say, for whoever looks for a reason. */
    private readonly said: Writable,
  ) {}

  start(): void {
    const { name, client, group, routes } = this.place
    const [program, ...args] = client.copier
    const own = [this.bootstrap, name, `id-${name}`, group, String(this.random.uint32()), ...routeTexts(routes)]
    const child = spawn(program!, [...args, ...own], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...copierEnvironment },
    })
    this.processCount++
    this.#current = child
    this.#lives.add(child)
    const { pid } = child
    onWholeLines(child.stdout, line => {
      this.said.write(`${Date.now()} ${pid} ${line}\n`)
      for (const event of eventsOf(line, group, routes)) this.tell(event)
    })
    onWholeLines(child.stderr, line => {
      this.said.write(`${Date.now()} ${pid} ! ${line}\n`)
      const reason = line.replace(/\d+/g, '#').slice(0, 300)
      this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1)
    })
    child.on('error', error => this.problems.push(`${name}: ${error.message}`))
    child.on('exit', (code, signal) => {
      this.#lives.delete(child)
      const wasCurrent = this.#current === child
      if (wasCurrent) this.#current = null
      if (signal === 'SIGKILL' || this.#isStopping || (!wasCurrent && code !== null)) return
      if (code !== EXIT_NEXT_TAKES_OVER) this.problems.push(`${name} ended with ${signal ?? code}`)
      void delay(NEXT_AFTER_MS).then(() => {
        if (!this.#isStopping && this.#current === null) this.start()
      })
    })
  }

  /** kill -9, and the next one starts at once. */
  crash(): void {
    this.#current?.kill('SIGKILL')
    if (!this.#isStopping) this.start()
  }

  async pause(forMs: number): Promise<void> {
    const child = this.#current
    child?.kill('SIGSTOP')
    await delay(forMs)
    child?.kill('SIGCONT')
  }

  /** Another process takes over while this one is stopped, and still lives when it goes on. */
  async replace(forMs: number): Promise<void> {
    const child = this.#current
    child?.kill('SIGSTOP')
    this.start()
    await delay(forMs)
    child?.kill('SIGCONT')
  }

  /** Lets the current one finish its transaction and leave. */
  async stop(): Promise<void> {
    this.#isStopping = true
    const late = setTimeout(() => {
      for (const child of this.#lives) child.kill('SIGKILL')
    }, LEAVE_MS_MAX)
    const ended = [...this.#lives].map(child => new Promise(resolve => child.once('close', resolve)))
    for (const child of this.#lives) {
      child.kill('SIGCONT')
      child.kill('SIGTERM')
    }
    await Promise.all(ended)
    clearTimeout(late)
  }
}

/** Of a process that is killed, the last line may be half a line: what it had not said whole it had not begun. */
function onWholeLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line !== '') onLine(line)
  })
}
