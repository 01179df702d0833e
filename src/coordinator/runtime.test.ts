import { expect, test } from 'vitest'
import { utf8Encode } from '../base/bytes.js'
import { type FakeWorld, fakeWorld } from '../base/fake-world.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import type { LogRecord, Machine, Token } from './machine.js'
import { Turn } from './machine.js'
import { MemoryLog } from './memory-log.js'
import { CoordinatorRuntime } from './runtime.js'

// A counter whose additions are records; "park" waits for the next addition, "after" sets a deadline; "many" are additions
// that may be cut; "break" changes the volatile part and throws.
type Command =
  | { type: 'add'; by: number; token?: Token<number> }
  | { type: 'read'; token: Token<number> }
  | { type: 'park'; token: Token<number> }
  | { type: 'after'; ms: number; then: Command; token: Token<number> }
  | { type: 'many'; by: readonly number[]; token: Token<number> }
  | { type: 'break'; token?: Token<number> }
  | { type: 'again' }
interface State {
  total: number
  /** Additions that were decided: volatile. */
  decided: number
  parked: Token<number>[]
}

const counter: Machine<State, Command, number> = {
  create: () => ({ total: 0, decided: 0, parked: [] }),
  load: (_, env) => new Turn(env),
  decide(state, command, env) {
    const turn = new Turn<Command, number>(env)
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
      case 'break':
        state.decided = 99
        throw new TypeError('a fault in a command')
    }
    return turn
  },
  apply(state, by) {
    state.total += by
  },
  encode: by => ({ key: utf8Encode(''), value: new Uint8Array([by]) }),
  decode: ({ value }) => (value === null ? null : (value[0] ?? 0)),
}

/** `msPerLook`: so much time passes while somebody looks at the clock. */
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
  const runtime = new CoordinatorRuntime({ machine, partitionsDefault: 1, log, world, report })
  const answers: string[] = []
  const submit = (name: string, build: (token: Token<number>) => Command): void => {
    const failure = (errorCode: ErrorCode): number => -errorCode
    void runtime.submit(0, build, failure).then(answer => answers.push(`${name}=${answer}`))
  }
  return {
    log,
    world,
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

test('after a drop, too, nobody is told what a crash could take back', async () => {
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
