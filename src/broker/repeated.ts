/**
 * What a request names more than once. Kafka does it once: it refuses a topic that is named twice where topics are made or
 * changed, and elsewhere keeps the last of what is said about a partition. One answer either way, so that an answer is never
 * longer than its question has names.
 */

/** What is in the list more than once. */
export function repeatedIn(keys: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const repeated = new Set<string>()
  for (const key of keys) {
    if (seen.has(key)) repeated.add(key)
    seen.add(key)
  }
  return repeated
}

/** The same without what was there before. */
export function withoutRepeats<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  if (items.length < 2) return items
  const byKey = new Map<string, T>()
  for (const item of items) {
    const key = keyOf(item)
    if (!byKey.has(key)) byKey.set(key, item)
  }
  return byKey.size === items.length ? items : [...byKey.values()]
}

/** How an API spells the topics of a request and the partitions under them. */
export interface TopicSpelling<Topic, Partition> {
  keyOf(topic: Topic): string
  partitionsOf(topic: Topic): readonly Partition[]
  indexOf(partition: Partition): number
  /** The topic with these partitions. */
  withPartitions(topic: Topic, partitions: readonly Partition[]): Topic
}

/**
 * Every topic once with every partition once: the last that was said of it, in the place of the first. A topic without
 * partitions is left out, as in Kafka. What names nothing twice is answered as it is, at the price of looking at it.
 */
export function collapsed<Topic, Partition>(
  topics: readonly Topic[],
  spelling: TopicSpelling<Topic, Partition>,
  onRepeat: (topic: Topic, partition: Partition) => void = ignore,
): readonly Topic[] {
  if (namesEachOnce(topics, spelling)) return topics
  const byKey = new Map<string, { topic: Topic; partitions: Map<number, Partition> }>()
  for (const topic of topics) {
    const key = spelling.keyOf(topic)
    let merged = byKey.get(key)
    if (merged === undefined) {
      merged = { topic, partitions: new Map() }
      byKey.set(key, merged)
    }
    for (const partition of spelling.partitionsOf(topic)) {
      const index = spelling.indexOf(partition)
      if (merged.partitions.has(index)) onRepeat(topic, partition)
      merged.partitions.set(index, partition)
    }
  }
  return [...byKey.values()]
    .filter(({ partitions }) => partitions.size > 0)
    .map(({ topic, partitions }) => spelling.withPartitions(topic, [...partitions.values()]))
}

function ignore(): void {}

function namesEachOnce<Topic, Partition>(topics: readonly Topic[], spelling: TopicSpelling<Topic, Partition>): boolean {
  if (topics.length > 1) {
    const keys = new Set<string>()
    for (const topic of topics) keys.add(spelling.keyOf(topic))
    if (keys.size < topics.length) return false
  }
  for (const topic of topics) {
    const partitions = spelling.partitionsOf(topic)
    if (partitions.length === 0 || !hasEachOnce(partitions, spelling)) return false
  }
  return true
}

/** Clients name partitions in their order, mostly: then a look at each pair tells. */
function hasEachOnce<Topic, Partition>(partitions: readonly Partition[], spelling: TopicSpelling<Topic, Partition>): boolean {
  let isRising = true
  for (let at = 1; at < partitions.length && isRising; at++) {
    isRising = spelling.indexOf(partitions[at]!) > spelling.indexOf(partitions[at - 1]!)
  }
  return isRising || new Set(partitions.map(partition => spelling.indexOf(partition))).size === partitions.length
}
