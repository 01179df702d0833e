/**
 * What the clients of a simulated broker know: what they sent, what was acknowledged, what they were shown. It is the other
 * side of every promise: after a crash `judge.ts` holds the broker against it. Pure bookkeeping, and cheap to copy, because
 * the moment of a power cut is a copy.
 */
import type { Bytes } from '../base/bytes.js'

/** A batch as it was sent. Its label is in the value of its first record and nowhere else. */
export interface SentBatch {
  readonly label: string
  readonly bytes: Bytes
  readonly count: number
  readonly timestampMs: number
  readonly acks: -1 | 1
  readonly producer: { readonly id: number; readonly epoch: number; readonly baseSequence: number } | null
}

export interface PartitionLedger {
  readonly sent: SentBatch[]
  /** Who ever wrote here: the broker may know a producer's sequence when all of its records are deleted. */
  readonly producers: Set<number>
  /** Offset that was answered, by label; with acks=1 that is no promise. */
  readonly acknowledged: Map<string, number>
  /** Label of the batch that a consumer was shown at an offset. */
  readonly observed: Map<number, string>
  /** Where the next read of the consumer begins. */
  readAt: number
  /** Records below were deleted, as was acknowledged, and as was asked for. */
  startMin: number
  startMax: number
}

export interface TopicLedger {
  readonly name: string
  readonly configs: ReadonlyMap<string, string>
  /** Null until the creation was answered. */
  topicId: string | null
  /** `creating` and `deleting`: not known yet. */
  state: 'creating' | 'there' | 'deleting'
  /** Partitions that the broker has acknowledged, and that it may have. */
  partitionsMin: number
  partitionsMax: number
  readonly partitions: PartitionLedger[]
}

/** Committed offsets of one group in one partition. */
export interface CommitLedger {
  acknowledged: number | null
  /** Sent since, oldest first. */
  pending: number[]
}

export class Ledger {
  readonly topics: Map<string, TopicLedger>
  /** Names whose deletion was acknowledged and which were not created again. */
  readonly gone: Set<string>
  /** By group, topic and partition. */
  readonly commits: Map<string, CommitLedger>
  /** What groups had committed for topics whose deletion was cut short: a topic of the same name may find it. */
  readonly leftCommits: Map<string, ReadonlySet<number>>
  readonly producerIds: Set<number>

  constructor(from?: Ledger) {
    this.topics = new Map([...(from?.topics ?? [])].map(([name, topic]) => [name, copyOfTopic(topic)]))
    this.gone = new Set(from?.gone)
    this.commits = new Map([...(from?.commits ?? [])].map(([key, one]) => [key, { ...one, pending: [...one.pending] }]))
    this.leftCommits = new Map(from?.leftCommits)
    this.producerIds = new Set(from?.producerIds)
  }

  commit(key: string): CommitLedger {
    let commit = this.commits.get(key)
    if (commit === undefined) {
      commit = { acknowledged: null, pending: [] }
      this.commits.set(key, commit)
    }
    return commit
  }

  /** Nothing is promised about a topic any more, nor about what groups committed for it; unless its deletion was cut short. */
  forget(topic: string, leavesCommits = false): void {
    this.topics.delete(topic)
    for (const [key, { acknowledged, pending }] of [...this.commits]) {
      if (key.split(' ')[1] !== topic) continue
      this.commits.delete(key)
      const offsets = acknowledged === null ? pending : [acknowledged, ...pending]
      if (leavesCommits) this.leftCommits.set(key, new Set([...(this.leftCommits.get(key) ?? []), ...offsets]))
      else this.leftCommits.delete(key)
    }
  }

  /** The topics that a client may use: created, and not being deleted. */
  usable(): TopicLedger[] {
    return [...this.topics.values()].filter(topic => topic.state === 'there')
  }
}

export function newPartition(): PartitionLedger {
  return { sent: [], producers: new Set(), acknowledged: new Map(), observed: new Map(), readAt: 0, startMin: 0, startMax: 0 }
}

function copyOfTopic(topic: TopicLedger): TopicLedger {
  return {
    ...topic,
    partitions: topic.partitions.map(partition => {
      const { sent, producers, acknowledged, observed } = partition
      return {
        ...partition,
        sent: [...sent],
        producers: new Set(producers),
        acknowledged: new Map(acknowledged),
        observed: new Map(observed),
      }
    }),
  }
}

export function commitKey(group: string, topic: string, partition: number): string {
  return `${group} ${topic} ${partition}`
}
