/** The uniform assignor where members want different topics: whoever has least of those who want a partition gets it. */
import type { Uuid } from '../../../../base/ids.js'
import { inOrder, type Steps, spent } from '../../steps.js'
import type { Partitions } from '../state.js'
import { type AssignorInput, byText } from './assignor.js'

interface Topic {
  readonly topicId: Uuid
  /** Indexes of members. */
  readonly subscribers: number[]
  /** Partition → index of the member that has it, or -1. */
  readonly owners: Int32Array
}

/** Over all topics; after so many the rest is left as it is. */
const balancingPassesMax = 16

export function* spread({ members, partitionCount }: AssignorInput): Steps<Map<string, Partitions>> {
  const ordered = yield* inOrder(members, (a, b) => byText(a.memberId, b.memberId))
  const byId = new Map<Uuid, Topic>()
  for (const [index, { topicIds }] of ordered.entries()) {
    yield* spent(topicIds.size)
    for (const topicId of topicIds) {
      const known = byId.get(topicId)
      if (known !== undefined) known.subscribers.push(index)
      else byId.set(topicId, { topicId, subscribers: [index], owners: new Int32Array(partitionCount(topicId)).fill(-1) })
    }
  }
  // Those that leave least choice come first.
  const topics = yield* inOrder(
    byId.values(),
    (a, b) =>
      b.owners.length / b.subscribers.length - a.owners.length / a.subscribers.length ||
      a.subscribers.length - b.subscribers.length ||
      byText(a.topicId, b.topicId),
  )

  // 1. Everybody keeps what it has and still wants.
  const loads = new Int32Array(ordered.length)
  for (const [index, { assigned, topicIds }] of ordered.entries()) {
    for (const [topicId, partitions] of assigned) {
      const owners = topicIds.has(topicId) ? byId.get(topicId)?.owners : undefined
      yield* spent(partitions.length)
      for (const partition of partitions) {
        if (owners === undefined || owners[partition] !== -1) continue
        owners[partition] = index
        loads[index]!++
      }
    }
  }
  // 2. What nobody has goes to who has least.
  for (const topic of topics) yield* assignRest(topic, loads)
  // 3. What somebody has too much of goes to who has less.
  for (let pass = 0; pass < balancingPassesMax; pass++) {
    let moved = false
    for (const topic of topics) moved = (yield* balance(topic, loads)) || moved
    if (!moved) break
  }
  return yield* partitionsOf(topics, ordered)
}

function* assignRest({ subscribers, owners }: Topic, loads: Int32Array): Steps<void> {
  yield* spent(subscribers.length)
  const heap = new IndexHeap(subscribers, (a, b) => loads[a]! - loads[b]! || a - b)
  for (let partition = owners.length - 1; partition >= 0; partition--) {
    if (owners[partition] !== -1) continue
    yield
    const index = heap.first
    owners[partition] = index
    loads[index]!++
    heap.firstChanged()
  }
}

/** True when a partition of the topic has moved. Afterwards nobody who has one of them has two more than another subscriber. */
function* balance({ subscribers, owners }: Topic, loads: Int32Array): Steps<boolean> {
  const partitionsOfMember = new Map<number, number[]>()
  let least = Number.POSITIVE_INFINITY
  let most = 0
  for (const index of subscribers) least = Math.min(least, loads[index]!)
  for (const [partition, index] of owners.entries()) {
    const own = partitionsOfMember.get(index)
    if (own !== undefined) own.push(partition)
    else {
      partitionsOfMember.set(index, [partition])
      most = Math.max(most, loads[index]!)
    }
  }
  yield* spent(subscribers.length + 4 * owners.length)
  if (most - least <= 1) return false

  const receivers = new IndexHeap(subscribers, (a, b) => loads[a]! - loads[b]! || a - b)
  const givers = new IndexHeap([...partitionsOfMember.keys()], (a, b) => loads[b]! - loads[a]! || a - b)
  yield* spent(subscribers.length + partitionsOfMember.size)
  while (givers.size > 0) {
    yield
    const [giver, receiver] = [givers.first, receivers.first]
    if (loads[giver]! - loads[receiver]! <= 1) break
    const partition = partitionsOfMember.get(giver)!.pop()
    if (partition === undefined) {
      givers.removeFirst()
      continue
    }
    owners[partition] = receiver
    loads[giver]!--
    loads[receiver]!++
    givers.firstChanged()
    receivers.firstChanged()
  }
  return true
}

function* partitionsOf(topics: readonly Topic[], members: AssignorInput['members']): Steps<Map<string, Partitions>> {
  const assignment = members.map(() => new Map<Uuid, number[]>())
  for (const { topicId, owners } of topics) {
    for (const [partition, index] of owners.entries()) {
      yield
      const own = assignment[index]!
      const partitions = own.get(topicId)
      if (partitions === undefined) own.set(topicId, [partition])
      else partitions.push(partition)
    }
  }
  return new Map(members.map(({ memberId }, index) => [memberId, assignment[index]!]))
}

/** A heap of indexes whose first may change its place. */
class IndexHeap {
  readonly #items: number[]
  readonly #compare: (a: number, b: number) => number

  constructor(items: readonly number[], compare: (a: number, b: number) => number) {
    this.#items = [...items]
    this.#compare = compare
    for (let at = (this.#items.length >> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  get size(): number {
    return this.#items.length
  }
  get first(): number {
    return this.#items[0]!
  }

  removeFirst(): void {
    const last = this.#items.pop()
    if (last === undefined || this.#items.length === 0) return
    this.#items[0] = last
    this.firstChanged()
  }

  /** It is further behind now. */
  firstChanged(): void {
    this.#sink(0)
  }

  #sink(from: number): void {
    const items = this.#items
    const moving = items[from]!
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.#compare(items[child + 1]!, items[child]!) < 0) child++
      if (this.#compare(items[child]!, moving) >= 0) break
      items[at] = items[child]!
      at = child
    }
    items[at] = moving
  }
}
