import { describe, expect, it } from 'vitest'
import { HistoryChecker } from './checker.js'
import { type AnomalyKind, anomalyKinds, type HistoryEvent, type Writer } from './history.js'

const stuckMsMax = 1000

function kindsIn(history: readonly HistoryEvent[]): AnomalyKind[] {
  const checker = new HistoryChecker({ stuckMsMax })
  for (const event of history) checker.record(event)
  return [...new Set(checker.anomalies().map(({ kind }) => kind))]
}

// A copier's transaction: takes a record of `in` and writes its key to `left` and `right`.
const took = (transaction: string, key: string, offset: number, { topic = 'in', writer = null as Writer, atMs = 0 } = {}) =>
  ({
    type: 'took',
    transaction,
    group: 'g',
    topic,
    partition: 0,
    records: [{ offset, key, writer }],
    atMs,
  }) satisfies HistoryEvent
const wrote = (transaction: string, topic: string, ...keys: string[]) =>
  ({ type: 'wrote', transaction, topic, keys }) satisfies HistoryEvent
const copied = (transaction: string, key: string, offset: number): HistoryEvent[] => [
  took(transaction, key, offset),
  wrote(transaction, 'left', key),
  wrote(transaction, 'right', key),
]
const asked = (transaction: string, atMs = 0) => ({ type: 'commit asked', transaction, atMs }) satisfies HistoryEvent
const committed = (transaction: string): HistoryEvent[] => [asked(transaction), { type: 'committed', transaction }]
const aborted = (transaction: string) => ({ type: 'aborted', transaction }) satisfies HistoryEvent

// What a reader is shown, here with nothing but what is of interest.
const read = (topic: string, offset: number, key: string, writer: Writer, { reader = 'r', atMs = 1 } = {}) =>
  ({ type: 'read', reader, topic, partition: 0, offset, key, writer, atMs }) satisfies HistoryEvent
const readAll = (reader = 'r') => ({ type: 'read all', reader }) satisfies HistoryEvent
const due = (key: string): HistoryEvent[] => [
  { type: 'due', topic: 'left', key },
  { type: 'due', topic: 'right', key },
]
const offset = (offset: number, atMs = 1) =>
  ({ type: 'committed offset', group: 'g', topic: 'in', partition: 0, offset, atMs }) satisfies HistoryEvent
const position = (lastStableOffset: number, highWatermark: number, atMs: number) =>
  ({ type: 'position', topic: 'left', partition: 0, lastStableOffset, highWatermark, atMs }) satisfies HistoryEvent

describe('a good history', () => {
  it('has no anomalies: a commit, an abort and a second attempt', () => {
    const history = [
      ...due('a'),
      ...due('b'),
      ...copied('t1', 'a', 0),
      ...committed('t1'),
      ...copied('t2', 'b', 1),
      aborted('t2'),
      ...copied('t3', 'b', 1),
      ...committed('t3'),
      offset(-1),
      offset(1),
      offset(2),
      position(0, 1, 0),
      position(2, 2, 500),
      ...['r', 's'].flatMap(reader => [
        read('left', 0, 'a', 't1', { reader }),
        read('left', 4, 'b', 't3', { reader }),
        read('right', 0, 'a', 't1', { reader }),
        read('right', 4, 'b', 't3', { reader }),
        readAll(reader),
      ]),
    ]
    expect(kindsIn(history)).toEqual([])
  })

  it('may have a transaction of unknown outcome that is there as a whole', () => {
    const shown = [read('left', 0, 'a', 't1'), read('right', 0, 'a', 't1'), offset(1), readAll()]
    expect(kindsIn([...copied('t1', 'a', 0), asked('t1'), ...shown])).toEqual([])
  })

  it('may have a transaction of unknown outcome of which nothing is there', () => {
    const again = [...copied('t2', 'a', 0), ...committed('t2')]
    const shown = [read('left', 2, 'a', 't2'), read('right', 2, 'a', 't2'), offset(1), readAll()]
    expect(kindsIn([...due('a'), ...copied('t1', 'a', 0), asked('t1'), ...again, ...shown])).toEqual([])
  })

  it('may show a record between the request for the commit and its answer', () => {
    const shown = [read('left', 0, 'a', 't1', { atMs: 5 }), read('right', 0, 'a', 't1', { atMs: 6 }), readAll()]
    expect(kindsIn([...copied('t1', 'a', 0), asked('t1', 5), ...shown, { type: 'committed', transaction: 't1' }])).toEqual([])
  })

  it('may have a last stable offset behind the high watermark for a while', () => {
    expect(kindsIn([position(1, 3, 0), position(1, 4, stuckMsMax), position(4, 4, stuckMsMax + 1)])).toEqual([])
    expect(kindsIn([position(1, 3, 0), position(2, 4, stuckMsMax - 1), position(2, 5, stuckMsMax + 1)])).toEqual([])
  })
})

/** Of every kind the shortest history that has it and nothing else. */
const badHistories: Readonly<Record<AnomalyKind, Readonly<Record<string, readonly HistoryEvent[]>>>> = {
  'lost write': {
    'a committed transaction is not there': [...copied('t1', 'a', 0), ...committed('t1'), readAll()],
    'nobody copied what was due': [...due('a'), readAll()],
    'one reader is not shown what another was': [
      { type: 'read', reader: 'r', topic: 'in', partition: 0, offset: 0, key: 'a', writer: null, atMs: 1 },
      readAll('r'),
      read('left', 0, 'a', 't1', { reader: 's' }),
      ...committed('t1'),
      wrote('t1', 'left', 'a'),
      readAll('s'),
      { type: 'read', reader: 's', topic: 'in', partition: 0, offset: 0, key: 'a', writer: null, atMs: 1 },
    ],
  },
  duplicate: {
    'two transactions copied the same record': [
      ...copied('t1', 'a', 0),
      ...committed('t1'),
      ...copied('t2', 'a', 0),
      ...committed('t2'),
      read('left', 0, 'a', 't1'),
      read('left', 2, 'a', 't2'),
      read('right', 0, 'a', 't1'),
      read('right', 2, 'a', 't2'),
      readAll(),
    ],
    'a batch was stored twice': [
      wrote('t1', 'left', 'a'),
      ...committed('t1'),
      read('left', 0, 'a', 't1'),
      read('left', 1, 'a', 't1'),
    ],
    'a record moved': [read('left', 0, 'a', null), read('left', 1, 'a', null, { reader: 's' })],
  },
  'aborted read': {
    'by a reader': [...copied('t1', 'a', 0), aborted('t1'), read('left', 0, 'a', 't1')],
    'by a copier': [...copied('t1', 'a', 0), aborted('t1'), took('t2', 'a', 0, { topic: 'left', writer: 't1' })],
    'of one whose copier died before it asked for a commit': [...copied('t1', 'a', 0), read('left', 0, 'a', 't1')],
    'of one that was aborted after its commit failed': [
      ...copied('t1', 'a', 0),
      asked('t1'),
      aborted('t1'),
      read('left', 0, 'a', 't1'),
    ],
  },
  'torn transaction': {
    'one topic has its part, the other has not': [
      ...copied('t1', 'a', 0),
      ...committed('t1'),
      read('left', 0, 'a', 't1'),
      readAll(),
    ],
    'the outcome is unknown, and half of it is there': [
      ...copied('t1', 'a', 0),
      asked('t1'),
      read('right', 0, 'a', 't1'),
      readAll(),
    ],
    'the outcome is unknown, only its offset is there': [...copied('t1', 'a', 0), asked('t1'), offset(1), readAll()],
    'the outcome is unknown, another transaction took of it': [
      ...copied('t1', 'a', 0),
      asked('t1'),
      took('t2', 'a', 0, { topic: 'left', writer: 't1' }),
      readAll(),
    ],
    'the outcome is unknown, only its offset is missing': [
      ...copied('t1', 'a', 0),
      asked('t1'),
      read('left', 0, 'a', 't1'),
      read('right', 0, 'a', 't1'),
      offset(-1),
      readAll(),
    ],
  },
  'early read': {
    'a reader is faster than the commit': [wrote('t1', 'left', 'a'), asked('t1', 10), read('left', 0, 'a', 't1', { atMs: 9 })],
    'a copier is faster than the commit': [
      wrote('t1', 'left', 'a'),
      asked('t1', 10),
      took('t2', 'a', 0, { topic: 'left', writer: 't1', atMs: 9 }),
    ],
  },
  'own uncommitted read': {
    'a transaction takes what it wrote': [wrote('t1', 'left', 'a'), took('t1', 'a', 0, { topic: 'left', writer: 't1' })],
  },
  'write-read cycle': {
    'two transactions saw each other': [
      ...committed('t1'),
      ...committed('t2'),
      took('t1', 'b', 0, { topic: 'right', writer: 't2' }),
      took('t2', 'a', 0, { topic: 'left', writer: 't1' }),
    ],
    'three in a ring, a fourth beside it': [
      ...['t1', 't2', 't3', 't4'].flatMap(committed),
      took('t1', 'c', 0, { writer: 't3' }),
      took('t2', 'a', 1, { writer: 't1' }),
      took('t3', 'b', 2, { writer: 't2' }),
      took('t4', 'c', 0, { writer: 't3' }),
    ],
  },
  'unknown record': {
    'of a transaction that never was': [...committed('t1'), read('left', 0, 'a', 't1')],
    'of one that wrote something else': [wrote('t1', 'left', 'a'), ...committed('t1'), read('left', 0, 'b', 't1')],
  },
  'offset went back': {
    'a reader is shown an earlier offset': [read('left', 5, 'a', null), read('left', 4, 'b', null)],
    'a reader is shown the same again': [read('left', 5, 'a', null), read('left', 5, 'a', null)],
  },
  'committed offset went back': {
    'to an earlier commit': [
      ...copied('t1', 'a', 0),
      ...committed('t1'),
      ...copied('t2', 'b', 1),
      ...committed('t2'),
      offset(2),
      offset(1),
    ],
    'to nothing': [...copied('t1', 'a', 0), ...committed('t1'), offset(1), offset(-1)],
  },
  'last stable offset went back': { 'in one partition': [position(5, 5, 0), position(4, 5, 1), position(6, 6, 2)] },
  'last stable offset stuck': {
    'for too long': [position(1, 3, 0), position(1, 4, 500), position(1, 5, stuckMsMax + 1), position(5, 5, stuckMsMax + 2)],
    'when all is over': [position(1, 3, 0), readAll()],
  },
  'committed offset of an aborted transaction': {
    'and nobody tried again': [...copied('t1', 'a', 0), aborted('t1'), offset(1)],
    'that had asked for its commit': [...copied('t1', 'a', 0), asked('t1'), aborted('t1'), offset(1)],
    'before the second attempt asked for its commit': [
      ...copied('t1', 'a', 0),
      aborted('t1'),
      offset(1, 5),
      ...copied('t2', 'a', 0),
      asked('t2', 6),
    ],
    'that had not asked for its commit yet': [...copied('t1', 'a', 0), offset(1, 5), asked('t1', 6)],
  },
  'unknown committed offset': { 'of no transaction': [...copied('t1', 'a', 0), ...committed('t1'), offset(7)] },
}

for (const kind of anomalyKinds) {
  describe(kind, () => {
    for (const [name, history] of Object.entries(badHistories[kind])) {
      it(name, () => expect(kindsIn(history)).toEqual([kind]))
    }
  })
}
