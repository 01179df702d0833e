/**
 * Consumers for the laws: they do what the protocols ask of them, and know what they read at each moment. A partition that two of
 * them read at once is what must not be.
 */

import { encode } from '../../../protocol/codec.js'
import { type ErrorCode, Errors, type Refusal, refuse } from '../../../protocol/errors.js'
import {
  assignmentBytes,
  assignmentOf,
  ConsumerProtocolSubscription,
  subscriptionOf,
} from '../../../protocol/messages/consumer-protocol.js'
import { Writer } from '../../../protocol/wire.js'
import { fakeWorld } from '../../../testing/fake-world.js'
import { MemoryLog } from '../../../testing/memory-log.js'
import { MemoryTopics } from '../../../testing/memory-topics.js'
import { TurnsByHand } from '../../../testing/turns-by-hand.js'
import type { LogPort } from '../../log-port.js'
import type { Token } from '../../machine.js'
import { CoordinatorRuntime } from '../../runtime.js'
import { heartbeat as classicHeartbeat } from '../classic/heartbeat.js'
import { join } from '../classic/join.js'
import { leave } from '../classic/leave.js'
import { sync } from '../classic/sync.js'
import { asked, type CallContext, type Command, type GroupCommand } from '../command.js'
import { consumerGroupConfigDefaults, type GroupConfig, groupConfigDefaults } from '../config.js'
import { groupMachine } from '../machine.js'
import type { GroupRecord, GroupShard } from '../state.js'
import { heartbeat } from './heartbeat.js'
import { regexesMatched } from './regex.js'

export const groupId = 'g'
export const settings = { assignmentStepsPerTurn: consumerGroupConfigDefaults.assignmentStepsPerTurn }
export const config: GroupConfig = {
  ...groupConfigDefaults,
  groupInitialRebalanceDelayMs: 0,
  groupMaxSize: 6,
  consumerGroup: () => ({ ...consumerGroupConfigDefaults, sessionTimeoutMs: 10_000, maxSize: 6, ...settings }),
}
export const machine = groupMachine(() => config)
const ignored = (): void => {}

/** The runtime over a log that refuses on demand, and over again after a restart. */
export class Driver {
  readonly host = new TurnsByHand()
  readonly world = fakeWorld({ host: this.host })
  readonly topics = new MemoryTopics()
  readonly memory = new MemoryLog()
  shard!: GroupShard
  refuseNext: ErrorCode | null = null
  #runtime = this.#start()

  constructor() {
    settings.assignmentStepsPerTurn = consumerGroupConfigDefaults.assignmentStepsPerTurn
  }

  #start(): CoordinatorRuntime<GroupShard, GroupCommand, GroupRecord> {
    const log: LogPort = {
      append: (...written) => this.#refusal() ?? this.memory.append(...written),
      appendMarker: (partition, marker) => this.memory.appendMarker(partition, marker),
      partitionCount: () => null,
      leaderEpoch: () => 0,
      batchBytesMax: () => 100_000,
      replay: partition => this.memory.replay(partition),
    }
    const observed: typeof machine = {
      ...machine,
      create: () => {
        this.shard = machine.create()
        return this.shard
      },
    }
    const report = { unknownRecord: ignored, shardDropped: fail, shardUnavailable: fail }
    const { world, topics } = this
    const send = (): Promise<boolean> => Promise.resolve(true)
    const runtime = new CoordinatorRuntime({ machine: observed, partitionsDefault: 1, log, world, topics, send, report })
    runtime.start()
    return runtime
  }

  #refusal(): Refusal | null {
    const errorCode = this.refuseNext
    this.refuseNext = null
    return errorCode === null ? null : refuse(errorCode, '')
  }

  /** What is to be done in later turns of the event loop is done before. */
  advance(ms: number): void {
    this.host.all()
    this.world.advance(ms)
  }

  restart(): void {
    this.#runtime.stop()
    this.#runtime = this.#start()
  }

  ask<Request, Response, Context extends CallContext>(
    command: Command<Request, Response, Context>,
    request: Request,
    context: Context,
    then: (response: Response) => void = ignored,
  ): void {
    const failure = (errorCode: ErrorCode): Response => command.failure(request, errorCode, context.version)
    this.#runtime.ask(0, (token: Token<Response>) => asked(command, { request, context, token }), { resolve: then, failure })
  }

  get deadlineKeys(): ReadonlySet<string> {
    return new Set(this.#runtime.deadlineKeys(0))
  }
}

function fail(_partition: number, error: unknown): void {
  throw error
}

/** Partitions as "topic id:number". */
export type Reads = Set<string>
const place = (topicId: string, partition: number): string => `${topicId}:${partition}`

export interface Client {
  readonly name: string
  readonly instance: string | null
  protocol: 'consumer' | 'classic'
  memberId: string
  epoch: number
  topics: readonly string[]
  regex: string
  assignor: string | null
  reads: Reads
  /** What it has told last; null: an answer was lost, so it tells all again. */
  told: string | null
  /** Of the classic protocol. */
  step: 'join' | 'sync' | 'beat' | 'waiting'
  members: readonly { memberId: string; metadata: Uint8Array }[]
  ids: number
}

export function createClients(): Client[] {
  return [0, 1, 2, 3, 4].map(index => ({
    ...{ name: `c${index}`, instance: index >= 3 ? `i${index}` : null, protocol: index % 2 === 0 ? 'consumer' : 'classic' },
    ...{ memberId: '', epoch: 0, topics: ['a'], regex: '', assignor: null, reads: new Set<string>(), told: null },
    ...{ step: 'join', members: [], ids: 0 },
  })) as Client[]
}

/** It is another process from now on, which reads nothing. */
export function restartClient(client: Client): void {
  client.reads = new Set()
  Object.assign(client, { memberId: '', epoch: 0, told: null, step: 'join' })
}

const isTransient = (errorCode: number): boolean =>
  errorCode === Errors.NOT_COORDINATOR || errorCode === Errors.UNKNOWN_SERVER_ERROR || errorCode === Errors.UNRELEASED_INSTANCE_ID

/** One step of a client, whose answer gets lost or does not. */
export function act(driver: Driver, client: Client, isLost = false): void {
  if (client.protocol === 'consumer') beat(driver, client, isLost)
  else if (client.step === 'join') joinClassic(driver, client, isLost)
  else if (client.step === 'sync') syncClassic(driver, client, isLost)
  else if (client.step === 'beat') beatClassic(driver, client, isLost)
}

function listed(reads: Reads): { topicId: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>()
  for (const one of reads) {
    const [topicId = '', partition = ''] = one.split(':')
    topics.set(topicId, [...(topics.get(topicId) ?? []), Number(partition)])
  }
  return Array.from(topics, ([topicId, partitions]) => ({ topicId, partitions }))
}

function beat(driver: Driver, client: Client, isLost: boolean): void {
  if (client.memberId === '') client.memberId = `${client.name}-${++client.ids}`
  const isJoin = client.epoch === 0
  const isFull = client.told === null
  const now = [...client.reads].sort().join()
  const tells = isJoin || isFull || client.told !== now
  const request = {
    groupId,
    memberId: client.memberId,
    memberEpoch: client.epoch,
    instanceId: client.instance,
    rackId: null,
    rebalanceTimeoutMs: isJoin || isFull ? 15_000 : -1,
    subscribedTopicNames: [...client.topics],
    subscribedTopicRegex: client.regex,
    serverAssignor: client.assignor,
    topicPartitions: tells ? listed(client.reads) : null,
  }
  const context = { version: 1, clientId: client.name, clientHost: '/h', regexProblem: null }
  driver.ask(heartbeat, request, context, ({ response, toMatch }) => {
    if (toMatch !== null) match(driver, toMatch)
    if (isLost) {
      client.told = null
      return
    }
    if (response.errorCode !== Errors.NONE) {
      client.told = null
      if (!isTransient(response.errorCode)) restartClient(client)
      return
    }
    client.epoch = response.memberEpoch ?? 0
    client.told = tells ? now : client.told
    if (response.assignment == null) return
    const { topicPartitions } = response.assignment
    client.reads = new Set(topicPartitions.flatMap(({ topicId, partitions }) => partitions.map(one => place(topicId, one))))
  })
}

function match(driver: Driver, regexes: readonly string[]): void {
  const { topics, topicsRevision } = driver.topics
  const matched = new Map(regexes.map(regex => [regex, new Set([...topics.keys()].filter(name => name.match(`^(?:${regex})$`)))]))
  driver.ask(regexesMatched, { groupId, topics: matched, topicsRevision }, { version: 1 })
}

function subscription(driver: Driver, client: Client): Uint8Array {
  const ownedPartitions = listed(client.reads).flatMap(({ topicId, partitions }) => {
    const topic = driver.topics.topicsById.get(topicId)?.name
    return topic === undefined ? [] : [{ topic, partitions }]
  })
  const writer = new Writer(64)
  writer.int16(1)
  encode(ConsumerProtocolSubscription, 1, writer, { topics: client.topics, ownedPartitions })
  return writer.finish()
}

function joinClassic(driver: Driver, client: Client, isLost: boolean): void {
  client.step = 'waiting'
  const request = {
    ...{ groupId, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 15_000, memberId: client.memberId, reason: null },
    ...{ groupInstanceId: client.instance, protocolType: 'consumer' },
    protocols: [{ name: 'range', metadata: subscription(driver, client) }],
  }
  driver.ask(join, request, { version: 9, clientId: client.name, clientHost: '/h' }, response => {
    client.step = 'join'
    if (isLost && response.errorCode !== Errors.MEMBER_ID_REQUIRED) return
    if (response.errorCode === Errors.MEMBER_ID_REQUIRED) client.memberId = response.memberId
    else if (response.errorCode === Errors.NONE) {
      const isLeader = response.leader === response.memberId && response.skipAssignment !== true
      Object.assign(client, { memberId: response.memberId, epoch: response.generationId, step: 'sync' })
      client.members = isLeader ? response.members : []
    } else react(client, response.errorCode)
  })
}

/** Who is alone in charge shares as well as it can: all partitions of a topic go around those who want it. */
function assignments(driver: Driver, members: Client['members']) {
  const shares = new Map(members.map(({ memberId }) => [memberId, new Map<string, number[]>()]))
  for (const [topic, { partitions }] of driver.topics.topics) {
    const those = members.filter(({ metadata }) => subscriptionOf(metadata)?.topics.includes(topic))
    for (let partition = 0; partition < partitions.length && those.length > 0; partition++) {
      const share = shares.get(those[partition % those.length]!.memberId)!
      share.set(topic, [...(share.get(topic) ?? []), partition])
    }
  }
  return members.map(({ memberId, metadata }) => ({
    memberId,
    assignment: assignmentBytes(
      Array.from(shares.get(memberId)!, ([topic, partitions]) => ({ topic, partitions })),
      metadata,
    ),
  }))
}

function syncClassic(driver: Driver, client: Client, isLost: boolean): void {
  client.step = 'waiting'
  const request = {
    ...{ groupId, generationId: client.epoch, memberId: client.memberId, groupInstanceId: client.instance },
    ...{ protocolType: 'consumer', protocolName: 'range', assignments: assignments(driver, client.members) },
  }
  driver.ask(sync, request, { version: 5 }, ({ errorCode, assignment }) => {
    client.step = 'sync'
    if (isLost) return
    if (errorCode !== Errors.NONE) {
      client.step = 'join'
      react(client, errorCode)
      return
    }
    const before = client.reads
    client.reads = new Set(
      assignmentOf(assignment)!.assignedPartitions.flatMap(({ topic, partitions }) => {
        const topicId = driver.topics.topics.get(topic)?.topicId
        return topicId === undefined ? [] : partitions.map(one => place(topicId, one))
      }),
    )
    // Cooperative: what it has let go of it tells by joining once more.
    client.step = [...before].every(one => client.reads.has(one)) ? 'beat' : 'join'
  })
}

function beatClassic(driver: Driver, client: Client, isLost: boolean): void {
  const request = { groupId, generationId: client.epoch, memberId: client.memberId, groupInstanceId: client.instance }
  driver.ask(classicHeartbeat, request, { version: 4 }, ({ errorCode }) => {
    if (!isLost && errorCode !== Errors.NONE) react(client, errorCode)
  })
}

function react(client: Client, errorCode: number): void {
  if (isTransient(errorCode)) return
  client.step = 'join'
  if (errorCode === Errors.REBALANCE_IN_PROGRESS) return
  // What it read is not its own any more; its id stays with it where only the generation is another.
  client.reads = new Set()
  if (errorCode !== Errors.ILLEGAL_GENERATION) restartClient(client)
}

/** It says that it goes; an instance may say that it will be back. */
export function goAway(driver: Driver, client: Client, memberEpoch: -1 | -2): void {
  const { memberId, instance, protocol } = client
  if (memberId === '') return
  client.reads = new Set()
  if (protocol === 'consumer') {
    const nothing = { rackId: null, rebalanceTimeoutMs: -1, subscribedTopicNames: null, subscribedTopicRegex: null }
    const request = {
      groupId,
      memberId,
      memberEpoch,
      instanceId: instance,
      serverAssignor: null,
      topicPartitions: null,
      ...nothing,
    }
    driver.ask(heartbeat, request, { version: 1, clientId: '', clientHost: '', regexProblem: null })
  } else if (memberEpoch === -1) {
    const member = { memberId, groupInstanceId: instance, reason: null }
    driver.ask(leave, { groupId, memberId: '', members: [member] }, { version: 5 })
  }
  restartClient(client)
}
