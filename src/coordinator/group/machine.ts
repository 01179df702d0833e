/** The machine of groups and committed offsets. What is asked says itself how it is decided; the rest is told here. */
import { type Decision, type Env, type Machine, Turn } from '../machine.js'
import { classicDeadlines } from './classic/deadlines.js'
import { createGroup } from './classic/group.js'
import { announce } from './classic/join.js'
import type { GroupCommand, GroupDeadline, GroupTurn } from './command.js'
import type { GroupConfig } from './config.js'
import { consumerDeadlines } from './consumer/deadlines.js'
import { kinds } from './kinds.js'
import { expireOffsets, scheduleOffsetExpiry } from './offsets/expire.js'
import { noPendingOffsets } from './offsets/pending.js'
import { applyMarker } from './offsets/records.js'
import { apply, decodeRecord, encodeRecord } from './records.js'
import type { GroupRecord, GroupShard } from './state.js'
import { streamsDeadlines } from './streams/deadlines.js'

export function groupMachine(config: () => GroupConfig): Machine<GroupShard, GroupCommand, GroupRecord> {
  return {
    create: () => ({
      config,
      metadata: new Map(),
      consumer: new Map(),
      streams: new Map(),
      offsets: new Map(),
      pendingOffsets: noPendingOffsets(),
      groups: new Map(),
      rebalances: new Map(),
    }),
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

/** What happens when the time of one has come. */
const deadlines: { readonly [Type in GroupDeadline['type']]: OnDeadline<Extract<GroupDeadline, { type: Type }>> } = {
  ...classicDeadlines,
  ...consumerDeadlines,
  ...streamsDeadlines,
  'expire-offsets': (shard, _command, turn) => expireOffsets(shard, turn),
}

type OnDeadline<Deadline> = (shard: GroupShard, deadline: Deadline, turn: GroupTurn) => void

function carryOut(shard: GroupShard, command: GroupCommand, turn: GroupTurn): void {
  if (command.type === 'asked' || command.type === 'go-on') command.decide(shard, turn)
  else if (command.type === 'announce') announce(shard, command.groupId)
  else (deadlines[command.type] as OnDeadline<GroupDeadline>)(shard, command, turn)
}

/** After a replay: groups are what their records say, and every member has a whole session to show that it lives. */
function load(shard: GroupShard, env: Env): Decision<GroupCommand, GroupRecord> {
  const turn: GroupTurn = new Turn(env)
  for (const kind of Object.values(kinds)) kind.load(shard, turn)
  for (const offsets of [shard.offsets, shard.pendingOffsets.byGroup]) {
    for (const groupId of offsets.keys()) {
      if (!shard.groups.has(groupId)) shard.groups.set(groupId, createGroup(groupId, env.nowMs))
    }
  }
  scheduleOffsetExpiry(shard, turn)
  return turn
}
