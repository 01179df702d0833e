/** Sets of partitions as __transaction_state holds them: by topic, each once. Never changed, only replaced. */
export interface TopicPartitionIds {
  readonly topic: string
  readonly partitionIds: readonly number[]
}

export type TopicPartitions = readonly TopicPartitionIds[]

export const noPartitions: TopicPartitions = []

export function hasPartition(partitions: TopicPartitions, topic: string, partitionId: number): boolean {
  for (const entry of partitions) if (entry.topic === topic) return entry.partitionIds.includes(partitionId)
  return false
}

/** The same object when all of them are in it. */
export function withPartitions(partitions: TopicPartitions, added: TopicPartitions): TopicPartitions {
  let result = partitions
  for (const entry of added) {
    const at = result.findIndex(({ topic }) => topic === entry.topic)
    const before = result[at]?.partitionIds ?? []
    const all = new Set([...before, ...entry.partitionIds])
    if (all.size === before.length) continue
    const merged = { topic: entry.topic, partitionIds: [...all] }
    result = at === -1 ? [...result, merged] : result.with(at, merged)
  }
  return result
}

export function partitionCount(partitions: TopicPartitions): number {
  let count = 0
  for (const { partitionIds } of partitions) count += partitionIds.length
  return count
}
