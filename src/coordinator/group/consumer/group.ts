/** A consumer group at work: what the log says of it, and caches. */
import { type ConsumerState, emptyState, stable } from './state.js'

export interface ConsumerGroup {
  readonly kind: 'consumer'
  readonly groupId: string
  readonly state: ConsumerState
}

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

/** `state`: what a replay found, if it found anything. */
export function createConsumerGroup(groupId: string, state = emptyState()): ConsumerGroup {
  return { kind: 'consumer', groupId, state }
}

export function stateOf({ state }: ConsumerGroup): ConsumerGroupState {
  const { members, current, epoch } = state
  if (members.size === 0) return 'Empty'
  const assignmentEpoch = state.assignmentEpoch ?? 0
  if ((epoch ?? 0) > assignmentEpoch) return 'Assigning'
  for (const memberId of members.keys()) {
    const { memberEpoch, state: memberState } = current.get(memberId) ?? nothingYet
    if (memberState !== stable || memberEpoch !== assignmentEpoch) return 'Reconciling'
  }
  return 'Stable'
}

const nothingYet = { memberEpoch: 0, state: stable }
