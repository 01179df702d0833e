/**
 * Regular expressions of members. They are matched with the topics outside of the group's shard, in slices and with the rights of
 * the client whose heartbeat showed that it is time; what comes of it is in the log, and the group's next epoch if it is new.
 */
import { type ErrorCode, Errors } from '../../../protocol/errors.js'
import type { Command, GroupTurn } from '../command.js'
import type { ConsumerGroupConfig } from '../config.js'
import { groupOf } from '../lookup.js'
import { nobody } from '../rebalance-cause.js'
import { noteRebalance } from '../rebalances.js'
import type { GroupShard } from '../state.js'
import type { ConsumerGroup } from './group.js'
import { epochOf, type ResolvedRegex } from './state.js'
import { metadataHash, type Replacement, subscribedTopics, usedRegexes } from './subscriptions.js'

/** What is to be matched, if it is time: an expression is new, there are other topics, or it was long ago. Once at a time. */
export function regexesToMatch(
  group: ConsumerGroup,
  change: Replacement,
  { regexRefreshIntervalMs }: ConsumerGroupConfig,
  turn: GroupTurn,
): readonly string[] | null {
  if (group.isMatching) return null
  const used = usedRegexes(group.state, change)
  if (used.size === 0) return null
  const hasOtherTopics = group.matchedRevision !== turn.env.topics.topicsRevision
  const isDue = hasOtherTopics || turn.nowMs - group.matchedAtMs >= regexRefreshIntervalMs
  if (!isDue && [...used].every(regex => group.state.regexes.has(regex))) return null
  group.isMatching = true
  turn.ifRefused(() => {
    group.isMatching = false
  })
  return [...used]
}

export interface Matched {
  readonly groupId: string
  /** Topics by regular expression. */
  readonly topics: ReadonlyMap<string, ReadonlySet<string>>
  /** Of the topics, before the first of them was looked at. */
  readonly topicsRevision: number
}

export const regexesMatched: Command<Matched, ErrorCode> = {
  decide(shard, { request, token }, turn) {
    turn.answer(token, Errors.NONE)
    const group = groupOf(shard, request.groupId, 'consumer')
    if (group === undefined) return
    group.isMatching = false
    group.matchedRevision = request.topicsRevision
    group.matchedAtMs = turn.nowMs
    turn.ifRefused(() => {
      group.matchedRevision = -1
    })
    take(shard, group, request, turn)
  },
  failure: (_request, errorCode) => errorCode,
}

function take(
  shard: GroupShard,
  { groupId, state }: ConsumerGroup,
  { topics: matched, topicsRevision }: Matched,
  turn: GroupTurn,
): void {
  const regexes = new Map(state.regexes)
  let isToAssign = false
  for (const [regularExpression, topics] of matched) {
    // Who wanted it may have gone.
    if (!state.namedRegexes.has(regularExpression)) continue
    const before = state.regexes.get(regularExpression)
    if (before !== undefined && areEqual(before.topics, topics)) continue
    const value: ResolvedRegex = { topics, version: topicsRevision, resolvedAtMs: turn.nowMs }
    regexes.set(regularExpression, value)
    turn.write({ type: 'consumer-regex', key: { groupId, regularExpression }, value })
    isToAssign ||= topics.size > 0 || before !== undefined
  }
  if (!isToAssign) return
  const nothing = { before: undefined, after: undefined }
  const hash = metadataHash(subscribedTopics(state, nothing, regexes), turn.env.topics)
  const epoch = epochOf(state) + 1
  turn.write({ type: 'consumer-epoch', key: { groupId }, value: { epoch, metadataHash: hash } })
  noteRebalance(shard, groupId, { reason: 'topics-changed', ...nobody }, { epoch, members: state.members.size }, turn)
}

function areEqual(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size !== b.size) return false
  for (const topic of a) if (!b.has(topic)) return false
  return true
}
