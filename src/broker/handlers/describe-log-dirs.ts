import type { TopicImage } from '../../cluster/image.js'
import { Errors } from '../../protocol/errors.js'
import { DescribeLogDirs } from '../../protocol/messages/describe-log-dirs.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { handler, type RequestContext } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

type AskedTopic = NonNullable<RequestOf<typeof DescribeLogDirs>['topics']>[number]
type TopicAnswer = ResponseOf<typeof DescribeLogDirs>['results'][number]['topics'][number]

// DescribeLogDirs v1-5: the one directory, with the sizes of the logs in it. v3: an error for the whole request. v4: the disk.
export const describeLogDirs = handler(DescribeLogDirs, async ({ topics }, context) => {
  const { broker, version } = context
  if (!context.may('describe', 'cluster', '')) {
    if (version >= 3) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
    return { errorCode: Errors.NONE, results: [] }
  }
  const { path } = broker.logDirs
  const room = await broker.logDirs.room()
  const found = topics === null ? allTopics(context) : namedTopics(topics, context)
  return { errorCode: Errors.NONE, results: [{ errorCode: Errors.NONE, logDir: path, topics: found, ...room }] }
})

function allTopics(context: RequestContext): TopicAnswer[] {
  return Array.from(context.broker.topics.image.topics.values(), topic => describe(topic, null, context))
}

/** A topic that is named twice is answered once; one without partitions here is left out. */
function namedTopics(asked: readonly AskedTopic[], context: RequestContext): TopicAnswer[] {
  const byTopic = new Map<TopicImage, Set<number>>()
  for (const { topic: name, partitions } of asked) {
    const topic = context.broker.topics.image.topics.get(name)
    if (topic === undefined) continue
    const wanted = byTopic.get(topic) ?? new Set()
    for (const index of partitions) byTopic.set(topic, wanted.add(index))
  }
  return Array.from(byTopic, ([topic, wanted]) => describe(topic, wanted, context)).filter(
    ({ partitions }) => partitions.length > 0,
  )
}

function describe({ name, partitions }: TopicImage, wanted: ReadonlySet<number> | null, { broker }: RequestContext): TopicAnswer {
  const described: TopicAnswer['partitions'][number][] = []
  for (const { index } of partitions) {
    if (wanted?.has(index) === false) continue
    const partition = broker.topics.partition(name, index)
    if (partition === undefined) continue
    described.push({ partitionIndex: index, partitionSize: partition.sizeBytes, offsetLag: 0, isFutureKey: false })
  }
  return { name, partitions: described }
}
