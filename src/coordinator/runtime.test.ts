import { expect, test } from 'vitest'
import { utf8Encode } from '../base/bytes.js'
import { Errors } from '../protocol/errors.js'
import { TurnsByHand } from '../testing/turns-by-hand.js'
import { scene } from './runtime.test-support.js'

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

test('deadlines that are due together are done in slices, between which others are served', async () => {
  const host = new TurnsByHand(1)
  const { world, runtime, after, read, answered } = scene({ host })
  runtime.start()
  after('t', 1_000)
  after('u', 1_000, { type: 'again' })
  world.advance(1_000)
  read('r')
  expect(await answered()).toBe('t=0 u=0 r=100')
  host.next()
  read('s')
  expect(await answered()).toBe('s=101')
})

test('long work goes on in later turns of the event loop, between which others are served', async () => {
  const host = new TurnsByHand()
  const { runtime, long, read, answered } = scene({ host })
  runtime.start()
  long('a', 3)
  read('r')
  host.next()
  read('s')
  host.all()
  read('t')
  expect(await answered()).toBe('a=0 r=1 s=2 t=3')
})

test('long work ends where the log refuses, where its shard is dropped, and at a stop', async () => {
  for (const end of ['refuse', 'break', 'stop']) {
    const host = new TurnsByHand()
    const { log, runtime, long, read, breakIt, answered } = scene({ host })
    runtime.start()
    long('a', 3)
    if (end === 'refuse') log.refusal = Errors.NOT_LEADER_OR_FOLLOWER
    if (end === 'break') breakIt('b')
    if (end === 'stop') runtime.stop()
    if (end === 'refuse') expect(host.next()).toBe(true)
    expect(host.next()).toBe(false)
    log.refusal = null
    await answered()
    read('r')
    expect(await answered()).toBe(end === 'stop' ? `r=${-Errors.COORDINATOR_NOT_AVAILABLE}` : 'r=1')
  }
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
