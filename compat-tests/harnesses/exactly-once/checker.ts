/**
 * Judges a history of transactions: `record` takes the events in any order in which their tellers are heard (each teller's own
 * order holds), `anomalies` says what may not have happened. It keeps one small object per key and per transaction, so that a
 * history of millions fits.
 *
 * A transaction's outcome is what its copier was told. Where it was told nothing after it had asked for a commit, both are
 * right, but only as a whole: once anybody saw a record or an offset of it, all of it must be there.
 */
import { cyclesIn } from './cycles.js'
import type { Anomaly, AnomalyKind, HistoryEvent, Writer } from './history.js'

export interface CheckerOptions {
  /** A last stable offset may stay behind the high watermark for a transaction's timeout, and what the broker needs. */
  readonly stuckMsMax: number
}

type Outcome = 'committed' | 'aborted' | 'unknown'

interface Transaction {
  readonly id: string
  /** Infinity: never asked. */
  askedAtMs: number
  told: 'committed' | 'aborted' | null
  writeCount: number
  /** Of each reader, how many of the writes it was shown. */
  readonly shown: Map<string, number>
  /** A transaction that consumed something of this one; null: none did. */
  takenBy: string | null
  /** By a reader, or taken by another transaction. */
  firstShownAtMs: number
  readonly readsFrom: Set<string>
  /** `group topic-partition` → the offset that is committed with it. */
  readonly offsets: Map<string, number>
}

interface Place {
  readonly partition: number
  readonly offset: number
  readonly writer: Writer
  /** One bit per reader. */
  readers: number
}

interface CommittedOffset {
  offset: number
  /** Offset → when it was first seen. */
  readonly firstSeenMs: Map<number, number>
}

interface Stability {
  lastStableOffset: number
  highWatermark: number
  /** When this last stable offset was first seen below a high watermark; null when it is not. */
  behindSinceMs: number | null
}

export class HistoryChecker {
  readonly #transactions = new Map<string, Transaction>()
  /** topic → keys */
  readonly #due = new Map<string, Set<string>>()
  /** topic → key → the transaction that says that it wrote it, or all of them. */
  readonly #written = new Map<string, Map<string, string | string[]>>()
  readonly #places = new Map<string, Map<string, Place>>()
  readonly #readers: string[] = []
  readonly #complete = new Set<string>()
  /** `reader topic-partition` → the last offset shown. */
  readonly #shownUpTo = new Map<string, number>()
  readonly #stability = new Map<string, Stability>()
  readonly #committedOffsets = new Map<string, CommittedOffset>()
  readonly #found: Anomaly[] = []
  /** `group topic-partition` → offset → the transactions that would commit it; made when the history is judged. */
  #committers: ReadonlyMap<string, ReadonlyMap<number, readonly Transaction[]>> = new Map()

  constructor(private readonly options: CheckerOptions) {}

  get transactionCount(): number {
    return this.#transactions.size
  }

  countOf(outcome: Outcome): number {
    let count = 0
    for (const transaction of this.#transactions.values()) if (outcomeOf(transaction) === outcome) count++
    return count
  }

  record(event: HistoryEvent): void {
    switch (event.type) {
      case 'due':
        getOrCreate(this.#due, event.topic, () => new Set()).add(event.key)
        break
      case 'took':
        this.#took(event)
        break
      case 'wrote': {
        const written = getOrCreate(this.#written, event.topic, () => new Map<string, string | string[]>())
        for (const key of event.keys) {
          const before = written.get(key)
          written.set(key, before === undefined ? event.transaction : [before, event.transaction].flat())
        }
        this.#transaction(event.transaction).writeCount += event.keys.length
        break
      }
      case 'commit asked': {
        const transaction = this.#transaction(event.transaction)
        transaction.askedAtMs = Math.min(transaction.askedAtMs, event.atMs)
        break
      }
      case 'committed':
      case 'aborted':
        this.#transaction(event.transaction).told = event.type
        break
      case 'read':
        this.#read(event)
        break
      case 'read all':
        this.#complete.add(event.reader)
        this.#bitOf(event.reader)
        break
      case 'position':
        this.#position(event)
        break
      case 'committed offset':
        this.#committedOffset(event)
        break
    }
  }

  /** Everything wrong so far, of a history that is over. */
  anomalies(): Anomaly[] {
    this.#committers = this.#committersOfAll()
    const found = [...this.#found]
    const add = (kind: AnomalyKind, detail: string) => found.push({ kind, detail })
    this.#judgePlaces(add)
    this.#judgeDue(add)
    for (const transaction of this.#transactions.values()) this.#judgeTransaction(transaction, add)
    this.#judgeOffsets(add)
    this.#judgeStability(add)
    const reads = new Map([...this.#transactions.values()].map(({ id, readsFrom }) => [id, readsFrom]))
    for (const cycle of cyclesIn(reads)) add('write-read cycle', cycle.join(', '))
    return found
  }

  #transaction(id: string): Transaction {
    return getOrCreate(this.#transactions, id, () => ({
      id,
      askedAtMs: Number.POSITIVE_INFINITY,
      told: null,
      writeCount: 0,
      shown: new Map(),
      takenBy: null,
      firstShownAtMs: Number.POSITIVE_INFINITY,
      readsFrom: new Set(),
      offsets: new Map(),
    }))
  }

  #took({ transaction: id, group, topic, partition, records, atMs }: HistoryEvent & { type: 'took' }): void {
    const transaction = this.#transaction(id)
    for (const { key, writer, offset } of records) {
      if (writer === null) continue
      if (writer === id) {
        this.#add('own uncommitted read', `${id} took ${key} at ${topic}-${partition}@${offset}, which it wrote`)
        continue
      }
      transaction.readsFrom.add(writer)
      const source = this.#transaction(writer)
      source.takenBy ??= id
      source.firstShownAtMs = Math.min(source.firstShownAtMs, atMs)
    }
    const last = records.at(-1)
    if (last === undefined) return
    const place = `${group} ${topic}-${partition}`
    transaction.offsets.set(place, Math.max(transaction.offsets.get(place) ?? 0, last.offset + 1))
  }

  #read(event: HistoryEvent & { type: 'read' }): void {
    const { reader, topic, partition, offset, key, writer, atMs } = event
    // 1. A reader goes forwards.
    const at = `${reader} ${topic}-${partition}`
    const before = this.#shownUpTo.get(at) ?? -1
    if (offset <= before) this.#add('offset went back', `${at}: ${offset} after ${before}`)
    this.#shownUpTo.set(at, offset)
    // 2. A key has one place, the same for every reader.
    const bit = this.#bitOf(reader)
    const places = getOrCreate(this.#places, topic, () => new Map<string, Place>())
    const place = places.get(key)
    if (place === undefined) places.set(key, { partition, offset, writer, readers: bit })
    else if (place.partition !== partition || place.offset !== offset || place.writer !== writer) {
      const places = `${tell(place)} and ${tell({ partition, offset, writer })}`
      this.#add('duplicate', `${topic}: ${key} at ${places}, as ${reader} was shown`)
    } else {
      if ((place.readers & bit) !== 0) return
      place.readers |= bit
    }
    // 3. Whose it is.
    if (writer === null) return
    const transaction = this.#transaction(writer)
    transaction.shown.set(reader, (transaction.shown.get(reader) ?? 0) + 1)
    transaction.firstShownAtMs = Math.min(transaction.firstShownAtMs, atMs)
  }

  #position({ topic, partition, lastStableOffset, highWatermark, atMs }: HistoryEvent & { type: 'position' }): void {
    const name = `${topic}-${partition}`
    const isBehind = lastStableOffset < highWatermark
    const before = this.#stability.get(name)
    if (before === undefined) {
      this.#stability.set(name, { lastStableOffset, highWatermark, behindSinceMs: isBehind ? atMs : null })
      return
    }
    if (lastStableOffset < before.lastStableOffset) {
      this.#add('last stable offset went back', `${name}: ${lastStableOffset} after ${before.lastStableOffset}`)
    }
    const hasMoved = lastStableOffset !== before.lastStableOffset
    if (!isBehind) before.behindSinceMs = null
    else if (hasMoved || before.behindSinceMs === null) before.behindSinceMs = atMs
    else if (atMs - before.behindSinceMs > this.options.stuckMsMax) {
      this.#add(
        'last stable offset stuck',
        `${name}: ${lastStableOffset} of ${highWatermark} for ${atMs - before.behindSinceMs} ms`,
      )
      before.behindSinceMs = atMs
    }
    before.lastStableOffset = lastStableOffset
    before.highWatermark = highWatermark
  }

  #committedOffset({ group, topic, partition, offset, atMs }: HistoryEvent & { type: 'committed offset' }): void {
    const name = `${group} ${topic}-${partition}`
    const committed = getOrCreate(this.#committedOffsets, name, () => ({ offset: -1, firstSeenMs: new Map<number, number>() }))
    if (offset < committed.offset) this.#add('committed offset went back', `${name}: ${offset} after ${committed.offset}`)
    committed.offset = offset
    if (offset >= 0 && !committed.firstSeenMs.has(offset)) committed.firstSeenMs.set(offset, atMs)
  }

  /** Whoever wrote a record has said so before, and has a right to be read. */
  #judgePlaces(add: (kind: AnomalyKind, detail: string) => void): void {
    for (const [topic, places] of this.#places) {
      for (const [key, place] of places) {
        if (place.writer === null) continue
        const what = `${topic}: ${key} at ${tell(place)}`
        if (![this.#written.get(topic)?.get(key)].flat().includes(place.writer)) add('unknown record', `${what}; nobody says so`)
        for (const reader of this.#complete) {
          if ((place.readers & this.#bitOf(reader)) === 0) add('lost write', `${what} was not shown to ${reader}`)
        }
      }
    }
  }

  #judgeDue(add: (kind: AnomalyKind, detail: string) => void): void {
    if (this.#complete.size === 0) return
    for (const [topic, keys] of this.#due) {
      for (const key of keys) if (!this.#places.get(topic)?.has(key)) add('lost write', `${topic}: ${key} is not there`)
    }
  }

  #judgeTransaction(transaction: Transaction, add: (kind: AnomalyKind, detail: string) => void): void {
    const { id, shown, takenBy, writeCount, firstShownAtMs, askedAtMs } = transaction
    const outcome = outcomeOf(transaction)
    if (outcome === 'aborted') {
      for (const [reader, count] of shown) add('aborted read', `${reader} was shown ${count} of ${writeCount} records of ${id}`)
      if (takenBy !== null) add('aborted read', `${takenBy} took what ${id} wrote`)
      return
    }
    if (firstShownAtMs < askedAtMs) {
      add('early read', `${id} was shown at ${firstShownAtMs}, and asked for its commit at ${askedAtMs}`)
    }
    const wasSeen = shown.size > 0 || takenBy !== null || this.#offsetsSeenOf(transaction)
    if (outcome === 'unknown' && !wasSeen) return
    for (const reader of this.#complete) {
      const count = shown.get(reader) ?? 0
      // What another reader was shown and this one was not is told of each record.
      if (count >= writeCount || (count === 0 && shown.size > 0)) continue
      const what = `${reader} was shown ${count} of ${writeCount} records of ${id} (${outcome})`
      add(count === 0 && outcome === 'committed' ? 'lost write' : 'torn transaction', what)
    }
    if (this.#complete.size === 0) return
    for (const [place, offset] of transaction.offsets) {
      const committed = this.#committedOffsets.get(place)
      if (committed !== undefined && committed.offset < offset) {
        add('torn transaction', `${id} (${outcome}) is there, its offset ${offset} of ${place} is not: ${committed.offset}`)
      }
    }
  }

  /** Whether an offset was seen that no other transaction can have committed. */
  #offsetsSeenOf(transaction: Transaction): boolean {
    for (const [place, offset] of transaction.offsets) {
      if (!this.#committedOffsets.get(place)?.firstSeenMs.has(offset)) continue
      const candidates = this.#committers.get(place)?.get(offset) ?? []
      if (candidates.every(other => other === transaction || outcomeOf(other) === 'aborted')) return true
    }
    return false
  }

  #judgeOffsets(add: (kind: AnomalyKind, detail: string) => void): void {
    for (const [place, { firstSeenMs }] of this.#committedOffsets) {
      const committers = this.#committers.get(place)
      for (const [offset, seenMs] of firstSeenMs) {
        const candidates = committers?.get(offset) ?? []
        if (candidates.some(one => outcomeOf(one) !== 'aborted' && one.askedAtMs <= seenMs)) continue
        const ids = candidates.map(({ id }) => id).join(', ')
        if (candidates.length === 0) add('unknown committed offset', `${place}: ${offset}; nobody says so`)
        else
          add(
            'committed offset of an aborted transaction',
            `${place}: ${offset} at ${seenMs}, before or without a commit of ${ids}`,
          )
      }
    }
  }

  #judgeStability(add: (kind: AnomalyKind, detail: string) => void): void {
    if (this.#complete.size === 0) return
    for (const [name, { lastStableOffset, highWatermark }] of this.#stability) {
      if (lastStableOffset < highWatermark) {
        add('last stable offset stuck', `${name}: ${lastStableOffset} of ${highWatermark} when all was over`)
      }
    }
  }

  #committersOfAll(): Map<string, Map<number, Transaction[]>> {
    const all = new Map<string, Map<number, Transaction[]>>()
    for (const transaction of this.#transactions.values()) {
      for (const [place, offset] of transaction.offsets) {
        const committers = getOrCreate(all, place, () => new Map<number, Transaction[]>())
        getOrCreate(committers, offset, () => []).push(transaction)
      }
    }
    return all
  }

  #bitOf(reader: string): number {
    let index = this.#readers.indexOf(reader)
    if (index === -1) index = this.#readers.push(reader) - 1
    if (index > 30) throw new Error('more than 31 readers')
    return 1 << index
  }

  #add(kind: AnomalyKind, detail: string): void {
    this.#found.push({ kind, detail })
  }
}

function outcomeOf({ told, askedAtMs }: Transaction): Outcome {
  return told ?? (askedAtMs === Number.POSITIVE_INFINITY ? 'aborted' : 'unknown')
}

function tell({ partition, offset, writer }: Pick<Place, 'partition' | 'offset' | 'writer'>): string {
  return `${partition}@${offset} by ${writer ?? 'no transaction'}`
}

function getOrCreate<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = create()
    map.set(key, value)
  }
  return value
}
