/**
 * Random histories of two transactional ids: instances of both protocols start, restart, add partitions, commit, abort, write
 * late and ask twice, while markers get stuck, the log refuses records or loses those that were not durable, commands throw
 * half-way, the process ends, levels change, time passes. The laws are in laws.test-support.ts.
 */
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { Errors } from '../../protocol/errors.js'
import { addPartitions } from './add-partitions.js'
import { endTxn } from './end-txn.js'
import { initProducerId } from './init-producer-id.js'
import { type Faults, type Identity, type Instance, nobody, TransactionWorld } from './laws.test-support.js'
import type { TransactionMachine } from './machine.js'

/** Which rule of the code is broken while a mutant runs. */
const broken = vi.hoisted(() => ({ rule: '' }))

interface Client {
  readonly transactionalId: string
  readonly isBumped: boolean
  identity: Identity
  /** What it has added partitions to. */
  open: Instance | null
  /** It was told that it is not, or no longer. */
  needsInit: boolean
  /** It sends one request at a time, or the same once more, and hears what is answered to the last. */
  isWaiting: boolean
  requests: number
  /** What it would send once more, had its answer been lost. */
  again: () => void
}

const createClients = (): Client[] =>
  ['x', 'x', 'x', 'y', 'y'].map((transactionalId, index) => ({
    transactionalId,
    isBumped: index % 2 === 1,
    identity: nobody,
    open: null,
    needsInit: true,
    isWaiting: false,
    requests: 0,
    again: () => {},
  }))

function init(world: TransactionWorld, client: Client, isNewInstance: boolean): void {
  const { transactionalId, identity } = client
  const as = isNewInstance ? nobody : identity
  const request = { transactionalId, transactionTimeoutMs: 30_000, ...as }
  const by = isNewInstance ? null : { transactionalId, identity: as }
  const ask = (): void => {
    const number = sends(client)
    world.ask(
      initProducerId,
      request,
      { version: 5 },
      ({ errorCode }) => errorCode,
      ({ errorCode, producerId = -1, producerEpoch }) => {
        if (!hears(client, number)) return
        if (errorCode !== Errors.NONE) return
        Object.assign(client, { identity: { producerId, producerEpoch }, open: null, needsInit: false })
        world.grant(transactionalId, client.identity, isNewInstance)
      },
      by,
    )
  }
  client.again = ask
  ask()
}

function add(world: TransactionWorld, client: Client, partition: number): void {
  const { transactionalId, identity, open } = client
  const isBumped = client.isBumped && world.config.transactionVersion === 2
  const request = { transactionalId, ...identity, topics: [{ name: 't', partitions: [partition] }] }
  const ask = (): void => {
    const number = sends(client)
    world.ask(
      addPartitions,
      request,
      { version: 3, api: isBumped ? 'implicit' : 'AddPartitionsToTxn' },
      errorCode => errorCode,
      (errorCode, instance) => {
        if (!hears(client, number)) return
        react(client, errorCode)
        if (errorCode !== Errors.NONE || instance === null) return
        world.goesOn(open, instance)
        client.open = instance
        world.late.push({ partition, identity, instance })
      },
      { transactionalId, identity, adds: true },
    )
  }
  client.again = ask
  ask()
}

function end(world: TransactionWorld, client: Client, committed: boolean): void {
  const { transactionalId, identity, open } = client
  const isBumped = client.isBumped && world.config.transactionVersion === 2
  const request = { transactionalId, ...identity, committed }
  const ask = (): void => {
    const number = sends(client)
    // Whatever the answer: when the coordinator is not to be had, it may have decided all the same.
    client.open = null
    world.ask(
      endTxn,
      request,
      { version: isBumped ? 5 : 4 },
      ({ errorCode }) => errorCode,
      ({ errorCode, producerId = -1, producerEpoch = -1 }, instance) => {
        if (!hears(client, number)) return
        react(client, errorCode)
        if (errorCode !== Errors.NONE) return
        if (committed) world.goesOn(open, instance)
        if (!isBumped) return
        client.identity = { producerId, producerEpoch }
        world.grant(transactionalId, client.identity, false)
      },
      { transactionalId, identity, committed },
    )
  }
  client.again = ask
  ask()
}

function sends(client: Client): number {
  client.isWaiting = true
  return ++client.requests
}

function hears(client: Client, number: number): boolean {
  if (number !== client.requests) return false
  client.isWaiting = false
  return true
}

function react(client: Client, errorCode: number): void {
  if (errorCode !== Errors.NONE && !isTransient.has(errorCode)) client.needsInit = true
}

const isTransient: ReadonlySet<number> = new Set([
  Errors.CONCURRENT_TRANSACTIONS,
  Errors.NOT_COORDINATOR,
  Errors.COORDINATOR_LOAD_IN_PROGRESS,
])

/** The next step of an honest client. */
function behave(world: TransactionWorld, client: Client, partition: number, committed: boolean): void {
  if (client.needsInit) init(world, client, true)
  else if (client.open === null) add(world, client, partition)
  else end(world, client, committed)
}

// ---- histories

const who = fc.nat(4)
const level = fc.constantFrom(0 as const, 1 as const, 2 as const, 2 as const)
const refusals = [Errors.MESSAGE_TOO_LARGE, Errors.KAFKA_STORAGE_ERROR]
const times = [0, 1, 100, 100, 5_000, 10_000, 31_000, 3_600_000, 8 * 24 * 3_600_000]
const step = fc.oneof(
  {
    weight: 50,
    arbitrary: fc.record({ do: fc.constant('behave' as const), who, partition: fc.nat(2), committed: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('init' as const), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('reinit' as const), who }) },
  { weight: 14, arbitrary: fc.record({ do: fc.constant('add' as const), who, partition: fc.nat(2) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('end' as const), who, committed: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('again' as const), who }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('late' as const), which: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hold' as const), what: fc.constantFrom('log', 'markers', 'nothing') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sync' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('markers' as const), which: fc.nat(3), count: fc.nat(3), taken: fc.boolean() }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(...times) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refuse' as const), errorCode: fc.constantFrom(...refusals) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dry' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('throw' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), lost: fc.nat(4), level }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function take(world: TransactionWorld, clients: readonly Client[], action: Step): void {
  const client = 'who' in action ? (clients[action.who] as Client) : undefined
  if (action.do === 'late') world.deliverLate(action.which)
  else if (action.do === 'hold') {
    world.holdsBack = action.what === 'log'
    world.holdsMarkers = action.what === 'markers'
  } else if (action.do === 'sync') world.sync()
  else if (action.do === 'markers') world.deliverMarkers(action.which, action.count, action.taken)
  else if (action.do === 'advance') world.clock.advance(action.ms)
  else if (action.do === 'refuse') world.refuseNext = action.errorCode
  else if (action.do === 'dry') world.isDry = true
  else if (action.do === 'throw') world.throwNext = true
  else if (action.do === 'restart') {
    world.restart(action.lost, action.level)
    for (const each of clients) each.isWaiting = false
  } else if (client === undefined) return
  else if (action.do === 'again') client.again()
  else if (client.isWaiting) return
  else if (action.do === 'behave') behave(world, client, action.partition, action.committed)
  else if (action.do === 'init') init(world, client, true)
  else if (action.do === 'reinit') init(world, client, false)
  else if (action.do === 'add') add(world, client, action.partition)
  else end(world, client, action.committed)
}

interface History {
  readonly level: 0 | 1 | 2
  /** The ids are this old when the history begins; -1: they are not there. */
  readonly epoch: number
  readonly steps: readonly Step[]
}

const histories: fc.Arbitrary<History> = fc.record({
  level,
  epoch: fc.constantFrom(-1, -1, -1, 32_762, 32_765, 32_766),
  steps: fc.array(step, { minLength: 20, maxLength: 100, size: 'max' }),
})

async function live({ level, epoch, steps }: History, faults: Faults = {}): Promise<void> {
  const world = new TransactionWorld(level, faults)
  const clients = createClients()
  if (epoch >= 0) world.age(epoch)
  for (const action of steps) {
    take(world, clients, action)
    await settled()
    world.check()
  }
  // All faults end, and all that waits comes through.
  Object.assign(world, { holdsBack: false, holdsMarkers: false, refuseNext: null, throwNext: false, isDry: false })
  for (let round = 0; round < 12; round++) {
    for (let count = 0; count < 8; count++) {
      world.sync()
      world.deliverMarkers(0, 3, true)
    }
    await settled()
    world.clock.advance(100)
    await settled()
  }
  world.checkAtRest()
}

test('two thousand histories break no law', async () => {
  await fc.assert(
    fc.asyncProperty(histories, history => live(history)),
    { numRuns: 2_000 },
  )
}, 300_000)

// ---- mutants

/** Everything that the machine sends, otherwise. */
const sending = (change: (sent: readonly Sent[]) => readonly Sent[]): Faults => ({
  machine: machine => ({
    ...machine,
    load: (shard, env) => changed(machine.load(shard, env), change),
    decide: (shard, command, env) => changed(machine.decide(shard, command, env), change),
  }),
})

type Decided = ReturnType<TransactionMachine['decide']>
type Sent = Decided['sends'][number]

function changed(decision: Decided, change: (sent: readonly Sent[]) => readonly Sent[]): Decided {
  Object.assign(decision, { sends: change(decision.sends) })
  return decision
}

function withOldEpoch({ effect, then }: Sent): Sent {
  const { producer, transactionVersion } = effect
  if (transactionVersion < 2) return { effect, then }
  return { effect: { ...effect, producer: { ...producer, producerEpoch: producer.producerEpoch - 1 } }, then }
}

const mutants: Readonly<Record<string, Faults>> = {
  'an answer leaves before Prepare* is durable': { isHasty: true },
  'a marker goes out without the bumped epoch': sending(sent => sent.map(withOldEpoch)),
  'a restart forgets Prepare*': {
    machine: machine => ({ ...machine, load: (shard, env) => changed(machine.load(shard, env), () => []) }),
  },
  'Complete* is written without the markers': { losesMarkers: true },
  'a commit is carried out as an abort after a restart': {
    machine: machine => ({
      ...machine,
      load: (shard, env) =>
        changed(machine.load(shard, env), sent =>
          sent.map(({ effect, then }) => ({ effect: { ...effect, isCommit: false }, then })),
        ),
    }),
  },
  'a producer id is given out twice': { repeatsProducerIds: true },
  'a fence does not bump the epoch': {},
  'a fenced producer may add partitions': {},
}

test.each(Object.entries(mutants))(
  'the laws notice when %s',
  async (rule, faults) => {
    broken.rule = rule
    const outcome = fc.assert(
      fc.asyncProperty(histories, history => live(history, faults)),
      { numRuns: 2_000, endOnFailure: true },
    )
    await expect(outcome.finally(() => (broken.rule = ''))).rejects.toThrow()
  },
  120_000,
)

vi.mock('./transition.js', async original => {
  const real = await original<typeof import('./transition.js')>()
  const endTransaction: typeof real.endTransaction = (shard, transactionalId, from, ending, turn) => {
    const isFence = ending.isFence && broken.rule !== 'a fence does not bump the epoch'
    return real.endTransaction(shard, transactionalId, from, { ...ending, isFence }, turn)
  }
  return { ...real, endTransaction }
})

vi.mock('./add-partitions.js', async original => {
  const real = await original<typeof import('./add-partitions.js')>()
  const decide: typeof real.addPartitions.decide = (shard, asked, turn) => {
    const { request } = asked
    const isLenient = broken.rule === 'a fenced producer may add partitions'
    const current = isLenient ? shard.transactions.get(request.transactionalId) : undefined
    const producerEpoch = current?.producerEpoch ?? request.producerEpoch
    real.addPartitions.decide(shard, { ...asked, request: { ...request, producerEpoch } }, turn)
  }
  return { ...real, addPartitions: { ...real.addPartitions, decide } }
})
