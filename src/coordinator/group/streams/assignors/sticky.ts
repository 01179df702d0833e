/**
 * The assignor "sticky" of streams groups (KIP-1071). Active tasks stay where they are, go where their state is, or go to the
 * least loaded process, in this order and up to a quota for each member; so do their standbys, never two of a task in one
 * process. Pure, and the same for the same members in any order.
 */
import { noTasks, type Tasks, taskOf } from '../tasks.js'
import { LeastLoaded } from './least-loaded.js'

export interface AssignedMember {
  readonly memberId: string
  /** Members of one process share what it has on its disk. */
  readonly processId: string
  readonly active: Iterable<string>
  readonly standby: ReadonlySet<string> | ReadonlyMap<string, unknown>
  /** Task → how far its state is that the member has on its disk, as it said last; assigned to it or not. */
  readonly taskOffsets: ReadonlyMap<string, number>
}

export interface AssignedSubtopology {
  readonly subtopologyId: string
  readonly taskCount: number
  readonly isStateful: boolean
}

interface Member {
  readonly memberId: string
  readonly process: Process
  readonly order: number
  readonly active: Set<string>
  readonly standby: Set<string>
  /** Of its tasks. */
  load: number
}

interface Process {
  readonly order: number
  readonly members: Member[]
  readonly tasks: Set<string>
  taskCount: number
  /** Tasks for each member. */
  load: number
}

/** How many tasks a member may have, so that what is left is enough for the others. */
interface Quota {
  tasks: number
  members: number
  perMember: number
}

interface Work {
  readonly active: Quota
  readonly total: Quota
}

interface Task {
  readonly name: string
  readonly subtopologyId: string
  readonly partition: number
}

export function assignSticky(
  members: readonly AssignedMember[],
  subtopologies: readonly AssignedSubtopology[],
  standbyReplicas: number,
): Map<string, Tasks> {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
  const group = groupOf(sorted)
  const active = tasksOf(subtopologies)
  const stateful = tasksOf(subtopologies.filter(({ isStateful }) => isStateful))
  const work: Work = {
    active: quotaOf(active.length, members.length),
    total: quotaOf(active.length + stateful.length * standbyReplicas, members.length),
  }
  const before = history(sorted, group.members)

  assignActive(active, group.processes, before, work)
  if (standbyReplicas > 0) assignStandby(stateful, group.processes, before, work.total, standbyReplicas)
  return new Map(
    Array.from(group.members, ([memberId, { active, standby }]) => [memberId, { ...noTasks, active, standby }] as const),
  )
}

function groupOf(sorted: readonly AssignedMember[]): {
  readonly members: ReadonlyMap<string, Member>
  readonly processes: readonly Process[]
} {
  const members = new Map<string, Member>()
  const processes = new Map<string, Process>()
  for (const { memberId, processId } of sorted) {
    const process = processes.get(processId) ?? { order: processes.size, members: [], tasks: new Set(), taskCount: 0, load: 0 }
    processes.set(processId, process)
    const member = { memberId, process, order: members.size, active: new Set<string>(), standby: new Set<string>(), load: 0 }
    process.members.push(member)
    members.set(memberId, member)
  }
  return { members, processes: [...processes.values()] }
}

function tasksOf(subtopologies: readonly AssignedSubtopology[]): Task[] {
  const tasks: Task[] = []
  for (const { subtopologyId, taskCount } of subtopologies) {
    for (let partition = 0; partition < taskCount; partition++) {
      tasks.push({ name: taskOf(subtopologyId, partition), subtopologyId, partition })
    }
  }
  return tasks
}

/** Who had a task, and who has its state: standbys first, then who is furthest. */
interface History {
  readonly active: ReadonlyMap<string, Member>
  readonly standby: ReadonlyMap<string, readonly Member[]>
}

function history(sorted: readonly AssignedMember[], members: ReadonlyMap<string, Member>): History {
  const active = new Map<string, Member>()
  const candidates = new Map<string, { readonly member: Member; readonly isStandby: boolean; readonly offset: number }[]>()
  for (const { memberId, active: tasks, standby, taskOffsets } of sorted) {
    const member = members.get(memberId) as Member
    const add = (task: string, isStandby: boolean, offset: number): void => {
      const known = candidates.get(task)
      if (known === undefined) candidates.set(task, [{ member, isStandby, offset }])
      else known.push({ member, isStandby, offset })
    }
    for (const task of tasks) active.set(task, member)
    for (const task of standby.keys()) add(task, true, taskOffsets.get(task) ?? 0)
    for (const [task, offset] of taskOffsets) if (!standby.has(task)) add(task, false, offset)
  }
  const standby = new Map<string, readonly Member[]>()
  for (const [task, known] of candidates) {
    known.sort((a, b) => Number(b.isStandby) - Number(a.isStandby) || b.offset - a.offset)
    standby.set(
      task,
      known.map(({ member }) => member),
    )
  }
  return { active, standby }
}

function assignActive(tasks: readonly Task[], processes: readonly Process[], before: History, work: Work): void {
  const give = (task: Task, member: Member): void => {
    add(member, task.name, member.active)
    use(work.active, member.load)
    use(work.total, member.load)
  }
  // 1. Where a task was.
  const moved: Task[] = []
  for (const task of [...tasks].sort(byPartition)) {
    const member = before.active.get(task.name)
    if (member !== undefined && member.load < work.active.perMember) give(task, member)
    else moved.push(task)
  }
  // 2. Where its state is.
  const rest: Task[] = []
  for (const task of moved) {
    const member = leastLoadedOf(before.standby.get(task.name), null)
    if (member !== null && member.load < work.active.perMember) give(task, member)
    else rest.push(task)
  }
  // 3. Where there is room.
  const queue = new LeastLoaded(processes)
  const membersOf = memberQueues()
  for (const task of rest.sort(bySubtopology)) {
    const process = queue.pop()
    if (process === null) return
    membersOf(process, member => give(task, member))
    queue.push(process)
  }
}

function assignStandby(
  tasks: readonly Task[],
  processes: readonly Process[],
  before: History,
  quota: Quota,
  replicas: number,
): void {
  const give = (task: Task, member: Member): void => {
    add(member, task.name, member.standby)
    use(quota, member.load)
  }
  const hasRoom = (task: Task, member: Member | null | undefined): member is Member =>
    member !== null && member !== undefined && !member.process.tasks.has(task.name) && member.load < quota.perMember

  const rest: { readonly task: Task; readonly replicas: number }[] = []
  for (const task of [...tasks].sort((a, b) => byPartition(b, a))) {
    for (let replica = 0; replica < replicas; replica++) {
      const active = before.active.get(task.name)
      const member = hasRoom(task, active) ? active : leastLoadedOf(before.standby.get(task.name), task.name)
      if (hasRoom(task, member)) give(task, member)
      else {
        rest.push({ task, replicas: replicas - replica })
        break
      }
    }
  }
  const queue = new LeastLoaded(processes)
  const membersOf = memberQueues()
  for (const { task, replicas } of rest.sort((a, b) => bySubtopology(b.task, a.task))) {
    for (let replica = 0; replica < replicas; replica++) {
      // Few processes have the task already: as many as it has copies.
      const passed: Process[] = []
      let process = queue.pop()
      while (process?.tasks.has(task.name) === true) {
        passed.push(process)
        process = queue.pop()
      }
      for (const one of passed) queue.push(one)
      if (process === null) break
      membersOf(process, member => give(task, member))
      queue.push(process)
    }
  }
}

/** In a process the member with the fewest tasks; the queues are made when one is needed, and loads change in them only. */
function memberQueues(): (process: Process, give: (member: Member) => void) => void {
  const queues = new Map<Process, LeastLoaded<Member>>()
  return (process, give) => {
    const queue = queues.get(process) ?? new LeastLoaded(process.members)
    queues.set(process, queue)
    const member = queue.pop()
    if (member === null) return
    give(member)
    queue.push(member)
  }
}

function add(member: Member, task: string, tasks: Set<string>): void {
  const { process } = member
  tasks.add(task)
  member.load++
  process.tasks.add(task)
  process.taskCount++
  process.load = process.taskCount / process.members.length
}

/** Kafka's choice: another one only where both its process and itself have less to do. `absent`: a task they may not have. */
function leastLoadedOf(members: readonly Member[] | undefined, absent: string | null): Member | null {
  let least: Member | null = null
  for (const member of members ?? []) {
    if (absent !== null && member.process.tasks.has(absent)) continue
    if (least === null || (member.process.load < least.process.load && member.load < least.load)) least = member
  }
  return least
}

function quotaOf(tasks: number, members: number): Quota {
  return { tasks, members, perMember: members === 0 ? 0 : Math.ceil(tasks / members) }
}

/** A member that has reached it takes its tasks out of the account. */
function use(quota: Quota, taskCount: number): void {
  if (taskCount !== quota.perMember) return
  quota.members--
  quota.tasks -= taskCount
  quota.perMember = quota.members === 0 ? 0 : Math.ceil(quota.tasks / quota.members)
}

function byPartition(a: Task, b: Task): number {
  return a.partition - b.partition || compare(a.subtopologyId, b.subtopologyId)
}

function bySubtopology(a: Task, b: Task): number {
  return compare(a.subtopologyId, b.subtopologyId) || a.partition - b.partition
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
