/**
 * Offsets are committed and deleted for partitions that exist. What a request names beyond them is answered here, before the
 * answer of the coordinator, which hears of the rest only; a topic that is named twice is answered as one. Kafka's order.
 */
import { type Uuid, zeroUuid } from '../base/ids.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'

interface AskedTopic {
  readonly name?: string | undefined
  readonly topicId?: Uuid | undefined
  readonly partitions: readonly { readonly partitionIndex: number }[]
}

interface AnsweredTopic {
  readonly name: string
  readonly topicId: Uuid
  readonly partitions: { readonly partitionIndex: number; readonly errorCode: ErrorCode }[]
}

/** `known` is the request's own list when there is nothing to take out of it. */
export function knownPartitions<Topic extends AskedTopic>(
  topics: Topic[],
  codeOf: (topic: Topic, partition: number) => ErrorCode,
): { readonly known: Topic[]; readonly refused: AnsweredTopic[] } {
  const isWhole = topics.every(topic => topic.partitions.every(({ partitionIndex }) => codeOf(topic, partitionIndex) === 0))
  if (isWhole) return { known: topics, refused: [] }
  const known: Topic[] = []
  const refused: AnsweredTopic[] = []
  for (const topic of topics) {
    const answers: AnsweredTopic['partitions'] = []
    const partitions = topic.partitions.filter(({ partitionIndex }) => {
      const errorCode = codeOf(topic, partitionIndex)
      if (errorCode !== Errors.NONE) answers.push({ partitionIndex, errorCode })
      return errorCode === Errors.NONE
    })
    if (answers.length > 0) refused.push({ name: topic.name ?? '', topicId: topic.topicId ?? zeroUuid, partitions: answers })
    if (partitions.length > 0 || answers.length === 0) known.push({ ...topic, partitions })
  }
  return { known, refused }
}

/** Topics of the same name and id as one, in the order in which they come first. */
export function mergedTopics<Topic extends AskedTopic>(topics: readonly Topic[]): Topic[] {
  if (topics.length < 2) return [...topics]
  const byKey = new Map<string, Topic>()
  for (const topic of topics) {
    const key = `${topic.topicId ?? zeroUuid} ${topic.name}`
    const before = byKey.get(key)
    byKey.set(key, before === undefined ? topic : { ...topic, partitions: [...before.partitions, ...topic.partitions] })
  }
  return [...byKey.values()]
}
