/**
 * Random histories of a streams group: members of three processes join, beat, lose answers, give up tasks late, leave, come back
 * under other ids and fall silent, while topics appear, grow and vanish, configs change, the log refuses records and commands
 * throw half-way. What must hold after every step is in `problems`; what must hold in the end is in the tests.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ErrorCode, Errors, type Refusal, refuse } from '../../../protocol/errors.js'
import { fakeWorld } from '../../../testing/fake-world.js'
import { MemoryLog } from '../../../testing/memory-log.js'
import { MemoryTopics } from '../../../testing/memory-topics.js'
import { TurnsByHand } from '../../../testing/turns-by-hand.js'
import type { LogEntry, LogPort } from '../../log-port.js'
import type { Token } from '../../machine.js'
import { CoordinatorRuntime } from '../../runtime.js'
import { sessionKey } from '../classic/group.js'
import { asked, type Command, type GroupCommand, type MemberContext } from '../command.js'
import { groupConfigDefaults, streamsGroupConfigDefaults } from '../config.js'
import { deleteGroup } from '../delete-groups.js'
import { groupOf } from '../lookup.js'
import { groupMachine } from '../machine.js'
import type { GroupRecord, GroupShard } from '../state.js'
import { currentOf, epochOf, revocationKey, type StreamsGroup, stateOf } from './group.js'
import { streamsHeartbeat } from './heartbeat.js'
import type { HeartbeatAnswer } from './heartbeat-answer.js'
import type { HeartbeatRequest } from './heartbeat-request.js'
import { unrevokedTasks } from './reconcile.js'
import { isSame, listOf, noTasks, roles, type Tasks, tasksFrom } from './tasks.js'
import { type Subtopology, type Topology, tasksPerGroupMax } from './topology.js'

const groupId = 'g'
const { assignmentStepsPerTurn } = streamsGroupConfigDefaults
const settings = { standbys: 1, assignmentIntervalMs: 0, initialRebalanceDelayMs: 0, assignmentStepsPerTurn }
const config = {
  ...groupConfigDefaults,
  streamsGroup: () => ({
    ...streamsGroupConfigDefaults,
    sessionTimeoutMs: 10_000,
    maxSize: 5,
    numStandbyReplicas: settings.standbys,
    assignmentIntervalMs: settings.assignmentIntervalMs,
    assignmentStepsPerTurn: settings.assignmentStepsPerTurn,
    initialRebalanceDelayMs: settings.initialRebalanceDelayMs,
  }),
}
const machine = groupMachine(() => config)

const subtopology = (subtopologyId: string, rest: Partial<Subtopology>): Subtopology => ({
  ...{ subtopologyId, sourceTopics: [], sourceTopicRegex: [], stateChangelogTopics: [], repartitionSinkTopics: [] },
  ...{ repartitionSourceTopics: [], copartitionGroups: [], ...rest },
})
const info = (name: string) => ({ name, partitions: 0, replicationFactor: 0, topicConfigs: [] })
/** Lines are split into words, and words counted. */
const topology: Topology = {
  epoch: 0,
  subtopologies: [
    subtopology('0', { sourceTopics: ['in'], repartitionSinkTopics: ['words'] }),
    subtopology('1', { repartitionSourceTopics: [info('words')], stateChangelogTopics: [info('counts')] }),
  ],
}
const internalTopics = ['words', 'counts']

interface Client {
  readonly memberId: string
  readonly processId: string
  readonly instanceId: string | null
  epoch: number
  /** What it runs and keeps; what it was told to give up among it. */
  has: Tasks
  told: Tasks
}

/** The last two share an instance, one of which has it at a time. */
const createClients = (): Client[] =>
  ['a', 'b', 'c', 'd', 'e', 'f'].map((memberId, at) => ({
    memberId,
    processId: `p${at >> 1}`,
    instanceId: at >= 4 ? 'i' : null,
    epoch: 0,
    has: noTasks,
    told: noTasks,
  }))

const ignored = (): void => {}

/** The runtime over a log that refuses on demand, and a machine that throws on demand after it has changed its state. */
class Driver {
  readonly host = new TurnsByHand()
  readonly world = fakeWorld({ host: this.host })
  readonly memory = new MemoryLog()
  readonly topics = new MemoryTopics()
  readonly clients = createClients()
  readonly #runtime: CoordinatorRuntime<GroupShard, GroupCommand, GroupRecord>
  shard!: GroupShard
  refuseNext: ErrorCode | null = null
  throwNext = false

  constructor() {
    Object.assign(settings, { standbys: 1, assignmentIntervalMs: 0, initialRebalanceDelayMs: 0, assignmentStepsPerTurn })
    const log: LogPort = {
      append: (...written) => this.#refusal() ?? this.memory.append(...written),
      appendMarker: (partition, marker) => this.#refusal() ?? this.memory.appendMarker(partition, marker),
      partitionCount: () => null,
      leaderEpoch: () => 0,
      batchBytesMax: () => 1_000_000,
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
    const { world, topics } = this
    const send = (): Promise<boolean> => Promise.resolve(true)
    this.#runtime = new CoordinatorRuntime({ machine: observed, partitionsDefault: 1, log, world, topics, send, report })
    this.#runtime.start()
  }

  #refusal(): Refusal | null {
    const errorCode = this.refuseNext
    this.refuseNext = null
    return errorCode === null ? null : refuse(errorCode, '')
  }

  ask<Request, Response>(
    command: Command<Request, Response, MemberContext>,
    request: Request,
    then: (response: Response) => void = ignored,
  ): void {
    const context = { version: 1, clientId: 'x', clientHost: '/127.0.0.1' }
    const failure = (errorCode: ErrorCode): Response => command.failure(request, errorCode, context.version)
    this.#runtime.ask(0, (token: Token<Response>) => asked(command, { request, context, token }), { resolve: then, failure })
  }

  /** What is to be done in later turns of the event loop is done before. */
  advance(ms: number): void {
    this.host.all()
    this.world.advance(ms)
  }

  get group(): StreamsGroup | undefined {
    return groupOf(this.shard, groupId, 'streams')
  }
  get deadlineKeys(): ReadonlySet<string> {
    return new Set(this.#runtime.deadlineKeys(0))
  }
  /** A shard that was dropped is there again, whatever fault was to come next. */
  touch(): void {
    const nobody = { ...requestOf(this.clients[0] as Client), memberId: 'nobody', memberEpoch: 7 }
    for (let times = 0; times < 2; times++) this.ask(streamsHeartbeat, nobody)
  }
}

const requestOf = (client: Client): HeartbeatRequest => ({
  ...{ groupId, memberId: client.memberId, memberEpoch: client.epoch, endpointInformationEpoch: 0 },
  ...{ instanceId: client.instanceId, rackId: null, rebalanceTimeoutMs: -1, topology: null, activeTasks: null },
  ...{ standbyTasks: null, warmupTasks: null, processId: null, userEndpoint: null, clientTags: null, taskOffsets: null },
  ...{ taskEndOffsets: null, shutdownApplication: false },
})

const listsOf = ({ active, standby, warmup }: Tasks) => ({
  activeTasks: listOf(active) as HeartbeatRequest['activeTasks'],
  standbyTasks: listOf(standby) as HeartbeatRequest['standbyTasks'],
  warmupTasks: listOf(warmup) as HeartbeatRequest['warmupTasks'],
})

const union = (a: Tasks, b: Tasks): Tasks => ({
  active: new Set([...a.active, ...b.active]),
  standby: new Set([...a.standby, ...b.standby]),
  warmup: new Set([...a.warmup, ...b.warmup]),
})

/** Only what it was told to have is left: what it had to give up is closed. */
function close(client: Client): void {
  client.has = client.told
}

function lose(client: Client): void {
  Object.assign(client, { epoch: 0, has: noTasks, told: noTasks })
}

/** `isHeard`: the answer arrives. */
function beat(driver: Driver, client: Client, { says, isHeard }: { readonly says: boolean; readonly isHeard: boolean }): void {
  const isJoining = client.epoch === 0
  const joined = { rebalanceTimeoutMs: 15_000, topology: topology as HeartbeatRequest['topology'], processId: client.processId }
  const request = {
    ...requestOf(client),
    ...(isJoining || says ? listsOf(client.has) : {}),
    ...(isJoining ? joined : {}),
  }
  driver.ask(streamsHeartbeat, request, answer => {
    if (isHeard) hear(driver, client, answer)
  })
}

function hear(driver: Driver, client: Client, { response, missingTopics }: HeartbeatAnswer): void {
  const { errorCode, memberEpoch = 0, activeTasks, standbyTasks, warmupTasks } = response
  if (errorCode === Errors.UNKNOWN_MEMBER_ID || errorCode === Errors.FENCED_MEMBER_EPOCH) lose(client)
  if (errorCode === Errors.GROUP_ID_NOT_FOUND || errorCode === Errors.FENCED_INSTANCE_ID) lose(client)
  if (errorCode !== Errors.NONE) return
  for (const { name, partitions } of missingTopics) driver.topics.set(name, partitions)
  expect(memberEpoch).toBeGreaterThanOrEqual(client.epoch)
  client.epoch = memberEpoch
  if (!(activeTasks && standbyTasks && warmupTasks)) return
  client.told = tasksFrom({ active: activeTasks, standby: standbyTasks, warmup: warmupTasks })
  // A standby that is to be active is recycled at once, and so is the reverse.
  const kept = { ...client.has, standby: new Set([...client.has.standby].filter(task => !client.told.active.has(task))) }
  client.has = union(kept, client.told)
}

function leave(driver: Driver, client: Client, memberEpoch: -1 | -2): void {
  if (memberEpoch === -2 && client.instanceId === null) return
  driver.ask(streamsHeartbeat, { ...requestOf(client), memberEpoch })
  lose(client)
}

// ---- what must hold after every step

function problems(driver: Driver): string[] {
  driver.touch()
  const { group, deadlineKeys, clients } = driver
  if (group === undefined) return []
  const found: string[] = []
  const { state } = group
  const running = new Set<string>()
  const copies = new Set<string>()
  for (const { memberId, processId, epoch, has } of clients) {
    // A member that is out of the group, and does not know, has its transactions fenced, and is not looked at.
    if (epoch === 0 || !state.members.has(memberId)) continue
    const { assigned, pendingRevocation } = currentOf(state, memberId)
    for (const task of has.active) {
      if (running.has(task)) found.push(`${task} runs twice`)
      running.add(task)
      if (!assigned.active.has(task) && !pendingRevocation.active.has(task)) found.push(`${memberId} runs ${task} of nobody`)
    }
    for (const task of new Set(roles.flatMap(role => [...has[role]]))) {
      const copy = `${task} in ${processId}`
      if (copies.has(copy)) found.push(`${copy} twice`)
      copies.add(copy)
    }
  }
  for (const memberId of state.members.keys()) {
    if (!deadlineKeys.has(sessionKey(groupId, memberId))) found.push(`${memberId} has no session`)
    const isUnrevoked = currentOf(state, memberId).state === unrevokedTasks
    if (isUnrevoked && !deadlineKeys.has(revocationKey(groupId, memberId))) found.push(`${memberId} may revoke for ever`)
  }
  for (const memberId of state.targets.keys()) if (!state.members.has(memberId)) found.push(`${memberId} is not there`)
  for (const role of roles) {
    for (const [task, members] of state.holders[role]) {
      for (const memberId of members) {
        const { assigned, pendingRevocation } = currentOf(state, memberId)
        if (!assigned[role].has(task) && !pendingRevocation[role].has(task)) found.push(`${memberId} is no holder of ${task}`)
      }
      if (role === 'active' && members.size > 1) found.push(`${task} has ${members.size} members`)
      if (members.size === 0) found.push(`${task} has an empty set`)
    }
  }
  // Instances that are away keep their place beside those that filled the group meanwhile.
  const instances = [...state.members.values()].filter(({ instanceId }) => instanceId !== null).length
  if (state.members.size - instances > 5) found.push('the group is too large')
  return found
}

function replay(log: readonly LogEntry[]): GroupShard {
  const shard = machine.create()
  for (const entry of log) {
    const decoded = entry.kind === 'record' ? machine.decode(entry.record) : null
    if (decoded !== null) machine.apply(shard, decoded, null)
  }
  return shard
}

function durableOf({ streams }: GroupShard): unknown {
  const plain = (value: unknown): unknown => {
    if (value instanceof Map) return [...value].map(plain).sort(byText)
    if (value instanceof Set) return [...value].sort()
    if (Array.isArray(value)) return value.map(plain)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
  }
  return plain(streams)
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

// ---- histories

const who = fc.nat(5)
const step = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('beat' as const),
      who,
      says: fc.boolean(),
      isHeard: fc.constantFrom(true, true, false),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('close' as const), who }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('round' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave for now' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), who }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(0, 1, 900, 5_000, 10_001, 16_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('topic' as const), name: fc.constantFrom('in', 'words', 'counts'), count: fc.nat(4) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('configure' as const),
      to: fc.record({
        standbys: fc.nat(2),
        assignmentIntervalMs: fc.constantFrom(0, 1_000),
        initialRebalanceDelayMs: fc.constantFrom(0, 3_000),
        assignmentStepsPerTurn: fc.constantFrom(1, 9, 50, 2_000),
      }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('turns' as const), count: fc.constantFrom(1, 4, 20) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('configure' as const),
      to: fc.record({ assignmentStepsPerTurn: fc.constantFrom(1, 9, 50) }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('refuse' as const),
      errorCode: fc.constantFrom(Errors.MESSAGE_TOO_LARGE, Errors.KAFKA_STORAGE_ERROR),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('throw' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

function take(driver: Driver, action: Step): void {
  const client = 'who' in action ? driver.clients[action.who] : undefined
  if (action.do === 'advance') driver.advance(action.ms)
  else if (action.do === 'turns') for (let left = action.count; left > 0; left--) driver.host.next()
  else if (action.do === 'round') for (const each of driver.clients) behave(driver, each)
  else if (action.do === 'delete') driver.ask(deleteGroup as never, { groupId } as never)
  else if (action.do === 'configure') Object.assign(settings, action.to)
  else if (action.do === 'refuse') driver.refuseNext = action.errorCode
  else if (action.do === 'throw') driver.throwNext = true
  else if (action.do === 'topic') {
    if (action.count === 0) driver.topics.delete(action.name)
    else driver.topics.set(action.name, action.count)
  } else if (client === undefined) return
  else if (action.do === 'beat') beat(driver, client, action)
  else if (action.do === 'close') close(client)
  else if (action.do === 'leave') leave(driver, client, -1)
  else if (action.do === 'leave for now') leave(driver, client, -2)
  else lose(client)
}

/** One step of an honest client. */
function behave(driver: Driver, client: Client): void {
  beat(driver, client, { says: true, isHeard: true })
  close(client)
}

const history = fc.array(step, { maxLength: 100 })

test('no task runs twice, no process has it twice, no member is without a deadline, after every step of every history', () => {
  fc.assert(
    fc.property(history, actions => {
      const driver = new Driver()
      driver.topics.set('in', 3)
      let group: StreamsGroup | undefined
      let epoch = 0
      for (const action of actions) {
        take(driver, action)
        expect(problems(driver)).toEqual([])
        const now = driver.group === undefined ? 0 : epochOf(driver.group.state).epoch
        if (driver.group !== undefined && driver.group === group) expect(now).toBeGreaterThanOrEqual(epoch)
        group = driver.group
        epoch = now
      }
    }),
    { numRuns: 2_000 },
  )
})

test('the log says what the live group is, whole or compacted', () => {
  fc.assert(
    fc.property(history, actions => {
      const driver = new Driver()
      driver.topics.set('in', 3)
      for (const action of actions) take(driver, action)
      const live = durableOf(driver.shard)
      expect(durableOf(replay(driver.memory.replay(0)))).toEqual(live)
      expect(durableOf(replay(driver.memory.compacted(0)))).toEqual(live)
    }),
    { numRuns: 500 },
  )
})

test('whatever happened, members that live and behave soon have all tasks and standbys, and the others none', () => {
  fc.assert(
    fc.property(history, fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 5 }), (actions, alive) => {
      const driver = new Driver()
      for (const action of actions) take(driver, action)
      Object.assign(settings, { standbys: 1, assignmentIntervalMs: 1_000, initialRebalanceDelayMs: 3_000 })
      driver.refuseNext = null
      driver.throwNext = false
      for (const name of internalTopics) driver.topics.delete(name)
      driver.topics.set('in', 4)
      const living = driver.clients.filter((_, at) => alive.includes(at))
      for (let second = 0; second < 45; second++) {
        for (const client of living) behave(driver, client)
        driver.advance(1_000)
      }
      const group = driver.group as StreamsGroup
      expect(stateOf(group)).toBe('Stable')
      expect([...group.state.members.keys()].sort()).toEqual(living.map(({ memberId }) => memberId).sort())
      for (const { memberId, has } of living) expect(isSame(has, group.state.targets.get(memberId) ?? noTasks)).toBe(true)
      const owned = living.flatMap(({ has }) => [...has.active])
      expect(owned.sort()).toEqual(['0_0', '0_1', '0_2', '0_3', '1_0', '1_1', '1_2', '1_3'])
      const processes = new Set(living.map(({ processId }) => processId)).size
      expect(living.flatMap(({ has }) => [...has.standby])).toHaveLength(processes > 1 ? 4 : 0)
    }),
    { numRuns: 300 },
  )
})

test('a topology of more tasks than a group may have makes no group', () => {
  const driver = new Driver()
  driver.topics.set('in', tasksPerGroupMax)
  const client = driver.clients[0] as Client
  beat(driver, client, { says: true, isHeard: true })
  expect(client.epoch).toBe(0)
  expect(driver.group).toBeUndefined()
})
