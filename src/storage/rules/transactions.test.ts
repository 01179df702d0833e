import { beforeEach, expect, test } from 'vitest'
import { errorName } from '../../protocol/errors.js'
import { buildBatch } from '../../protocol/records/build.js'
import { type AppendGuard, markerBatch } from '../../protocol/records/marker.js'
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.js'
import { ProducerStates } from './producers.js'
import { TransactionGuards } from './transaction-guards.js'

const nowMs = 1_700_000_000_000
let states = new ProducerStates()
let endOffset = 0
beforeEach(() => {
  states = new ProducerStates()
  endOffset = 0
})

interface Sent {
  readonly epoch?: number
  readonly producerId?: number
  readonly guard?: AppendGuard
  readonly isTransactional?: boolean
}

/** One record of a client, appended if it may be: "at <offset>", "again at <offset>" or the error's name. */
function produce(sequence: number, { epoch = 0, producerId = 7, guard = null, isTransactional = true }: Sent = {}): string {
  const produced = { producerId, producerEpoch: epoch, baseSequence: sequence, lastSequence: sequence, isTransactional }
  const verdict = states.check(produced, guard)
  if (typeof verdict === 'number') return errorName(verdict)
  if (typeof verdict === 'object') return `again at ${verdict.baseOffset}`
  states.record(produced, endOffset, endOffset, nowMs, nowMs)
  return `at ${endOffset++}`
}

const marker = (isCommit: boolean, epoch: number, coordinatorEpoch: number, producerId: number) => {
  return { producer: { producerId, producerEpoch: epoch }, isCommit, coordinatorEpoch }
}

interface Ended {
  readonly epoch?: number
  readonly version?: number
  readonly coordinatorEpoch?: number
  readonly producerId?: number
}

/** A marker, likewise; an aborted transaction as "at <offset>, aborted <first>-<last> stable <lso>". */
function end(what: 'commit' | 'abort', { epoch = 0, version = 0, coordinatorEpoch = 0, producerId = 7 }: Ended = {}): string {
  const ending = marker(what === 'commit', epoch, coordinatorEpoch, producerId)
  const verdict = states.checkMarker(ending, version)
  if (verdict !== 'append') return errorName(verdict)
  const aborted = states.abortedBy(ending, endOffset)
  states.recordMarker(ending, endOffset, nowMs, nowMs)
  const told = aborted === null ? '' : `, aborted ${aborted.firstOffset}-${aborted.lastOffset} stable ${aborted.lastStableOffset}`
  return `at ${endOffset++}${told}`
}

const take = (sequence: number, epoch = 0, isImplicitAdd = false) => states.guards.take(7, epoch, sequence, isImplicitAdd, nowMs)

test('the first batch of a transaction needs a guard, the next ones need none', () => {
  expect(produce(0)).toBe('INVALID_TXN_STATE')
  expect([produce(0, { guard: take(0) }), produce(1), produce(2)]).toEqual(['at 0', 'at 1', 'at 2'])
  expect(states.guards.size).toBe(0)
})

test('without verification no batch needs a guard', () => {
  expect(produce(5, { guard: 'unverified' })).toBe('at 0')
})

test('a batch that is in the log already is told so, whatever became of its transaction', () => {
  produce(0, { guard: take(0) })
  end('commit')
  expect(produce(0)).toBe('again at 0')
  expect(produce(1)).toBe('INVALID_TXN_STATE')
})

test('a marker makes void what was verified before it', () => {
  const guard = take(0)
  expect(end('abort')).toBe('at 0')
  expect(guard.isCurrent).toBe(false)
  expect(produce(0, { guard })).toBe('INVALID_TXN_STATE')
  expect(produce(0, { guard: take(0) })).toBe('at 1')
})

test('the marker of another producer changes nothing', () => {
  const guard = take(0)
  end('abort', { producerId: 8 })
  expect(produce(0, { guard })).toBe('at 1')
})

test('an epoch that was replaced is 47, with a guard and without', () => {
  end('abort', { epoch: 3 })
  expect([produce(0, { epoch: 2 }), produce(0, { epoch: 2, guard: take(0, 2) })]).toEqual(Array(2).fill('INVALID_PRODUCER_EPOCH'))
})

test('what was sent later does not overtake what is being verified', () => {
  const [first, second] = [take(0), take(1)]
  expect(produce(1, { guard: second })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  expect([produce(0, { guard: first }), produce(1, { guard: second })]).toEqual(['at 0', 'at 1'])
})

test('what is being verified of an earlier epoch holds nothing up', () => {
  take(0)
  end('commit', { producerId: 9 })
  expect(produce(4, { epoch: 1, guard: take(4, 1) })).toBe('at 1')
})

test('who asks in the name of another producer, and is refused, changes nothing for it', () => {
  const [foreign, own] = [take(0), take(5)]
  states.guards.drop(foreign)
  expect([foreign.isCurrent, own.isCurrent]).toEqual([false, true])
  expect(produce(5, { guard: own })).toBe('at 0')
  // Nor while its transaction is open.
  take(0)
  take(0, 9)
  expect(produce(6)).toBe('at 1')
  expect(states.guards.size).toBe(0)
})

test('a client that adds partitions by itself begins with sequence 0', () => {
  expect(produce(3, { guard: take(3, 0, true) })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  states = new ProducerStates()
  expect(produce(3, { guard: take(3, 0, false) })).toBe('at 0')
})

test('a new epoch begins with sequence 0', () => {
  produce(0, { guard: take(0) })
  end('commit', { epoch: 1 })
  expect(produce(1, { epoch: 1, guard: take(1, 1) })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  expect(produce(0, { epoch: 1, guard: take(0, 1) })).toBe('at 2')
})

test('outside of its transaction a producer writes nothing while one is open', () => {
  produce(0, { guard: take(0) })
  expect(produce(1, { isTransactional: false })).toBe('INVALID_TXN_STATE')
  end('commit')
  expect(produce(1, { isTransactional: false })).toBe('at 2')
})

test('a coordinator needs a guard as well, and no sequence', () => {
  const produced = { producerId: 7, producerEpoch: 0, baseSequence: 0, lastSequence: 0, isTransactional: true }
  const check = (guard: AppendGuard) => states.checkOfCoordinator(produced, guard)
  expect(errorName(check(null) as number)).toBe('INVALID_TXN_STATE')
  expect(check(take(0))).toBe('append')
  states.record(produced, 0, 0, nowMs, nowMs)
  expect(check(null)).toBe('append')
  end('commit', { epoch: 1 })
  expect(errorName(check(take(0)) as number)).toBe('INVALID_PRODUCER_EPOCH')
})

test('markers of an earlier epoch are 47, of an earlier coordinator 52', () => {
  expect(end('commit', { epoch: 4, coordinatorEpoch: 9 })).toBe('at 0')
  expect(end('commit', { epoch: 3, coordinatorEpoch: 9 })).toBe('INVALID_PRODUCER_EPOCH')
  expect(end('commit', { epoch: 4, coordinatorEpoch: 8 })).toBe('TRANSACTION_COORDINATOR_FENCED')
  expect(end('abort', { epoch: 4, coordinatorEpoch: 9 })).toBe('at 1')
})

test('a producer that is not known has epoch -1 and a coordinator of epoch -1', () => {
  expect(end('commit', { epoch: -2 })).toBe('INVALID_PRODUCER_EPOCH')
  expect(end('commit', { coordinatorEpoch: -2 })).toBe('TRANSACTION_COORDINATOR_FENCED')
  expect(end('commit', { epoch: -1, coordinatorEpoch: -1 })).toBe('at 0')
})

test('under version 2 a marker brings a new epoch; a second time it is a retry', () => {
  produce(0, { guard: take(0) })
  expect(end('abort', { epoch: 0, version: 2 })).toBe('INVALID_PRODUCER_EPOCH')
  expect(end('abort', { epoch: 1, version: 2 })).toBe('at 1, aborted 0-1 stable 2')
  expect(end('abort', { epoch: 1, version: 2 })).toBe('at 2')
})

test('nothing from the first open transaction on is stable, until the high watermark has passed its marker', () => {
  const { transactions } = states
  produce(0, { guard: take(0) })
  produce(0, { producerId: 8, guard: 'unverified' })
  expect(transactions.firstUnstable).toBe(0)
  expect(end('abort')).toBe('at 2, aborted 0-2 stable 1')
  transactions.reached(2)
  expect(transactions.firstUnstable).toBe(0)
  transactions.reached(3)
  expect(transactions.firstUnstable).toBe(1)
  expect(end('abort', { producerId: 8 })).toBe('at 3, aborted 1-3 stable 4')
  transactions.reached(4)
  expect(transactions.firstUnstable).toBe(-1)
})

test('an open transaction outlives a restart from a snapshot, and the expiry of its producer', () => {
  produce(0, { producerId: 9, guard: 'unverified' })
  produce(0, { guard: 'unverified' })
  produce(1, { producerId: 9 })
  end('commit', { producerId: 9 })
  produce(2, { producerId: 9, guard: 'unverified' })
  states = decodeProducerSnapshot(encodeProducerSnapshot(states))
  expect(states.transactions.firstUnstable).toBe(1)
  expect(states.expire(Number.MAX_SAFE_INTEGER, 1)).toBe(0)
  // In the order in which they began, which is not that of the snapshot.
  expect(end('abort', { producerId: 9 })).toBe('at 5, aborted 4-5 stable 1')
  expect(end('abort')).toBe('at 6, aborted 1-6 stable 7')
})

test('what the log holds gives the same state, and the same aborted transactions', () => {
  const rebuilt = new ProducerStates()
  const stored = (bytes: Uint8Array) => rebuilt.recordStored(bytes, 0, nowMs)
  const record = { key: null, value: null, timestampMs: nowMs }
  const producer = { producerId: 7, producerEpoch: 0 }
  produce(0, { guard: 'unverified' })
  stored(buildBatch([record], { ...producer, baseSequence: 0, baseOffset: 0, isTransactional: true }))
  produce(0, { producerId: 8, guard: 'unverified' })
  stored(buildBatch([record], { producerId: 8, producerEpoch: 0, baseSequence: 0, baseOffset: 1, isTransactional: true }))
  end('abort', { epoch: 1, coordinatorEpoch: 4 })
  const bytes = markerBatch(marker(false, 1, 4, 7), nowMs)
  new DataView(bytes.buffer, bytes.byteOffset).setBigInt64(0, 2n)
  expect(stored(bytes)).toEqual({ producerId: 7, firstOffset: 0, lastOffset: 2, lastStableOffset: 1 })
  expect([...rebuilt.entries()]).toEqual([...states.entries()])
})

test('of too many guards the oldest is void, and idle ones go', () => {
  const guards = new TransactionGuards(2)
  const [first, second] = [1, 2, 3].map(producerId => guards.take(producerId, 0, 0, false, producerId * 1000))
  expect([first!.isCurrent, second!.isCurrent, guards.size]).toEqual([false, true, 2])
  guards.expire(3500, 1000)
  expect([second!.isCurrent, guards.size]).toEqual([false, 1])
})
