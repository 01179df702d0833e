/** The machine of classic groups and committed offsets: one command, one function. Files in commands/ say what each does. */
import { type Decision, type Env, type Machine, Turn } from '../machine.js'
import { apply, applyMarker } from './apply.js'
import type { GroupCommand } from './command.js'
import { commitOffsets } from './commands/commit-offsets.js'
import { deleteGroup } from './commands/delete-groups.js'
import { deleteOffsets, topicDeleted } from './commands/delete-offsets.js'
import { describe } from './commands/describe.js'
import { expireInitialDelay, expireJoin, expireMember, expireSync } from './commands/expire-members.js'
import { expireOffsets, scheduleOffsetExpiry } from './commands/expire-offsets.js'
import { fetchOffsets } from './commands/fetch-offsets.js'
import { heartbeat } from './commands/heartbeat.js'
import { announce, join } from './commands/join.js'
import { leave } from './commands/leave.js'
import { list } from './commands/list.js'
import { sync } from './commands/sync.js'
import type { GroupConfig } from './config.js'
import { armSession } from './membership.js'
import { restoreGroup } from './metadata.js'
import { prepareRebalance } from './rebalance.js'
import { decodeRecord, encodeRecord } from './records.js'
import { createGroup, type GroupRecord, type GroupShard, type GroupTurn } from './state.js'

export function groupMachine(config: () => GroupConfig): Machine<GroupShard, GroupCommand, GroupRecord> {
  return {
    create: () => ({ config, metadata: new Map(), offsets: new Map(), pendingOffsets: new Map(), groups: new Map() }),
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
    case 'heartbeat':
      heartbeat(shard, command, turn)
      break
    case 'commit-offsets':
      commitOffsets(shard, command, turn)
      break
    case 'fetch-offsets':
      fetchOffsets(shard, command, turn)
      break
    case 'join':
      join(shard, command, turn)
      break
    case 'sync':
      sync(shard, command, turn)
      break
    case 'leave':
      leave(shard, command, turn)
      break
    case 'describe':
      describe(shard, command, turn)
      break
    case 'list':
      list(shard, command, turn)
      break
    case 'delete-group':
      deleteGroup(shard, command, turn)
      break
    case 'delete-offsets':
      deleteOffsets(shard, command, turn)
      break
    case 'topic-deleted':
      topicDeleted(shard, command, turn)
      break
    case 'announce':
      announce(shard, command)
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
  for (const groupId of shard.offsets.keys()) {
    if (!shard.groups.has(groupId)) shard.groups.set(groupId, createGroup(groupId, env.nowMs))
  }
  for (const group of shard.groups.values()) {
    for (const member of group.members.values()) armSession(group, member, turn)
    // The bound was lowered while the group was down: the members rejoin, and the last to come find no room.
    if (group.members.size > shard.config().groupMaxSize) prepareRebalance(shard, group, turn)
  }
  scheduleOffsetExpiry(shard, turn)
  return turn
}
