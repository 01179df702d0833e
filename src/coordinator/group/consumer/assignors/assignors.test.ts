/** What assignors promise, for random members and topics. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { result } from '../../steps.js'
import type { Partitions } from '../state.js'
import type { Assignor, AssignorInput, AssignorMember } from './assignor.js'
import { range as rangeSteps } from './range.js'
import { uniform as uniformSteps } from './uniform.js'

type Assign = (input: AssignorInput) => Map<string, Partitions>
const range: Assign = input => result(rangeSteps(input))
const uniform: Assign = input => result(uniformSteps(input))

const topicIds = ['t0', 't1', 't2', 't3']
interface Scene {
  readonly counts: readonly number[]
  /** Of each member: the topics it wants, and whether it is an instance. */
  readonly members: readonly { readonly wants: readonly string[]; readonly isInstance: boolean }[]
}

const anyScene = fc.record({
  counts: fc.array(fc.nat(7), { minLength: 4, maxLength: 4 }),
  members: fc.array(fc.record({ wants: fc.subarray(topicIds), isInstance: fc.boolean() }), { minLength: 1, maxLength: 7 }),
})
const sameWants = anyScene.map(({ counts, members }) => ({
  counts,
  members: members.map(({ isInstance }) => ({ isInstance, wants: members[0]!.wants })),
}))

function inputOf({ counts, members }: Scene, before: ReadonlyMap<string, Partitions> = new Map()): AssignorInput {
  return {
    partitionCount: topicId => counts[topicIds.indexOf(topicId)] ?? 0,
    members: members.map(({ wants, isInstance }, index): AssignorMember => {
      const memberId = `m${index}`
      const instanceId = isInstance ? `i${9 - index}` : null
      return { memberId, instanceId, topicIds: new Set(wants), assigned: before.get(memberId) ?? new Map() }
    }),
  }
}

const placesOf = (partitions: Partitions): string[] =>
  [...partitions].flatMap(([topicId, those]) => those.map(partition => `${topicId}:${partition}`))
const sizes = (assigned: ReadonlyMap<string, Partitions>): number[] => Array.from(assigned.values(), of => placesOf(of).length)

/** Every partition that somebody wants is somebody's who wants it, and nobody else's. */
function expectComplete(input: AssignorInput, assigned: ReadonlyMap<string, Partitions>): void {
  const places = [...assigned.values()].flatMap(placesOf)
  const wanted = new Set(input.members.flatMap(member => [...member.topicIds]))
  const all = [...wanted].flatMap(id => Array.from({ length: input.partitionCount(id) }, (_, partition) => `${id}:${partition}`))
  expect(places.sort()).toEqual(all.sort())
  for (const { memberId, topicIds: wants } of input.members) {
    for (const [topicId, those] of assigned.get(memberId)!) {
      expect(wants.has(topicId)).toBe(true)
      expect(those).toEqual([...those].sort((a, b) => a - b))
      expect(those.length).toBeGreaterThan(0)
    }
  }
}

describe.each<[string, Assign]>([
  ['range', range],
  ['uniform', uniform],
])('%s', (_, assign) => {
  test('gives every partition to one member that wants it, the same way for the same input', () => {
    fc.assert(
      fc.property(anyScene, scene => {
        const assigned = assign(inputOf(scene))
        expectComplete(inputOf(scene), assigned)
        const reversed = inputOf(scene)
        expect([...assign({ ...reversed, members: [...reversed.members].reverse() })].sort()).toEqual([...assigned].sort())
      }),
      { numRuns: 1000 },
    )
  })
})

test('range: members in order have partitions in a row, of each topic as many as the others give or take one', () => {
  fc.assert(
    fc.property(anyScene, scene => {
      const assigned = range(inputOf(scene))
      const ordered = [...inputOf(scene).members].sort((a, b) => {
        if ((a.instanceId === null) !== (b.instanceId === null)) return a.instanceId === null ? 1 : -1
        const [one, other] = [a.instanceId ?? a.memberId, b.instanceId ?? b.memberId]
        return one < other ? -1 : 1
      })
      for (const topicId of topicIds) {
        const those = ordered
          .filter(member => member.topicIds.has(topicId))
          .map(({ memberId }) => assigned.get(memberId)!.get(topicId) ?? [])
        expect(those.flat()).toEqual(those.flat().sort((a, b) => a - b))
        const counts = those.map(({ length }) => length)
        expect([...counts].sort((a, b) => b - a)).toEqual(counts)
        if (counts.length > 0) expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }
    }),
    { numRuns: 1000 },
  )
})

describe('uniform', () => {
  test('all have as many as the others, give or take one, where they want the same', () => {
    fc.assert(
      fc.property(sameWants, scene => {
        const counts = sizes(uniform(inputOf(scene)))
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }),
      { numRuns: 1000 },
    )
  })

  test('a member that goes and one that comes move only what they must', () => {
    fc.assert(
      fc.property(sameWants, scene => {
        const before = uniform(inputOf(scene))
        expect([...uniform(inputOf(scene, before))].sort()).toEqual([...before].sort())
        const more = { ...scene, members: [...scene.members, scene.members[0]!] }
        const after = uniform(inputOf(more, before))
        expect(kept(before, after)).toBe(sum(sizes(before)) - placesOf(after.get(`m${scene.members.length}`)!).length)
        if (scene.members.length < 2) return
        const fewer = { ...scene, members: scene.members.slice(0, -1) }
        const left = uniform(inputOf(fewer, before))
        for (const memberId of left.keys()) {
          expect(placesOf(left.get(memberId)!)).toEqual(expect.arrayContaining(placesOf(before.get(memberId)!)))
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('nobody has two more than somebody who could have one of them, where they want different topics', () => {
    fc.assert(
      fc.property(anyScene, anyScene, (scene, other) => {
        const before = uniform(inputOf(other))
        const input = inputOf(scene, before)
        const assigned = uniform(input)
        expectComplete(input, assigned)
        const load = (memberId: string): number => placesOf(assigned.get(memberId)!).length
        for (const { memberId } of input.members) {
          for (const topicId of assigned.get(memberId)!.keys()) {
            for (const receiver of input.members.filter(member => member.topicIds.has(topicId))) {
              expect(load(memberId) - load(receiver.memberId)).toBeLessThanOrEqual(1)
            }
          }
        }
      }),
      { numRuns: 1000 },
    )
  })
})

/** A thousand members of ten thousand partitions. */
describe('in small steps', () => {
  const ids = Array.from({ length: 100 }, (_, index) => `topic ${index}`)
  const partitionCount = (): number => 100
  const member = (index: number, wants: readonly string[]): AssignorMember => {
    return { memberId: `member ${index}`, instanceId: null, topicIds: new Set(wants), assigned: new Map() }
  }
  const all = Array.from({ length: 1000 }, (_, index) => member(index, ids))
  const some = Array.from({ length: 1000 }, (_, index) => member(index, index % 2 === 0 ? ids : ids.slice(index % 50)))

  /** What a turn of the event loop does: at most so many looks at what a member is or wants between two steps. */
  test.each<[string, Assignor, readonly AssignorMember[]]>([
    ['range', rangeSteps, all],
    ['uniform where all want the same', uniformSteps, all],
    ['uniform where they do not', uniformSteps, some],
  ])('%s', (_, assign, members) => {
    let looks = 0
    const watched = members.map(one => ({
      ...one,
      get memberId() {
        looks++
        return one.memberId
      },
    }))
    const steps = assign({ members: watched, partitionCount })
    let [count, most] = [0, 0]
    for (let next = steps.next(); next.done !== true; next = steps.next()) {
      count++
      most = Math.max(most, looks)
      looks = 0
    }
    expect(count).toBeGreaterThan(10_000)
    // All at once are looked at only where each costs next to nothing.
    expect(most).toBeLessThanOrEqual(2 * members.length)
  })
})

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

function kept(before: ReadonlyMap<string, Partitions>, after: ReadonlyMap<string, Partitions>): number {
  return sum(
    Array.from(before, ([memberId, those]) => {
      const now = new Set(placesOf(after.get(memberId) ?? new Map()))
      return placesOf(those).filter(one => now.has(one)).length
    }),
  )
}
