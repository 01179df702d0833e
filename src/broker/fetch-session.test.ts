import { beforeEach, expect, test } from 'vitest'
import { zeroUuid } from '../base/ids.js'
import { type ErrorCode, Errors, isErrorCode } from '../protocol/errors.js'
import {
  type FetchContext,
  type FetchPartition,
  type FetchSession,
  FetchSessions,
  isNews,
  noteAnswered,
  type PartitionAnswer,
} from './fetch-session.js'

let nowMs = 0
let nextId = 100
beforeEach(() => {
  nowMs = 0
  nextId = 100
})
const sessionsOf = (slots: number, partitionsMax?: number): FetchSessions =>
  new FetchSessions(
    slots,
    () => nowMs,
    () => nextId++,
    partitionsMax,
  )

const partition = (index: number, fetchOffset = 0): FetchPartition => ({
  topic: 't',
  topicId: zeroUuid,
  index,
  name: 't',
  fetchOffset,
  maxBytes: 1000,
  currentLeaderEpoch: -1,
  lastFetchedEpoch: -1,
  knownHighWatermark: -1,
  knownLogStartOffset: -1,
})
const full = (...indexes: number[]) => request(0, 0, indexes)
const request = (
  sessionId: number,
  sessionEpoch: number,
  indexes: readonly number[] = [],
  forgotten: readonly number[] = [],
) => ({
  sessionId,
  sessionEpoch,
  usesTopicIds: false,
  partitions: indexes.map(index => partition(index)),
  forgotten: forgotten.map(index => ({ topic: 't', topicId: zeroUuid, index })),
})
const indexesOf = (context: FetchContext | ErrorCode): number[] =>
  isErrorCode(context) ? [] : Array.from(context.partitions, ({ index }) => index)
const sessionOf = (context: FetchContext | ErrorCode) => {
  if (isErrorCode(context) || context.session === null) throw new Error('no session')
  return context.session
}

test('a full fetch opens a session of all its partitions; the next one carries changes only', () => {
  const sessions = sessionsOf(10)
  const first = sessions.open(full(0, 1, 2))
  expect(first).toMatchObject({ kind: 'full' })
  expect(indexesOf(first)).toEqual([0, 1, 2])
  const { id } = sessionOf(first)
  expect(id).toBe(100)

  const second = sessions.open(request(id, 1))
  expect(second).toMatchObject({ kind: 'incremental' })
  expect(indexesOf(second)).toEqual([0, 1, 2])
  // Added, changed and forgotten at once.
  const third = sessions.open(request(id, 2, [3, 1], [0]))
  expect(indexesOf(third)).toEqual([1, 2, 3])
})

test('what an incremental fetch says of a partition replaces what was known of it', () => {
  const sessions = sessionsOf(10)
  const { id } = sessionOf(sessions.open(full(0)))
  const changed = { ...partition(0, 55), maxBytes: 9, currentLeaderEpoch: 3, lastFetchedEpoch: 2 }
  const context = sessions.open({ ...request(id, 1), partitions: [changed] })
  expect(isErrorCode(context) ? [] : [...context.partitions]).toEqual([changed])
})

test('epoch -1 fetches without a session and closes the one it names', () => {
  const sessions = sessionsOf(10)
  const { id } = sessionOf(sessions.open(full(0)))
  const context = sessions.open(request(id, -1, [5]))
  expect(context).toMatchObject({ kind: 'full', session: null })
  expect(indexesOf(context)).toEqual([5])
  expect(sessions.size).toBe(0)
  expect(sessions.open(request(id, 1))).toBe(Errors.FETCH_SESSION_ID_NOT_FOUND)
})

test('epoch 0 closes the session it names and opens another', () => {
  const sessions = sessionsOf(10)
  const { id } = sessionOf(sessions.open(full(0)))
  const again = sessionOf(sessions.open(request(id, 0, [1])))
  expect(again.id).not.toBe(id)
  expect(sessions.size).toBe(1)
})

test('an epoch that is not the next one is refused, and the session stays as it was', () => {
  const sessions = sessionsOf(10)
  const { id } = sessionOf(sessions.open(full(0, 1)))
  const wrong = Errors.INVALID_FETCH_SESSION_EPOCH
  expect(sessions.open(request(id, 2, [], [0]))).toEqual(wrong)
  expect(indexesOf(sessions.open(request(id, 1)))).toEqual([0, 1])
  // Repeated: the answer to the first one was lost.
  expect(sessions.open(request(id, 1))).toEqual(wrong)
})

test('after the largest epoch comes 1', () => {
  const sessions = sessionsOf(10)
  const session = sessionOf(sessions.open(full(0)))
  session.nextEpoch = 0x7fff_ffff
  expect(sessions.open(request(session.id, 0x7fff_ffff))).toMatchObject({ kind: 'incremental' })
  expect(sessions.open(request(session.id, 1))).toMatchObject({ kind: 'incremental' })
})

test('a session by names is not continued by ids, nor the other way; a wrong epoch counts first', () => {
  const sessions = sessionsOf(10)
  const { id } = sessionOf(sessions.open(full(0)))
  const byIds = { ...request(id, 1), usesTopicIds: true }
  expect(sessions.open(byIds)).toBe(Errors.FETCH_SESSION_TOPIC_ID_ERROR)
  expect(sessions.open({ ...byIds, sessionEpoch: 7 })).toBe(Errors.INVALID_FETCH_SESSION_EPOCH)
  expect(sessions.open(request(id, 1))).toMatchObject({ kind: 'incremental' })
})

test('a session that forgot all its partitions is over', () => {
  const sessions = sessionsOf(10)
  const { id } = sessionOf(sessions.open(full(0, 1)))
  const context = sessions.open(request(id, 1, [], [0, 1]))
  expect(context).toMatchObject({ kind: 'full', session: null })
  expect(indexesOf(context)).toEqual([])
  expect(sessions.size).toBe(0)
})

test('without a free slot a fetch goes on without a session', () => {
  const sessions = sessionsOf(1)
  sessions.open(full(0))
  const context = sessions.open(full(1))
  expect(context).toMatchObject({ kind: 'full', session: null })
  expect(indexesOf(context)).toEqual([1])
  expect(sessionsOf(0).open(full(0))).toMatchObject({ session: null })
})

test('the session that was not used for longest gives up its slot, after two minutes', () => {
  const sessions = sessionsOf(2)
  const a = sessionOf(sessions.open(full(0)))
  const b = sessionOf(sessions.open(full(0)))
  nowMs = 60_000
  sessions.open(request(a.id, 1))
  nowMs = 120_000
  expect(sessions.open(full(0))).toMatchObject({ session: null })
  nowMs = 120_001
  expect(sessions.open(full(0))).toMatchObject({ kind: 'full' })
  expect(sessions.size).toBe(2)
  expect(sessions.open(request(b.id, 1))).toBe(Errors.FETCH_SESSION_ID_NOT_FOUND)
  expect(sessions.open(request(a.id, 2))).toMatchObject({ kind: 'incremental' })
})

test('partitions over all sessions have a bound: a session beyond it is none, and one that grows beyond it is over', () => {
  const sessions = sessionsOf(10, 5)
  const a = sessionOf(sessions.open(full(0, 1, 2)))
  expect(sessions.open(full(0, 1, 2))).toMatchObject({ kind: 'full', session: null })
  const b = sessionOf(sessions.open(full(0, 1)))
  expect(sessions.partitionCount).toBe(5)
  sessions.open(request(a.id, 1, [], [2]))
  expect(sessions.open(request(b.id, 1, [2]))).toMatchObject({ kind: 'incremental' })
  expect(sessions.open(request(b.id, 2, [3]))).toBe(Errors.FETCH_SESSION_ID_NOT_FOUND)
  expect([sessions.size, sessions.partitionCount]).toEqual([1, 2])
  // Who was not heard of for two minutes makes room.
  nowMs = 120_001
  expect(sessionOf(sessions.open(full(0, 1, 2, 3))).partitions.size).toBe(4)
  expect([sessions.size, sessions.partitionCount]).toEqual([1, 4])
})

test('a session of nothing is one, until it is continued with nothing', () => {
  const sessions = sessionsOf(10)
  const { id } = sessionOf(sessions.open(full()))
  expect(sessions.open(request(id, 1))).toMatchObject({ kind: 'full', session: null })
})

test('a session id is never 0 and never one that is in use', () => {
  const ids = [0, 7, 7, 0, 8]
  const sessions = new FetchSessions(
    10,
    () => 0,
    () => ids.shift() as number,
  )
  expect(sessionOf(sessions.open(full(0))).id).toBe(7)
  expect(sessionOf(sessions.open(full(0))).id).toBe(8)
})

/** Whether an answer carries the partition; the consumer then knows what it says. */
function isTold(session: FetchSession, known: FetchPartition, answer: PartitionAnswer): boolean {
  const isNew = isNews(known, answer)
  noteAnswered(session, known, answer)
  return isNew
}

const quiet = { errorCode: Errors.NONE, byteLength: 0, highWatermark: 5, logStartOffset: 0, diverging: null }

test('an incremental answer carries data, moved offsets, errors and diverging logs, and nothing else', () => {
  const session = sessionOf(sessionsOf(10).open(full(0)))
  const known = partition(0)
  expect(isTold(session, known, quiet)).toBe(true)
  expect(isTold(session, known, quiet)).toBe(false)
  expect(isTold(session, known, { ...quiet, byteLength: 1 })).toBe(true)
  expect(isTold(session, known, { ...quiet, highWatermark: 6 })).toBe(true)
  expect(isTold(session, known, { ...quiet, highWatermark: 6 })).toBe(false)
  expect(isTold(session, known, { ...quiet, highWatermark: 6, logStartOffset: 2 })).toBe(true)
  expect(isTold(session, known, { ...quiet, highWatermark: 6, logStartOffset: 2, diverging: {} })).toBe(true)
  expect(isTold(session, known, { ...quiet, highWatermark: 6, logStartOffset: 2 })).toBe(false)
})

test('after an error the next answer carries the partition again, whether or not the error is gone', () => {
  const session = sessionOf(sessionsOf(10).open(full(0)))
  const known = partition(0)
  const failed = {
    ...quiet,
    errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION,
    highWatermark: -1,
    logStartOffset: -1,
  }
  expect(isTold(session, known, quiet)).toBe(true)
  expect(isTold(session, known, failed)).toBe(true)
  expect(isTold(session, known, failed)).toBe(true)
  expect(isTold(session, known, quiet)).toBe(true)
  expect(isTold(session, known, quiet)).toBe(false)
})

test('a partition that returned data is served last the next time', () => {
  const sessions = sessionsOf(10)
  const session = sessionOf(sessions.open(full(0, 1, 2)))
  const answered = (index: number, byteLength: number): void => {
    const known = [...session.partitions.values()].find(each => each.index === index) as FetchPartition
    isTold(session, known, { ...quiet, byteLength })
  }
  answered(0, 100)
  answered(1, 0)
  answered(2, 0)
  expect(indexesOf(sessions.open(request(session.id, 1)))).toEqual([1, 2, 0])
  answered(1, 100)
  answered(2, 100)
  expect(indexesOf(sessions.open(request(session.id, 2)))).toEqual([0, 1, 2])
})
