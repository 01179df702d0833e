// How long a group is not whole, peer beside peer: from the arrival of a member, and from the end of a dead one's session, until
// all partitions are owned; and what the heartbeats of those who only wait cost. Sessions are equally long everywhere, and what
// they take is not counted. Once nothing waits for more members on purpose, once both wait as Kafka does by default.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Comparison, Figure, Target } from './lib/comparison.js'
import { CpuWatch } from './lib/cpu-watch.js'
import { absentEntries, type CompareOptions, type Contender, compare, firstLine, newFolder } from './lib/fleet.js'
import { quiet } from './lib/proc.js'
import { GroupMembers, type Protocol } from './load/group-members.js'
import { nextTopicName } from './load/produce-load.js'
import { makeTopic, type Topic } from './load/requests.js'
import type { RunningPeer } from './peers/peer.js'

const figures: readonly Figure[] = [
  { key: 'gathered', unit: 'all arrive ms', isLowerBetter: true },
  { key: 'gatheredCpu', unit: 'all arrive CPU ms', isLowerBetter: true, isHeadline: true },
  { key: 'arrival', unit: 'arrival ms', isLowerBetter: true, isHeadline: true },
  { key: 'death', unit: 'death ms', isLowerBetter: true, isHeadline: true },
  { key: 'cpu', unit: 'CPU ms', isLowerBetter: true, isHeadline: true },
]
const targets: readonly Target[] = [
  { figure: 'arrival', to: 'kafka', atMost: 1 },
  { figure: 'death', to: 'kafka', atMost: 1 },
  { figure: 'cpu', to: 'kafka', atMost: 0.5 },
]
const idleFigures: readonly Figure[] = [{ key: 'cpu', unit: 'CPU ms/s', isLowerBetter: true, isHeadline: true }]
const idleTargets: readonly Target[] = [{ figure: 'cpu', to: 'kafka', atMost: 0.5 }]

const protocols: readonly Protocol[] = ['classic', 'consumer']
const sizes = { full: [10, 100, 1000], quick: [10] }
const idle = { members: { full: 1000, quick: 100 }, seconds: { full: 20, quick: 4 } }
const partitionsPerMember = 2
const heartbeatMs = 1_000
/** Kafka's defaults, of its clients and of its broker. */
const idleHeartbeatMs = { classic: 3_000, consumer: 5_000 }
const sessionTimeoutMs = 9_000
const quietChecksMax = 20

const sessions = {
  'group.consumer.min.session.timeout.ms': String(sessionTimeoutMs),
  'group.consumer.session.timeout.ms': String(sessionTimeoutMs),
  'group.consumer.min.heartbeat.interval.ms': String(heartbeatMs),
  'group.consumer.heartbeat.interval.ms': String(heartbeatMs),
}
interface Intervals {
  readonly title: string
  readonly properties: Readonly<Record<string, string>>
  readonly isInQuick: boolean
}
const intervals: readonly Intervals[] = [
  {
    title: 'intervals 0',
    properties: { 'group.consumer.assignment.interval.ms': '0', 'group.initial.rebalance.delay.ms': '0' },
    isInQuick: true,
  },
  {
    title: "Kafka's intervals",
    properties: { 'group.consumer.assignment.interval.ms': '1000', 'group.initial.rebalance.delay.ms': '3000' },
    isInQuick: false,
  },
]

type Report = (comparison: Comparison) => void

interface Peers {
  readonly running: readonly RunningPeer[]
  readonly absent: Comparison['entries']
}

export async function groups(options: CompareOptions, report: Report): Promise<void> {
  for (const { title, properties, isInQuick } of intervals) {
    if (options.isQuick && !isInQuick) continue
    await withPeers(options, { ...sessions, ...properties }, async peers => {
      for (const protocol of protocols) {
        for (const size of options.isQuick ? sizes.quick : sizes.full) {
          const what = `groups: ${protocol}, ${size.toLocaleString('en')} members, ${title}`
          await ask(what, peers, options, figures, targets, report, (peer, topic) => changes(peer, topic, protocol, size))
        }
        const size = options.isQuick ? idle.members.quick : idle.members.full
        const what = `groups: ${protocol}, ${size.toLocaleString('en')} idle members, ${title}`
        const seconds = options.isQuick ? idle.seconds.quick : idle.seconds.full
        const run = (peer: RunningPeer, topic: Topic) => idling(peer, topic, protocol, size, seconds)
        if (isInQuick) await ask(what, peers, options, idleFigures, idleTargets, report, run)
      }
    })
  }
}

/** Those that have both protocols. */
async function withPeers(
  options: CompareOptions,
  properties: Readonly<Record<string, string>>,
  use: (peers: Peers) => Promise<void>,
): Promise<void> {
  const running: RunningPeer[] = []
  const absent = absentEntries(options)
  try {
    for (const { peer } of options.present) {
      if (peer.id === 'kfake' || peer.id === 'mock') {
        absent.push({ name: peer.id, notRun: 'takes no configs' })
        continue
      }
      options.progress(`starting ${peer.id}`)
      try {
        running.push(await peer.start({ directory: newFolder(options.scratch, peer.id), properties }))
      } catch (error) {
        if (peer.id === 'gregor') throw error
        absent.push({ name: peer.id, notRun: firstLine(error) })
      }
    }
    await use({ running, absent })
  } finally {
    for (const peer of running) await peer.stop()
  }
}

async function ask(
  title: string,
  { running, absent }: Peers,
  options: CompareOptions,
  asked: readonly Figure[],
  aims: readonly Target[],
  report: Report,
  run: (peer: RunningPeer, topic: Topic) => Promise<Record<string, number>>,
): Promise<void> {
  if (!title.includes(options.load)) return
  const topics = new Map<RunningPeer, Topic>()
  const contenders: Contender[] = running.map(peer => ({
    name: peer.name,
    isLimit: false,
    async run() {
      const members = Number(/([\d,]+) (?:idle )?members/.exec(title)?.[1]?.replaceAll(',', ''))
      const topic = topics.get(peer) ?? (await makeTopic(peer, nextTopicName(), partitionsPerMember * members))
      topics.set(peer, topic)
      return await run(peer, topic)
    },
  }))
  const id = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  const entries = [...(await compare(title, contenders, options)), ...absent]
  report({ id, question: 'groups', title, figures: asked, entries, targets: aims })
}

let groupCount = 0

/** All come, one more comes, one dies. Processor time is that of the last two, with what is sent and heard meanwhile. */
async function changes(peer: RunningPeer, topic: Topic, protocol: Protocol, size: number): Promise<Record<string, number>> {
  const groupId = `bench-${++groupCount}`
  const members = new GroupMembers(peer, { groupId, protocol, topic, heartbeatMs, sessionTimeoutMs })
  try {
    const gathering = new CpuWatch(peer.pid)
    const beganMs = performance.now()
    const all = await members.add(size)
    const gathered = (await members.owned(all)) - beganMs
    const gatheredCpu = gathering.seconds() * 1000
    await quiet(peer.pid, quietChecksMax)
    const watch = new CpuWatch(peer.pid)
    const cameMs = performance.now()
    const newcomers = await members.add(1)
    const arrival = (await members.owned(newcomers)) - cameMs
    // Not just when somebody's heartbeat is due whom the change is about: that would be all or nothing.
    await sleep(heartbeatMs / 2)
    const heardMs = await members.kill(all[0]!)
    const death = (await members.owned()) - (heardMs + sessionTimeoutMs)
    return { gathered, gatheredCpu, arrival, death, cpu: watch.seconds() * 1000 }
  } finally {
    members.close()
  }
}

async function idling(
  peer: RunningPeer,
  topic: Topic,
  protocol: Protocol,
  size: number,
  seconds: number,
): Promise<Record<string, number>> {
  const shape = { groupId: `bench-${++groupCount}`, protocol, topic, heartbeatMs: idleHeartbeatMs[protocol], sessionTimeoutMs }
  const members = new GroupMembers(peer, shape)
  try {
    await members.owned(await members.add(size))
    await sleep(shape.heartbeatMs)
    const before = members.heartbeats
    const watch = new CpuWatch(peer.pid)
    await sleep(seconds * 1000)
    const cpu = watch.seconds()
    const due = (size * seconds * 1000) / shape.heartbeatMs
    if (members.heartbeats - before < due * 0.9) throw new Error(`${members.heartbeats - before} heartbeats where ${due} are due`)
    return { cpu: (cpu / seconds) * 1000 }
  } finally {
    members.close()
  }
}
