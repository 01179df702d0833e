/**
 * Hosts one machine per partition of an internal topic, and is the only file here that deals with time, promises and a
 * log. A command walks: decide → apply → append → release the answers once everything appended so far is durable.
 *
 *   commands ──▶ decide ──▶ apply ──▶ append ─────────────────────▶ log
 *                                       │ order is fixed here         │
 *                  answers ◀── unreleased: [a][b][c] ◀── durable ─────┘
 *                              released from the front, never past one whose records may still be lost
 *
 * A shard does not wait: while records become durable it takes the next command. When the log refuses or loses records,
 * the shard's state is ahead of its log: everybody who waits is told NOT_COORDINATOR, and the next command finds the state
 * replayed.
 */
import { InvariantError } from '../base/assert.js'
import type { Timer, World } from '../base/world.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import { MalformedError } from '../protocol/wire.js'
import { Deadlines } from './deadlines.js'
import type { LogPort } from './log-port.js'
import type { Answer, Decision, Env, LogRecord, Machine, Token } from './machine.js'

export interface RuntimeOptions<State, Command, Rec> {
  readonly machine: Machine<State, Command, Rec>
  readonly partitions: number
  readonly log: LogPort
  readonly world: World
  readonly report: Report
}

/** What an operator should hear about. */
export interface Report {
  /** Met on replay: a record of a type, a version or a shape that this broker does not know. It is left alone. */
  unknownRecord(partition: number, record: LogRecord): void
  /** A shard dropped its state, because the log refused (`errorCode`) or lost (`error`) records. The next command replays. */
  shardDropped(partition: number, cause: { readonly errorCode: ErrorCode } | { readonly error: unknown }): void
  /** A dropped shard could not be replayed; the next command tries again. */
  shardUnavailable(partition: number, error: unknown): void
}

export class CoordinatorRuntime<State, Command, Rec> {
  readonly #shards: Shard<State, Command, Rec>[]

  constructor(options: RuntimeOptions<State, Command, Rec>) {
    this.#shards = Array.from({ length: options.partitions }, (_, partition) => new Shard(options, partition))
  }

  get partitions(): number {
    return this.#shards.length
  }

  /** Replays every partition. Throws what the log throws. */
  start(): void {
    for (const shard of this.#shards) shard.start()
  }

  /** Parked requests are answered NOT_COORDINATOR, later ones COORDINATOR_NOT_AVAILABLE; what is being written is awaited. */
  stop(): void {
    for (const shard of this.#shards) shard.stop()
  }

  /**
   * Runs the command that `build` makes around a token. `failure` spells an error that is not the machine's: the log
   * refused, the broker stops.
   */
  submit<Response>(
    partition: number,
    build: (token: Token<Response>) => Command,
    failure: (errorCode: ErrorCode) => Response,
  ): Promise<Response> {
    const shard = this.#shards[partition]
    if (shard === undefined) throw new InvariantError(`a partition below ${this.#shards.length}: ${partition}`)
    return new Promise(resolve => shard.submit(build, { resolve, failure }))
  }
}

interface Waiting {
  readonly resolve: (response: never) => void
  readonly failure: (errorCode: ErrorCode) => unknown
}

interface Batch {
  readonly answers: Answer[]
  isDurable: boolean
}

class Shard<State, Command, Rec> {
  readonly #options: RuntimeOptions<State, Command, Rec>
  readonly #partition: number
  readonly #env: Env
  readonly #deadlines = new Deadlines<Command>()
  readonly #waiting = new Map<number, Waiting>()
  /** Oldest first. */
  #unreleased: Batch[] = []
  /** null: not loaded, because the log could not be read. */
  #state: State | null = null
  #isStopped = false
  #nextToken = 0
  #timer: Timer | null = null
  #timerAtMs = Number.POSITIVE_INFINITY

  constructor(options: RuntimeOptions<State, Command, Rec>, partition: number) {
    this.#options = options
    this.#partition = partition
    const { world } = options
    this.#env = {
      get nowMs() {
        return world.nowMs()
      },
      newId: () => world.uuidText(),
    }
  }

  start(): void {
    this.#load()
  }

  stop(): void {
    this.#isStopped = true
    this.#disarm()
    this.#deadlines.clear()
    const promised = new Set(this.#unreleased.flatMap(batch => batch.answers.map(answer => answer.token as number)))
    for (const token of [...this.#waiting.keys()]) if (!promised.has(token)) this.#fail(token, Errors.NOT_COORDINATOR)
  }

  submit<Response>(build: (token: Token<Response>) => Command, waiting: Waiting): void {
    const token = this.#nextToken++
    this.#waiting.set(token, waiting)
    if (this.#isStopped || !this.#isLoaded()) this.#fail(token, Errors.COORDINATOR_NOT_AVAILABLE)
    else this.#run(build(token))
  }

  #run(command: Command): void {
    const { machine } = this.#options
    this.#carryOut(machine.decide(this.#state as State, command, this.#env))
  }

  #carryOut(decision: Decision<Command, Rec>): void {
    const { machine, log, world } = this.#options
    if (decision.deadlines.length > 0) {
      const nowMs = world.monotonicMs()
      for (const change of decision.deadlines) {
        if (change.afterMs === null) this.#deadlines.cancel(change.key)
        else this.#deadlines.set(change.key, nowMs + change.afterMs, change.command)
      }
      this.#arm()
    }
    if (decision.records.length === 0) {
      const last = this.#unreleased.at(-1)
      // What this decision saw may hang on records that are not durable yet.
      if (last === undefined) this.#release(decision.answers)
      else last.answers.push(...decision.answers)
      return
    }
    for (const record of decision.records) machine.apply(this.#state as State, record)
    const appended = log.append(
      this.#partition,
      decision.records.map(record => machine.encode(record)),
    )
    if ('errorCode' in appended) {
      const errorCode = answerToRefusal(appended.errorCode)
      for (const { token } of decision.answers) this.#fail(token as number, errorCode)
      this.#drop({ errorCode: appended.errorCode })
    } else if (appended.durable === null && this.#unreleased.length === 0) {
      this.#release(decision.answers)
    } else {
      this.#await({ answers: [...decision.answers], isDurable: appended.durable === null }, appended.durable)
    }
  }

  #await(batch: Batch, durable: Promise<void> | null): void {
    const unreleased = this.#unreleased
    unreleased.push(batch)
    durable?.then(
      () => {
        batch.isDurable = true
        // A drop in between has answered everybody and started a new list.
        if (unreleased === this.#unreleased) this.#releaseDurable()
      },
      error => {
        if (unreleased === this.#unreleased) this.#drop({ error })
      },
    )
  }

  #releaseDurable(): void {
    let count = 0
    for (const batch of this.#unreleased) {
      if (!batch.isDurable) break
      this.#release(batch.answers)
      count++
    }
    this.#unreleased.splice(0, count)
  }

  #release(answers: readonly Answer[]): void {
    for (const { token, response } of answers) {
      const waiting = this.#waiting.get(token as number)
      if (waiting === undefined) throw new InvariantError('every request is answered exactly once')
      this.#waiting.delete(token as number)
      waiting.resolve(response as never)
    }
  }

  #fail(token: number, errorCode: ErrorCode): void {
    const waiting = this.#waiting.get(token)
    if (waiting === undefined) return
    this.#waiting.delete(token)
    waiting.resolve(waiting.failure(errorCode) as never)
  }

  #drop(cause: { readonly errorCode: ErrorCode } | { readonly error: unknown }): void {
    this.#disarm()
    this.#deadlines.clear()
    this.#unreleased = []
    this.#state = null
    for (const token of [...this.#waiting.keys()]) this.#fail(token, Errors.NOT_COORDINATOR)
    this.#options.report.shardDropped(this.#partition, cause)
  }

  #isLoaded(): boolean {
    if (this.#state !== null) return true
    try {
      this.#load()
    } catch (error) {
      if (error instanceof InvariantError) throw error
      this.#options.report.shardUnavailable(this.#partition, error)
    }
    return this.#state !== null
  }

  #load(): void {
    const { machine, log, report } = this.#options
    const state = machine.create()
    for (const logRecord of log.replay(this.#partition)) {
      const record = decodeOrNull(machine, logRecord)
      if (record === null) report.unknownRecord(this.#partition, logRecord)
      else machine.apply(state, record)
    }
    this.#state = state
    this.#carryOut(machine.load(state, this.#env))
  }

  /** One timer for the earliest deadline. It may fire early when that deadline has moved; then it is armed anew. */
  #arm(): void {
    const earliestMs = this.#deadlines.earliestMs()
    if (this.#isStopped || earliestMs === null || earliestMs >= this.#timerAtMs) return
    this.#timer?.cancel()
    this.#timerAtMs = earliestMs
    const { world } = this.#options
    this.#timer = world.after(Math.max(0, earliestMs - world.monotonicMs()), () => this.#expire())
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#timerAtMs = Number.POSITIVE_INFINITY
  }

  #expire(): void {
    this.#disarm()
    const nowMs = this.#options.world.monotonicMs()
    const mark = this.#deadlines.mark()
    // A drop on the way drops the state together with its deadlines.
    while (this.#state !== null) {
      const command = this.#deadlines.takeDue(nowMs, mark)
      if (command === null) break
      this.#run(command)
    }
    this.#arm()
  }
}

function decodeOrNull<Rec>(machine: { decode(record: LogRecord): Rec | null }, record: LogRecord): Rec | null {
  try {
    return machine.decode(record)
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
}

/** What a client is told when the log refused the records of its command. */
function answerToRefusal(errorCode: ErrorCode): ErrorCode {
  switch (errorCode) {
    // Trying again elsewhere or later does not make the records smaller.
    case Errors.MESSAGE_TOO_LARGE:
    case Errors.RECORD_LIST_TOO_LARGE:
    case Errors.INVALID_FETCH_SIZE:
      return Errors.UNKNOWN_SERVER_ERROR
    default:
      return Errors.NOT_COORDINATOR
  }
}
