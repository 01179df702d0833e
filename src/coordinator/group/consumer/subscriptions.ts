/** What the members of a consumer group want to read: topics by name, and those that a regular expression matches. */
import { StableHash } from '../../../base/hash.js'
import type { Uuid } from '../../../base/ids.js'
import type { TopicsView } from '../../machine.js'
import type { ConsumerState, MemberMetadata, ResolvedRegex } from './state.js'

type Regexes = ReadonlyMap<string, ResolvedRegex>

export function isSubscribedTo({ subscribedTopicNames, subscribedTopicRegex }: MemberMetadata, regexes: Regexes) {
  const names = new Set(subscribedTopicNames)
  const matched = regexes.get(subscribedTopicRegex ?? '')?.topics
  return (topic: string): boolean => names.has(topic) || matched?.has(topic) === true
}

/** Members that want the same share one set. */
export class TopicsOfMembers {
  readonly #topics: TopicsView
  readonly #regexes: Regexes
  readonly #sets = new Map<string, ReadonlySet<Uuid>>()

  constructor(topics: TopicsView, regexes: Regexes) {
    this.#topics = topics
    this.#regexes = regexes
  }

  /** Of those there are. */
  of({ subscribedTopicNames, subscribedTopicRegex }: MemberMetadata): ReadonlySet<Uuid> {
    const key = JSON.stringify([subscribedTopicRegex, subscribedTopicNames])
    const known = this.#sets.get(key)
    if (known !== undefined) return known
    const ids = new Set<Uuid>()
    const add = (name: string): void => {
      const topic = this.#topics.topics.get(name)
      if (topic !== undefined) ids.add(topic.topicId)
    }
    for (const name of subscribedTopicNames) add(name)
    for (const name of this.#regexes.get(subscribedTopicRegex ?? '')?.topics ?? []) add(name)
    this.#sets.set(key, ids)
    return ids
  }
}

/** What a decision makes of a group's subscriptions: one member's instead of another's. */
export interface Replacement {
  readonly before: MemberMetadata | undefined
  readonly after: MemberMetadata | undefined
}

/** Names of all topics that the group reads, whether they are there or not. */
export function subscribedTopics(
  state: ConsumerState,
  { before, after }: Replacement,
  regexes: Regexes = state.regexes,
): Set<string> {
  const topics = new Set(state.namedTopics.keys())
  for (const name of before?.subscribedTopicNames ?? []) if (state.namedTopics.get(name) === 1) topics.delete(name)
  for (const name of after?.subscribedTopicNames ?? []) topics.add(name)
  for (const regex of usedRegexes(state, { before, after })) {
    for (const name of regexes.get(regex)?.topics ?? []) topics.add(name)
  }
  return topics
}

export function usedRegexes({ namedRegexes }: ConsumerState, { before, after }: Replacement): Set<string> {
  const regexes = new Set(namedRegexes.keys())
  const [old, own] = [before?.subscribedTopicRegex ?? '', after?.subscribedTopicRegex ?? '']
  if (namedRegexes.get(old) === 1) regexes.delete(old)
  if (own !== '') regexes.add(own)
  return regexes
}

/** Changes when one of the topics appears, grows or goes away; 0 when none of them is there. */
export function metadataHash(names: Iterable<string>, { topics }: TopicsView): number {
  const hash = new StableHash()
  let isEmpty = true
  for (const name of [...names].sort()) {
    const topic = topics.get(name)
    if (topic === undefined) continue
    isEmpty = false
    hash.add(name).add(topic.topicId).add(topic.partitions.length)
  }
  return isEmpty ? 0 : hash.value
}
