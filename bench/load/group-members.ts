// Members of a group that read nothing: they join, send heartbeats, and take and give up partitions as clients do, all in one
// process and the same for every broker. Known is who has what at each moment; two members with one partition end the run.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Uuid } from '#base/ids.js'
import { encode } from '#protocol/codec.js'
import { type ErrorCode, Errors } from '#protocol/errors.js'
import { ConsumerGroupHeartbeat } from '#protocol/messages/consumer-group-heartbeat.js'
import { assignmentBytes, assignmentOf, ConsumerProtocolSubscription } from '#protocol/messages/consumer-protocol.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import { Heartbeat } from '#protocol/messages/heartbeat.js'
import { JoinGroup } from '#protocol/messages/join-group.js'
import { SyncGroup } from '#protocol/messages/sync-group.js'
import type { DecodedResponseOf } from '#protocol/schema.js'
import { Writer } from '#protocol/wire.js'
import { WireClient } from '../../compat-tests/lib/wire-client.js'
import type { Endpoint, Topic } from './requests.js'

export type Protocol = 'classic' | 'consumer'

export interface GroupShape {
  readonly groupId: string
  readonly protocol: Protocol
  readonly topic: Topic
  readonly heartbeatMs: number
  readonly sessionTimeoutMs: number
}

const versions = { findCoordinator: 3, joinGroup: 9, syncGroup: 5, heartbeat: 4, consumerHeartbeat: 1 } as const
const rebalanceTimeoutMs = 60_000
const retryMs = 100
const ownedTimeoutMs = 180_000
const passing: readonly ErrorCode[] = [
  Errors.COORDINATOR_NOT_AVAILABLE,
  Errors.COORDINATOR_LOAD_IN_PROGRESS,
  Errors.NOT_COORDINATOR,
]

export class GroupMembers {
  readonly shape: GroupShape
  readonly #endpoint: Endpoint
  readonly #members = new Set<Member>()
  readonly #owners = new Map<number, Member>()
  #watch: (() => void) | null = null
  #failure: Error | null = null
  heartbeats = 0

  constructor(endpoint: Endpoint, shape: GroupShape) {
    this.#endpoint = endpoint
    this.shape = shape
  }

  /** They begin to join; it is not waited for what comes of it. */
  async add(count: number): Promise<Member[]> {
    const added: Member[] = []
    for (let n = 0; n < count; n++) {
      const client = await WireClient.connect(`127.0.0.1:${this.#endpoint.port}`, 'gregor-bench')
      const member = this.shape.protocol === 'consumer' ? new ConsumerMember(client, this) : new ClassicMember(client, this)
      this.#members.add(member)
      added.push(member)
      void member.live().catch(error => this.#fail(member, error as Error))
    }
    return added
  }

  /** Closes its connection without a word, just after the broker has heard of it; when that was. */
  async kill(member: Member): Promise<number> {
    const heardMs = await member.lastBeat()
    this.#members.delete(member)
    for (const [partition, owner] of this.#owners) if (owner === member) this.#owners.delete(partition)
    member.client.close()
    return heardMs
  }

  /** When all partitions are owned, and each of these members has one. */
  async owned(members: readonly Member[] = []): Promise<number> {
    const isDone = (): boolean =>
      this.#owners.size === this.shape.topic.partitions && members.every(({ owned }) => owned.size > 0)
    const timeout = new AbortController()
    try {
      return await Promise.race([
        new Promise<number>((resolve, reject) => {
          this.#watch = () => {
            if (this.#failure !== null) reject(this.#failure)
            else if (isDone()) resolve(performance.now())
          }
          this.#watch()
        }),
        sleep(ownedTimeoutMs, null, { signal: timeout.signal }).then(() => {
          throw new Error(`after ${ownedTimeoutMs / 1000} s ${this.#owners.size} partitions are owned`)
        }),
      ])
    } finally {
      this.#watch = null
      timeout.abort()
    }
  }

  close(): void {
    for (const { client } of this.#members) client.close()
    this.#members.clear()
  }

  isHere(member: Member): boolean {
    return this.#members.has(member)
  }

  /** What a member has from now on. */
  take(member: Member, partitions: ReadonlySet<number>): void {
    if (!this.isHere(member)) return
    for (const partition of member.owned) if (!partitions.has(partition)) this.#owners.delete(partition)
    for (const partition of partitions) {
      const owner = this.#owners.get(partition)
      if (owner !== undefined && owner !== member) throw new Error(`partition ${partition} has two owners`)
      this.#owners.set(partition, member)
    }
    member.owned = partitions
    this.#watch?.()
  }

  #fail(member: Member, error: Error): void {
    if (!this.isHere(member)) return
    this.#failure ??= error
    this.#watch?.()
  }
}

export abstract class Member {
  readonly client: WireClient
  protected readonly group: GroupMembers
  owned: ReadonlySet<number> = new Set()
  /** Ends a wait for the next heartbeat. */
  #wake: (() => void) | null = null
  #isLast = false
  #saidLast: ((heardMs: number) => void) | null = null

  constructor(client: WireClient, group: GroupMembers) {
    this.client = client
    this.group = group
  }

  abstract live(): Promise<void>

  /** Sends a heartbeat at once, and no other; when it was answered. */
  lastBeat(): Promise<number> {
    this.#isLast = true
    return new Promise(resolve => {
      this.#saidLast = resolve
      this.#wake?.()
    })
  }

  protected async findCoordinator(): Promise<void> {
    const { groupId } = this.group.shape
    // Whoever asks for the first coordinator has its topic made.
    const ask = () => this.client.request(FindCoordinator, versions.findCoordinator, { key: groupId, keyType: 0 })
    while ((await ask()).errorCode !== Errors.NONE) await sleep(retryMs)
  }

  /** Until the next heartbeat is due. */
  protected async pause(): Promise<void> {
    if (this.#isLast) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, this.group.shape.heartbeatMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = null
  }

  /** True when it was the last one. */
  protected hasBeaten(): boolean {
    this.group.heartbeats++
    if (!this.#isLast) return false
    this.#saidLast?.(performance.now())
    return true
  }
}

type Answer = DecodedResponseOf<typeof ConsumerGroupHeartbeat>

/** [KIP-848] It does at once what it is told, and says so at once, as Java's client does. */
class ConsumerMember extends Member {
  #epoch = 0
  #topicId: Uuid | null = null

  async live(): Promise<void> {
    const { groupId, topic } = this.group.shape
    const memberId = crypto.randomUUID()
    await this.findCoordinator()
    let tells = true
    while (this.group.isHere(this)) {
      const isJoin = this.#epoch === 0
      const response: Answer = await this.client.request(ConsumerGroupHeartbeat, versions.consumerHeartbeat, {
        ...{ groupId, memberId, memberEpoch: this.#epoch, instanceId: null, rackId: null, serverAssignor: null },
        ...{ rebalanceTimeoutMs: isJoin ? rebalanceTimeoutMs : -1, subscribedTopicNames: isJoin ? [topic.name] : null },
        ...{ subscribedTopicRegex: null, topicPartitions: tells ? this.#told() : null },
      })
      if (passing.includes(response.errorCode as ErrorCode)) {
        await sleep(retryMs)
        continue
      }
      if (response.errorCode !== Errors.NONE) throw new Error(`ConsumerGroupHeartbeat: error ${response.errorCode}`)
      if (this.hasBeaten()) return
      this.#epoch = response.memberEpoch
      tells = response.assignment !== null
      if (response.assignment === null) await this.pause()
      else {
        const [assigned] = response.assignment.topicPartitions
        this.#topicId = assigned?.topicId ?? this.#topicId
        const partitions = new Set<number>(assigned?.partitions)
        // Who is told of nothing when it joins has nothing to say.
        if (isJoin && partitions.size === 0) {
          tells = false
          await this.pause()
        } else this.group.take(this, partitions)
      }
    }
  }

  #told() {
    return this.#topicId === null || this.owned.size === 0 ? [] : [{ topicId: this.#topicId, partitions: [...this.owned] }]
  }
}

/** Gives up everything before it joins again; the leader deals out partitions in turns. */
class ClassicMember extends Member {
  #memberId = ''

  async live(): Promise<void> {
    const { groupId } = this.group.shape
    await this.findCoordinator()
    while (this.group.isHere(this)) {
      const generationId = await this.#join()
      if (generationId === null) continue
      for (;;) {
        await this.pause()
        const request = { groupId, generationId, memberId: this.#memberId, groupInstanceId: null }
        const { errorCode } = await this.client.request(Heartbeat, versions.heartbeat, request)
        if (this.hasBeaten()) return
        if (errorCode === Errors.REBALANCE_IN_PROGRESS) break
        if (errorCode !== Errors.NONE) throw new Error(`Heartbeat: error ${errorCode}`)
      }
    }
  }

  /** The generation that it is in; null when there is another one already. */
  async #join(): Promise<number | null> {
    const { groupId, sessionTimeoutMs } = this.group.shape
    this.group.take(this, new Set())
    const protocols = [{ name: 'range', metadata: this.#subscription() }]
    const joined = await this.client.request(JoinGroup, versions.joinGroup, {
      ...{ groupId, sessionTimeoutMs, rebalanceTimeoutMs, memberId: this.#memberId, groupInstanceId: null },
      ...{ protocolType: 'consumer', protocols, reason: null },
    })
    if (joined.errorCode === Errors.MEMBER_ID_REQUIRED) {
      this.#memberId = joined.memberId
      return null
    }
    if (passing.includes(joined.errorCode as ErrorCode)) {
      await sleep(retryMs)
      return null
    }
    if (joined.errorCode !== Errors.NONE) throw new Error(`JoinGroup: error ${joined.errorCode}`)
    this.#memberId = joined.memberId
    const assignments = joined.leader === joined.memberId ? this.#dealtOut(joined.members) : []
    const { generationId } = joined
    const synced = await this.client.request(SyncGroup, versions.syncGroup, {
      ...{ groupId, generationId, memberId: this.#memberId, groupInstanceId: null },
      ...{ protocolType: 'consumer', protocolName: 'range', assignments },
    })
    if (synced.errorCode === Errors.REBALANCE_IN_PROGRESS) return null
    if (synced.errorCode !== Errors.NONE) throw new Error(`SyncGroup: error ${synced.errorCode}`)
    this.group.take(this, new Set(assignmentOf(synced.assignment)?.assignedPartitions[0]?.partitions))
    return generationId
  }

  #subscription(): Uint8Array {
    const writer = new Writer(64)
    const version = ConsumerProtocolSubscription.versions.max
    writer.int16(version)
    encode(ConsumerProtocolSubscription, version, writer, { topics: [this.group.shape.topic.name], rackId: null })
    return writer.finish()
  }

  #dealtOut(members: readonly { readonly memberId: string; readonly metadata: Uint8Array }[]) {
    const { topic } = this.group.shape
    return members.map(({ memberId, metadata }, at) => {
      const partitions: number[] = []
      for (let partition = at; partition < topic.partitions; partition += members.length) partitions.push(partition)
      return { memberId, assignment: assignmentBytes([{ topic: topic.name, partitions }], metadata) }
    })
  }
}
