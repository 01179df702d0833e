/**
 * [KIP-98] Offsets that were committed in transactions which have not ended: the group's own at the commit, never at the abort.
 * What is later in the log wins, whenever the transaction before it ends. An offset that has lost stays pending all the
 * same: who asks for stable offsets waits until its transaction is over.
 */
import type { ProducerId } from '../../../base/ids.js'
import type { CommittedOffset, GroupShard, OffsetPlace, PendingOffsets, PendingPartition } from '../state.js'

export function noPendingOffsets(): PendingOffsets {
  return { byProducer: new Map(), byGroup: new Map(), count: 0, lastOrder: 0 }
}

export function isPending({ pendingOffsets }: GroupShard, groupId: string, topic: string, partition: number): boolean {
  return pendingOffsets.byGroup.get(groupId)?.get(topic)?.has(partition) === true
}

/** Where a group has offsets, committed or pending. */
export function* offsetPlacesOf(
  { offsets, pendingOffsets }: GroupShard,
  groupId: string,
): Generator<[topic: string, partition: number]> {
  const committed = offsets.get(groupId)
  for (const [topic, partitions] of committed ?? []) for (const partition of partitions.keys()) yield [topic, partition]
  for (const [topic, partitions] of pendingOffsets.byGroup.get(groupId) ?? []) {
    for (const partition of partitions.keys()) if (committed?.get(topic)?.has(partition) !== true) yield [topic, partition]
  }
}

export function addPending(pending: PendingOffsets, place: OffsetPlace, value: CommittedOffset, producerId: ProducerId): void {
  const partition = pendingAt(pending, place) ?? addPartition(pending, place)
  if (!partition.offsets.has(producerId)) pending.count++
  partition.offsets.set(producerId, { value, order: ++pending.lastOrder })
  const ofProducer = pending.byProducer.get(producerId)
  if (ofProducer === undefined) pending.byProducer.set(producerId, new Set([partition]))
  else ofProducer.add(partition)
}

/** An offset of no transaction came later than these. */
export function outdatePending(pending: PendingOffsets, place: OffsetPlace): void {
  const partition = pendingAt(pending, place)
  if (partition !== undefined) outdate(partition, pending.lastOrder)
}

/** The offset was deleted, and with it what was about to take its place. */
export function forgetPending(pending: PendingOffsets, place: OffsetPlace): void {
  const partition = pendingAt(pending, place)
  if (partition === undefined) return
  for (const producerId of [...partition.offsets.keys()]) removePending(pending, partition, producerId)
}

/** The transaction of this producer is over. Answers what the group's offsets become by it. */
export function endPending(pending: PendingOffsets, producerId: ProducerId, isCommit: boolean): Installed[] {
  const installed: Installed[] = []
  for (const place of [...(pending.byProducer.get(producerId) ?? [])]) {
    const offset = place.offsets.get(producerId)
    removePending(pending, place, producerId)
    if (!isCommit || offset == null) continue
    outdate(place, offset.order)
    installed.push({ place, value: offset.value })
  }
  return installed
}

interface Installed {
  readonly place: OffsetPlace
  readonly value: CommittedOffset
}

function outdate({ offsets }: PendingPartition, order: number): void {
  for (const [producerId, offset] of offsets) if (offset !== null && offset.order <= order) offsets.set(producerId, null)
}

function pendingAt({ byGroup }: PendingOffsets, { groupId, topic, partition }: OffsetPlace): PendingPartition | undefined {
  return byGroup.size === 0 ? undefined : byGroup.get(groupId)?.get(topic)?.get(partition)
}

function addPartition({ byGroup }: PendingOffsets, { groupId, topic, partition }: OffsetPlace): PendingPartition {
  const added: PendingPartition = { groupId, topic, partition, offsets: new Map() }
  const topics = byGroup.get(groupId) ?? new Map<string, Map<number, PendingPartition>>()
  byGroup.set(groupId, topics)
  const partitions = topics.get(topic) ?? new Map<number, PendingPartition>()
  topics.set(topic, partitions)
  partitions.set(partition, added)
  return added
}

function removePending(pending: PendingOffsets, partition: PendingPartition, producerId: ProducerId): void {
  const { byProducer, byGroup } = pending
  if (!partition.offsets.delete(producerId)) return
  pending.count--
  const ofProducer = byProducer.get(producerId)
  ofProducer?.delete(partition)
  if (ofProducer?.size === 0) byProducer.delete(producerId)
  if (partition.offsets.size > 0) return
  const topics = byGroup.get(partition.groupId)
  const partitions = topics?.get(partition.topic)
  partitions?.delete(partition.partition)
  if (partitions?.size === 0) topics?.delete(partition.topic)
  if (topics?.size === 0) byGroup.delete(partition.groupId)
}
