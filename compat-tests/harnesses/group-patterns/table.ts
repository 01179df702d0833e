/** The patterns at one broker: a group with one member for each, whose heartbeats are sent on one connection. */
import { zeroUuid } from '#base/ids.js'
import { Errors } from '#protocol/errors.js'
import { ConsumerGroupHeartbeat } from '#protocol/messages/consumer-group-heartbeat.js'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { DeleteTopics } from '#protocol/messages/delete-topics.js'
import { FindCoordinator } from '#protocol/messages/find-coordinator.js'
import { Metadata } from '#protocol/messages/metadata.js'
import { WireClient } from '../../lib/wire-client.js'

interface Subscriber {
  readonly pattern: string
  readonly groupId: string
  epoch: number
  owned: readonly { readonly topicId: string; readonly partitions: readonly number[] }[]
  /** Why it is no member; null while it is one. */
  refusal: string | null
}

export class PatternTable {
  readonly #client: WireClient
  readonly #subscribers: readonly Subscriber[]
  readonly #names = new Map<string, string>()

  private constructor(client: WireClient, patterns: readonly string[]) {
    this.#client = client
    this.#subscribers = patterns.map((pattern, n) => {
      return { pattern, groupId: `pattern-${n}`, epoch: 0, owned: [], refusal: null }
    })
  }

  static async open(bootstrap: string, patterns: readonly string[]): Promise<PatternTable> {
    const client = await WireClient.connect(bootstrap, 'patterns')
    // Kafka makes the topic of groups now, which patterns match, too.
    await client.request(FindCoordinator, 2, { key: 'patterns' })
    return new PatternTable(client, patterns)
  }

  close(): void {
    this.#client.close()
  }

  async create(names: readonly string[]): Promise<void> {
    const topics = names.map(name => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }))
    const answer = await this.#client.request(CreateTopics, 7, { topics, timeoutMs: 30_000, validateOnly: false })
    const refused = answer.topics.find(({ errorCode }) => errorCode !== 0)
    if (refused !== undefined) throw new Error(`CreateTopics: ${refused.name}: ${refused.errorMessage}`)
  }

  async delete(names: readonly string[]): Promise<void> {
    const topics = names.map(name => ({ name, topicId: zeroUuid }))
    const answer = await this.#client.request(DeleteTopics, 6, { topics, timeoutMs: 30_000 })
    const refused = answer.responses.find(({ errorCode }) => errorCode !== 0)
    if (refused !== undefined) throw new Error(`DeleteTopics: ${refused.name}: error ${refused.errorCode}`)
  }

  /** One heartbeat of each that is a member, or is about to be one; whether anything has changed by them. */
  async beat(): Promise<boolean> {
    for (const { topicId, name } of (await this.#client.request(Metadata, 12, everything)).topics) {
      if (name !== null) this.#names.set(topicId, name)
    }
    const changed = await Promise.all(this.#subscribers.map(subscriber => this.#beatOf(subscriber)))
    return changed.includes(true)
  }

  /** By pattern: its topics, or the refusal. */
  outcomes(): Map<string, string> {
    const nameOf = (id: string): string => this.#names.get(id) ?? `topic ${id}`
    return new Map(
      this.#subscribers.map(({ pattern, owned, refusal }) => {
        const names = owned.map(
          ({ topicId, partitions }) => nameOf(topicId) + (partitions.length === 1 ? '' : `×${partitions.length}`),
        )
        return [pattern, refusal ?? (names.length === 0 ? 'nothing' : names.sort().join(' '))]
      }),
    )
  }

  async #beatOf(subscriber: Subscriber): Promise<boolean> {
    const { pattern, groupId, epoch, owned } = subscriber
    if (subscriber.refusal !== null) return false
    const isNew = epoch === 0
    const { errorCode, errorMessage, memberEpoch, assignment } = await this.#client.request(ConsumerGroupHeartbeat, 1, {
      groupId,
      memberId: `member-of-${groupId}`,
      memberEpoch: epoch,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: isNew ? 30_000 : -1,
      subscribedTopicNames: null,
      subscribedTopicRegex: isNew ? pattern : null,
      serverAssignor: null,
      topicPartitions: owned,
    })
    if (notReady.has(errorCode)) return true
    if (errorCode !== 0) {
      subscriber.refusal = `error ${errorCode}: ${errorMessage}`
      return true
    }
    subscriber.epoch = memberEpoch
    if (assignment !== null) subscriber.owned = assignment.topicPartitions
    return assignment !== null
  }
}

/** Of a coordinator that is only just made; it is asked again. */
const notReady: ReadonlySet<number> = new Set([
  Errors.COORDINATOR_LOAD_IN_PROGRESS,
  Errors.COORDINATOR_NOT_AVAILABLE,
  Errors.NOT_COORDINATOR,
])

const everything = {
  topics: null,
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
} as const
