/**
 * Tasks of a streams group (KIP-1071). A task is one partition of a subtopology, here under Kafka's name for it,
 * "subtopology_partition". Lists of tasks are in one order, subtopologies by name and partitions by number, so that equal tasks
 * are equal bytes in the log.
 */
import type { Decoded } from '../../../protocol/schema.js'
import type { StreamsGroupCurrentMemberAssignmentValue } from '../../../protocol/state/streams-group.js'

/** Standbys keep a copy of an active task's state; warm-ups build one to become active, and nothing hands them out so far. */
export const roles = ['active', 'standby', 'warmup'] as const
export type Role = (typeof roles)[number]

export type Tasks = { readonly [R in Role]: ReadonlySet<string> }
/** Task → epoch in which it was assigned; 0 where that does not count, which is for all but active ones. */
export type HeldTasks = { readonly [R in Role]: ReadonlyMap<string, number> }

export interface TaskIds {
  readonly subtopologyId: string
  readonly partitions: readonly number[]
}

export const noTasks: Tasks = { active: new Set(), standby: new Set(), warmup: new Set() }
export const noHeldTasks: HeldTasks = { active: new Map(), standby: new Map(), warmup: new Map() }

export const taskOf = (subtopologyId: string, partition: number): string => `${subtopologyId}_${partition}`

export function subtopologyOf(task: string): string {
  return task.slice(0, task.lastIndexOf('_'))
}

export function partitionOf(task: string): number {
  return Number(task.slice(task.lastIndexOf('_') + 1))
}

export function tasksFrom(lists: { readonly [R in Role]: readonly TaskIds[] }): Tasks {
  return { active: setFrom(lists.active), standby: setFrom(lists.standby), warmup: setFrom(lists.warmup) }
}

export function setFrom(list: readonly TaskIds[]): ReadonlySet<string> {
  const tasks = new Set<string>()
  for (const { subtopologyId, partitions } of list) {
    for (const partition of partitions) tasks.add(taskOf(subtopologyId, partition))
  }
  return tasks
}

export function listOf(tasks: Iterable<string>): TaskIds[] {
  const bySubtopology = new Map<string, number[]>()
  for (const task of tasks) {
    const subtopologyId = subtopologyOf(task)
    const partitions = bySubtopology.get(subtopologyId)
    if (partitions === undefined) bySubtopology.set(subtopologyId, [partitionOf(task)])
    else partitions.push(partitionOf(task))
  }
  const lists = Array.from(bySubtopology, ([subtopologyId, partitions]) => ({
    subtopologyId,
    partitions: partitions.sort((a, b) => a - b),
  }))
  return lists.sort((a, b) => (a.subtopologyId < b.subtopologyId ? -1 : 1))
}

export function isEmpty(tasks: Tasks | HeldTasks): boolean {
  return roles.every(role => tasks[role].size === 0)
}

export function isSame(one: Tasks | HeldTasks, other: Tasks | HeldTasks): boolean {
  return roles.every(role => {
    const a = one[role]
    const b = other[role]
    if (a.size !== b.size) return false
    for (const task of a.keys()) {
      if (!b.has(task)) return false
      if (a instanceof Map && b instanceof Map && a.get(task) !== b.get(task)) return false
    }
    return true
  })
}

type HeldIds = Decoded<(typeof StreamsGroupCurrentMemberAssignmentValue)['fields']>['activeTasks'][number]

/** [KIP-1251] Without epochs of their own the tasks are of the member's epoch. */
export function activeFrom(list: readonly HeldIds[], memberEpoch: number): ReadonlyMap<string, number> {
  const tasks = new Map<string, number>()
  for (const { subtopologyId, partitions, assignmentEpochs } of list) {
    const epochs = assignmentEpochs?.length === partitions.length ? assignmentEpochs : null
    for (const [at, partition] of partitions.entries()) tasks.set(taskOf(subtopologyId, partition), epochs?.[at] ?? memberEpoch)
  }
  return tasks
}

export function heldFrom(list: readonly TaskIds[]): ReadonlyMap<string, number> {
  const tasks = new Map<string, number>()
  for (const task of setFrom(list)) tasks.set(task, 0)
  return tasks
}

export function activeListOf(tasks: ReadonlyMap<string, number>): (TaskIds & { readonly assignmentEpochs: number[] })[] {
  return listOf(tasks.keys()).map(({ subtopologyId, partitions }) => ({
    subtopologyId,
    partitions,
    assignmentEpochs: partitions.map(partition => tasks.get(taskOf(subtopologyId, partition)) ?? 0),
  }))
}
