/**
 * Per topic: members in order, instances first, each get the next partitions in a row, the first of them one more where they
 * cannot be shared evenly. Not sticky.
 */
import type { Uuid } from '../../../../base/ids.js'
import { inOrder, spent } from '../../steps.js'
import { type Assignor, type AssignorMember, byText } from './assignor.js'

export const range: Assignor = function* ({ members, partitionCount }) {
  const ordered = yield* inOrder(members, instancesFirst)
  const subscribers = new Map<Uuid, AssignorMember[]>()
  for (const member of ordered) {
    yield* spent(member.topicIds.size)
    for (const topicId of member.topicIds) {
      const others = subscribers.get(topicId)
      if (others === undefined) subscribers.set(topicId, [member])
      else others.push(member)
    }
  }
  const assignment = new Map(members.map(({ memberId }) => [memberId, new Map<Uuid, number[]>()]))
  for (const [topicId, those] of subscribers) {
    const count = partitionCount(topicId)
    const [share, rest] = [Math.floor(count / those.length), count % those.length]
    let next = 0
    for (const [at, { memberId }] of those.entries()) {
      const size = share + (at < rest ? 1 : 0)
      if (size === 0) break
      yield* spent(size)
      const from = next
      assignment.get(memberId)?.set(
        topicId,
        Array.from({ length: size }, (_, offset) => from + offset),
      )
      next += size
    }
  }
  return assignment
}

function instancesFirst(a: AssignorMember, b: AssignorMember): number {
  if (a.instanceId !== null && b.instanceId !== null) return byText(a.instanceId, b.instanceId)
  if (a.instanceId !== null) return -1
  return b.instanceId !== null ? 1 : byText(a.memberId, b.memberId)
}
