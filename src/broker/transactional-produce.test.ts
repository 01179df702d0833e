/** What a Produce is appended with when the coordinator answers late, and markers come in between. */
import { expect, test } from 'vitest'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import type { AppendGuard } from '../protocol/records/marker.js'
import type { Partition } from '../storage/partition.js'
import type { RequestContext } from './handler.js'
import { batchOf } from './test-client.test-support.js'
import { verdictsOn } from './transactional-produce.js'

/** A partition whose guards a marker voids, as those of the log. */
class FakePartition {
  readonly topic = 't'
  readonly index = 0
  readonly producerStates = this
  #guard: { isCurrent: boolean } | null = null

  transactionGuard(): AppendGuard {
    this.#guard ??= { isCurrent: true }
    return this.#guard
  }

  dropGuard(guard: { isCurrent: boolean }): void {
    guard.isCurrent = false
    if (this.#guard === guard) this.#guard = null
  }

  marker(): void {
    if (this.#guard !== null) this.#guard.isCurrent = false
    this.#guard = null
  }
}

interface Produced {
  readonly guard: AppendGuard | undefined
  readonly errorCode: ErrorCode
}

/** Produces in a transaction; the coordinator answers as told, one question after the other. */
async function produced(answers: readonly (() => ErrorCode)[], partition: FakePartition): Promise<Produced> {
  let asked = 0
  let nowMs = 0
  const settings: Record<string, number> = {
    'add.partitions.to.txn.retry.backoff.ms': 20,
    'add.partitions.to.txn.retry.backoff.max.ms': 100,
  }
  const after = (ms: number, act: () => void): void => {
    nowMs += ms
    act()
  }
  const answer = (): ErrorCode => {
    nowMs += 1
    return answers[Math.min(asked++, answers.length - 1)]!()
  }
  const context = {
    version: 12,
    may: () => true,
    session: { isClosed: false },
    broker: {
      world: { host: { monotonicMs: () => nowMs, after } },
      config: { get: (key: string) => settings[key] },
      waiting: { isStopped: false },
      topics: { partition: () => partition, image: { topicsById: new Map() } },
      transactions: { addPartitions: async () => answer() },
    },
  } as unknown as RequestContext
  const records = batchOf(['x'], { producerId: 1, producerEpoch: 1, baseSequence: 0, isTransactional: true })
  const topicData = [{ name: 't', topicId: '', partitionData: [{ index: 0, records }] }]
  const request = { transactionalId: 'id', acks: -1, timeoutMs: 1000, topicData }
  const verdicts = await verdictsOn(request as never, context)
  if (typeof verdicts === 'number') throw new Error(`refused with ${verdicts}`)
  const { guards, refusals } = verdicts
  const key = partition as unknown as Partition['producerStates']
  return { guard: guards.get(key), errorCode: refusals.get(key)?.errorCode ?? Errors.NONE }
}

test('a batch that came before the marker of the transaction before has the guard of the last question', async () => {
  const partition = new FakePartition()
  const ending = () => {
    partition.marker()
    return Errors.CONCURRENT_TRANSACTIONS
  }
  expect(await produced([ending, () => Errors.NONE], partition)).toEqual({ guard: { isCurrent: true }, errorCode: Errors.NONE })
})

test('a marker between the question and its answer is asked about again', async () => {
  const partition = new FakePartition()
  const marked = () => {
    partition.marker()
    return Errors.NONE
  }
  expect(await produced([marked, () => Errors.NONE], partition)).toEqual({ guard: { isCurrent: true }, errorCode: Errors.NONE })
  expect((await produced([marked, () => Errors.PRODUCER_FENCED], partition)).errorCode).toBe(Errors.INVALID_PRODUCER_EPOCH)
})

test('a transaction that is ended for longer than the broker waits is the client’s to ask for again', async () => {
  const partition = new FakePartition()
  const answers = [() => Errors.CONCURRENT_TRANSACTIONS]
  expect((await produced(answers, partition)).errorCode).toBe(Errors.CONCURRENT_TRANSACTIONS)
  const marked = () => {
    partition.marker()
    return Errors.NONE
  }
  expect((await produced([marked], partition)).errorCode).toBe(Errors.CONCURRENT_TRANSACTIONS)
})
