/**
 * The assignor "sticky" of streams groups (KIP-1071). Active tasks stay where they are, go where their state is, or go to the
 * least loaded process, in this order and up to a quota for each member; so do their standbys, never two of a task in one
 * process. Pure, and the same for the same members in any order.
 */
import { inOrder, type Steps } from '../../steps.js'
import { noTasks, type Tasks, taskOf } from '../tasks.js'
import { LeastLoaded } from './least-loaded.js'

export interface AssignedMember {
  readonly memberId: string
  /** Members of one process share what it has on its disk. */
  readonly processId: string
  readonly active: ReadonlySet<string> | ReadonlyMap<string, unknown>
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

/** A step for a task or so. */
export function* assignSticky(
  members: readonly AssignedMember[],
  subtopologies: readonly AssignedSubtopology[],
  standbyReplicas: number,
): Steps<Map<string, Tasks>> {
  const sorted = yield* inOrder(members, (a, b) => compare(a.memberId, b.memberId))
  const group = groupOf(sorted)
  const ordered = yield* inOrder(subtopologies, (a, b) => compare(a.subtopologyId, b.subtopologyId))
  const active = yield* tasksOf(ordered)
  const stateful = yield* tasksOf(ordered.filter(({ isStateful }) => isStateful))
  const work: Work = {
    active: quotaOf(active.bySubtopology.length, members.length),
    total: quotaOf(active.bySubtopology.length + stateful.bySubtopology.length * standbyReplicas, members.length),
  }
  const before = yield* history(sorted, group.members)

  yield* assignActive(active, group.processes, before, work)
  if (standbyReplicas > 0) yield* assignStandby(stateful, group.processes, before, work.total, standbyReplicas)
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

/** The same tasks in two orders. */
interface OrderedTasks {
  readonly bySubtopology: readonly string[]
  /** Partitions of the same number together, in the order of their subtopologies. */
  readonly byPartition: readonly string[]
}

function* tasksOf(subtopologies: readonly AssignedSubtopology[]): Steps<OrderedTasks> {
  const bySubtopology: string[] = []
  const ofPartition: string[][] = []
  for (const { subtopologyId, taskCount } of subtopologies) {
    for (let partition = 0; partition < taskCount; partition++) {
      yield
      const task = taskOf(subtopologyId, partition)
      bySubtopology.push(task)
      const others = ofPartition[partition]
      if (others === undefined) ofPartition[partition] = [task]
      else others.push(task)
    }
  }
  const byPartition: string[] = []
  for (const tasks of ofPartition) {
    for (const task of tasks) {
      yield
      byPartition.push(task)
    }
  }
  return { bySubtopology, byPartition }
}

/** Who had a task, and who has its state: standbys first, then who is furthest. */
interface History {
  readonly active: ReadonlyMap<string, Member>
  readonly standby: ReadonlyMap<string, readonly Member[]>
}

function* history(sorted: readonly AssignedMember[], members: ReadonlyMap<string, Member>): Steps<History> {
  const active = new Map<string, Member>()
  const candidates = new Map<string, { readonly member: Member; readonly isStandby: boolean; readonly offset: number }[]>()
  for (const { memberId, active: tasks, standby, taskOffsets } of sorted) {
    const member = members.get(memberId) as Member
    const add = (task: string, isStandby: boolean, offset: number): void => {
      const known = candidates.get(task)
      if (known === undefined) candidates.set(task, [{ member, isStandby, offset }])
      else known.push({ member, isStandby, offset })
    }
    for (const task of tasks.keys()) {
      yield
      active.set(task, member)
    }
    for (const task of standby.keys()) {
      yield
      add(task, true, taskOffsets.get(task) ?? 0)
    }
    for (const [task, offset] of taskOffsets) {
      yield
      if (!standby.has(task)) add(task, false, offset)
    }
  }
  const standby = new Map<string, readonly Member[]>()
  for (const [task, known] of candidates) {
    const byState = yield* inOrder(known, (a, b) => Number(b.isStandby) - Number(a.isStandby) || b.offset - a.offset)
    standby.set(
      task,
      byState.map(({ member }) => member),
    )
  }
  return { active, standby }
}

function* assignActive(tasks: OrderedTasks, processes: readonly Process[], before: History, work: Work): Steps<void> {
  const give = (task: string, member: Member): void => {
    add(member, task, member.active)
    use(work.active, member.load)
    use(work.total, member.load)
  }
  // 1. Where a task was.
  const moved: string[] = []
  for (const task of tasks.byPartition) {
    yield
    const member = before.active.get(task)
    if (member !== undefined && member.load < work.active.perMember) give(task, member)
    else moved.push(task)
  }
  // 2. Where its state is.
  const rest = new Set<string>()
  for (const task of moved) {
    const member = yield* leastLoadedOf(before.standby.get(task), null)
    if (member !== null && member.load < work.active.perMember) give(task, member)
    else rest.add(task)
  }
  // 3. Where there is room.
  const queue = new LeastLoaded(processes)
  const membersOf = memberQueues()
  for (const task of tasks.bySubtopology) {
    yield
    if (!rest.has(task)) continue
    const process = queue.pop()
    if (process === null) return
    membersOf(process, member => give(task, member))
    queue.push(process)
  }
}

function* assignStandby(
  tasks: OrderedTasks,
  processes: readonly Process[],
  before: History,
  quota: Quota,
  replicas: number,
): Steps<void> {
  const give = (task: string, member: Member): void => {
    add(member, task, member.standby)
    use(quota, member.load)
  }
  const hasRoom = (task: string, member: Member | null | undefined): member is Member =>
    member !== null && member !== undefined && !member.process.tasks.has(task) && member.load < quota.perMember

  /** Task → how many of its standbys. */
  const rest = new Map<string, number>()
  for (const task of backwards(tasks.byPartition)) {
    for (let replica = 0; replica < replicas; replica++) {
      const active = before.active.get(task)
      const member = hasRoom(task, active) ? active : yield* leastLoadedOf(before.standby.get(task), task)
      if (hasRoom(task, member)) give(task, member)
      else {
        rest.set(task, replicas - replica)
        break
      }
    }
  }
  const queue = new LeastLoaded(processes)
  const membersOf = memberQueues()
  for (const task of backwards(tasks.bySubtopology)) {
    yield
    for (let left = rest.get(task) ?? 0; left > 0; left--) {
      // Few processes have the task already: as many as it has copies.
      const passed: Process[] = []
      let process = queue.pop()
      while (process?.tasks.has(task) === true) {
        yield
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

function* backwards<Item>(items: readonly Item[]): Generator<Item> {
  for (let at = items.length - 1; at >= 0; at--) yield items[at] as Item
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
function* leastLoadedOf(members: readonly Member[] | undefined, absent: string | null): Steps<Member | null> {
  let least: Member | null = null
  yield
  for (const member of members ?? []) {
    yield
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

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
