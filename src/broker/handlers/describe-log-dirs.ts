import { resolve } from 'node:path'
import type { TopicImage } from '../../cluster/image.js'
import { Errors } from '../../protocol/errors.js'
import { DescribeLogDirs } from '../../protocol/messages/describe-log-dirs.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import type { LogDir, LogDirs } from '../../storage/directory/log-dirs.js'
import { handler, type RequestContext } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

type AskedTopic = NonNullable<RequestOf<typeof DescribeLogDirs>['topics']>[number]
type DirAnswer = ResponseOf<typeof DescribeLogDirs>['results'][number]
type TopicAnswer = DirAnswer['topics'][number]

// DescribeLogDirs v1-5: each directory, with the sizes of the logs in it. v3: an error for the whole request. v4: the disk. v5:
// whether it takes new partitions. One that is offline has an error and nothing else.
export const describeLogDirs = handler(DescribeLogDirs, async ({ topics }, context) => {
  const { broker, version } = context
  if (!context.may('describe', 'cluster', '')) {
    if (version >= 3) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
    return { errorCode: Errors.NONE, results: [] }
  }
  const wanted = topics === null ? allTopics(context) : namedTopics(topics, context)
  const results: DirAnswer[] = []
  for (const dir of broker.logDirs.all) {
    if (!dir.isForTopics) continue
    const room = await dir.room()
    const isOnline = dir.isOnline
    const found = isOnline ? describe(dir, wanted, broker.logDirs) : []
    const errorCode = isOnline ? Errors.NONE : Errors.KAFKA_STORAGE_ERROR
    const isCordoned = isOnline && broker.logDirs.isCordoned(dir)
    results.push({ errorCode, logDir: resolve(dir.path), topics: found, ...room, isCordoned })
  }
  return { errorCode: Errors.NONE, results }
})

/** Which partitions are asked for; null: all of the topic. */
type Wanted = ReadonlyMap<TopicImage, ReadonlySet<number> | null>

function allTopics({ broker }: RequestContext): Wanted {
  return new Map(Array.from(broker.topics.image.topics.values(), topic => [topic, null]))
}

/** A topic that is named twice is answered once. */
function namedTopics(asked: readonly AskedTopic[], { broker }: RequestContext): Wanted {
  const byTopic = new Map<TopicImage, Set<number>>()
  for (const { topic: name, partitions } of asked) {
    const topic = broker.topics.image.topics.get(name)
    if (topic === undefined) continue
    const wanted = byTopic.get(topic) ?? new Set()
    for (const index of partitions) byTopic.set(topic, wanted.add(index))
  }
  return byTopic
}

/** A topic without partitions in this directory is left out. */
function describe({ directory }: LogDir, topics: Wanted, { moves }: LogDirs): TopicAnswer[] {
  const answers: TopicAnswer[] = []
  for (const [{ name, partitions }, wanted] of topics) {
    const described: TopicAnswer['partitions'][number][] = []
    for (const { index } of partitions) {
      if (wanted?.has(index) === false) continue
      const partition = directory?.partition(name, index)
      const future = directory === null ? null : moves.futureIn(directory, name, index)
      if (partition !== undefined) {
        described.push({ partitionIndex: index, partitionSize: partition.sizeBytes, offsetLag: 0, isFutureKey: false })
      } else if (future !== null) {
        const { sizeBytes: partitionSize, offsetLag } = future
        described.push({ partitionIndex: index, partitionSize, offsetLag, isFutureKey: true })
      }
    }
    if (described.length > 0) answers.push({ name, partitions: described })
  }
  return answers
}
