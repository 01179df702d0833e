/**
 * As many partitions for every member as for any other, give or take one, and as few as possible in other hands than before.
 * Where members want different topics, nobody has two more than somebody who could have one of them.
 */
import type { Uuid } from '../../../../base/ids.js'
import { inOrder, type Steps, spent } from '../../steps.js'
import type { Partitions } from '../state.js'
import { type Assignor, type AssignorInput, byText, isHomogeneous } from './assignor.js'
import { spread } from './spread.js'

export const uniform: Assignor = function* (input) {
  return yield* (yield* isHomogeneous(input.members)) ? share(input) : spread(input)
}

/** All want the same: how many each gets is known beforehand. */
function* share({ members, partitionCount }: AssignorInput): Steps<Map<string, Partitions>> {
  const topicIds = yield* inOrder(members[0]?.topicIds ?? [], byText)
  const places = topicIds.map(topicId => ({ topicId, isTaken: new Uint8Array(partitionCount(topicId)) }))
  const placeOf = new Map(places.map(place => [place.topicId, place]))
  const total = places.reduce((sum, { isTaken }) => sum + isTaken.length, 0)
  const ordered = yield* inOrder(members, (a, b) => byText(a.memberId, b.memberId))
  const least = Math.floor(total / Math.max(ordered.length, 1))
  /** Members that get one more than the least. */
  let extras = total - least * ordered.length

  // 1. Everybody keeps what it has, up to its share. Those who have more come first for the extras.
  const shares = []
  for (const member of ordered) {
    const kept = new Map<Uuid, number[]>()
    let count = 0
    for (const [topicId, partitions] of member.assigned) {
      const place = placeOf.get(topicId)
      if (place === undefined) continue
      for (const partition of partitions) {
        yield
        if (partition >= place.isTaken.length || place.isTaken[partition] === 1) continue
        if (count === least) {
          if (extras === 0) break
          extras--
        } else if (count > least) break
        place.isTaken[partition] = 1
        put(kept, topicId, partition)
        count++
      }
    }
    shares.push({ memberId: member.memberId, kept, missing: least - count })
  }

  // 2. The rest goes to those who have less, in rows.
  const free = unassigned(places)
  for (const share of shares) {
    if (share.missing < 0) continue
    let missing = share.missing
    if (extras > 0) {
      extras--
      missing++
    }
    for (; missing > 0; missing--) {
      yield
      const { value } = free.next()
      if (value !== undefined) put(share.kept, value.topicId, value.partition)
    }
  }
  const assignment = new Map<string, Partitions>()
  for (const { memberId, kept } of shares) {
    for (const partitions of kept.values()) {
      yield* spent(partitions.length)
      partitions.sort((a, b) => a - b)
    }
    assignment.set(memberId, kept)
  }
  return assignment
}

interface Place {
  readonly topicId: Uuid
  readonly isTaken: Uint8Array
}

function* unassigned(places: readonly Place[]): Generator<{ topicId: Uuid; partition: number }, undefined> {
  for (const { topicId, isTaken } of places) {
    for (let partition = 0; partition < isTaken.length; partition++) if (isTaken[partition] === 0) yield { topicId, partition }
  }
}

function put(into: Map<Uuid, number[]>, topicId: Uuid, partition: number): void {
  const partitions = into.get(topicId)
  if (partitions === undefined) into.set(topicId, [partition])
  else partitions.push(partition)
}
