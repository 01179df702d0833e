import type { GroupTurn } from '../command.js'
import type { ConsumerGroup } from './group.js'

/** All that the log knows of the group but its offsets, in Kafka's order. */
export function writeTombstones({ groupId, state }: ConsumerGroup, turn: GroupTurn): void {
  for (const memberId of state.current.keys()) turn.write({ type: 'consumer-current', key: { groupId, memberId }, value: null })
  for (const memberId of state.targets.keys()) turn.write({ type: 'consumer-target', key: { groupId, memberId }, value: null })
  turn.write({ type: 'consumer-target-epoch', key: { groupId }, value: null })
  for (const memberId of state.members.keys()) turn.write({ type: 'consumer-member', key: { groupId, memberId }, value: null })
  turn.write({ type: 'consumer-partition-metadata', key: { groupId }, value: null })
  for (const regularExpression of state.regexes.keys()) {
    turn.write({ type: 'consumer-regex', key: { groupId, regularExpression }, value: null })
  }
  turn.write({ type: 'consumer-epoch', key: { groupId }, value: null })
}
