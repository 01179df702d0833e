/**
 * How a member comes from the tasks it has to those it is to have (KIP-1071). A task runs in one member only, and is on a
 * process once: what it is to get waits until whoever has it let go, and its epoch waits until it let go itself. Pure.
 *
 *              target differs                    revoked                  the rest is free
 *   stable ───────────────────▶ unrevoked ───────────────▶ unreleased ───────────────────▶ stable
 */
import { type HeldTasks, isEmpty, isSame, noHeldTasks, type Role, roles, type Tasks } from './tasks.js'

export const stable = 1
/** The member has to give up tasks first, and stays in its epoch until it has. */
export const unrevokedTasks = 2
/** Tasks that are to be the member's are not free yet. */
export const unreleasedTasks = 3

/** What a member has now; never changed, only replaced. */
export interface CurrentAssignment {
  readonly memberEpoch: number
  readonly previousMemberEpoch: number
  readonly state: number
  readonly assigned: HeldTasks
  readonly pendingRevocation: HeldTasks
}

/** Who has a task, or has not given it up yet. */
export interface Holders {
  isHeld(role: Role, task: string): boolean
  /** By any member of this process. */
  isHeldIn(processId: string, role: Role, task: string): boolean
}

export interface Target {
  readonly epoch: number
  readonly tasks: Tasks
}

export function isReconciledTo({ state, memberEpoch }: CurrentAssignment, targetEpoch: number): boolean {
  return state === stable && memberEpoch === targetEpoch
}

/** A state of a later version can be left only by a member that has nothing. */
export function mayGoOn({ state }: CurrentAssignment, owned: Tasks | null): boolean {
  return [stable, unrevokedTasks, unreleasedTasks].includes(state) || (owned !== null && isEmpty(owned))
}

/** `owned`: what the member says that it has; null when it did not say. The same object when nothing has changed. */
export function reconcile(
  current: CurrentAssignment,
  processId: string,
  target: Target,
  owned: Tasks | null,
  holders: Holders,
): CurrentAssignment {
  if (isReconciledTo(current, target.epoch)) return current
  if (current.state === unrevokedTasks && hasAny(owned, current.pendingRevocation, current.assigned)) return current
  const memberEpoch = current.state === unrevokedTasks ? current.memberEpoch + 1 : current.memberEpoch
  const next = nextAssignment(current, memberEpoch, processId, target, owned, holders)
  return isSameAssignment(current, next) ? current : next
}

/** Of one role: what stays, what goes, what comes now, and whether more is to come. */
interface Difference {
  readonly kept: Map<string, number>
  readonly revoked: Map<string, number>
  readonly granted: Map<string, number>
  readonly hasUnreleased: boolean
}

function nextAssignment(
  { memberEpoch: previousMemberEpoch, assigned }: CurrentAssignment,
  memberEpoch: number,
  processId: string,
  target: Target,
  owned: Tasks | null,
  holders: Holders,
): CurrentAssignment {
  const isBeside = (role: Role, task: string): boolean => !assigned[role].has(task) && holders.isHeldIn(processId, role, task)
  const active = difference(
    assigned.active,
    target.tasks.active,
    target.epoch,
    task => holders.isHeld('active', task) || isBeside('standby', task) || isBeside('warmup', task),
  )
  const standby = difference(assigned.standby, target.tasks.standby, 0, task => roles.some(role => isBeside(role, task)))
  const warmup = difference(
    assigned.warmup,
    target.tasks.warmup,
    0,
    task => holders.isHeldIn(processId, 'active', task) || isBeside('standby', task) || isBeside('warmup', task),
  )

  // 1. An active task becomes a standby of the same member at once: its state stays.
  for (const task of assigned.active.keys()) move(task, standby.granted, standby.kept)
  // 2. So does a copy of one kind become one of the other.
  for (const task of assigned.standby.keys()) if (move(task, warmup.granted, warmup.kept)) standby.revoked.delete(task)
  for (const task of assigned.warmup.keys()) if (move(task, standby.granted, standby.kept)) warmup.revoked.delete(task)
  // 3. A copy that is to become active is kept until it does.
  for (const [role, { revoked }] of [
    ['standby', standby],
    ['warmup', warmup],
  ] as const) {
    for (const task of assigned[role].keys()) if (target.tasks.active.has(task)) revoked.delete(task)
  }
  const pendingRevocation = { active: active.revoked, standby: standby.revoked, warmup: warmup.revoked }
  const kept = { active: active.kept, standby: standby.kept, warmup: warmup.kept }
  const mustRevoke = hasAny(owned, pendingRevocation, kept)
  for (const [role, { kept }] of [
    ['standby', standby],
    ['warmup', warmup],
  ] as const) {
    for (const task of assigned[role].keys()) {
      const isPromotedNow = !mustRevoke && active.granted.has(task)
      if (target.tasks.active.has(task) && !isPromotedNow) kept.set(task, 0)
    }
  }

  if (mustRevoke) return { memberEpoch, previousMemberEpoch, state: unrevokedTasks, assigned: kept, pendingRevocation }
  for (const { granted, kept } of [active, standby, warmup]) for (const [task, epoch] of granted) kept.set(task, epoch)
  return {
    memberEpoch: target.epoch,
    previousMemberEpoch,
    state: [active, standby, warmup].some(({ hasUnreleased }) => hasUnreleased) ? unreleasedTasks : stable,
    assigned: kept,
    pendingRevocation: noHeldTasks,
  }
}

function difference(
  current: ReadonlyMap<string, number>,
  target: ReadonlySet<string>,
  epoch: number,
  isUnreleased: (task: string) => boolean,
): Difference {
  const kept = new Map<string, number>()
  const revoked = new Map<string, number>()
  const granted = new Map<string, number>()
  let hasUnreleased = false
  for (const [task, since] of current) (target.has(task) ? kept : revoked).set(task, since)
  for (const task of target) {
    if (kept.has(task)) continue
    if (isUnreleased(task)) hasUnreleased = true
    else granted.set(task, epoch)
  }
  return { kept, revoked, granted, hasUnreleased }
}

function move(task: string, from: Map<string, number>, to: Map<string, number>): boolean {
  if (!from.delete(task)) return false
  to.set(task, 0)
  return true
}

/**
 * Whether the member still has one of these; one that does not say has. Also in another role, which it may not keep: it has not
 * heard of the one that it was given last.
 */
function hasAny(owned: Tasks | null, tasks: HeldTasks, kept: HeldTasks): boolean {
  if (isEmpty(tasks)) return false
  if (owned === null) return true
  return roles.some(role => {
    for (const task of tasks[role].keys()) {
      if (roles.some(other => owned[other].has(task) && (other === role || !kept[other].has(task)))) return true
    }
    return false
  })
}

function isSameAssignment(one: CurrentAssignment, other: CurrentAssignment): boolean {
  return (
    one.memberEpoch === other.memberEpoch &&
    one.previousMemberEpoch === other.previousMemberEpoch &&
    one.state === other.state &&
    isSame(one.assigned, other.assigned) &&
    isSame(one.pendingRevocation, other.pendingRevocation)
  )
}
