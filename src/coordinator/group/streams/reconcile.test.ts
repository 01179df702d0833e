import fc from 'fast-check'
import { expect, test } from 'vitest'
import { result } from '../steps.js'
import { assignSticky } from './assignors/sticky.js'
import {
  type CurrentAssignment,
  type Holders,
  isReconciledTo,
  mayGoOn,
  reconcile,
  stable,
  unreleasedTasks,
  unrevokedTasks,
} from './reconcile.js'
import { isSame, noHeldTasks, noTasks, type Role, roles, type Tasks } from './tasks.js'

const held = (...tasks: [string, number][]) => new Map(tasks)
const fresh: CurrentAssignment = {
  memberEpoch: 0,
  previousMemberEpoch: 0,
  state: stable,
  assigned: noHeldTasks,
  pendingRevocation: noHeldTasks,
}

/** Members by id, with their process and what they have. */
class Group implements Holders {
  readonly members = new Map<string, { readonly processId: string; current: CurrentAssignment }>()

  isHeld(role: Role, task: string): boolean {
    return [...this.members.values()].some(({ current }) => hasNow(current, role, task))
  }
  isHeldIn(processId: string, role: Role, task: string): boolean {
    return [...this.members.values()].some(member => member.processId === processId && hasNow(member.current, role, task))
  }
  beat(memberId: string, epoch: number, tasks: Partial<Tasks>, owned: Partial<Tasks> | null): CurrentAssignment {
    const member = this.members.get(memberId) as { readonly processId: string; current: CurrentAssignment }
    const target = { epoch, tasks: { ...noTasks, ...tasks } }
    const next = reconcile(member.current, member.processId, target, owned === null ? null : { ...noTasks, ...owned }, this)
    member.current = next
    return member.current
  }
}

const hasNow = ({ assigned, pendingRevocation }: CurrentAssignment, role: Role, task: string): boolean =>
  assigned[role].has(task) || pendingRevocation[role].has(task)

function groupOf(
  members: Readonly<Record<string, [processId: string, assigned?: Partial<CurrentAssignment['assigned']>]>>,
): Group {
  const group = new Group()
  for (const [memberId, [processId, assigned = {}]] of Object.entries(members)) {
    const memberEpoch = Object.keys(assigned).length === 0 ? 0 : 1
    const current = { ...fresh, memberEpoch, assigned: { ...noHeldTasks, ...assigned } }
    group.members.set(memberId, { processId, current })
  }
  return group
}

test('a member without tasks gets those that are free, in the epoch of the target', () => {
  const group = groupOf({ a: ['p1'] })
  expect(group.beat('a', 3, { active: new Set(['0_0']) }, {})).toEqual({
    ...fresh,
    memberEpoch: 3,
    assigned: { ...noHeldTasks, active: held(['0_0', 3]) },
  })
})

test('a member stays in its epoch until it has given up what it must', () => {
  const group = groupOf({ a: ['p1', { active: held(['0_0', 1], ['0_1', 1]) }] })
  const target = { active: new Set(['0_0', '0_2']) }
  const unrevoked = group.beat('a', 2, target, null)
  expect(unrevoked).toMatchObject({ memberEpoch: 1, state: unrevokedTasks })
  expect(unrevoked.assigned.active).toEqual(held(['0_0', 1]))
  expect(unrevoked.pendingRevocation.active).toEqual(held(['0_1', 1]))
  expect(group.beat('a', 2, target, { active: new Set(['0_0', '0_1']) })).toBe(unrevoked)
  expect(group.beat('a', 2, target, null)).toBe(unrevoked)
  const done = group.beat('a', 2, target, { active: new Set(['0_0']) })
  expect(done).toMatchObject({ memberEpoch: 2, state: stable })
  expect(done.assigned.active).toEqual(held(['0_0', 1], ['0_2', 2]))
})

test('an active task waits for every other member that has it', () => {
  const group = groupOf({ a: ['p1', { active: held(['0_0', 1]) }], b: ['p2'] })
  const b = { active: new Set(['0_0']) }
  expect(group.beat('b', 2, b, {})).toMatchObject({ memberEpoch: 2, state: unreleasedTasks, assigned: noHeldTasks })
  group.beat('a', 2, {}, { active: new Set(['0_0']) })
  expect(group.beat('b', 2, b, null).state).toBe(unreleasedTasks)
  group.beat('a', 2, {}, {})
  expect(group.beat('b', 2, b, null)).toMatchObject({ state: stable, assigned: { active: held(['0_0', 2]) } })
})

test('a copy of a task is made in a process only when the process has none', () => {
  const group = groupOf({ a1: ['p1', { active: held(['0_0', 1]) }], a2: ['p1'], b: ['p2'] })
  const standby = { standby: new Set(['0_0']) }
  expect(group.beat('a2', 2, standby, {}).state).toBe(unreleasedTasks)
  expect(group.beat('b', 2, standby, {}).state).toBe(stable)
})

test('an active task waits for a copy in another member of its process', () => {
  const group = groupOf({ a1: ['p1', { standby: held(['0_0', 0]) }], a2: ['p1'] })
  const a2 = { active: new Set(['0_0']) }
  expect(group.beat('a2', 2, a2, {}).state).toBe(unreleasedTasks)
  group.beat('a1', 2, {}, {})
  expect(group.beat('a2', 2, a2, {}).state).toBe(stable)
})

test('a standby becomes active in its member without being given up first', () => {
  const group = groupOf({ a: ['p1', { standby: held(['0_0', 0]) }] })
  const next = group.beat('a', 2, { active: new Set(['0_0']) }, null)
  expect(next).toMatchObject({ state: stable, memberEpoch: 2 })
  expect(next.assigned).toEqual({ ...noHeldTasks, active: held(['0_0', 2]) })
})

test('a standby that is to become active stays one until the task is free', () => {
  const group = groupOf({ a: ['p1', { standby: held(['0_0', 0]) }], b: ['p2', { active: held(['0_0', 1]) }] })
  const a = { active: new Set(['0_0']) }
  const waiting = group.beat('a', 2, a, null)
  expect(waiting.state).toBe(unreleasedTasks)
  expect(waiting.assigned).toEqual({ ...noHeldTasks, standby: held(['0_0', 0]) })
  group.beat('b', 2, {}, {})
  expect(group.beat('a', 2, a, null).assigned).toEqual({ ...noHeldTasks, active: held(['0_0', 2]) })
})

test('an active task becomes a standby of its member while it is given up', () => {
  const group = groupOf({ a: ['p1', { active: held(['0_0', 1]) }] })
  const next = group.beat('a', 2, { standby: new Set(['0_0']) }, null)
  expect(next.state).toBe(unrevokedTasks)
  expect(next.assigned).toEqual({ ...noHeldTasks, standby: held(['0_0', 0]) })
  expect(next.pendingRevocation.active).toEqual(held(['0_0', 1]))
})

test('a member in a state of a later version goes on when it has nothing', () => {
  const group = groupOf({ a: ['p1'] })
  const unknown = { ...fresh, memberEpoch: 1, state: 127 }
  expect(mayGoOn(unknown, null)).toBe(false)
  expect(mayGoOn(unknown, { ...noTasks, active: new Set(['0_0']) })).toBe(false)
  expect(mayGoOn(unknown, noTasks)).toBe(true)
  expect(reconcile(unknown, 'p1', { epoch: 2, tasks: noTasks }, noTasks, group)).toMatchObject({ memberEpoch: 2, state: stable })
})

test('what a member still has in the role of before waits for it, too', () => {
  // It was told that its standby is active now, did not hear of it, and the task is to go to another member of its process.
  const group = groupOf({ a1: ['p1', { standby: held(['0_0', 0]) }], a2: ['p1'] })
  group.beat('a1', 2, { active: new Set(['0_0']) }, null)
  const a2 = { active: new Set(['0_0']) }
  expect(group.beat('a1', 3, {}, { standby: new Set(['0_0']) })).toMatchObject({ memberEpoch: 2, state: unrevokedTasks })
  expect(group.beat('a2', 3, a2, {}).state).toBe(unreleasedTasks)
  expect(group.beat('a1', 3, {}, {})).toMatchObject({ memberEpoch: 3, state: stable })
  expect(group.beat('a2', 3, a2, {})).toMatchObject({ state: stable, assigned: { active: held(['0_0', 3]) } })
})

// ---- laws over random histories

interface Client {
  owned: Tasks
  /** The answer has not arrived yet. */
  told: CurrentAssignment | null
}

const step = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rebalance' as const), bits: fc.integer({ min: 1, max: 63 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('beat' as const), who: fc.nat(5), says: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hear' as const), who: fc.nat(5) }) },
)

function ownedOf({ assigned }: CurrentAssignment): Tasks {
  return {
    active: new Set(assigned.active.keys()),
    standby: new Set(assigned.standby.keys()),
    warmup: new Set(assigned.warmup.keys()),
  }
}

/** Six members in three processes, of which those of `bits` take part; the others are to give up what they have. */
class History {
  readonly group = new Group()
  readonly clients = new Map<string, Client>()
  epoch = 1
  targets = new Map<string, Tasks>()

  constructor() {
    for (let at = 0; at < 6; at++) {
      this.group.members.set(`m${at}`, { processId: `p${at >> 1}`, current: fresh })
      this.clients.set(`m${at}`, { owned: noTasks, told: null })
    }
  }
  rebalance(bits: number): void {
    const members = [...this.group.members]
      .filter((_, at) => (bits & (1 << at)) !== 0)
      .map(([memberId, { processId, current }]) => {
        const { active, standby } = current.assigned
        return { memberId, processId, active, standby, taskOffsets: new Map() }
      })
    this.epoch++
    this.targets = result(assignSticky(members, [{ subtopologyId: 's', taskCount: 5, isStateful: true }], 1))
  }
  beat(memberId: string, says: boolean): void {
    const client = this.clients.get(memberId) as Client
    const target = this.targets.get(memberId) ?? noTasks
    client.told = this.group.beat(memberId, this.epoch, target, says ? client.owned : null)
  }
  hear(memberId: string): void {
    const client = this.clients.get(memberId) as Client
    if (client.told !== null) client.owned = ownedOf(client.told)
  }
  /** What is wrong; a matcher for each task would take longer than all the rest. */
  problems(): string[] {
    const problems: string[] = []
    const running = new Set<string>()
    const copies = new Set<string>()
    for (const [memberId, { processId, current }] of this.group.members) {
      const { owned } = this.clients.get(memberId) as Client
      for (const task of owned.active) {
        if (running.has(task)) problems.push(`${task} runs twice`)
        if (!hasNow(current, 'active', task)) problems.push(`${task} runs in ${memberId}, which does not have it`)
        running.add(task)
      }
      for (const task of new Set(roles.flatMap(role => [...owned[role]]))) {
        const copy = `${task} in ${processId}`
        if (copies.has(copy)) problems.push(`${copy} twice`)
        copies.add(copy)
      }
    }
    return problems
  }
}

test('a task runs in one member and is in a process once, whatever is lost on the way; and all get what they are to have', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const history = new History()
      history.rebalance(63)
      for (const step of steps) {
        if (step.do === 'rebalance') history.rebalance(step.bits)
        if (step.do === 'beat') history.beat(`m${step.who}`, step.says)
        if (step.do === 'hear') history.hear(`m${step.who}`)
        expect(history.problems()).toEqual([])
      }
      // Bounded: every member needs to speak, give up, and take, each once after the others.
      for (let round = 0; round < 4; round++) {
        for (const memberId of history.group.members.keys()) {
          history.hear(memberId)
          history.beat(memberId, true)
          history.hear(memberId)
          expect(history.problems()).toEqual([])
        }
      }
      for (const [memberId, { current }] of history.group.members) {
        expect(isReconciledTo(current, history.epoch)).toBe(true)
        expect(isSame(ownedOf(current), history.targets.get(memberId) ?? noTasks)).toBe(true)
      }
    }),
    { numRuns: 2_000 },
  )
})
