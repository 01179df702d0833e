/** Topics as the routes read them, by Metadata and DescribeLogDirs. */
import { Errors } from '../protocol/errors.js'
import { DescribeLogDirs } from '../protocol/messages/describe-log-dirs.js'
import { Metadata } from '../protocol/messages/metadata.js'
import type { DecodedResponseOf } from '../protocol/schema.js'
import type { KafkaClient } from './kafka-client.js'
import { kafkaFailure } from './kafka-failures.js'
import type { ByPartition } from './offsets.js'

export type TopicMetadata = DecodedResponseOf<typeof Metadata>['topics'][number]

/** Those that the client may see. */
export async function allTopics(kafka: KafkaClient): Promise<TopicMetadata[]> {
  const { topics } = await kafka.call(Metadata, { topics: null, allowAutoTopicCreation: false })
  return topics
}

/** @throws HttpFailure when there is no such topic, or the client may not see it */
export async function topicOf(kafka: KafkaClient, name: string): Promise<TopicMetadata> {
  const { topics } = await kafka.call(Metadata, { topics: [{ name }], allowAutoTopicCreation: false })
  const [topic] = topics
  if (topic === undefined) throw kafkaFailure(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  if (topic.errorCode !== Errors.NONE) throw kafkaFailure(topic.errorCode)
  return topic
}

export const indexesOf = (topic: TopicMetadata): number[] =>
  topic.partitions.map(({ partitionIndex }) => partitionIndex).sort((a, b) => a - b)

/** Bytes on disk; null for who may not describe the cluster. */
export async function sizes(kafka: KafkaClient, topic: TopicMetadata | null): Promise<ByPartition<number> | null> {
  const asked = topic === null ? null : [{ topic: topic.name ?? '', partitions: indexesOf(topic) }]
  const { errorCode, results } = await kafka.call(DescribeLogDirs, { topics: asked })
  if (errorCode === Errors.CLUSTER_AUTHORIZATION_FAILED) return null
  if (errorCode !== Errors.NONE) throw kafkaFailure(errorCode)
  const found: ByPartition<number> = new Map()
  for (const { topics } of results) {
    for (const { name, partitions } of topics) {
      found.set(name, new Map(partitions.map(({ partitionIndex, partitionSize }) => [partitionIndex, partitionSize])))
    }
  }
  return found
}

export function total(values: ReadonlyMap<number, number> | undefined): number {
  let sum = 0
  for (const value of values?.values() ?? []) sum += value
  return sum
}
