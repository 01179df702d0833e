/** Offsets in transactions against Kafka's rule: a commit installs what is later in the log than what is there. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { groupConfigDefaults } from '../config.js'
import { groupMachine } from '../machine.js'
import { apply } from '../records.js'
import type { GroupShard } from '../state.js'
import { applyMarker } from './records.js'

type Step =
  | { readonly do: 'commit' | 'delete'; readonly group: number; readonly partition: number }
  | { readonly do: 'commit in'; readonly group: number; readonly partition: number; readonly producer: number }
  | { readonly do: 'end'; readonly producer: number; readonly isCommit: boolean }

const place = { group: fc.nat(1), partition: fc.nat(1) }
const producer = fc.nat(2)
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom('commit' as const, 'delete' as const), ...place }),
    fc.record({ do: fc.constant('commit in' as const), ...place, producer }),
    fc.record({ do: fc.constant('commit in' as const), ...place, producer }),
    fc.record({ do: fc.constant('end' as const), producer, isCommit: fc.boolean() }),
  ),
  { maxLength: 40 },
)

/** The place in the log is the offset that is committed. */
function take(shard: GroupShard, step: Step, at: number): void {
  if (step.do === 'end') {
    const producer = { producerId: step.producer, producerEpoch: 0 }
    applyMarker(shard, { producer, isCommit: step.isCommit, coordinatorEpoch: 0 })
    return
  }
  const committed = { offset: at, leaderEpoch: -1, metadata: '', commitTimestampMs: 0, expireTimestampMs: -1 }
  const value = step.do === 'delete' ? null : committed
  const record = { type: 'offset' as const, groupId: `g${step.group}`, topic: 't', partition: step.partition, value }
  apply(shard, record, step.do === 'commit in' ? { producerId: step.producer, producerEpoch: 0 } : null)
}

/** OffsetMetadataManager in a dozen lines: every offset with its place in the log. */
class Reference {
  readonly committed = new Map<string, number>()
  readonly pending = new Map<number, Map<string, number>>()

  take(step: Step, at: number): void {
    if (step.do === 'end') {
      for (const [key, place] of step.isCommit ? (this.pending.get(step.producer) ?? []) : []) {
        if (place > (this.committed.get(key) ?? -1)) this.committed.set(key, place)
      }
      this.pending.delete(step.producer)
      return
    }
    const key = `g${step.group} t ${step.partition}`
    if (step.do === 'commit') this.committed.set(key, at)
    else if (step.do === 'commit in') {
      const own = this.pending.get(step.producer) ?? new Map<string, number>()
      this.pending.set(step.producer, own.set(key, at))
    } else {
      this.committed.delete(key)
      for (const own of this.pending.values()) own.delete(key)
    }
  }

  get pendingKeys(): string[] {
    return [...this.pending].flatMap(([producerId, own]) => Array.from(own.keys(), key => `${producerId} ${key}`)).sort()
  }
}

const machine = groupMachine(() => groupConfigDefaults)

function committedOf({ offsets }: GroupShard): [string, unknown][] {
  return [...offsets].flatMap(([group, topics]) =>
    [...topics].flatMap(([topic, partitions]) =>
      Array.from(partitions, ([partition, { offset }]): [string, unknown] => [`${group} ${topic} ${partition}`, offset]),
    ),
  )
}

/** Both ways to what is pending must come to the same. */
function pendingOf({ pendingOffsets: { byProducer, byGroup, count } }: GroupShard): string[] {
  const ways = [
    [...byProducer].flatMap(([producerId, places]) => Array.from(places, place => ({ producerId, place }))),
    [...byGroup.values()].flatMap(topics =>
      [...topics.values()].flatMap(partitions =>
        [...partitions.values()].flatMap(place => Array.from(place.offsets.keys(), producerId => ({ producerId, place }))),
      ),
    ),
  ].map(way => way.map(({ producerId, place }) => `${producerId} ${place.groupId} ${place.topic} ${place.partition}`).sort())
  expect(ways[0]).toEqual(ways[1])
  expect(count).toBe(ways[0]?.length)
  return ways[0] ?? []
}

test('whatever is committed, deleted and ended in whatever order, the offsets are those of Kafka’s rule', () => {
  fc.assert(
    fc.property(steps, history => {
      const shard = machine.create()
      const reference = new Reference()
      for (const [at, step] of history.entries()) {
        take(shard, step, at)
        reference.take(step, at)
        expect(committedOf(shard).sort()).toEqual([...reference.committed].sort())
        expect(pendingOf(shard)).toEqual(reference.pendingKeys)
      }
      for (const producerId of [0, 1, 2]) take(shard, { do: 'end', producer: producerId, isCommit: false }, 0)
      expect(pendingOf(shard)).toEqual([])
      expect(shard.pendingOffsets.byGroup.size).toBe(0)
    }),
    { numRuns: 2000 },
  )
})
