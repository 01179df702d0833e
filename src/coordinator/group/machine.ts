/** The machine of groups and committed offsets. What is asked says itself how it is decided; the rest is told here. */
import { type Decision, type Env, type Machine, Turn } from '../machine.js'
import { apply, applyMarker } from './apply.js'
import { expireInitialDelay, expireJoin, expireMember, expireSync } from './classic/expire-members.js'
import { createGroup } from './classic/group.js'
import { announce } from './classic/join.js'
import { armSession } from './classic/membership.js'
import { restoreGroup } from './classic/metadata.js'
import { prepareRebalance } from './classic/rebalance.js'
import type { GroupCommand, GroupTurn } from './command.js'
import type { GroupConfig } from './config.js'
import { expireOffsets, scheduleOffsetExpiry } from './offsets/expire.js'
import { noPendingOffsets } from './offsets/pending.js'
import { decodeRecord, encodeRecord } from './records.js'
import type { GroupRecord, GroupShard } from './state.js'

export function groupMachine(config: () => GroupConfig): Machine<GroupShard, GroupCommand, GroupRecord> {
  return {
    create: () => ({ config, metadata: new Map(), offsets: new Map(), pendingOffsets: noPendingOffsets(), groups: new Map() }),
    load,
    decide(shard, command, env) {
      const turn: GroupTurn = new Turn(env)
      carryOut(shard, command, turn)
      return turn
    },
    apply,
    applyMarker,
    encode: encodeRecord,
    decode: decodeRecord,
  }
}

function carryOut(shard: GroupShard, command: GroupCommand, turn: GroupTurn): void {
  switch (command.type) {
    case 'asked':
      command.decide(shard, turn)
      break
    case 'announce':
      announce(shard, command.groupId)
      break
    case 'expire-member':
      expireMember(shard, command, turn)
      break
    case 'expire-join':
      expireJoin(shard, command, turn)
      break
    case 'expire-initial-delay':
      expireInitialDelay(shard, command, turn)
      break
    case 'expire-sync':
      expireSync(shard, command, turn)
      break
    case 'expire-offsets':
      expireOffsets(shard, turn)
      break
  }
}

/** After a replay: groups are what their records say, and every member has a whole session to show that it lives. */
function load(shard: GroupShard, env: Env): Decision<GroupCommand, GroupRecord> {
  const turn: GroupTurn = new Turn(env)
  for (const [groupId, metadata] of shard.metadata) shard.groups.set(groupId, restoreGroup(groupId, metadata))
  for (const offsets of [shard.offsets, shard.pendingOffsets.byGroup]) {
    for (const groupId of offsets.keys()) {
      if (!shard.groups.has(groupId)) shard.groups.set(groupId, createGroup(groupId, env.nowMs))
    }
  }
  for (const group of shard.groups.values()) {
    for (const member of group.members.values()) armSession(group, member, turn)
    // The bound was lowered while the group was down: the members rejoin, and the last to come find no room.
    if (group.members.size > shard.config().groupMaxSize) prepareRebalance(shard, group, turn)
  }
  scheduleOffsetExpiry(shard, turn)
  return turn
}
