/**
 * The contract of a coordinator: a deterministic machine over one partition of an internal topic. It owns no clock, no
 * timer, no randomness and no promise; runtime.ts gives it moments and ids, and carries out what it decides.
 *
 *   decide(state, command, env)   reads the whole state, changes only the volatile part of it, and returns a Decision:
 *                                 records to write, answers to give, deadlines to set.
 *   apply(state, record)          changes only the durable part of the state, and is the only thing that does. The runtime
 *                                 calls it for every record of a decision that the log took, and for every record of the
 *                                 log at start.
 *   load(state, env)              called once after a replay: builds the volatile part from the durable part.
 *
 * Durable state is what the log says: for groups, the last written generation with its members, and committed offsets.
 * Volatile state is what may be lost with the process, because its owners come back by themselves: parked requests,
 * members that were given an id but have not joined, deadlines, a generation whose assignment has not been written yet.
 *
 * Laws, checked by tests over random histories:
 *   1. replay(log) has the durable state of the live machine.
 *   2. So has replay(compact(log)): applying records with different keys commutes.
 *   3. No answer leaves before the records of its own and of all earlier decisions are durable, so that nobody is told
 *      what a crash could take back.
 *   4. Every request is answered exactly once; one that is parked is answered by a later decision.
 *   5. A decision whose records the log refuses has failed alone: its answers are errors, its `undo` puts the volatile
 *      state right, and no other request or group notices.
 */
import type { Bytes } from '../base/bytes.js'

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
       * From now; relative on purpose: a wall clock that jumps must not expire anybody's session. Due at the end of the
       * decision when not above 0, whatever the clock does.
       */
      readonly afterMs: number
      /** Given to `decide` when the time has come. */
      readonly command: Command
    }
  | { readonly key: string; readonly afterMs: null }

export interface Decision<Command, Rec> {
  readonly records: readonly Rec[]
  readonly answers: readonly Answer[]
  readonly deadlines: readonly DeadlineChange<Command>[]
  /** The records may be written as several batches: each is right without those that follow. */
  readonly isDivisible: boolean
  /** Run last to first when the log refused the records: what was volatile becomes what it would be without them. */
  readonly undo: readonly ((turn: Turn<Command, Rec>) => void)[]
}

/** What a decision may know about the world. */
export interface Env {
  /** Wall clock at the time of the decision; milliseconds since 1970. */
  readonly nowMs: number
  /** A fresh UUID in text form. */
  newId(): string
}

export interface LogRecord {
  readonly key: Bytes
  /** null is a tombstone: the key is forgotten. */
  readonly value: Bytes | null
}

export interface Machine<State, Command, Rec> {
  create(): State
  load(state: State, env: Env): Decision<Command, Rec>
  decide(state: State, command: Command, env: Env): Decision<Command, Rec>
  apply(state: State, record: Rec): void
  encode(record: Rec): LogRecord
  /** null when this machine does not know the record's type or version; throws MalformedError when the bytes are broken. */
  decode(record: LogRecord): Rec | null
}

/** A Decision in the making. */
export class Turn<Command, Rec> implements Decision<Command, Rec> {
  readonly records: Rec[] = []
  readonly answers: Answer[] = []
  readonly deadlines: DeadlineChange<Command>[] = []
  isDivisible = false
  undo: ((turn: Turn<Command, Rec>) => void)[] = noUndo
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
  /**
   * For a refusal of this decision's records. Its answers are made errors without this; its deadlines hold, and `undo` may
   * change them once more. It must not write.
   */
  ifRefused(undo: (turn: Turn<Command, Rec>) => void): void {
    if (this.undo === noUndo) this.undo = []
    this.undo.push(undo)
  }
}

// Most decisions have none, and an array of their own would be made for each heartbeat.
const noUndo: never[] = []
