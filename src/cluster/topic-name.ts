/** Kafka's rule for topic names; what it returns is Kafka's own text for people. */

const nameCharsMax = 249
const legal = /^[a-zA-Z0-9._-]+$/

/** Why `name` cannot be a topic's name; null when it can. */
export function topicNameProblem(name: string): string | null {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed'
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' is not allowed`
  if (name.length > nameCharsMax)
    return `Topic name is invalid: the length of '${name}' is longer than the max allowed length 249`
  if (!legal.test(name)) {
    return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  }
  return null
}

/** What Kafka says of a topic that does not exist, where it says something. */
export const unknownTopic = 'This server does not host this topic-partition.'

/** Names that differ only in '.' and '_' would share a metric name; Kafka refuses the second one. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_')
}

/** KRaft's own log; no topic may have its name, because it would have its directory too. */
export const clusterMetadataTopic = '__cluster_metadata'

const internalTopics: ReadonlySet<string> = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state'])

/** Topics that only coordinators write. */
export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name)
}
