import fc from 'fast-check'
import { expect, test } from 'vitest'
import { result } from '../../steps.js'
import { noTasks, type Tasks, taskOf } from '../tasks.js'
import { type AssignedMember, type AssignedSubtopology, assignSticky } from './sticky.js'

interface Members {
  readonly [memberId: string]: string
}

const stateful = (subtopologyId: string, taskCount: number): AssignedSubtopology => ({
  subtopologyId,
  taskCount,
  isStateful: true,
})
const stateless = (subtopologyId: string, taskCount: number): AssignedSubtopology => ({
  ...stateful(subtopologyId, taskCount),
  isStateful: false,
})

/** Members by their process, with what they had. */
function assign(
  members: Members,
  subtopologies: readonly AssignedSubtopology[],
  {
    standbys = 0,
    before = new Map(),
    offsets = {},
  }: {
    standbys?: number
    before?: ReadonlyMap<string, Tasks>
    offsets?: Readonly<Record<string, Readonly<Record<string, number>>>>
  } = {},
): Map<string, Tasks> {
  const assigned = Object.entries(members).map(([memberId, processId]): AssignedMember => {
    const { active, standby } = before.get(memberId) ?? noTasks
    return { memberId, processId, active, standby, taskOffsets: new Map(Object.entries(offsets[memberId] ?? {})) }
  })
  return result(assignSticky(assigned, subtopologies, standbys))
}

function has(tasks: Map<string, Tasks>, memberId: string): { active: string[]; standby: string[] } {
  const { active, standby } = tasks.get(memberId) ?? noTasks
  return { active: [...active].sort(), standby: [...standby].sort() }
}

test('tasks without a history are spread evenly', () => {
  const tasks = assign({ a: 'p1', b: 'p2' }, [stateless('0', 3), stateless('1', 3)])
  expect([has(tasks, 'a').active.length, has(tasks, 'b').active.length]).toEqual([3, 3])
})

test('a process with two threads gets twice the tasks', () => {
  const tasks = assign({ a1: 'p1', a2: 'p1', b: 'p2' }, [stateless('0', 6)])
  expect(['a1', 'a2', 'b'].map(member => has(tasks, member).active.length)).toEqual([2, 2, 2])
})

test('a task stays where it was while its member has room', () => {
  const before = new Map([['b', { ...noTasks, active: new Set(['0_0', '0_1']) }]])
  const tasks = assign({ a: 'p1', b: 'p2' }, [stateless('0', 4)], { before })
  expect(has(tasks, 'b').active).toEqual(['0_0', '0_1'])
})

test('a task whose member is gone goes to its standby', () => {
  const before = new Map([['c', { ...noTasks, active: new Set(['0_1']), standby: new Set(['0_0']) }]])
  const tasks = assign({ b: 'p2', c: 'p3' }, [stateful('0', 2)], { before })
  expect(has(tasks, 'c').active).toEqual(['0_1'])
  expect(has(tasks, 'b').active).toEqual(['0_0'])
  const roomy = assign({ b: 'p2', c: 'p3' }, [stateful('0', 4)], { before })
  expect(has(roomy, 'c').active).toEqual(['0_0', '0_1'])
})

test('a task goes to who says to have its state, if nobody had it', () => {
  const offsets = { b: { '0_0': 7 }, c: { '0_0': 9 } }
  expect(has(assign({ a: 'p1', b: 'p2', c: 'p3' }, [stateful('0', 1)], { offsets }), 'c').active).toEqual(['0_0'])
})

test('standbys are made of stateful tasks only, and in other processes than their task', () => {
  const tasks = assign({ a: 'p1', b: 'p2' }, [stateful('0', 2), stateless('1', 2)], { standbys: 1 })
  for (const member of ['a', 'b']) {
    const { active, standby } = has(tasks, member)
    expect(standby).toHaveLength(1)
    expect(active).not.toContain(standby[0])
    expect(standby[0]).toMatch(/^0_/)
  }
})

test('with too few processes there are fewer standbys', () => {
  const tasks = assign({ a1: 'p1', a2: 'p1' }, [stateful('0', 4)], { standbys: 2 })
  for (const member of ['a1', 'a2']) expect(has(tasks, member).standby).toEqual([])
})

test('without members nothing is assigned', () => {
  expect(assign({}, [stateful('0', 4)], { standbys: 1 }).size).toBe(0)
})

// ---- laws over random histories

const subtopologies = fc
  .array(fc.record({ taskCount: fc.integer({ min: 1, max: 9 }), isStateful: fc.boolean() }), { minLength: 1, maxLength: 4 })
  .map(list => list.map((one, at): AssignedSubtopology => ({ subtopologyId: `s${at}`, ...one })))
const history = fc.record({
  subtopologies,
  standbys: fc.integer({ min: 0, max: 2 }),
  // Each step a set of members, by bits: 4 processes with up to 2 threads.
  steps: fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 6 }),
})

const membersOf = (bits: number): Members =>
  Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7].filter(bit => (bits & (1 << bit)) !== 0).map(bit => [`m${bit}`, `p${bit >> 1}`]))

const all = (subtopologies: readonly AssignedSubtopology[]): string[] =>
  subtopologies.flatMap(({ subtopologyId, taskCount }) => Array.from({ length: taskCount }, (_, p) => taskOf(subtopologyId, p)))

test('every task has one member, and each process has it once, with as many standbys as there is room for', () => {
  fc.assert(
    fc.property(history, ({ subtopologies, standbys, steps }) => {
      let before = new Map<string, Tasks>()
      for (const bits of steps) {
        const members = membersOf(bits)
        before = assign(members, subtopologies, { standbys, before })
        const actives = [...before.values()].flatMap(({ active }) => [...active])
        expect(actives.sort()).toEqual(all(subtopologies).sort())
        const places = new Map<string, string[]>()
        for (const [memberId, { active, standby }] of before) {
          for (const task of [...active, ...standby]) {
            places.set(task, [...(places.get(task) ?? []), members[memberId] as string])
          }
        }
        const processes = new Set(Object.values(members)).size
        for (const { subtopologyId, taskCount, isStateful } of subtopologies) {
          for (let partition = 0; partition < taskCount; partition++) {
            const copies = places.get(taskOf(subtopologyId, partition)) ?? []
            const count = isStateful ? Math.min(processes, standbys + 1) : 1
            if (copies.length !== count || new Set(copies).size !== count) expect(copies).toHaveLength(count)
          }
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('no member has more active tasks than the largest even share', () => {
  fc.assert(
    fc.property(history, ({ subtopologies, steps }) => {
      let before = new Map<string, Tasks>()
      for (const bits of steps) {
        before = assign(membersOf(bits), subtopologies, { before })
        const counts = Array.from(before.values(), ({ active }) => active.size)
        const share = Math.ceil(all(subtopologies).length / counts.length)
        expect(Math.max(...counts)).toBeLessThanOrEqual(share)
      }
    }),
    { numRuns: 500 },
  )
})

test('nothing moves when nothing has changed', () => {
  fc.assert(
    fc.property(history, ({ subtopologies, standbys, steps: [bits = 1] }) => {
      const members = membersOf(bits)
      let before = assign(members, subtopologies, { standbys })
      for (let times = 0; times < 2; times++) {
        const next = assign(members, subtopologies, { standbys, before })
        for (const memberId of Object.keys(members)) {
          expect(has(next, memberId).active).toEqual(has(before, memberId).active)
        }
        before = next
      }
    }),
    { numRuns: 500 },
  )
})

test('a member that is new takes no more than its share from others', () => {
  fc.assert(
    fc.property(history, ({ subtopologies, steps: [bits = 1] }) => {
      const members = membersOf(bits)
      const before = assign(members, subtopologies)
      const grown = { ...members, new: 'p9' }
      const after = assign(grown, subtopologies, { before })
      const share = Math.ceil(all(subtopologies).length / Object.keys(grown).length)
      let moved = 0
      for (const memberId of Object.keys(members)) {
        for (const task of before.get(memberId)?.active ?? []) if (!after.get(memberId)?.active.has(task)) moved++
      }
      expect(moved).toBeLessThanOrEqual(share)
    }),
    { numRuns: 500 },
  )
})

test('the order of members does not matter', () => {
  const forth = assign({ a: 'p1', b: 'p2', c: 'p3' }, [stateful('0', 7)], { standbys: 1 })
  const back = assign({ c: 'p3', b: 'p2', a: 'p1' }, [stateful('0', 7)], { standbys: 1 })
  for (const member of ['a', 'b', 'c']) expect(has(back, member)).toEqual(has(forth, member))
})
