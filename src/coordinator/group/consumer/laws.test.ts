/**
 * Random histories of consumer groups: members of both protocols come, go, crash and come back, answers get lost, topics appear,
 * grow and vanish, the log refuses, the broker starts again. What must hold after every step is in `check`; what must hold in the
 * end is in the tests.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../../../base/bytes.js'
import { Errors } from '../../../protocol/errors.js'
import { noTopics } from '../../../testing/memory-log.js'
import type { LogEntry } from '../../log-port.js'
import { groupOf } from '../lookup.js'
import type { GroupShard } from '../state.js'
import {
  act,
  type Client,
  createClients,
  Driver,
  goAway,
  groupId,
  machine,
  restartClient,
  settings,
} from './laws.test-support.js'
import { consumerRows } from './records.js'
import { assignmentEpochOf, type ConsumerState, emptyState, epochOf, newcomer } from './state.js'
import { timersOf } from './timers.js'

// ---- what must hold after every step

function check(driver: Driver, clients: readonly Client[], epochs: Epochs): void {
  const group = groupOf(driver.shard, groupId, 'consumer')
  checkReaders(driver, clients)
  if (group === undefined) {
    epochs.state = null
    return
  }
  const { state } = group

  // No partition has two owners, whether it is to be given up or not; and what is counted is what there is.
  const owned = [...state.current].flatMap(([memberId, { assigned, pendingRevocation }]) =>
    [assigned, pendingRevocation].flatMap(of =>
      [...of].flatMap(([topicId, those]) => Array.from(those.keys(), partition => `${topicId}:${partition} ${memberId}`)),
    ),
  )
  expect(new Set(owned.map(one => one.split(' ')[0])).size).toBe(owned.length)
  expect(derivedOf(state)).toEqual(derivedOf(recounted(state)))

  // Nobody who is not there is to have anything.
  for (const memberId of state.targets.keys()) expect(state.members.has(memberId)).toBe(true)

  // Epochs do not go backwards, and no member is ahead of its group.
  const [epoch, assignmentEpoch] = [epochOf(state), assignmentEpochOf(state)]
  expect(assignmentEpoch).toBeLessThanOrEqual(epoch)
  if (epochs.state === state) {
    expect(epoch).toBeGreaterThanOrEqual(epochs.epoch)
    for (const [memberId, before] of epochs.members) {
      const now = state.current.get(memberId)?.memberEpoch ?? Number.POSITIVE_INFINITY
      if (now > 0) expect(now).toBeGreaterThanOrEqual(before)
    }
  }
  Object.assign(epochs, { state, epoch })
  epochs.members = new Map(Array.from(state.current, ([memberId, { memberEpoch }]) => [memberId, memberEpoch]))

  // Whoever is in it is waited for no longer than its time.
  const { deadlineKeys } = driver
  for (const memberId of state.members.keys()) {
    const { sessionKey, rebalanceKey } = timersOf(group, memberId)
    const current = state.current.get(memberId) ?? newcomer
    expect(current.memberEpoch).toBeLessThanOrEqual(assignmentEpoch)
    expect(deadlineKeys.has(sessionKey)).toBe(true)
    if (current.pendingRevocation.size > 0) expect(deadlineKeys.has(rebalanceKey)).toBe(true)
  }
}

interface Epochs {
  state: ConsumerState | null
  epoch: number
  members: ReadonlyMap<string, number>
}

/** Of those whom the group still counts: a process that was silent for too long may not know yet that others have its part. */
function checkReaders(driver: Driver, clients: readonly Client[]): void {
  const consumer = groupOf(driver.shard, groupId, 'consumer')
  if (consumer === undefined) return
  const reading = clients.filter(({ memberId }) => consumer.state.members.has(memberId)).flatMap(({ reads }) => [...reads])
  expect(new Set(reading).size).toBe(reading.length)
}

function recounted(state: ConsumerState): ConsumerState {
  const fresh = { consumer: new Map(), groups: new Map() } as unknown as GroupShard
  fresh.consumer.set(groupId, emptyState())
  for (const [memberId, value] of state.members) {
    consumerRows['consumer-member'].apply(fresh, { type: 'consumer-member', key: { groupId, memberId }, value }, null)
  }
  for (const [memberId, value] of state.current) {
    consumerRows['consumer-current'].apply(fresh, { type: 'consumer-current', key: { groupId, memberId }, value }, null)
  }
  return fresh.consumer.get(groupId) ?? emptyState()
}

const sorted = (map: ReadonlyMap<string, unknown>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

function derivedOf({ staticMembers, owners, namedTopics, namedRegexes, classicMembers, classicProtocols }: ConsumerState) {
  return {
    ...{ classicMembers, staticMembers: sorted(staticMembers), namedTopics: sorted(namedTopics) },
    ...{ namedRegexes: sorted(namedRegexes), classicProtocols: sorted(classicProtocols) },
    owners: sorted(new Map(Array.from(owners, ([topicId, those]) => [topicId, [...those].sort(([a], [b]) => a - b)]))),
  }
}

function durableOf({ consumer, metadata }: GroupShard): string {
  const plain = (_: string, value: unknown): unknown => {
    if (value instanceof Map) return [...value].sort(([a], [b]) => (a < b ? -1 : 1))
    if (value instanceof Set) return [...value].sort()
    return value instanceof Uint8Array ? toHex(value) : value
  }
  return JSON.stringify([consumer, metadata], plain)
}

function replay(log: readonly LogEntry[]): GroupShard {
  const shard = machine.create()
  for (const entry of log) {
    if (entry.kind !== 'record') continue
    const decoded = machine.decode(entry.record)
    if (decoded !== null) machine.apply(shard, decoded, entry.producer)
  }
  return shard
}

// ---- histories

const who = fc.nat(4)
const topicName = fc.constantFrom('a', 'b', 'c')
const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('act' as const), who }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('round' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('lose' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('leave' as const), who, epoch: fc.constantFrom(-1 as const, -2 as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('topic' as const), name: topicName, partitions: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), name: topicName }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('want' as const),
      who,
      topics: fc.subarray(['a', 'b', 'c']),
      regex: fc.constantFrom('', '', '[ab]', '.*'),
      assignor: fc.constantFrom(null, 'range', 'uniform'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('migrate' as const), who }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(0, 1, 1_000, 5_000, 9_999, 16_000) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('slow' as const), steps: fc.constantFrom(1, 9, 50, 2_000) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('turns' as const), count: fc.constantFrom(1, 4, 20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('refuse' as const),
      errorCode: fc.constantFrom(Errors.MESSAGE_TOO_LARGE, Errors.KAFKA_STORAGE_ERROR),
    }),
  },
)

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

function take(driver: Driver, clients: readonly Client[], action: Step): void {
  const client = 'who' in action ? clients[action.who] : undefined
  if (action.do === 'round') for (const each of clients) act(driver, each)
  else if (action.do === 'topic') grow(driver, action.name, action.partitions)
  else if (action.do === 'drop') driver.topics.delete(action.name)
  else if (action.do === 'advance') driver.advance(action.ms)
  else if (action.do === 'slow') settings.assignmentStepsPerTurn = action.steps
  else if (action.do === 'turns') for (let left = action.count; left > 0; left--) driver.host.next()
  else if (action.do === 'restart') driver.restart()
  else if (action.do === 'refuse') driver.refuseNext = action.errorCode
  else if (client === undefined) return
  else if (action.do === 'act') act(driver, client)
  else if (action.do === 'lose') act(driver, client, true)
  else if (action.do === 'crash') restartClient(client)
  else if (action.do === 'leave') goAway(driver, client, action.epoch)
  else if (action.do === 'want') want(client, action)
  else migrate(client)
}

function grow({ topics }: Driver, name: string, partitions: number): void {
  topics.set(name, Math.max(partitions, topics.topics.get(name)?.partitions.length ?? 0))
}

function want(
  client: Client,
  { topics, regex, assignor }: { topics: readonly string[]; regex: string; assignor: string | null },
) {
  const isClassic = client.protocol === 'classic'
  // A consumer of the classic protocol that subscribes to something else joins with that.
  if (isClassic && client.step === 'beat') client.step = 'join'
  Object.assign(client, { topics, regex: isClassic ? '' : regex, assignor })
}

/** The application is started again with the other protocol. */
function migrate(client: Client): void {
  restartClient(client)
  client.protocol = client.protocol === 'classic' ? 'consumer' : 'classic'
  client.regex = ''
}

const history = fc.array(step, { maxLength: 60 })

function begin(): { driver: Driver; clients: Client[]; epochs: Epochs } {
  const driver = new Driver()
  driver.topics.set('a', 3)
  return { driver, clients: createClients(), epochs: { state: null, epoch: 0, members: new Map() } }
}

test('no partition has two owners or two readers, no epoch goes backwards, and nobody is waited for without end', () => {
  fc.assert(
    fc.property(history, actions => {
      const { driver, clients, epochs } = begin()
      for (const action of actions) {
        take(driver, clients, action)
        check(driver, clients, epochs)
      }
    }),
    { numRuns: 2000 },
  )
})

test('the log says what the groups are, whole and compacted', () => {
  fc.assert(
    fc.property(history, actions => {
      const { driver, clients } = begin()
      for (const action of actions) take(driver, clients, action)
      const replayed = replay(driver.memory.replay(0))
      expect(durableOf(replayed)).toBe(durableOf(driver.shard))
      expect(durableOf(replay(driver.memory.compacted(0)))).toBe(durableOf(driver.shard))
      machine.load(replayed, { nowMs: driver.world.nowMs(), newId: () => 'x', topics: noTopics })
      for (const id of driver.shard.consumer.keys()) expect(replayed.groups.get(id)?.kind).toBe('consumer')
    }),
    { numRuns: 500 },
  )
})

test('whatever happened, members that live and behave soon share all partitions of what they want, each read by one', () => {
  fc.assert(
    fc.property(history, fc.uniqueArray(who, { minLength: 1, maxLength: 4 }), (actions, alive) => {
      const { driver, clients } = begin()
      for (const action of actions) take(driver, clients, action)
      grow(driver, 'a', 4)
      const living = clients.filter((_, index) => alive.includes(index))
      for (const client of living) want(client, { topics: ['a'], regex: '', assignor: null })
      for (let half = 0; half < 120; half++) {
        for (const client of living) {
          // An instance that changes its protocol before it was assigned anything goes on with that nothing, as in Kafka 4.4,
          // until the group has a reason to assign anew.
          if (half === 30) want(client, { topics: ['a', 'none'], regex: '', assignor: null })
          act(driver, client)
        }
        driver.advance(500)
      }
      const { topicId, partitions } = driver.topics.topics.get('a')!
      const reading = living.flatMap(({ reads }) => [...reads]).sort()
      expect(reading).toEqual(Array.from({ length: partitions.length }, (_, partition) => `${topicId}:${partition}`).sort())
    }),
    { numRuns: 300 },
  )
})
