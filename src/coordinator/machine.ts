/**
 * The contract of a coordinator: a deterministic machine over one partition of an internal topic. It owns no clock, no
 * timer, no randomness and no promise; runtime.ts gives it moments and ids, and carries out what it decides.
 *
 *   decide(state, command, env)   reads the whole state, changes only the volatile part of it, and returns a Decision:
 *                                 records to write, answers to give, deadlines to set, effects to have elsewhere.
 *   apply(state, record)          changes only the durable part of the state, and is the only thing that does (for the end
 *                                 of a transaction: applyMarker). The runtime calls it for every record of a decision
 *                                 that the log took, and for every record of the log at start.
 *   load(state, env)              called once after a replay: builds the volatile part from the durable part, and sends
 *                                 again what the log does not say to be done.
 *
 * Durable state is what the log says: for groups, the last written generation with its members, and committed offsets.
 * Volatile state is what may be lost with the process, because its owners come back by themselves: parked requests,
 * members that were given an id but have not joined, deadlines, a generation whose assignment has not been written yet.
 *
 * Laws, checked by tests over random histories:
 *   1. replay(log) has the durable state of the live machine.
 *   2. So has replay(compact(log)): applying records with different keys commutes.
 *   3. No answer leaves before the records of its own and of all earlier decisions are durable, so that no client is
 *      told what a crash could take back.
 *   4. Every request is answered exactly once; one that is parked is answered by a later decision.
 *   5. A decision whose records the log refuses has failed alone: its answers are errors, its `undo` puts the volatile
 *      state right, and no other request or group notices.
 *   6. What a decision sends leaves as its answers do, and is repeated until it is taken, over a restart too. So it may
 *      arrive twice, and who takes it must not mind. An answer that depends on it is parked, and given by its `then`.
 */
import type { Bytes } from '../base/bytes.js'
import type { Uuid } from '../base/ids.js'
import type { Marker, Producer, TransactionVersion } from '../protocol/records/marker.js'

declare const responseType: unique symbol
/** Stands for a waiting request; the type remembers what its answer must look like. */
export type Token<Response> = number & { readonly [responseType]?: (response: Response) => void }

export interface Answer {
  readonly token: Token<never>
  readonly response: unknown
}

/** Sets or cancels the deadline named `key`. A key has one deadline at most: setting it again moves it. */
export type DeadlineChange<Command> =
  | {
      readonly key: string
      /**
       * From now; relative on purpose: a wall clock that jumps must not expire sessions. Due at the end of the
       * decision when not above 0, whatever the clock does.
       */
      readonly afterMs: number
      /** Given to `decide` when the time has come. */
      readonly command: Command
    }
  | { readonly key: string; readonly afterMs: null }

/** Something to be had from the leader of a partition or another coordinator, which may be in another broker. */
export interface Send<Command, Effect> {
  readonly effect: Effect
  /** Given to `decide` when it is taken. */
  readonly then: Command
}

/** A marker, and by the rules of which version it is checked against its producer's epoch. */
export interface EndOfTransaction {
  readonly marker: Marker
  readonly transactionVersion: TransactionVersion
}

export interface Decision<Command, Rec, Effect = never> {
  readonly records: readonly Rec[]
  /** Of whose transaction the records are; null: they hold at once. */
  readonly producer: Producer | null
  /** Instead of records. */
  readonly marker: EndOfTransaction | null
  readonly sends: readonly Send<Command, Effect>[]
  readonly answers: readonly Answer[]
  readonly deadlines: readonly DeadlineChange<Command>[]
  /** The records may be written as several batches: each is right without those that follow. */
  readonly isDivisible: boolean
  /** Long work that goes on in another turn of the event loop: lost when the process or the shard's state is. */
  readonly later: Command | null
  /** Run last to first when the log refused the records: what was volatile becomes what it would be without them. */
  readonly undo: readonly ((turn: Turn<Command, Rec, Effect>) => void)[]
}

export interface TopicsView {
  /** Changes with every change of the topics, for caches of what follows from them. */
  readonly topicsRevision: number
  readonly topics: ReadonlyMap<string, TopicView>
  readonly topicsById: ReadonlyMap<Uuid, TopicView>
}

export interface TopicView {
  readonly name: string
  readonly topicId: Uuid
  readonly partitions: { readonly length: number }
}

/** What a decision may know about the world. */
export interface Env {
  /** Wall clock at the time of the decision; milliseconds since 1970. */
  readonly nowMs: number
  /** A fresh UUID in text form. */
  newId(): string
  /** The cluster's topics as they are now. */
  readonly topics: TopicsView
}

export interface LogRecord {
  readonly key: Bytes
  /** null is a tombstone: the key is forgotten. */
  readonly value: Bytes | null
}

export interface Machine<State, Command, Rec, Effect = never> {
  create(): State
  load(state: State, env: Env): Decision<Command, Rec, Effect>
  decide(state: State, command: Command, env: Env): Decision<Command, Rec, Effect>
  /** `producer`: the record is part of its transaction, and holds when a marker says so. */
  apply(state: State, record: Rec, producer: Producer | null): void
  applyMarker(state: State, marker: Marker): void
  encode(record: Rec): LogRecord
  /** null when this machine does not know the record's type or version; throws MalformedError when the bytes are broken. */
  decode(record: LogRecord): Rec | null
}

/** A Decision in the making. */
export class Turn<Command, Rec, Effect = never> implements Decision<Command, Rec, Effect> {
  readonly records: Rec[] = []
  producer: Producer | null = null
  marker: EndOfTransaction | null = null
  readonly answers: Answer[] = []
  readonly deadlines: DeadlineChange<Command>[] = []
  isDivisible = false
  sends: Send<Command, Effect>[] = none
  later: Command | null = null
  undo: ((turn: Turn<Command, Rec, Effect>) => void)[] = none
  readonly env: Env
  /** One moment for the whole decision. */
  readonly nowMs: number

  constructor(env: Env) {
    this.env = env
    this.nowMs = env.nowMs
  }

  write(record: Rec): void {
    this.records.push(record)
  }
  answer<Response>(token: Token<Response>, response: Response): void {
    this.answers.push({ token: token as number, response })
  }
  setDeadline(key: string, afterMs: number, command: Command): void {
    this.deadlines.push({ key, afterMs, command })
  }
  cancelDeadline(key: string): void {
    this.deadlines.push({ key, afterMs: null })
  }
  send(effect: Effect, then: Command): void {
    if (this.sends === none) this.sends = []
    this.sends.push({ effect, then })
  }
  /**
   * For a refusal of this decision's records. Its answers are made errors without this, and its own request is answered,
   * parked or not; its deadlines hold, and `undo` may change them once more. It must not write.
   */
  ifRefused(undo: (turn: Turn<Command, Rec, Effect>) => void): void {
    if (this.undo === none) this.undo = []
    this.undo.push(undo)
  }
}

// Most decisions have none, and an array of their own would be made for each heartbeat.
const none: never[] = []
