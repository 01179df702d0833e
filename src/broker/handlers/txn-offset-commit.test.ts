/** With which guard the offsets of a transaction are written when the marker of the one before comes in between. */
import { expect, test } from 'vitest'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import type { RequestContext } from '../handler.js'
import { txnOffsetCommit } from './txn-offset-commit.js'

/** Guards that a marker voids, as those of the log. */
class FakePartition {
  #guard = { isCurrent: true }

  transactionGuard() {
    return this.#guard
  }
  marker(): void {
    this.#guard.isCurrent = false
    this.#guard = { isCurrent: true }
  }
}

/** Commits in a transaction that begins with it; the coordinator answers as told. What was answered, and with which guard. */
async function committed(answers: readonly ((partition: FakePartition) => ErrorCode)[], version: number) {
  const partition = new FakePartition()
  let asked = 0
  let isGuardCurrent: boolean | null = null
  const answer = async () => answers[Math.min(asked++, answers.length - 1)]!(partition)
  const context = {
    version,
    may: () => true,
    broker: {
      config: { get: () => true },
      topics: {
        createInternal: () => null,
        partition: () => partition,
        image: { topicsById: new Map([['an id', { name: 't' }]]) },
      },
      transactions: {
        addPartitions: answer,
        verifyPartitions: async () => [{ partitions: [{ errorCode: await answer() }] }],
      },
      groups: {
        partitionOf: () => 0,
        commitInTransaction: async (_request: unknown, { guard }: { guard: { isCurrent: boolean } }) => {
          isGuardCurrent = guard.isCurrent
          return { topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode: Errors.NONE }] }] }
        },
      },
    },
  } as unknown as RequestContext
  const request = {
    transactionalId: 'id',
    groupId: 'g',
    producerId: 1,
    producerEpoch: 1,
    topics: [{ name: 't', topicId: 'an id', partitions: [{ partitionIndex: 0, committedOffset: 1 }] }],
  }
  const response = (await txnOffsetCommit.handle(request, context)) as {
    topics: { partitions: { errorCode: ErrorCode }[] }[]
  }
  return { errorCode: response.topics[0]!.partitions[0]!.errorCode, isGuardCurrent }
}

const marked = (partition: FakePartition): ErrorCode => {
  partition.marker()
  return Errors.NONE
}
const yes = (): ErrorCode => Errors.NONE

test('a marker between the question and its answer is asked about again', async () => {
  for (const version of [4, 5, 6]) {
    expect(await committed([yes], version)).toEqual({ errorCode: Errors.NONE, isGuardCurrent: true })
    expect(await committed([marked, yes], version)).toEqual({ errorCode: Errors.NONE, isGuardCurrent: true })
  }
  const refused = { errorCode: Errors.INVALID_PRODUCER_EPOCH, isGuardCurrent: null }
  expect(await committed([marked, () => Errors.PRODUCER_FENCED], 5)).toEqual(refused)
})

test('a client whose transactions never rest is told to come again', async () => {
  expect(await committed([marked], 5)).toEqual({ errorCode: Errors.CONCURRENT_TRANSACTIONS, isGuardCurrent: null })
})
