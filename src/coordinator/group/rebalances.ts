/**
 * Why groups of this shard rebalanced lately, for whoever wonders. Volatile: a restart forgets it. Nobody decides by it, and
 * between rebalances it costs nothing.
 */
import type { Command, GroupTurn } from './command.js'
import type { Cause, Rebalance } from './rebalance-cause.js'
import type { GroupShard } from './state.js'

/** Of one group. */
const rebalancesPerGroupMax = 20
/** Groups of a shard of which any are remembered: those that rebalanced last. */
const groupsRememberedMax = 64
/** Of what a client calls itself, and of what it gives as its reason [KIP-800]. */
const charsMax = 128

export function noteRebalance(
  { rebalances }: GroupShard,
  groupId: string,
  { reason, memberId, clientId, said = null }: Cause,
  { epoch, members }: Pick<Rebalance, 'epoch' | 'members'>,
  turn: GroupTurn,
): void {
  const rebalance = {
    atMs: turn.nowMs,
    epoch,
    reason,
    memberId: cut(memberId),
    clientId: cut(clientId),
    said: cut(said),
    members,
  }
  const ofGroup = rebalances.get(groupId) ?? []
  rebalances.delete(groupId)
  rebalances.set(groupId, ofGroup)
  ofGroup.push(rebalance)
  if (ofGroup.length > rebalancesPerGroupMax) ofGroup.shift()
  if (rebalances.size > groupsRememberedMax) rebalances.delete(rebalances.keys().next().value ?? '')
  turn.ifRefused(() => {
    const at = ofGroup.indexOf(rebalance)
    if (at >= 0) ofGroup.splice(at, 1)
  })
}

/** A copy: a part of a text keeps all of it. */
function cut(text: string | null): string | null {
  return text === null || text.length <= charsMax ? text : [...text.slice(0, charsMax)].join('')
}

/** Oldest first. A group of which nothing is remembered has none. */
export const describeRebalances: Command<{ readonly groupId: string }, readonly Rebalance[]> = {
  decide: (shard, { request, token }, turn) => turn.answer(token, [...(shard.rebalances.get(request.groupId) ?? [])]),
  failure: () => [],
}
