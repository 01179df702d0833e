/**
 * What one scrape looks at: the broker as it is, and what has to be asked for before. Nothing is copied that can be read where it
 * is; so a long scrape sees one family a little later than another.
 */
import type { PartitionImage, TopicImage } from '../../cluster/image.js'
import type { ObservedGroup } from '../../coordinator/group/observe.js'
import type { Partition } from '../../storage/partition.js'
import type { HttpParts } from '../parts.js'
import type { ApiSeen } from './latencies.js'
import type { ProcessFigures } from './process-figures.js'
import type { QuorumFigures } from './quorum-figures.js'

export interface PartitionSeen {
  readonly topic: string
  readonly index: number
  readonly image: PartitionImage
  /** Answers for the log, also while its directory is offline. */
  readonly partition: Partition
}

export interface Seen {
  readonly broker: HttpParts['broker']
  readonly world: HttpParts['world']
  /** Of each API, and what it has counted some minutes ago. */
  readonly apis: readonly ApiSeen[]
  readonly listeners: readonly ListenerSeen[]
  /** Groups of all kinds, by shard. */
  readonly groups: readonly Iterable<ObservedGroup>[]
  readonly disks: readonly DiskSeen[]
  readonly process: ProcessFigures
  readonly quorum: QuorumFigures
  /** Series that were left out, by family. */
  readonly leftOut: ReadonlyMap<string, number>
}

export interface ListenerSeen {
  readonly name: string
  readonly opened: number
  readonly closed: number
  readonly requests: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** By what clients say they are: name and version. */
  readonly software: ReadonlyMap<string, { readonly name: string; readonly version: string; readonly connections: number }>
}

/** A data directory. */
export interface DiskSeen {
  readonly path: string
  readonly isOnline: boolean
  /** Negative where the disk does not say. */
  readonly totalBytes: number
  readonly usableBytes: number
}

export function topicsOf({ broker }: Seen): Iterable<TopicImage> {
  return broker.services.topics.image.topics.values()
}

export function* partitionsOf(seen: Seen): Generator<PartitionSeen> {
  for (const topic of topicsOf(seen)) yield* partitionsOfTopic(seen, topic)
}

export function* partitionsOfTopic({ broker }: Seen, { name: topic, partitions }: TopicImage): Generator<PartitionSeen> {
  for (const image of partitions) {
    const { index } = image
    const partition = broker.services.topics.partition(topic, index)
    if (partition !== undefined) yield { topic, index, image, partition }
  }
}

export function* groupsOf({ groups }: Seen): Generator<ObservedGroup> {
  for (const shard of groups) yield* shard
}

export function countOf<Item>(items: Iterable<Item>, isCounted: (item: Item) => boolean): number {
  let count = 0
  for (const item of items) if (isCounted(item)) count++
  return count
}

export function sumOf<Item>(items: Iterable<Item>, value: (item: Item) => number): number {
  let sum = 0
  for (const item of items) sum += value(item)
  return sum
}
