/**
 * A small world around the machine of transactions: a log whose records become durable late, are refused or lost with the
 * process; partitions with the rules of producers and markers; clients of both protocols that write late and ask twice. What
 * must hold at every moment is checked where it happens and throws. Not shipped.
 */
import { expect } from 'vitest'
import { toHex } from '../../base/bytes.js'
import { type ErrorCode, Errors, refuse } from '../../protocol/errors.js'
import { fakeWorld } from '../../testing/fake-world.js'
import { noTopics } from '../../testing/memory-log.js'
import type { LogPort, Written } from '../log-port.js'
import type { LogRecord, Token } from '../machine.js'
import { CoordinatorRuntime } from '../runtime.js'
import { asked, type Command, type TransactionCommand, type WriteMarkers } from './command.js'
import { type TransactionConfig, transactionConfigDefaults } from './config.js'
import { timeoutsKey } from './expire.js'
import { expiryKey } from './expire-ids.js'
import { type TransactionMachine, transactionMachine } from './machine.js'
import { decodeRecord, encodeRecord } from './records.js'
import type { Transaction, TransactionRecord, TransactionShard, TransactionState } from './state.js'
import { verifyPartitions } from './verify-partitions.js'

export interface Identity {
  readonly producerId: number
  readonly producerEpoch: number
}

export const nobody: Identity = { producerId: -1, producerEpoch: -1 }
export const textOf = ({ producerId, producerEpoch }: Identity): string => `${producerId}/${producerEpoch}`

/** Rules that are broken on purpose, to see that the laws notice. */
export interface Faults {
  /** Records are said to be durable when they are only written. */
  readonly isHasty?: boolean
  /** Wraps the machine. */
  readonly machine?: (machine: TransactionMachine) => TransactionMachine
  /** Markers are said to be written that are not. */
  readonly losesMarkers?: boolean
  /** The same producer id for whoever asks. */
  readonly repeatsProducerIds?: boolean
}

const nextStates: Readonly<Record<TransactionState | 'none', readonly (TransactionState | 'none')[]>> = {
  none: ['Empty'],
  Empty: ['Empty', 'Ongoing', 'PrepareAbort', 'none'],
  Ongoing: ['Ongoing', 'PrepareCommit', 'PrepareAbort'],
  PrepareCommit: ['CompleteCommit'],
  PrepareAbort: ['CompleteAbort'],
  CompleteCommit: ['Empty', 'Ongoing', 'PrepareAbort', 'none'],
  CompleteAbort: ['Empty', 'Ongoing', 'PrepareAbort', 'none'],
}

/** One transaction, from its first partition (or the abort of nothing) on. */
export interface Instance {
  readonly begun: Transaction
  prepared: Transaction | null
}

interface Entry {
  readonly record: LogRecord
  readonly decoded: TransactionRecord
  readonly instance: Instance | null
}

/** What a partition knows of producers. */
class Partition {
  readonly #epochs = new Map<number, number>()
  readonly #open = new Map<number, Instance>()
  readonly ends = new Map<Instance, boolean>()

  /** Without the guard of KIP-890: it is the epochs that are looked at here. */
  append({ producerId, producerEpoch }: Identity, instance: Instance): void {
    if (producerEpoch < (this.#epochs.get(producerId) ?? -1)) return
    const { prepared } = instance
    const hasEnded = this.ends.has(instance)
    const isFenced = prepared !== null && prepared.producerEpoch > instance.begun.producerEpoch
    if (hasEnded && isFenced) throw new Error('a batch came into a transaction that had ended with a bumped epoch')
    this.#epochs.set(producerId, producerEpoch)
    if (!hasEnded) this.#open.set(producerId, instance)
  }

  end({ producer: { producerId, producerEpoch }, isCommit, transactionVersion }: WriteMarkers, instance: Instance): void {
    const epoch = this.#epochs.get(producerId) ?? -1
    const isDuplicate = producerEpoch === epoch && !this.#open.has(producerId)
    const isStale = transactionVersion >= 2 ? producerEpoch <= epoch && !isDuplicate : producerEpoch < epoch
    if (isStale) throw new Error(`a partition refuses the marker of ${producerId}/${producerEpoch}: it knows ${epoch}`)
    if ((this.ends.get(instance) ?? isCommit) !== isCommit) throw new Error('a transaction was committed and aborted')
    const open = this.#open.get(producerId)
    if (open !== undefined && open !== instance) throw new Error('a marker ended another transaction')
    this.#epochs.set(producerId, producerEpoch)
    this.#open.delete(producerId)
    this.ends.set(instance, isCommit)
  }
}

interface HeldSend {
  readonly markers: WriteMarkers
  readonly instance: Instance
  readonly answer: (isTaken: boolean) => void
}

/** A batch on its way. */
interface LateBatch {
  readonly partition: number
  readonly identity: Identity
  readonly instance: Instance
}

export class TransactionWorld {
  readonly clock = fakeWorld()
  config: TransactionConfig
  shard!: TransactionShard
  refuseNext: ErrorCode | null = null
  throwNext = false
  isDry = false
  /** Records are written, and become durable later. */
  holdsBack = false
  /** Markers wait. */
  holdsMarkers = false
  readonly late: LateBatch[] = []
  waitingCount = 0
  /** What a broken law says. Promises swallow what is thrown in them. */
  broken: unknown = null
  readonly partitions = Array.from({ length: 3 }, () => new Partition())
  readonly #faults: Faults
  #log: Entry[] = []
  #durableCount = 0
  #held: { readonly count: number; readonly become: () => void }[] = []
  #sends: HeldSend[] = []
  #runtime!: CoordinatorRuntime<TransactionShard, TransactionCommand, TransactionRecord, WriteMarkers>
  #nextProducerId = 1000
  /** One for each process. */
  #life = 0
  readonly #ownerOf = new Map<number, string>()
  readonly #current = new Map<string, Entry>()
  readonly #promised = new Map<Instance, boolean>()
  readonly #granted = new Map<string, Set<string>>()
  readonly #fenced = new Set<string>()

  constructor(level: TransactionConfig['transactionVersion'], faults: Faults = {}) {
    this.#faults = faults
    this.config = { ...transactionConfigDefaults, transactionVersion: level }
    this.#start()
  }

  // ---- the coordinator

  #start(): void {
    const life = ++this.#life
    const real = transactionMachine(
      () => this.config,
      () => this.#takeProducerId(),
    )
    const machine = this.#faults.machine?.(real) ?? real
    const observed: TransactionMachine = {
      ...machine,
      create: () => {
        this.shard = machine.create()
        // What a dropped shard has sent and no partition has taken by now, none will.
        this.#sends = []
        return this.shard
      },
      decide: (shard, command, env) => {
        const decision = machine.decide(shard, command, env)
        if (!this.throwNext) return decision
        this.throwNext = false
        throw new TypeError('a fault')
      },
    }
    this.#runtime = new CoordinatorRuntime({
      machine: observed,
      partitionsDefault: 1,
      log: this.#port(),
      world: this.clock,
      topics: noTopics,
      send: markers => this.#send(markers, life),
      report: { unknownRecord: ignored, shardDropped: ignored, shardUnavailable: ignored },
    })
    void this.#runtime.start()
  }

  /** The process ends: what was not durable may be lost, answers that were to come are not, and markers on their way go. */
  restart(lostCount: number, level: TransactionConfig['transactionVersion']): void {
    this.#runtime.stop()
    // Whoever asked the old process hears nothing more.
    this.#life++
    this.waitingCount = 0
    const kept = Math.max(this.#durableCount, this.#log.length - lostCount)
    this.#log = this.#log.slice(0, kept)
    this.#durableCount = kept
    this.#held = []
    this.#sends = []
    this.#current.clear()
    for (const entry of this.#log) this.#current.set(entry.decoded.transactionalId, entry)
    this.config = { ...this.config, transactionVersion: level }
    this.refuseNext = null
    this.throwNext = false
    this.#start()
  }

  #takeProducerId(): number | null {
    if (this.isDry) {
      this.isDry = false
      return null
    }
    return this.#faults.repeatsProducerIds === true ? 1000 : this.#nextProducerId++
  }

  /** Both ids have been there for long. */
  age(producerEpoch: number): void {
    const rest = { nextProducerId: -1, lastProducerEpoch: -1, partitions: [], startMs: -1, clientTransactionVersion: 0 }
    for (const transactionalId of ['x', 'y']) {
      const producerId = this.#nextProducerId++
      const identity = { producerId, producerEpoch, previousProducerId: producerId }
      const value: Transaction = { state: 'Empty', timeoutMs: 30_000, lastUpdateMs: this.clock.nowMs(), ...identity, ...rest }
      this.#write(encodeRecord({ transactionalId, value }, this.config.transactionVersion))
    }
    this.#durableCount = this.#log.length
    this.restart(0, this.config.transactionVersion)
  }

  ask<Request, Response, Context>(
    command: Command<Request, Response, Context>,
    request: Request,
    context: Context,
    errorCodeOf: (response: Response) => ErrorCode,
    then: (response: Response, instance: Instance | null) => void = ignored,
    by: {
      readonly transactionalId: string
      readonly identity: Identity
      readonly committed?: boolean
      readonly adds?: boolean
    } | null = null,
  ): void {
    this.waitingCount++
    // An id that was forgotten begins anew for whoever asks.
    const isThere = by !== null && this.shard.transactions.has(by.transactionalId)
    const isFenced = isThere && this.#fenced.has(`${by.transactionalId} ${textOf(by.identity)}`)
    let writtenCount = Number.POSITIVE_INFINITY
    let instance: Instance | null = null
    let mayWait = false
    const life = this.#life
    const early: { response: Response }[] = []
    const resolve = (response: Response): void => {
      if (life !== this.#life) return
      if (writtenCount === Number.POSITIVE_INFINITY) early.push({ response })
      else this.#guarded(() => answered(response))
    }
    const answered = (response: Response): void => {
      this.waitingCount--
      if (errorCodeOf(response) === Errors.NONE) {
        if (mayWait) hasWaited()
        checkSuccess()
      }
      then(response, instance)
    }
    /** It was answered by a later decision. */
    const hasWaited = (): void => {
      const { producerId, producerEpoch } = (by as { identity: Identity }).identity
      const at = this.#log.findLastIndex(({ decoded: { value } }) => {
        return value?.state === 'Ongoing' && value.producerId === producerId && value.producerEpoch === producerEpoch
      })
      if (at === -1) throw new Error('partitions were added to nothing')
      writtenCount = at + 1
      instance = this.#log[at]?.instance ?? null
    }
    const checkSuccess = (): void => {
      if (writtenCount > this.#durableCount) throw new Error('an answer left before the records that it hangs on were durable')
      if (isFenced) throw new Error(`a fenced producer succeeded: ${textOf((by as { identity: Identity }).identity)}`)
      if (by?.committed !== undefined && instance !== null) this.#promised.set(instance, by.committed)
    }
    this.#runtime.ask(0, (token: Token<Response>) => asked(command, { request, context, token }), {
      resolve,
      failure: errorCode => command.failure(request, errorCode, context),
    })
    writtenCount = this.#log.length
    const current = by === null ? undefined : this.#current.get(by.transactionalId)
    instance = current?.instance ?? null
    mayWait = by?.adds === true && current?.decoded.value?.state.startsWith('Prepare') === true
    for (const { response } of early) this.#guarded(() => answered(response))
  }

  /** A client that has added partitions to a transaction added one more, or was told that it is committed. */
  goesOn(open: Instance | null, as: Instance | null): void {
    if (open !== null && open !== as) throw new Error('a transaction went on as another')
  }

  /** A client was told who it is; a new instance fences all that there were. */
  grant(transactionalId: string, identity: Identity, isNewInstance: boolean): void {
    const granted = this.#granted.get(transactionalId) ?? new Set<string>()
    this.#granted.set(transactionalId, granted)
    if (isNewInstance) for (const each of granted) this.#fenced.add(`${transactionalId} ${each}`)
    if (isNewInstance && granted.has(textOf(identity))) throw new Error(`${textOf(identity)} was given to two instances`)
    granted.add(textOf(identity))
  }

  // ---- its log

  #port(): LogPort {
    return {
      partitionCount: () => null,
      leaderEpoch: () => 0,
      batchBytesMax: () => 1000,
      append: (_partition, records) => this.#append(records),
      appendMarker: () => refuse(Errors.UNKNOWN_SERVER_ERROR, ''),
      replay: () => this.#log.map(({ record }) => ({ kind: 'record', record, producer: null })),
    }
  }

  #append(records: readonly LogRecord[]): Written {
    const errorCode = this.refuseNext
    this.refuseNext = null
    if (errorCode !== null) return refuse(errorCode, '')
    for (const record of records) this.#guarded(() => this.#write(record))
    const count = this.#log.length
    if (!this.holdsBack && this.#held.length === 0) {
      this.#durableCount = count
      return { durable: null }
    }
    const durable = new Promise<void>(become => this.#held.push({ count, become }))
    return { durable: this.#faults.isHasty === true ? null : durable }
  }

  /** The oldest of the appends that wait becomes durable. */
  sync(): void {
    const next = this.#held.shift()
    if (next === undefined) return
    this.#durableCount = next.count
    next.become()
  }

  #write(record: LogRecord): void {
    const decoded = decodeRecord(record)
    if (decoded === null) throw new Error('a record that cannot be read')
    const { transactionalId, value } = decoded
    const last = this.#current.get(transactionalId)
    const before = last?.decoded.value ?? null
    const from = before?.state ?? 'none'
    if (!nextStates[from].includes(value?.state ?? 'none')) throw new Error(`from ${from} to ${value?.state ?? 'none'}`)
    const instance = this.#instanceOf(last?.instance ?? null, from, value)
    if (value !== null) this.#checkIdentity(transactionalId, before, value)
    if (value !== null && instance !== null) this.#checkEnd(instance, before, value)
    const entry = { record, decoded, instance }
    this.#log.push(entry)
    this.#current.set(transactionalId, entry)
  }

  #instanceOf(last: Instance | null, from: TransactionState | 'none', value: Transaction | null): Instance | null {
    if (value === null || value.state === 'Empty') return null
    const begins = value.state === 'Ongoing' ? from !== 'Ongoing' : value.state.startsWith('Prepare') && from !== 'Ongoing'
    return begins ? { begun: value, prepared: null } : last
  }

  /** An epoch never goes back, and a producer id is nobody else's, then or later. */
  #checkIdentity(transactionalId: string, before: Transaction | null, { producerId, producerEpoch }: Transaction): void {
    if (before?.producerId === producerId) {
      if (producerEpoch < before.producerEpoch) throw new Error(`an epoch went back: ${producerId}/${producerEpoch}`)
      return
    }
    if (this.#ownerOf.has(producerId) && !this.#isReplayedOwner(transactionalId, producerId)) {
      throw new Error(`producer id ${producerId} was given out twice`)
    }
    if (producerEpoch !== 0 && before !== null) throw new Error(`${producerId} does not begin at epoch 0`)
    this.#ownerOf.set(producerId, transactionalId)
  }

  /** Its first record was lost, and what it came from is written again. */
  #isReplayedOwner(transactionalId: string, producerId: number): boolean {
    if (this.#ownerOf.get(producerId) !== transactionalId) return false
    return !this.#log.some(({ decoded }) => decoded.value?.producerId === producerId)
  }

  #checkEnd(instance: Instance, before: Transaction | null, value: Transaction): void {
    if (value.state.startsWith('Prepare')) instance.prepared = value
    if (!value.state.startsWith('Complete')) return
    for (const { topic, partitionIds } of before?.partitions ?? []) {
      for (const id of partitionIds) {
        const isMarked = this.partitions[id]?.ends.get(instance) === (value.state === 'CompleteCommit')
        if (!isMarked) throw new Error(`${value.state} came before the marker in ${topic}-${id}`)
      }
    }
  }

  // ---- markers

  #send(markers: WriteMarkers, life: number): Promise<boolean> {
    if (life !== this.#life) return Promise.resolve(false)
    return new Promise(resolve => {
      this.#guarded(() => {
        const entry = this.#preparedBy(markers.producer.producerId)
        this.#sends.push({ markers, instance: entry, answer: resolve })
      })
      if (this.#faults.losesMarkers === true) resolve(true)
      else if (!this.holdsMarkers) this.deliverMarkers(0, 3, true)
    })
  }

  /** The decision that is carried out: it is durable. */
  #preparedBy(producerId: number): Instance {
    const at = this.#log.findLastIndex(({ decoded }) => decoded.value?.producerId === producerId)
    const entry = this.#log[at]
    if (entry?.instance == null || !entry.decoded.value?.state.startsWith('Prepare')) {
      throw new Error('markers of what was not decided')
    }
    if (at >= this.#durableCount) throw new Error('markers left before the decision was durable')
    return entry.instance
  }

  /** Writes the markers to so many of the partitions, and says whether that was all. */
  deliverMarkers(which: number, count: number, isTaken: boolean): void {
    const held = this.#sends.splice(which % Math.max(1, this.#sends.length), 1)[0]
    if (held === undefined) return
    const ids = held.markers.partitions.flatMap(({ partitionIds }) => partitionIds)
    this.#guarded(() => {
      for (const id of ids.slice(0, count)) this.partitions[id]?.end(held.markers, held.instance)
    })
    held.answer(isTaken && count >= ids.length)
  }

  deliverLate(which: number): void {
    const [batch] = this.late.splice(which % Math.max(1, this.late.length), 1)
    if (batch !== undefined) this.#guarded(() => this.partitions[batch.partition]?.append(batch.identity, batch.instance))
  }

  // ---- what must hold

  #guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.broken ??= error
    }
  }

  /** A shard that was dropped is there again, whatever fault was to come next. */
  touch(): void {
    const nothing = { transactionalId: '', ...nobody, topics: [] }
    for (let times = 0; times < 2; times++) this.ask(verifyPartitions, nothing, { version: 5 }, () => Errors.INVALID_REQUEST)
  }

  /** After every step. */
  check(): void {
    this.touch()
    if (this.broken !== null) throw this.broken
    const keys = new Set(this.#runtime.deadlineKeys(0))
    expect(keys.has(expiryKey)).toBe(true)
    expect(keys.has(timeoutsKey)).toBe(this.shard.isWatchingTimeouts)
    const isAnyOpen = [...this.shard.transactions.values()].some(({ state }) => state === 'Ongoing')
    if (isAnyOpen) expect(this.shard.isWatchingTimeouts).toBe(true)
  }

  /** After everything has come through: the log says what is, and what was promised has been done. */
  checkAtRest(): void {
    this.check()
    expect(this.waitingCount).toBe(0)
    const live = durableOf(this.shard, this.config)
    const records = this.#log.map(({ record }) => record)
    expect(durableOf(this.#replayed(records), this.config)).toEqual(live)
    const last = new Map(records.map((record, index) => [toHex(record.key), index]))
    const compacted = records.filter((record, index) => last.get(toHex(record.key)) === index)
    expect(durableOf(this.#replayed(compacted), this.config)).toEqual(live)
    for (const [id, { state }] of this.shard.transactions) {
      if (state.startsWith('Prepare')) throw new Error(`${id} is in ${state} for ever`)
    }
    for (const [{ prepared }, isCommit] of this.#promised) {
      if (prepared?.state !== (isCommit ? 'PrepareCommit' : 'PrepareAbort')) throw new Error('an end that was told did not come')
    }
  }

  #replayed(records: readonly LogRecord[]): TransactionShard {
    const machine = transactionMachine(
      () => this.config,
      () => null,
    )
    const shard = machine.create()
    for (const record of records) {
      const decoded = machine.decode(record)
      if (decoded !== null) machine.apply(shard, decoded, null)
    }
    return shard
  }
}

/** As records of the present level say it: what they do not hold is not durable. */
function durableOf({ transactions }: TransactionShard, { transactionVersion }: TransactionConfig): unknown {
  return [...transactions]
    .map(([transactionalId, value]) => encodeRecord({ transactionalId, value }, transactionVersion))
    .map(({ key, value }) => `${toHex(key)} ${value === null ? 'null' : toHex(value)}`)
    .sort()
}

const ignored = (): void => {}
