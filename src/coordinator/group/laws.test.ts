/**
 * Random histories of a group: members of all versions join, sync, beat, leave, commit, lose their ids and fall silent
 * while time passes, the log refuses records, and commands throw half-way. What must hold after every step is in `check`;
 * what must hold in the end is in the tests.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex, utf8Encode } from '../../base/bytes.js'
import { zeroUuid } from '../../base/ids.js'
import { type ErrorCode, Errors, type Refusal, refuse } from '../../protocol/errors.js'
import { fakeWorld } from '../../testing/fake-world.js'
import { MemoryLog, noTopics } from '../../testing/memory-log.js'
import type { LogEntry, LogPort } from '../log-port.js'
import type { Token } from '../machine.js'
import { CoordinatorRuntime } from '../runtime.js'
import { type ClassicGroup, joinKey, metadataOf, sessionKey, syncKey } from './classic/group.js'
import { heartbeat as heartbeatCommand } from './classic/heartbeat.js'
import { join as joinCommand } from './classic/join.js'
import { leave as leaveCommand } from './classic/leave.js'
import { restoreGroup } from './classic/metadata.js'
import { sync as syncCommand } from './classic/sync.js'
import { asked, type CallContext, type Command, type GroupCommand } from './command.js'
import { groupConfigDefaults } from './config.js'
import { deleteGroup } from './delete-groups.js'
import { groupOf } from './lookup.js'
import { groupMachine } from './machine.js'
import { commitOffsets } from './offsets/commit.js'
import { commitInTransaction } from './offsets/commit-in-transaction.js'
import { forgetTopic } from './offsets/delete.js'
import { type GroupRecord, type GroupShard, offsetsKey } from './state.js'
import { endTransaction } from './write-marker.js'

const groupId = 'g'
const defaultGroupId = groupId
const config = {
  ...groupConfigDefaults,
  groupInitialRebalanceDelayMs: 0,
  groupMaxSize: 5,
  offsetsRetentionMs: 60_000,
  offsetsRetentionCheckIntervalMs: 30_000,
}
const machine = groupMachine(() => config)

/** The runtime over a log that refuses on demand, and a machine that throws on demand after it has changed its state. */
class Driver {
  readonly world = fakeWorld()
  readonly memory = new MemoryLog()
  readonly #runtime: CoordinatorRuntime<GroupShard, GroupCommand, GroupRecord>
  shard!: GroupShard
  refuseNext: ErrorCode | null = null
  throwNext = false
  waitingCount = 0

  constructor() {
    const log: LogPort = {
      append: (...written) => this.#refusal() ?? this.memory.append(...written),
      appendMarker: (partition, marker) => this.#refusal() ?? this.memory.appendMarker(partition, marker),
      partitionCount: () => null,
      leaderEpoch: () => 0,
      batchBytesMax: () => 1000,
      replay: partition => this.memory.replay(partition),
    }
    const observed: typeof machine = {
      ...machine,
      create: () => {
        this.shard = machine.create()
        return this.shard
      },
      decide: (shard, command, env) => {
        const decision = machine.decide(shard, command, env)
        if (!this.throwNext) return decision
        this.throwNext = false
        throw new TypeError('a fault')
      },
    }
    const report = { unknownRecord: ignored, shardDropped: ignored, shardUnavailable: ignored }
    const { world } = this
    const send = (): Promise<boolean> => Promise.resolve(true)
    const options = { machine: observed, partitionsDefault: 1, log, world, topics: noTopics, send, report }
    this.#runtime = new CoordinatorRuntime(options)
    this.#runtime.start()
  }

  #refusal(): Refusal | null {
    const errorCode = this.refuseNext
    this.refuseNext = null
    return errorCode === null ? null : refuse(errorCode, '')
  }

  ask<Request, Response, Context extends CallContext>(
    command: Command<Request, Response, Context>,
    request: Request,
    context: Context,
    then: (response: Response) => void = ignored,
  ): void {
    this.waitingCount++
    const resolve = (response: Response): void => {
      this.waitingCount--
      then(response)
    }
    const failure = (errorCode: ErrorCode): Response => command.failure(request, errorCode, context.version)
    this.#runtime.ask(0, (token: Token<Response>) => asked(command, { request, context, token }), { resolve, failure })
  }

  advance(ms: number): void {
    this.world.advance(ms)
  }
  get deadlineKeys(): ReadonlySet<string> {
    return new Set(this.#runtime.deadlineKeys(0))
  }
  /** A shard that was dropped is there again, whatever fault was to come next. */
  touch(): void {
    const nobody = { groupId: '', generationId: 0, memberId: '', groupInstanceId: null }
    for (let times = 0; times < 2; times++) this.ask(heartbeatCommand, nobody, { version: 4 })
  }
}

interface Client {
  readonly name: string
  readonly version: number
  readonly instance: string | null
  protocols: string[]
  memberId: string
  generation: number
  isLeader: boolean
  members: readonly string[]
  /** What it was given for `generation`. */
  assignment: string | null
  needsJoin: boolean
  isWaiting: boolean
}

const protocolLists = [['range'], ['range', 'sticky'], ['sticky', 'range']]

function createClients(): Client[] {
  return [0, 2, 3, 4, 5, 9, 9].map((version, index) => ({
    name: `c${index}`,
    version,
    instance: index >= 5 ? `i${index}` : null,
    protocols: protocolLists[index % 3] ?? [],
    memberId: '',
    generation: -1,
    isLeader: false,
    members: [],
    assignment: null,
    needsJoin: true,
    isWaiting: false,
  }))
}

const ignored = (): void => {}

const reset = (client: Client): void =>
  void Object.assign(client, { memberId: '', generation: -1, assignment: null, needsJoin: true })

function join(
  driver: Driver,
  client: Client,
  done: () => void = ignored,
  groupId = defaultGroupId,
  sessionTimeoutMs = 10_000,
): void {
  client.assignment = null
  driver.ask(
    joinCommand,
    {
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs: client.version === 0 ? -1 : 15_000,
      memberId: client.memberId,
      groupInstanceId: client.version >= 5 ? client.instance : null,
      protocolType: 'consumer',
      protocols: client.protocols.map(name => ({ name, metadata: utf8Encode(`${client.name} ${name}`) })),
      reason: null,
    },
    { version: client.version, clientId: client.name, clientHost: '/127.0.0.1' },
    response => {
      const { errorCode } = response
      if (errorCode === Errors.NONE) {
        const isLeader = response.leader === response.memberId
        const members = response.members.map(member => member.memberId)
        // A leader that is told to skip the assignment syncs as a follower does.
        const assigns = isLeader && response.skipAssignment !== true
        Object.assign(client, { generation: response.generationId, memberId: response.memberId, isLeader: assigns, members })
        client.needsJoin = false
      } else if (errorCode === Errors.MEMBER_ID_REQUIRED) client.memberId = response.memberId
      else if (errorCode !== Errors.REBALANCE_IN_PROGRESS && !isTransient(errorCode)) reset(client)
      done()
    },
  )
}

/** The broker could not, this time. */
const isTransient = (errorCode: ErrorCode): boolean =>
  errorCode === Errors.NOT_COORDINATOR || errorCode === Errors.UNKNOWN_SERVER_ERROR

function sync(driver: Driver, client: Client, done: () => void = ignored, groupId = defaultGroupId): void {
  const { generation } = client
  const give = (memberId: string) => ({ memberId, assignment: utf8Encode(`${generation}:${memberId}`) })
  driver.ask(
    syncCommand,
    {
      groupId,
      generationId: generation,
      memberId: client.memberId,
      groupInstanceId: client.instance,
      protocolType: 'consumer',
      protocolName: null,
      assignments: client.isLeader ? client.members.map(give) : [],
    },
    { version: 5 },
    ({ errorCode, assignment }) => {
      if (errorCode === Errors.NONE) client.assignment = toHex(assignment)
      else if (isTransient(errorCode)) client.needsJoin = true
      else react(client, errorCode)
      done()
    },
  )
}

function react(client: Client, errorCode: number): void {
  if (errorCode === Errors.NONE || isTransient(errorCode)) return
  if (errorCode === Errors.REBALANCE_IN_PROGRESS) client.needsJoin = true
  else reset(client)
}

function heartbeat(
  driver: Driver,
  client: Client,
  groupId = defaultGroupId,
  then: (errorCode: ErrorCode) => void = errorCode => react(client, errorCode),
): void {
  const { generation: generationId, memberId, instance } = client
  const request = { groupId, generationId, memberId, groupInstanceId: instance }
  driver.ask(heartbeatCommand, request, { version: 4 }, ({ errorCode }) => then(errorCode))
}

function leave(driver: Driver, client: Client): void {
  const member = { memberId: client.memberId, groupInstanceId: client.instance, reason: null }
  driver.ask(leaveCommand, { groupId, memberId: '', members: [member] }, { version: 5 }, () => reset(client))
}

function commit(driver: Driver, client: Client | null, partition: number, retentionTimeMs: number): void {
  const committed = { partitionIndex: partition, committedOffset: driver.world.nowMs(), committedLeaderEpoch: 3 }
  const topics = [
    {
      name: 't',
      topicId: zeroUuid,
      partitions: [{ ...committed, commitTimestamp: -1, committedMetadata: client?.name ?? null }],
    },
  ]
  driver.ask(
    commitOffsets,
    {
      groupId,
      generationIdOrMemberEpoch: client?.generation ?? -1,
      memberId: client?.memberId ?? '',
      groupInstanceId: client?.instance ?? null,
      retentionTimeMs,
      topics,
    },
    { version: 8 },
  )
}

function commitIn(driver: Driver, producerId: number, partition: number): void {
  const committed = { partitionIndex: partition, committedOffset: driver.world.nowMs(), committedLeaderEpoch: 3 }
  const topics = [{ name: 't', topicId: zeroUuid, partitions: [{ ...committed, committedMetadata: null }] }]
  const nobody = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null }
  const request = { transactionalId: 'x', groupId, producerId, producerEpoch: 0, ...nobody, topics }
  driver.ask(commitInTransaction, request, { version: 4, guard: null })
}

function end(driver: Driver, producerId: number, isCommit: boolean): void {
  const marker = { producer: { producerId, producerEpoch: 0 }, isCommit, coordinatorEpoch: 0 }
  driver.ask(endTransaction, { marker, transactionVersion: 0 }, { version: 0 })
}

// ---- what must hold after every step

function viewOf(group: ClassicGroup): unknown {
  const members = Array.from(group.members.values(), member => ({
    id: member.memberId,
    instance: member.groupInstanceId,
    client: member.clientId,
    timeouts: [member.rebalanceTimeoutMs, member.sessionTimeoutMs],
    metadata: toHex(metadataOf(member, group.protocolName)),
    assignment: toHex(member.assignment),
  }))
  const { state, stateSinceMs, generation, protocolType, protocolName, leaderId, staticMembers } = group
  return {
    state,
    stateSinceMs,
    generation,
    protocolType,
    protocolName,
    leaderId,
    staticMembers: [...staticMembers].sort(),
    members,
  }
}

const classicGroupsOf = ({ groups }: GroupShard): ClassicGroup[] => [...groups.values()].filter(group => group.kind === 'classic')

function check(driver: Driver): void {
  driver.touch()
  let parked = 0
  const needed = new Set([offsetsKey])
  const allowed = new Set<string>()
  for (const group of classicGroupsOf(driver.shard)) {
    const members = [...group.members.values()]
    const parkedJoins = members.filter(member => member.parkedJoin !== null).length
    parked += parkedJoins + members.filter(member => member.parkedSync !== null).length
    expect(group.parkedJoins).toBe(parkedJoins)

    const support = new Map<string, number>()
    for (const { name } of members.flatMap(member => member.protocols)) support.set(name, (support.get(name) ?? 0) + 1)
    expect(new Map([...group.protocolSupport].sort())).toEqual(new Map([...support].sort()))
    const instances = members.filter(member => member.groupInstanceId !== null)
    expect([...group.staticMembers].sort()).toEqual(instances.map(m => [m.groupInstanceId, m.memberId]).sort())
    // Instances that are away keep their place beside those that filled the group meanwhile.
    const isGathering = group.state === 'PreparingRebalance'
    expect(isGathering || members.length - instances.length <= config.groupMaxSize).toBe(true)
    if (members.length === 0) expect(group.leaderId).toBeNull()
    else expect(group.members.has(group.leaderId ?? '')).toBe(true)
    for (const id of group.pendingMembers) expect(group.members.has(id)).toBe(false)
    for (const id of group.pendingSyncs) expect(group.members.has(id)).toBe(true)

    // Parked joins belong to the gathering of members, parked syncs to the wait for the assignment.
    if (group.state !== 'PreparingRebalance') expect(parkedJoins).toBe(0)
    if (group.state !== 'CompletingRebalance') expect(members.every(member => member.parkedSync === null)).toBe(true)
    if (group.state === 'Empty') expect(members).toEqual([])
    if (group.state === 'CompletingRebalance') expect(group.pendingSyncs.has(group.leaderId ?? '')).toBe(true)

    // No request can be stuck: whatever waits has a deadline, and nothing else has one.
    if (group.state === 'PreparingRebalance') needed.add(joinKey(group.groupId))
    if (group.state === 'CompletingRebalance') needed.add(syncKey(group.groupId))
    if (group.pendingSyncs.size > 0) needed.add(syncKey(group.groupId))
    for (const id of group.pendingMembers) needed.add(sessionKey(group.groupId, id))
    for (const member of members) {
      const isParked = member.parkedJoin !== null || member.parkedSync !== null
      if (member.isNew || !isParked) needed.add(member.sessionKey)
      else allowed.add(member.sessionKey)
    }

    const metadata = driver.shard.metadata.get(group.groupId)
    if (metadata !== undefined) {
      expect(metadata.generation).toBeLessThanOrEqual(group.generation)
      const isAtRest = group.state === 'Stable' || group.state === 'Empty'
      if (isAtRest) expect(viewOf(restoreGroup(group.groupId, metadata))).toEqual(viewOf(group))
    } else expect(group.state).not.toBe('Stable')
  }
  for (const groupId of driver.shard.pendingOffsets.byGroup.keys()) expect(driver.shard.groups.has(groupId)).toBe(true)
  expect(driver.waitingCount).toBe(parked)
  const { deadlineKeys } = driver
  expect([...needed].filter(key => !deadlineKeys.has(key))).toEqual([])
  expect([...deadlineKeys].filter(key => !needed.has(key) && !allowed.has(key))).toEqual([])
}

function replay(log: readonly LogEntry[]): GroupShard {
  const shard = machine.create()
  for (const entry of log) {
    if (entry.kind === 'marker') machine.applyMarker(shard, entry.marker)
    if (entry.kind !== 'record') continue
    const decoded = machine.decode(entry.record)
    if (decoded !== null) machine.apply(shard, decoded, entry.producer)
  }
  return shard
}

function durableOf({ metadata, offsets, pendingOffsets }: GroupShard): string {
  const bytesAsHex = (_: string, value: unknown): unknown => (value instanceof Uint8Array ? toHex(value) : value)
  const flat = [...offsets].flatMap(([group, topics]) =>
    [...topics].flatMap(([topic, partitions]) => [...partitions].map(([partition, value]) => [group, topic, partition, value])),
  )
  // toJSON of a Buffer runs before the replacer, so bytes are spelled out here.
  const groups = [...metadata].map(([id, value]) => [
    id,
    {
      ...value,
      members: value.members.map(m => ({ ...m, subscription: toHex(m.subscription), assignment: toHex(m.assignment) })),
    },
  ])
  const pending = [...pendingOffsets.byProducer].flatMap(([producerId, places]) =>
    Array.from(places, ({ groupId, topic, partition, offsets }) => {
      const value = offsets.get(producerId)?.value ?? null
      return [producerId, groupId, topic, partition, value]
    }),
  )
  const rows = [flat, pending].map(list => list.map(row => JSON.stringify(row)).sort())
  return JSON.stringify([groups.sort(), ...rows], bytesAsHex)
}

// ---- histories

const who = fc.nat(6)
const producer = fc.nat(2)
const refusals = [Errors.MESSAGE_TOO_LARGE, Errors.KAFKA_STORAGE_ERROR]
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('join' as const), who }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('sync' as const), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('heartbeat' as const), who }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(0, 0, 1, 900, 5_000, 9_999, 16_000) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('round' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('leave' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('vote' as const), who, list: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      who: fc.nat(7),
      partition: fc.nat(2),
      retention: fc.constantFrom(-1, 5_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('commit in' as const), producer, partition: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), producer, isCommit: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('topic' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('refuse' as const), errorCode: fc.constantFrom(...refusals) }) },
)
const stepOrFault = fc.oneof(
  { weight: 30, arbitrary: step },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('throw' as const) }) },
)

type Step = typeof stepOrFault extends fc.Arbitrary<infer S> ? S : never

function take(driver: Driver, clients: readonly Client[], action: Step): void {
  const client = 'who' in action ? clients[action.who] : undefined
  if (action.do === 'advance') driver.advance(action.ms)
  else if (action.do === 'commit') commit(driver, client ?? null, action.partition, action.retention)
  else if (action.do === 'commit in') commitIn(driver, action.producer, action.partition)
  else if (action.do === 'end') end(driver, action.producer, action.isCommit)
  else if (action.do === 'delete') driver.ask(deleteGroup, { groupId }, { version: 2 })
  else if (action.do === 'topic') driver.ask(forgetTopic, 't', { version: 0 })
  else if (action.do === 'refuse') driver.refuseNext = action.errorCode
  else if (action.do === 'throw') driver.throwNext = true
  else if (action.do === 'round') for (const each of clients) behave(driver, each)
  else if (client === undefined) return
  else if (action.do === 'join') join(driver, client)
  else if (action.do === 'sync') sync(driver, client)
  else if (action.do === 'heartbeat') heartbeat(driver, client)
  else if (action.do === 'leave') leave(driver, client)
  else if (action.do === 'forget') reset(client)
  else client.protocols = protocolLists[action.list] ?? []
}

const history = fc.array(stepOrFault, { maxLength: 120 })
const refusedHistory = fc.array(step, { maxLength: 120 })

test('every request is answered once or parked, and the group is sound, after every step of every history', () => {
  fc.assert(
    fc.property(history, actions => {
      const driver = new Driver()
      const clients = createClients()
      let before: ClassicGroup | undefined
      let generation = 0
      for (const action of actions) {
        take(driver, clients, action)
        check(driver)
        const group = groupOf(driver.shard, groupId, 'classic')
        if (group !== undefined && group === before) expect(group.generation).toBeGreaterThanOrEqual(generation)
        before = group
        generation = group?.generation ?? 0
      }
    }),
    { numRuns: 400 },
  )
})

test('the log says what the live machine knows, whole or compacted, and a restarted machine goes on with it', () => {
  fc.assert(
    fc.property(history, actions => {
      const driver = new Driver()
      const clients = createClients()
      for (const action of actions) take(driver, clients, action)
      const replayed = replay(driver.memory.replay(0))
      expect(durableOf(replayed)).toBe(durableOf(driver.shard))
      expect(durableOf(replay(driver.memory.compacted(0)))).toBe(durableOf(driver.shard))
      machine.load(replayed, { nowMs: driver.world.nowMs(), newId: () => 'x', topics: noTopics })
      for (const group of classicGroupsOf(driver.shard)) {
        const restored = replayed.groups.get(group.groupId)
        if (group.state === 'Stable') expect(viewOf(restored as ClassicGroup)).toEqual(viewOf(group))
      }
    }),
    { numRuns: 400 },
  )
})

test('whatever happened, members that live and behave soon share a stable group, each with its assignment', () => {
  fc.assert(
    fc.property(history, fc.uniqueArray(who, { minLength: 1, maxLength: 5 }), (actions, alive) => {
      const driver = new Driver()
      const clients = createClients()
      for (const action of actions) take(driver, clients, action)
      // All members start over from what the chaos left; the others are silent from now on.
      const living = clients.filter((_, index) => alive.includes(index))
      for (let second = 0; second < 90; second++) {
        for (const client of living) behave(driver, client)
        driver.advance(1_000)
      }
      check(driver)
      const group = groupOf(driver.shard, groupId, 'classic')
      expect(group?.state).toBe('Stable')
      expect([...(group?.members.keys() ?? [])].sort()).toEqual(living.map(client => client.memberId).sort())
      for (const client of living) {
        expect(client.generation).toBe(group?.generation)
        expect(client.assignment).not.toBeNull()
        expect(client.assignment).toBe(toHex(group?.members.get(client.memberId)?.assignment ?? new Uint8Array()))
        expect(client.assignment).not.toBe('')
      }
    }),
    { numRuns: 60 },
  )
})

test('whatever the log refuses to a group, its neighbour notices nothing', () => {
  fc.assert(
    fc.property(refusedHistory, actions => {
      const driver = new Driver()
      const neighbour = settle(driver)
      const before = viewOf(groupOf(driver.shard, neighbour.groupId, 'classic') as ClassicGroup)
      const clients = createClients()
      for (const action of actions) {
        take(driver, clients, action)
        heartbeat(driver, neighbour.client, neighbour.groupId, errorCode => expect(errorCode).toBe(Errors.NONE))
        expect(viewOf(groupOf(driver.shard, neighbour.groupId, 'classic') as ClassicGroup)).toEqual(before)
      }
    }),
    { numRuns: 100 },
  )
})

/** A group of one member, stable, in the same shard. */
function settle(driver: Driver): { readonly client: Client; readonly groupId: string } {
  const client = createClients()[2] as Client
  const neighbour = 'neighbour'
  join(driver, client, ignored, neighbour, 600_000)
  driver.advance(config.groupInitialRebalanceDelayMs)
  sync(driver, client, ignored, neighbour)
  expect(groupOf(driver.shard, neighbour, 'classic')?.state).toBe('Stable')
  return { client, groupId: neighbour }
}

/** One step of an honest client: it waits for its answers, and does what they ask for. */
function behave(driver: Driver, client: Client): void {
  if (client.isWaiting) return
  const wait = (act: (driver: Driver, client: Client, done: () => void) => void): void => {
    client.isWaiting = true
    act(driver, client, () => {
      client.isWaiting = false
    })
  }
  if (client.needsJoin) wait(join)
  else if (client.assignment === null) wait(sync)
  else heartbeat(driver, client)
}
