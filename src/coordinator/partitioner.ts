/** Where a group or a transactional id lives: Kafka's choice, on which tools and a data directory's readers rely. */

/** Partitions of __consumer_offsets and __transaction_state; Kafka's default, and fixed once the topic exists. */
export const internalTopicPartitions = 50

/** Java's String.hashCode: over UTF-16 units, in 32 bits. */
export function javaHash(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0
  return hash
}

export function partitionFor(key: string, partitions: number): number {
  const hash = javaHash(key)
  // Java has no absolute value for its smallest integer; Kafka takes 0.
  return hash === -0x8000_0000 ? 0 : Math.abs(hash) % partitions
}
