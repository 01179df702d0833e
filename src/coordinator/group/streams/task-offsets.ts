/** How far members are with the state of tasks, as they say now and then: where a task goes may depend on it. Volatile. */
import { isRefusal, type Refusal } from '../../../protocol/errors.js'
import type { StreamsGroup, TaskOffsets } from './group.js'
import { type HeartbeatRequest, invalid } from './heartbeat-request.js'
import { taskOf } from './tasks.js'

/** What all members of a group have told; who tells more is not remembered. */
export const taskOffsetsPerGroupMax = 100_000

type Reported = HeartbeatRequest['taskOffsets']

/** What is to be kept of this report; null when there is none. */
export function reportedOffsets(group: StreamsGroup, request: HeartbeatRequest): TaskOffsets | Refusal | null {
  const { taskOffsets, taskEndOffsets } = request
  if (taskOffsets === null && taskEndOffsets === null) return null
  const before = group.taskOffsets.get(request.memberId)
  const offsets = byTask(taskOffsets)
  if (offsets !== null && isRefusal(offsets)) return offsets
  const endOffsets = byTask(taskEndOffsets)
  if (endOffsets !== null && isRefusal(endOffsets)) return endOffsets
  return { offsets: offsets ?? before?.offsets ?? new Map(), endOffsets: endOffsets ?? before?.endOffsets ?? new Map() }
}

function byTask(reported: Reported): ReadonlyMap<string, number> | Refusal | null {
  if (reported === null) return null
  const offsets = new Map<string, number>()
  for (const { subtopologyId, partition, offset } of reported) {
    const task = taskOf(subtopologyId, partition)
    if (offsets.has(task)) {
      const what = `subtopology ${subtopologyId} and partition ${partition}`
      return invalid(`Task offsets contain a duplicate entry for ${what}.`)
    }
    offsets.set(task, Number(offset))
  }
  return offsets
}

export function keepOffsets(group: StreamsGroup, memberId: string, told: TaskOffsets): void {
  const sizeOf = ({ offsets, endOffsets }: TaskOffsets): number => offsets.size + endOffsets.size
  let others = 0
  for (const [id, known] of group.taskOffsets) if (id !== memberId) others += sizeOf(known)
  if (others + sizeOf(told) <= taskOffsetsPerGroupMax) group.taskOffsets.set(memberId, told)
  else group.taskOffsets.delete(memberId)
}
