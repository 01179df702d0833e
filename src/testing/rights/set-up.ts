/** What is there before a case asks for it, made by somebody who may do everything. */
import type { Body, Resources, Stage } from './play.js'

/** The identity that the producer of this transactional id has now. */
export async function producerOf(stage: Stage, transactionalId: string): Promise<Body> {
  await found(stage, transactionalId, 1)
  const body = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
  const { producerId, producerEpoch } = await stage.until('InitProducerId', body, ({ errorCode }) => errorCode === 0)
  return { producerId, producerEpoch }
}

const offset = { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, commitTimestamp: -1, committedMetadata: 'm' }

/** A group that is there because offsets of these topics were committed for it. */
export async function groupWithOffsets(stage: Stage, at: Resources, group: string, topics: readonly string[]): Promise<void> {
  const groupId = at.name(group)
  await found(stage, groupId, 0)
  const body = {
    ...{ groupId, generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null, retentionTimeMs: -1 },
    topics: topics.map(letter => ({ name: at.topic(letter).name, topicId: at.topic(letter).id, partitions: [offset] })),
  }
  await stage.until('OffsetCommit', body, answer =>
    (answer.topics as { partitions: Body[] }[]).every(({ partitions }) => partitions[0]?.errorCode === 0),
  )
}

/** Kafka makes the topic of its coordinators when somebody looks for one. */
async function found(stage: Stage, key: string, keyType: number): Promise<void> {
  await stage.until('FindCoordinator', { key, keyType, coordinatorKeys: [key] }, ({ coordinators }) =>
    (coordinators as Body[]).every(({ errorCode }) => errorCode === 0),
  )
}
