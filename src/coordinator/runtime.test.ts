import { expect, test } from 'vitest'
import { utf8Encode } from '../base/bytes.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import { type FakeWorld, fakeWorld } from '../testing/fake-world.js'
import { MemoryLog } from '../testing/memory-log.js'
import { MemoryTopics } from '../testing/memory-topics.js'
import type { LogRecord, Machine, Token } from './machine.js'
import { Turn } from './machine.js'
import { CoordinatorRuntime } from './runtime.js'

// A counter whose additions are records; "park" waits for the next addition, "after" sets a deadline; "many" are additions
// that may be cut; "break" changes the volatile part and throws. "order" is answered when another command has delivered: an
// odd number is written when it is ordered, the even one after it when it is there. Additions "in" a producer's transaction
// count when it ends.
type Command =
  | { type: 'add'; by: number; token?: Token<number> }
  | { type: 'read'; token: Token<number> }
  | { type: 'park'; token: Token<number> }
  | { type: 'after'; ms: number; then: Command; token: Token<number> }
  | { type: 'many'; by: readonly number[]; token: Token<number> }
  | { type: 'break'; token?: Token<number> }
  | { type: 'again' }
  | { type: 'order'; token: Token<number> }
  | { type: 'remind'; token: Token<number> }
  | { type: 'delivered' }
  | { type: 'add-in'; producerId: number; by: number; token: Token<number> }
  | { type: 'end'; producerId: number; isCommit: boolean; token: Token<number> }
  | { type: 'topics'; token: Token<number> }
interface State {
  total: number
  pending: Map<number, number>
  /** Additions that were decided: volatile. */
  decided: number
  parked: Token<number>[]
}

const counter: Machine<State, Command, number, string> = {
  create: () => ({ total: 0, pending: new Map(), decided: 0, parked: [] }),
  load({ total }, env) {
    const turn = new Turn<Command, number, string>(env)
    if (total % 2 === 1) turn.send('goods', { type: 'delivered' })
    return turn
  },
  decide(state, command, env) {
    const turn = new Turn<Command, number, string>(env)
    switch (command.type) {
      case 'add':
        turn.write(command.by)
        state.decided++
        turn.ifRefused(() => {
          state.decided--
        })
        for (const token of state.parked.splice(0)) turn.answer(token, state.total + command.by)
        if (command.token !== undefined) turn.answer(command.token, state.total + command.by)
        break
      case 'read':
        turn.answer(command.token, state.total)
        break
      case 'park':
        state.parked.push(command.token)
        break
      case 'after':
        turn.setDeadline(`later ${command.then.type}`, command.ms, command.then)
        turn.answer(command.token, state.total)
        break
      case 'many':
        turn.isDivisible = true
        for (const by of command.by) turn.write(by)
        turn.answer(command.token, command.by.length)
        break
      case 'again':
        turn.write(1)
        turn.setDeadline('again', 0, command)
        break
      case 'order':
        turn.write(1)
        turn.send('goods', { type: 'delivered' })
        state.parked.push(command.token)
        turn.ifRefused(() => void state.parked.pop())
        break
      case 'remind':
        turn.send('reminder', { type: 'delivered' })
        state.parked.push(command.token)
        break
      case 'delivered':
        turn.write(1)
        for (const token of state.parked.splice(0)) turn.answer(token, state.total + 1)
        break
      case 'add-in':
        turn.producer = { producerId: command.producerId, producerEpoch: 0 }
        turn.write(command.by)
        turn.answer(command.token, state.total)
        break
      case 'end':
        turn.marker = {
          marker: {
            producer: { producerId: command.producerId, producerEpoch: 0 },
            isCommit: command.isCommit,
            coordinatorEpoch: 0,
          },
          transactionVersion: 0,
        }
        turn.answer(command.token, state.total)
        break
      case 'topics':
        turn.answer(command.token, 10 * env.topics.topicsRevision + (env.topics.topics.get('t')?.partitions.length ?? 0))
        break
      case 'break':
        state.decided = 99
        throw new TypeError('a fault in a command')
    }
    return turn
  },
  apply(state, by, producer) {
    if (producer === null) state.total += by
    else state.pending.set(producer.producerId, (state.pending.get(producer.producerId) ?? 0) + by)
  },
  applyMarker(state, { producer: { producerId }, isCommit }) {
    if (isCommit) state.total += state.pending.get(producerId) ?? 0
    state.pending.delete(producerId)
  },
  encode: by => ({ key: utf8Encode(''), value: new Uint8Array([by]) }),
  decode: ({ value }) => (value === null ? null : (value[0] ?? 0)),
}

interface Sent {
  readonly effect: string
  readonly take: (isTaken: boolean) => void
}

/** `msPerLook`: so much time passes at each look at the clock. */
function scene({ msPerLook = 0 } = {}) {
  const log = new MemoryLog()
  const fake = fakeWorld()
  let passedMs = 0
  const world: FakeWorld = {
    ...fake,
    monotonicMs: () => {
      passedMs += msPerLook
      return fake.monotonicMs() + passedMs
    },
    get pendingTimers() {
      return fake.pendingTimers
    },
    get host() {
      return world
    },
  }
  const heard: string[] = []
  const unknown: LogRecord[] = []
  const report = {
    unknownRecord: (_: number, record: LogRecord) => void unknown.push(record),
    shardDropped: () => void heard.push('dropped'),
    shardUnavailable: () => void heard.push('unavailable'),
  }
  const states: State[] = []
  const machine = {
    ...counter,
    create: () => {
      states.push(counter.create())
      return states.at(-1) as State
    },
  }
  const sent: Sent[] = []
  const send = (effect: string): Promise<boolean> => new Promise(take => sent.push({ effect, take }))
  const topics = new MemoryTopics()
  const options = { machine, partitionsDefault: 1, log, world, topics, send, report }
  const runtime = new CoordinatorRuntime(options)
  const answers: string[] = []
  const submit = (name: string, build: (token: Token<number>) => Command): void => {
    const failure = (errorCode: ErrorCode): number => -errorCode
    void runtime.submit(0, build, failure).then(answer => answers.push(`${name}=${answer}`))
  }
  return {
    log,
    world,
    sent,
    topics,
    /** As after the process has ended. */
    restarted: () => new CoordinatorRuntime(options),
    heard,
    unknown,
    runtime,
    submitWhenLoaded: (name: string, by: number) =>
      void runtime
        .submitWhenLoaded(
          0,
          (token: Token<number>): Command => ({ type: 'add', by, token }),
          errorCode => -errorCode,
        )
        .then(answer => answers.push(`${name}=${answer}`)),
    add: (name: string, by: number) => submit(name, token => ({ type: 'add', by, token })),
    read: (name: string) => submit(name, token => ({ type: 'read', token })),
    park: (name: string) => submit(name, token => ({ type: 'park', token })),
    after: (name: string, ms: number, then: Command = { type: 'add', by: 100 }) =>
      submit(name, token => ({ type: 'after', ms, then, token })),
    many: (name: string, by: readonly number[]) => submit(name, token => ({ type: 'many', by, token })),
    order: (name: string) => submit(name, token => ({ type: 'order', token })),
    remind: (name: string) => submit(name, token => ({ type: 'remind', token })),
    addIn: (name: string, producerId: number, by: number) => submit(name, token => ({ type: 'add-in', producerId, by, token })),
    end: (name: string, producerId: number, isCommit: boolean) =>
      submit(name, token => ({ type: 'end', producerId, isCommit, token })),
    topicsSeen: (name: string) => submit(name, token => ({ type: 'topics', token })),
    breakIt: (name: string) => submit(name, token => ({ type: 'break', token })),
    decided: () => states.at(-1)?.decided,
    /** What was answered since the last look. */
    async answered() {
      await new Promise(resolve => setImmediate(resolve))
      return answers.splice(0).join(' ')
    },
  }
}

test('with a log that is durable at once, answers leave at once', async () => {
  const { runtime, add, read, answered } = scene()
  runtime.start()
  add('a', 1)
  read('b')
  expect(await answered()).toBe('a=1 b=1')
})

test('no answer leaves before its own and all earlier records are durable, in whatever order they become so', async () => {
  const { log, runtime, add, read, park, answered } = scene()
  runtime.start()
  read('before')
  log.holdsBack = true
  park('p')
  add('a', 1)
  read('r')
  add('b', 2)
  expect(await answered()).toBe('before=0')
  log.release(1)
  expect(await answered()).toBe('')
  log.holdsBack = false
  add('c', 4)
  expect(await answered()).toBe('')
  log.release(0)
  expect(await answered()).toBe('p=1 a=1 r=1 b=3 c=7')
})

test('records that the log refuses fail their own command, which is undone, and nothing else', async () => {
  const { log, runtime, add, read, after, world, heard, decided, answered } = scene()
  runtime.start()
  add('a', 1)
  after('t', 1_000)
  log.refusal = Errors.NOT_LEADER_OR_FOLLOWER
  add('b', 2)
  expect(await answered()).toBe(`a=1 t=1 b=${-Errors.NOT_COORDINATOR}`)
  expect(decided()).toBe(1)
  log.refusal = null
  read('r')
  add('c', 4)
  world.advance(1_000)
  read('s')
  expect(await answered()).toBe('r=1 c=5 s=105')
  expect(heard).toEqual([])
})

test('records that are too large are not worth a second try', async () => {
  const { log, runtime, add, answered } = scene()
  runtime.start()
  log.refusal = Errors.MESSAGE_TOO_LARGE
  add('a', 1)
  expect(await answered()).toBe(`a=${-Errors.UNKNOWN_SERVER_ERROR}`)
})

test('a decision that may be cut is written in batches that the log takes', async () => {
  const { log, runtime, many, read, answered } = scene()
  runtime.start()
  log.bytesMax = 61 + 3 * 33
  many('m', [1, 2, 3, 4, 5, 6, 7])
  read('r')
  expect(await answered()).toBe('m=7 r=28')
  expect(log.batchSizes).toEqual([3, 3, 1])
})

test('a command that throws is answered, reported, and leaves no half-changed state behind', async () => {
  const { runtime, add, park, read, breakIt, heard, decided, answered } = scene()
  runtime.start()
  add('a', 1)
  park('p')
  breakIt('b')
  expect(await answered()).toBe(`a=1 p=${-Errors.NOT_COORDINATOR} b=${-Errors.UNKNOWN_SERVER_ERROR}`)
  expect(heard).toEqual(['dropped'])
  read('r')
  expect(await answered()).toBe('r=1')
  expect(decided()).toBe(0)
})

test('a deadline that throws is reported, and deadlines go on with the replayed shard', async () => {
  const { world, runtime, after, read, heard, answered } = scene()
  runtime.start()
  after('t', 10, { type: 'break' })
  world.advance(10)
  expect(heard).toEqual(['dropped'])
  after('u', 20)
  world.advance(20)
  read('r')
  expect(await answered()).toBe('t=0 u=0 r=100')
})

test('after a drop, too, no answer says what a crash could take back', async () => {
  const { log, runtime, add, read, breakIt, answered } = scene()
  runtime.start()
  log.holdsBack = true
  add('a', 1)
  breakIt('b')
  read('r')
  expect(await answered()).toBe(`a=${-Errors.NOT_COORDINATOR} b=${-Errors.UNKNOWN_SERVER_ERROR}`)
  log.release(0)
  expect(await answered()).toBe('r=1')
})

test('a long replay is done in slices; meanwhile requests are told that the shard is loading', async () => {
  const { log, world, runtime, add, read, breakIt, submitWhenLoaded, answered } = scene({ msPerLook: 5 })
  runtime.start()
  for (let times = 0; times < 300; times++) log.append(0, [{ key: utf8Encode(''), value: new Uint8Array([1]) }])
  breakIt('b')
  read('r1')
  submitWhenLoaded('t', 7)
  expect(await answered()).toBe(`b=${-Errors.UNKNOWN_SERVER_ERROR} r1=${-Errors.COORDINATOR_LOAD_IN_PROGRESS}`)
  world.advance(0)
  add('a', 1)
  expect(await answered()).toBe('t=307 a=308')
})

test('what the broker has to tell waits for a shard, also when it is the first to need it', async () => {
  const { log, world, runtime, breakIt, submitWhenLoaded, answered } = scene({ msPerLook: 5 })
  runtime.start()
  for (let times = 0; times < 300; times++) log.append(0, [{ key: utf8Encode(''), value: new Uint8Array([1]) }])
  breakIt('b')
  submitWhenLoaded('t', 7)
  expect(await answered()).toBe(`b=${-Errors.UNKNOWN_SERVER_ERROR}`)
  world.advance(0)
  expect(await answered()).toBe('t=307')
})

test('a log that answers later is waited for; meanwhile requests are told that the shard is loading', async () => {
  const { log, runtime, read, breakIt, answered } = scene()
  log.append(0, [{ key: utf8Encode(''), value: new Uint8Array([1]) }])
  const reads: (() => void)[] = []
  const replay = log.replay.bind(log)
  Object.assign(log, {
    *replay(partition: number) {
      yield { kind: 'later', isThere: new Promise<void>(resolve => reads.push(resolve)) }
      yield* replay(partition)
    },
  })
  const loading = `${-Errors.COORDINATOR_LOAD_IN_PROGRESS}`
  const started = runtime.start()
  expect(started).not.toBeNull()
  read('early')
  expect(await answered()).toBe(`early=${loading}`)
  for (const answer of reads.splice(0)) answer()
  await started
  read('r')
  expect(await answered()).toBe('r=1')

  breakIt('b')
  read('s')
  expect(await answered()).toBe(`b=${-Errors.UNKNOWN_SERVER_ERROR} s=${loading}`)
  for (const answer of reads.splice(0)) answer()
  await answered()
  read('t')
  expect(await answered()).toBe('t=1')
})

test('records that may be lost take with them what was decided after them', async () => {
  const { log, runtime, add, read, heard, answered } = scene()
  runtime.start()
  log.holdsBack = true
  add('a', 1)
  add('b', 2)
  read('r')
  log.lose(0)
  expect(await answered()).toBe(`a=${-Errors.NOT_COORDINATOR} b=${-Errors.NOT_COORDINATOR} r=${-Errors.NOT_COORDINATOR}`)
  log.release(0)
  expect(await answered()).toBe('')
  expect(heard).toEqual(['dropped'])
})

test('a dropped shard whose log cannot be read refuses, and tries again with the next command', async () => {
  const { log, runtime, add, read, breakIt, heard, answered } = scene()
  runtime.start()
  add('a', 1)
  breakIt('b')
  await answered()
  const { replay } = log
  log.replay = () => {
    throw new Error('EIO')
  }
  read('r1')
  expect(await answered()).toBe(`r1=${-Errors.COORDINATOR_NOT_AVAILABLE}`)
  log.replay = replay
  read('r2')
  expect(await answered()).toBe('r2=1')
  expect(heard).toEqual(['dropped', 'unavailable'])
})

test('a deadline comes back as a command, and only the earliest one holds a timer', async () => {
  const { world, runtime, after, read, answered } = scene()
  runtime.start()
  after('a', 1_000)
  after('b', 5_000)
  expect(world.pendingTimers).toBe(1)
  world.advance(4_999)
  read('r1')
  world.advance(1)
  read('r2')
  expect(await answered()).toBe('a=0 b=0 r1=0 r2=100')
  expect(world.pendingTimers).toBe(0)
})

test('a deadline of no time is due at the end of its decision; one that sets itself again waits for a turn', async () => {
  const { world, runtime, after, read, answered } = scene()
  runtime.start()
  after('t', 0)
  read('r')
  expect(await answered()).toBe('t=0 r=100')
  expect(world.pendingTimers).toBe(0)
  after('u', 0, { type: 'again' })
  expect(world.pendingTimers).toBe(1)
  read('s')
  expect(await answered()).toBe('u=100 s=101')
})

test('stop answers what is parked, lets what is being written finish, and refuses the rest', async () => {
  const { log, world, runtime, add, park, read, after, answered } = scene()
  runtime.start()
  after('t', 1_000)
  log.holdsBack = true
  add('a', 1)
  park('p')
  runtime.stop()
  expect(await answered()).toBe(`t=0 p=${-Errors.NOT_COORDINATOR}`)
  read('r')
  log.release(0)
  expect(await answered()).toBe(`r=${-Errors.COORDINATOR_NOT_AVAILABLE} a=1`)
  expect(world.pendingTimers).toBe(0)
})

test('records of an unknown kind are reported and left alone', async () => {
  const { log, unknown, runtime, read, answered } = scene()
  log.append(0, [
    { key: utf8Encode(''), value: null },
    { key: utf8Encode(''), value: new Uint8Array([7]) },
  ])
  runtime.start()
  read('r')
  expect(await answered()).toBe('r=7')
  expect(unknown).toHaveLength(1)
})

test('what a decision sends leaves when its records are durable, and its answer when it is taken', async () => {
  const { log, runtime, sent, order, answered } = scene()
  runtime.start()
  log.holdsBack = true
  order('o')
  expect(await answered()).toBe('')
  expect(sent).toHaveLength(0)
  log.holdsBack = false
  log.release(0)
  expect(await answered()).toBe('')
  expect(sent.map(({ effect }) => effect)).toEqual(['goods'])
  sent[0]?.take(true)
  expect(await answered()).toBe('o=2')
})

test('what a decision without records sends waits for the records that it has seen', async () => {
  const { log, runtime, sent, add, remind, answered } = scene()
  runtime.start()
  log.holdsBack = true
  add('a', 2)
  remind('r')
  expect(await answered()).toBe('')
  expect(sent).toHaveLength(0)
  log.release(0)
  expect(await answered()).toBe('a=2')
  expect(sent.map(({ effect }) => effect)).toEqual(['reminder'])
})

test('what the log refuses is not sent', async () => {
  const { log, runtime, sent, order, answered } = scene()
  runtime.start()
  log.refusal = Errors.KAFKA_STORAGE_ERROR
  order('o')
  expect(await answered()).toBe(`o=${-Errors.NOT_COORDINATOR}`)
  expect(sent).toHaveLength(0)
})

test('what is not taken is sent again, until it is', async () => {
  const { world, runtime, sent, order, answered } = scene()
  runtime.start()
  order('o')
  for (let times = 1; times <= 3; times++) {
    expect(sent).toHaveLength(times)
    sent.at(-1)?.take(false)
    expect(await answered()).toBe('')
    world.advance(100)
  }
  sent.at(-1)?.take(true)
  expect(await answered()).toBe('o=2')
  expect(world.pendingTimers).toBe(0)
})

test('what was not taken before a drop or a restart is sent by the replay, and the earlier attempt counts no more', async () => {
  const { log, world, runtime, restarted, sent, order, read, breakIt, answered } = scene()
  runtime.start()
  order('o')
  breakIt('b')
  expect(await answered()).toBe(`o=${-Errors.NOT_COORDINATOR} b=${-Errors.UNKNOWN_SERVER_ERROR}`)
  sent[0]?.take(true)
  read('r')
  expect(await answered()).toBe('r=1')
  expect(sent).toHaveLength(2)
  sent[1]?.take(false)
  await answered()
  expect(world.pendingTimers).toBe(1)
  runtime.stop()
  expect(world.pendingTimers).toBe(0)

  restarted().start()
  expect(sent).toHaveLength(3)
  sent[2]?.take(true)
  await answered()
  expect(log.records(0)).toHaveLength(2)
})

test('what waited for records to be durable when its shard was dropped is sent once, by the replay', async () => {
  const { log, runtime, sent, order, read, breakIt, answered } = scene()
  runtime.start()
  log.holdsBack = true
  order('o')
  breakIt('b')
  read('r')
  log.release(0)
  expect(await answered()).toBe(`o=${-Errors.NOT_COORDINATOR} b=${-Errors.UNKNOWN_SERVER_ERROR} r=1`)
  expect(sent).toHaveLength(1)
})

test('records of a transaction hold when its marker says so, live and replayed', async () => {
  const { log, runtime, addIn, end, add, read, breakIt, answered } = scene()
  runtime.start()
  addIn('a', 1, 10)
  addIn('b', 2, 20)
  add('c', 2)
  end('d', 2, false)
  expect(await answered()).toBe('a=0 b=0 c=2 d=2')
  breakIt('x')
  read('r')
  end('e', 1, true)
  read('s')
  expect(await answered()).toBe(`x=${-Errors.UNKNOWN_SERVER_ERROR} r=2 e=2 s=12`)
  breakIt('y')
  read('t')
  expect(await answered()).toBe(`y=${-Errors.UNKNOWN_SERVER_ERROR} t=12`)
  addIn('f', 1, 4)
  log.refusal = Errors.KAFKA_STORAGE_ERROR
  end('g', 1, true)
  read('u')
  expect(await answered()).toBe(`f=12 g=${-Errors.NOT_COORDINATOR} u=12`)
})

test('a decision sees the topics as they are now', async () => {
  const { runtime, topics, topicsSeen, answered } = scene()
  runtime.start()
  topicsSeen('a')
  topics.set('t', 3)
  topicsSeen('b')
  expect(await answered()).toBe('a=0 b=13')
})
