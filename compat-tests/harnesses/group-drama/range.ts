/** Kafka's range assignor for one topic: members in the order of their ids get consecutive partitions, the first ones more. */
export function rangeAssignment(memberIds: readonly string[], partitionCount: number): Map<string, number[]> {
  const sorted = [...memberIds].sort()
  const assignment = new Map<string, number[]>()
  let next = 0
  for (const [index, memberId] of sorted.entries()) {
    const share = Math.floor(partitionCount / sorted.length) + (index < partitionCount % sorted.length ? 1 : 0)
    assignment.set(
      memberId,
      Array.from({ length: share }, () => next++),
    )
  }
  return assignment
}
