/** A consumer group at work: what the log says of it, and caches. */
import { assignmentEpochOf, type ConsumerState, emptyState, epochOf, newcomer, stable } from './state.js'

export interface ConsumerGroup {
  readonly kind: 'consumer'
  readonly groupId: string
  readonly state: ConsumerState
  /** The deadlines of members, made once for each. */
  readonly timers: Map<string, MemberTimers>
  /** Which topics there were when the hash of those subscribed to was last compared. */
  hashedRevision: number
  /** The same for the regular expressions of members, and when that was. */
  matchedRevision: number
  matchedAtMs: number
  /** Topics are being matched with regular expressions. */
  isMatching: boolean
  /** What the next target comes of, while it is worked out. */
  assigning: object | null
}

export interface MemberTimers {
  readonly sessionKey: string
  readonly rebalanceKey: string
  readonly joinKey: string
  readonly syncKey: string
  readonly onSessionEnd: ConsumerDeadline
  /** It was told to join again, and has not. */
  isToJoin: boolean
}

export type ConsumerDeadline =
  /** A member was silent for too long. */
  | { readonly type: 'expire-consumer-session'; readonly groupId: string; readonly memberId: string }
  /** A member has not let go of its partitions in time, and is in this epoch still. */
  | {
      readonly type: 'expire-consumer-rebalance'
      readonly groupId: string
      readonly memberId: string
      readonly memberEpoch: number
    }
  /** A member of the classic protocol has not joined again, or not synced, in time. */
  | { readonly type: 'expire-consumer-join'; readonly groupId: string; readonly memberId: string }

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

/** `state`: what a replay found, if it found anything. */
export function createConsumerGroup(groupId: string, state = emptyState()): ConsumerGroup {
  return {
    kind: 'consumer',
    groupId,
    state,
    timers: new Map(),
    hashedRevision: -1,
    matchedRevision: -1,
    matchedAtMs: Number.NEGATIVE_INFINITY,
    isMatching: false,
    assigning: null,
  }
}

export function stateOf({ state }: ConsumerGroup): ConsumerGroupState {
  const { members, current } = state
  if (members.size === 0) return 'Empty'
  const assignmentEpoch = assignmentEpochOf(state)
  if (epochOf(state) > assignmentEpoch) return 'Assigning'
  for (const memberId of members.keys()) {
    const { memberEpoch, state: memberState } = current.get(memberId) ?? newcomer
    if (memberState !== stable || memberEpoch !== assignmentEpoch) return 'Reconciling'
  }
  return 'Stable'
}
