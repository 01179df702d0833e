/**
 * Hosts one machine per partition of an internal topic, and is the only file here that deals with time, promises and a
 * log. A command walks: decide → append → apply → release the answers once everything appended so far is durable.
 *
 *   commands ──▶ decide ──▶ append ──▶ apply ──────────────────────▶ log
 *                             │ order is fixed here                   │
 *           answers, sends ◀── unreleased: [a][b][c] ◀── durable ─────┘
 *                              released from the front, never past one whose records may still be lost
 *
 * A shard does not wait: while records become durable it takes the next command. What can go wrong, and who notices:
 *
 *   the log refuses records     that command fails and is undone; nothing was applied
 *   a command throws            its shard may be half-changed: it is dropped, and replayed for the next command
 *   the log loses records       the shard is ahead of its log: dropped likewise
 *
 * When a shard is dropped, all waiting requests are answered with NOT_COORDINATOR. A long replay is done in slices; requests that
 * come meanwhile are told COORDINATOR_LOAD_IN_PROGRESS.
 */
import { InvariantError } from '../base/assert.js'
import type { Timer, World } from '../base/world.js'
import { type ErrorCode, Errors, isRefusal } from '../protocol/errors.js'
import { MalformedError } from '../protocol/wire.js'
import { batchEnds } from './batch-ends.js'
import { Deadlines } from './deadlines.js'
import type { LogEntry, LogPort, Written } from './log-port.js'
import {
  type Answer,
  type Decision,
  type EndOfTransaction,
  type Env,
  type LogRecord,
  type Machine,
  type Send,
  type Token,
  type TopicsView,
  Turn,
} from './machine.js'
import { partitionFor } from './partitioner.js'
import { answerToRefusal } from './refusals.js'

export interface RuntimeOptions<State, Command, Rec, Effect = never> {
  readonly machine: Machine<State, Command, Rec, Effect>
  /** As long as the topic is not there. */
  readonly partitionsDefault: number
  readonly log: LogPort
  readonly world: World
  readonly topics: TopicsView
  /** Brings what a decision sends where it belongs: true when it is taken, or no longer needed; else it is sent again. */
  readonly send: (effect: Effect, partition: number) => Promise<boolean>
  readonly report: Report
}

/** What an operator should hear about. */
export interface Report {
  /** Met on replay: a record of a type, a version or a shape that this broker does not know. It is left alone. */
  unknownRecord(partition: number, record: LogRecord): void
  /** A shard dropped its state, because a command threw or the log lost records. The next command replays. */
  shardDropped(partition: number, error: unknown): void
  /** A dropped shard could not be replayed; the next command tries again. */
  shardUnavailable(partition: number, error: unknown): void
}

/** A replay goes on for so long at a time while others wait. */
const replaySliceMs = 5
/** Deadlines that are due at once: a thousand members that were heard of last at the same moment. */
const expirySliceMs = 1
/** Records between two looks at the clock. */
const recordsPerLook = 128
/** Until what was not taken is sent again. */
const sendAgainMs = 100

export class CoordinatorRuntime<State, Command, Rec, Effect = never> {
  readonly #options: RuntimeOptions<State, Command, Rec, Effect>
  #shards: readonly Shard<State, Command, Rec, Effect>[]
  /** The number of shards is the topic's, and stays so: where a key lives must not change under its state. */
  #isOfTopic = false

  constructor(options: RuntimeOptions<State, Command, Rec, Effect>) {
    this.#options = options
    this.#shards = this.#newShards(options.partitionsDefault)
  }

  get partitions(): number {
    this.#meetTopic()
    return this.#shards.length
  }

  partitionOf(key: string): number {
    return partitionFor(key, this.partitions)
  }

  /** The topic was deleted: what was known of it is gone with it, as it would be after a restart. */
  unload(): void {
    this.#renew(this.#options.partitionsDefault)
    this.#isOfTopic = false
  }

  /** The topic may have been made meanwhile, by hand and with a number of partitions of its own. */
  #meetTopic(): void {
    if (this.#isOfTopic) return
    const count = this.#options.log.partitionCount()
    if (count === null) return
    this.#isOfTopic = true
    if (count !== this.#shards.length) this.#renew(count)
  }

  #renew(count: number): void {
    for (const shard of this.#shards) shard.stop()
    this.#shards = this.#newShards(count)
  }

  #newShards(count: number): Shard<State, Command, Rec, Effect>[] {
    return Array.from({ length: count }, (_, partition) => new Shard(this.#options, partition))
  }

  /** Replays every partition; a promise when the log answers later. Throws, or rejects with, what the log throws. */
  start(): Promise<void> | null {
    this.#meetTopic()
    for (const [n, shard] of this.#shards.entries()) {
      const loaded = shard.start()
      if (loaded !== null) return this.#startRest(loaded, n + 1)
    }
    return null
  }

  async #startRest(first: Promise<void>, from: number): Promise<void> {
    await first
    for (const shard of this.#shards.slice(from)) await shard.start()
  }

  /** Parked requests are answered NOT_COORDINATOR, later ones COORDINATOR_NOT_AVAILABLE; what is being written is awaited. */
  stop(only: number | null = null): void {
    for (const [partition, shard] of this.#shards.entries()) if (only === null || only === partition) shard.stop()
  }

  /**
   * Runs the command that `build` makes around a token. `failure` spells an error that is not the machine's: the log
   * refused, the shard is loading, the broker stops.
   */
  submit<Response>(
    partition: number,
    build: (token: Token<Response>) => Command,
    failure: (errorCode: ErrorCode) => Response,
  ): Promise<Response> {
    return new Promise(resolve => this.ask(partition, build, { resolve, failure }))
  }

  /** `submit` without a promise: what is decided at once is answered before this returns. */
  ask<Response>(partition: number, build: (token: Token<Response>) => Command, asker: Asker<Response>): void {
    this.#shard(partition).submit(build, asker)
  }

  /** The same for what the broker itself has to tell: it waits where a client would be sent away to try again. */
  submitWhenLoaded<Response>(
    partition: number,
    build: (token: Token<Response>) => Command,
    failure: (errorCode: ErrorCode) => Response,
  ): Promise<Response> {
    return new Promise(resolve => this.#shard(partition).whenLoaded(() => this.ask(partition, build, { resolve, failure })))
  }

  /** What is worth knowing but no request: a shard that is not loaded need not hear it. */
  tell(partition: number, command: Command): void {
    this.#shard(partition).tell(command)
  }

  /** Names of the deadlines that are set; for tests. */
  deadlineKeys(partition: number): Iterable<string> {
    return this.#shard(partition).deadlineKeys()
  }

  #shard(partition: number): Shard<State, Command, Rec, Effect> {
    const shard = this.#shards[partition]
    if (shard === undefined) throw new InvariantError(`a partition below ${this.#shards.length}: ${partition}`)
    return shard
  }
}

export interface Asker<Response> {
  readonly resolve: (response: Response) => void
  readonly failure: (errorCode: ErrorCode) => Response
}

interface Batch<Command, Effect> {
  answers: Answer[]
  sends: Send<Command, Effect>[]
  isDurable: boolean
}

interface Loading<State> {
  readonly state: State
  readonly entries: Iterator<LogEntry>
  /** Runs when it has ended. */
  readonly waiting: (() => void)[]
}

class Shard<State, Command, Rec, Effect> {
  readonly #options: RuntimeOptions<State, Command, Rec, Effect>
  readonly #partition: number
  readonly #env: Env
  readonly #deadlines = new Deadlines<Command>()
  readonly #waiting = new Map<number, Asker<never>>()
  /** Oldest first. */
  #unreleased: Batch<Command, Effect>[] = []
  /** What has left and is not taken, with the timer of the next attempt. */
  readonly #sends = new Map<Send<Command, Effect>, Timer | null>()
  /** Of what goes on in the next turn of the event loop. */
  readonly #laters = new Set<Timer>()
  /** null: not loaded. */
  #state: State | null = null
  #loading: Loading<State> | null = null
  #isStopped = false
  #nextToken = 0
  #timer: Timer | null = null
  #timerAtMs = Number.POSITIVE_INFINITY
  #replayTimer: Timer | null = null
  /** A decision set a deadline that is due at its end. */
  #isDueNow = false
  #isExpiring = false

  constructor(options: RuntimeOptions<State, Command, Rec, Effect>, partition: number) {
    this.#options = options
    this.#partition = partition
    const { world, topics } = options
    this.#env = {
      topics,
      get nowMs() {
        return world.nowMs()
      },
      newId: () => world.uuidText(),
    }
  }

  start(): Promise<void> | null {
    this.#beginLoad()
    const paused = this.#replay(Number.POSITIVE_INFINITY)
    return paused === null ? null : this.#replayRest(paused)
  }

  async #replayRest(first: Promise<void> | 'timeIsOver'): Promise<void> {
    for (let paused: typeof first | null = first; paused !== null; paused = this.#replay(Number.POSITIVE_INFINITY)) {
      await paused
      if (this.#loading === null) return
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#replayTimer?.cancel()
    this.#endLoad()
    this.#disarm()
    this.#deadlines.clear()
    this.#cancelWork()
    const promised = new Set(this.#unreleased.flatMap(batch => batch.answers.map(answer => answer.token as number)))
    for (const token of [...this.#waiting.keys()]) if (!promised.has(token)) this.#fail(token, Errors.NOT_COORDINATOR)
  }

  deadlineKeys(): Iterable<string> {
    return this.#deadlines.keys()
  }

  submit<Response>(build: (token: Token<Response>) => Command, asker: Asker<Response>): void {
    const token = this.#nextToken++
    this.#waiting.set(token, asker as unknown as Asker<never>)
    if (this.#state === null && !this.#isStopped) this.#load()
    if (this.#isStopped) this.#fail(token, Errors.COORDINATOR_NOT_AVAILABLE)
    else if (this.#state !== null) this.#run(build(token), token)
    else this.#fail(token, this.#loading === null ? Errors.COORDINATOR_NOT_AVAILABLE : Errors.COORDINATOR_LOAD_IN_PROGRESS)
  }

  tell(command: Command): void {
    if (!this.#isStopped && this.#state !== null) this.#run(command, null)
  }

  /** Runs now, or when the replay that it begins or finds under way has ended, one way or the other. */
  whenLoaded(run: () => void): void {
    if (this.#state === null && !this.#isStopped) this.#load()
    if (this.#loading === null) run()
    else this.#loading.waiting.push(run)
  }

  /** `token`: whose command it is; null for a deadline's. */
  #run(command: Command, token: number | null): void {
    try {
      this.#carryOut(this.#options.machine.decide(this.#state as State, command, this.#env), token)
    } catch (error) {
      // What it had changed is not known, so the whole state is read from the log again.
      if (token !== null) this.#fail(token, Errors.UNKNOWN_SERVER_ERROR)
      this.#drop(error)
    }
    if (this.#isDueNow && !this.#isExpiring) this.#expire()
  }

  #carryOut(decision: Decision<Command, Rec, Effect>, token: number | null): void {
    this.#setDeadlines(decision)
    const { answers, sends, later } = decision
    if (decision.records.length === 0 && decision.marker === null) {
      if (later !== null) this.#later(later)
      const last = this.#unreleased.at(-1)
      // What this decision saw may hang on records that are not durable yet.
      if (last === undefined) this.#release(decision)
      else {
        last.answers.push(...answers)
        last.sends.push(...sends)
      }
      return
    }
    const written = decision.marker === null ? this.#write(decision) : this.#writeMarker(decision.marker)
    if (isRefusal(written)) {
      this.#refuse(decision, token, written.errorCode)
      return
    }
    if (later !== null) this.#later(later)
    if (written.durable === null && this.#unreleased.length === 0) this.#release(decision)
    else this.#await({ answers: [...answers], sends: [...sends], isDurable: written.durable === null }, written.durable)
  }

  #setDeadlines({ deadlines }: Decision<Command, Rec, Effect>): void {
    if (deadlines.length === 0) return
    const nowMs = this.#options.world.monotonicMs()
    for (const change of deadlines) {
      if (change.afterMs === null) this.#deadlines.cancel(change.key)
      else {
        this.#deadlines.set(change.key, nowMs + Math.max(0, change.afterMs), change.command)
        this.#isDueNow ||= change.afterMs <= 0
      }
    }
    this.#arm()
  }

  /** Appends, then applies what was appended. */
  #write({ records, producer, isDivisible }: Decision<Command, Rec, Effect>): Written {
    const { machine, log } = this.#options
    const encoded = records.map(record => machine.encode(record))
    const ends = isDivisible ? batchEnds(encoded, log.batchBytesMax(this.#partition)) : [records.length]
    let durable: Promise<void> | null = null
    let from = 0
    for (const end of ends) {
      const appended = log.append(this.#partition, ends.length === 1 ? encoded : encoded.slice(from, end), producer)
      if (isRefusal(appended)) {
        if (durable !== null) this.#await({ answers: [], sends: [], isDurable: false }, durable)
        return appended
      }
      const state = this.#state as State
      for (; from < end; from++) machine.apply(state, records[from] as Rec, producer)
      durable = durable === null || appended.durable === null ? (appended.durable ?? durable) : both(durable, appended.durable)
    }
    return { durable }
  }

  #writeMarker({ marker, transactionVersion }: EndOfTransaction): Written {
    const { machine, log } = this.#options
    const written = log.appendMarker(this.#partition, marker, transactionVersion)
    if (!isRefusal(written)) machine.applyMarker(this.#state as State, marker)
    return written
  }

  #refuse({ answers, undo }: Decision<Command, Rec, Effect>, own: number | null, refusal: ErrorCode): void {
    const errorCode = answerToRefusal(refusal)
    // Its own request has failed, also when it was to be parked.
    if (own !== null) this.#fail(own, errorCode)
    for (const { token } of answers) this.#fail(token as number, errorCode)
    if (undo.length === 0) return
    const turn = new Turn<Command, Rec, Effect>(this.#env)
    for (let at = undo.length - 1; at >= 0; at--) undo[at]?.(turn)
    if (turn.records.length > 0 || turn.marker !== null) throw new InvariantError('undoing a refused decision writes nothing')
    this.#carryOut(turn, null)
  }

  #await(batch: Batch<Command, Effect>, durable: Promise<void> | null): void {
    this.#unreleased.push(batch)
    durable?.then(
      () => {
        batch.isDurable = true
        this.#releaseDurable()
      },
      error => {
        // A drop since then has answered all requests, and a replay has read the log.
        if (this.#unreleased.includes(batch)) this.#drop(error)
        this.#unreleased = []
      },
    )
  }

  #releaseDurable(): void {
    let count = 0
    for (const batch of this.#unreleased) {
      if (!batch.isDurable) break
      this.#release(batch)
      count++
    }
    this.#unreleased.splice(0, count)
  }

  #release({ answers, sends }: Pick<Decision<Command, Rec, Effect>, 'answers' | 'sends'>): void {
    for (const { token, response } of answers) {
      const waiting = this.#waiting.get(token as number)
      if (waiting === undefined) throw new InvariantError('every request is answered exactly once')
      this.#waiting.delete(token as number)
      waiting.resolve(response as never)
    }
    for (const send of sends) this.#send(send)
  }

  #send(send: Send<Command, Effect>): void {
    this.#sends.set(send, null)
    this.#options.send(send.effect, this.#partition).then(
      isTaken => this.#sent(send, isTaken),
      () => this.#sent(send, false),
    )
  }

  #sent(send: Send<Command, Effect>, isTaken: boolean): void {
    // A drop has forgotten it; the replay that follows sends it again.
    if (!this.#sends.has(send)) return
    if (!isTaken) {
      this.#sends.set(
        send,
        this.#options.world.host.after(sendAgainMs, () => this.#send(send)),
      )
      return
    }
    this.#sends.delete(send)
    this.#run(send.then, null)
  }

  #later(command: Command): void {
    const timer = this.#options.world.host.after(0, () => {
      this.#laters.delete(timer)
      this.#run(command, null)
    })
    this.#laters.add(timer)
  }

  #cancelWork(): void {
    for (const timer of [...this.#sends.values(), ...this.#laters]) timer?.cancel()
    this.#sends.clear()
    this.#laters.clear()
  }

  #fail(token: number, errorCode: ErrorCode): void {
    const waiting = this.#waiting.get(token)
    if (waiting === undefined) return
    this.#waiting.delete(token)
    waiting.resolve(waiting.failure(errorCode))
  }

  #drop(error: unknown): void {
    this.#forget(Errors.NOT_COORDINATOR)
    this.#options.report.shardDropped(this.#partition, error)
  }

  /** Back to what a shard is before it has loaded. What comes next still waits for what is being written. */
  #forget(errorCode: ErrorCode): void {
    this.#disarm()
    this.#deadlines.clear()
    this.#cancelWork()
    for (const batch of this.#unreleased) {
      batch.answers = []
      batch.sends = []
    }
    this.#state = null
    for (const token of [...this.#waiting.keys()]) this.#fail(token, errorCode)
  }

  #load(): void {
    if (this.#loading !== null) return
    try {
      this.#beginLoad()
    } catch (error) {
      this.#failLoad(error)
      return
    }
    this.#replaySlice()
  }

  #beginLoad(): void {
    const { machine, log } = this.#options
    this.#loading = { state: machine.create(), entries: log.replay(this.#partition)[Symbol.iterator](), waiting: [] }
  }

  #replaySlice(): void {
    const { host } = this.#options.world
    try {
      const paused = this.#replay(host.monotonicMs() + replaySliceMs)
      if (paused === 'timeIsOver') this.#replayTimer = host.after(0, () => this.#replaySlice())
      else if (paused !== null) this.#replayWhen(paused)
    } catch (error) {
      this.#failLoad(error)
    }
  }

  #replayWhen(isThere: Promise<void>): void {
    const loading = this.#loading
    void isThere.then(() => {
      if (this.#loading === loading) this.#replaySlice()
    })
  }

  /** Null when all is replayed; else what it waits for. */
  #replay(untilMs: number): Promise<void> | 'timeIsOver' | null {
    const { machine, report, world } = this.#options
    const { state, entries } = this.#loading as Loading<State>
    let seen = 0
    for (let next = entries.next(); next.done !== true; next = entries.next()) {
      const entry = next.value
      if (entry.kind === 'later') return entry.isThere
      if (entry.kind === 'marker') machine.applyMarker(state, entry.marker)
      else {
        const record = decodeOrNull(machine, entry.record)
        if (record === null) report.unknownRecord(this.#partition, entry.record)
        else machine.apply(state, record, entry.producer)
      }
      if (++seen % recordsPerLook === 0 && world.host.monotonicMs() >= untilMs) return 'timeIsOver'
    }
    this.#state = state
    this.#carryOut(machine.load(state, this.#env), null)
    this.#endLoad()
    return null
  }

  #failLoad(error: unknown): void {
    this.#forget(Errors.COORDINATOR_NOT_AVAILABLE)
    this.#endLoad()
    this.#options.report.shardUnavailable(this.#partition, error)
  }

  #endLoad(): void {
    const waiting = this.#loading?.waiting ?? []
    this.#loading = null
    for (const run of waiting) run()
  }

  /** One timer for the earliest deadline. It may fire early when that deadline has moved, and is then set again. */
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

  #expireInNextTurn(): void {
    if (this.#isStopped || this.#state === null) return
    this.#timerAtMs = Number.NEGATIVE_INFINITY
    this.#timer = this.#options.world.host.after(0, () => this.#expire())
  }

  #expire(): void {
    this.#disarm()
    this.#isDueNow = false
    this.#isExpiring = true
    const { world } = this.#options
    const nowMs = world.monotonicMs()
    const untilMs = world.host.monotonicMs() + expirySliceMs
    const mark = this.#deadlines.mark()
    let isOver = false
    // A drop on the way drops the state together with its deadlines.
    while (this.#state !== null && !isOver) {
      const command = this.#deadlines.takeDue(nowMs, mark)
      if (command === null) break
      this.#run(command, null)
      isOver = world.host.monotonicMs() >= untilMs
    }
    this.#isExpiring = false
    if (isOver) this.#expireInNextTurn()
    else this.#arm()
  }
}

async function both(first: Promise<void>, second: Promise<void>): Promise<void> {
  await Promise.all([first, second])
}

function decodeOrNull<Rec>(machine: { decode(record: LogRecord): Rec | null }, record: LogRecord): Rec | null {
  try {
    return machine.decode(record)
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
}
