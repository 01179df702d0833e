import { expect, test } from 'vitest'
import { LeaderEpochs } from './leader-epochs.js'

function epochs(...entries: [number, number][]): LeaderEpochs {
  const made = new LeaderEpochs()
  for (const [epoch, start] of entries) made.assign(epoch, start)
  return made
}

test('an epoch ends where the next one begins, the latest at the end of the log', () => {
  const known = epochs([1, 10], [4, 50])
  expect(known.endOffsetFor(4, 90)).toEqual({ leaderEpoch: 4, endOffset: 90 })
  expect(known.endOffsetFor(1, 90)).toEqual({ leaderEpoch: 1, endOffset: 50 })
  expect(known.endOffsetFor(2, 90)).toEqual({ leaderEpoch: 1, endOffset: 50 })
  expect(known.endOffsetFor(0, 90)).toEqual({ leaderEpoch: 0, endOffset: 10 })
  expect(known.endOffsetFor(5, 90)).toEqual({ leaderEpoch: -1, endOffset: -1 })
  expect(known.endOffsetFor(-1, 90)).toEqual({ leaderEpoch: -1, endOffset: -1 })
})

test('only a higher epoch is news, and one that wrote nothing leaves no trace', () => {
  const known = epochs([1, 10])
  expect(known.assign(1, 20)).toBe(false)
  expect(known.assign(0, 20)).toBe(false)
  expect(known.assign(2, 20)).toBe(true)
  expect(known.assign(3, 20)).toBe(true)
  expect(known.toText()).toBe('0\n2\n1 10\n3 20\n')
})

test('records belong to the epoch that began before them', () => {
  const known = epochs([1, 10], [4, 50])
  expect([9, 10, 49, 50, 99].map(offset => known.epochAt(offset))).toEqual([-1, 1, 1, 4, 4])
})

test('a cut log forgets epochs that began beyond its end', () => {
  const known = epochs([1, 10], [4, 50])
  expect(known.truncateFrom(51)).toBe(false)
  expect(known.truncateFrom(50)).toBe(true)
  expect(known.latest).toBe(1)
})

test('a checkpoint comes back as it was, and rubbish is not one', () => {
  const read = new LeaderEpochs()
  expect(read.load(epochs([1, 10], [4, 50]).toText())).toBe(true)
  expect(read.toText()).toBe('0\n2\n1 10\n4 50\n')
  for (const text of ['', '1\n0\n', '0\n2\n1 10\n', '0\n1\n1 x\n', '0\n1\n1\n']) {
    expect(new LeaderEpochs().load(text)).toBe(false)
  }
})
