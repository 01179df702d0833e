/**
 * Who is to have what in a group, worked out and written over several turns of the event loop where one is not enough. Until it
 * is done members have what they had; then the next heartbeat of each brings it what is new.
 */
import type { GroupTurn } from './command.js'
import type { Group, GroupRecord } from './state.js'
import { goOn, type WritingSteps } from './steps.js'

/** `state.members`: those of the moment. */
interface Assigned {
  readonly groupId: string
  readonly state: { readonly members: ReadonlyMap<string, unknown> }
  /** The steps that are being done. Whoever makes them useless puts null here. */
  assigning: object | null
}

type TargetRecord = GroupRecord & { readonly key: { readonly groupId: string; readonly memberId?: string } }

/** Null when a turn is not enough. */
export function assign<Rec extends TargetRecord, Result>(
  group: Assigned & Group,
  steps: WritingSteps<Rec, Result>,
  stepsMax: number,
  turn: GroupTurn,
): Result | null {
  group.assigning = steps
  return doTurn(group, steps, stepsMax, turn, turn.write.bind(turn))
}

function doTurn<Rec extends TargetRecord, Result>(
  group: Assigned & Group,
  steps: WritingSteps<Rec, Result>,
  stepsMax: number,
  turn: GroupTurn,
  write: (record: Rec) => void,
): Result | null {
  const done = goOn(steps, stepsMax, write)
  if (done !== null) group.assigning = null
  else turn.later = { type: 'go-on', decide: (shard, later) => goOnWith(shard.groups, group, steps, stepsMax, later) }
  turn.ifRefused(() => {
    group.assigning = null
  })
  return done === null ? null : done.result
}

function goOnWith<Rec extends TargetRecord, Result>(
  groups: ReadonlyMap<string, Group>,
  group: Assigned & Group,
  steps: WritingSteps<Rec, Result>,
  stepsMax: number,
  turn: GroupTurn,
): void {
  if (groups.get(group.groupId) !== group || group.assigning !== steps) return
  doTurn(group, steps, stepsMax, turn, record => {
    const { memberId } = record.key
    // Who has left since gets nothing; what it was to get is for the group's next epoch.
    if (memberId === undefined || group.state.members.has(memberId)) turn.write(record)
  })
}
