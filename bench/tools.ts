// The tools that everybody measures brokers with: Kafka's own for producing, consuming and latency, and kcat, which is
// librdkafka. What they report is what users will see, and often their own limit; beside it stands what the broker spent.
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { javaArgs, kafkaClasspath } from '../compat-tests/lib/maven.js'
import { run } from '../compat-tests/lib/processes.js'
import type { Comparison, Figure, Target } from './lib/comparison.js'
import { CpuWatch } from './lib/cpu-watch.js'
import { type CompareOptions, type Contender, compare, type Fleet } from './lib/fleet.js'
import { quiet } from './lib/proc.js'
import { nextTopicName } from './load/produce-load.js'
import { makeTopic, removeTopic, type Topic, untilLogHolds } from './load/requests.js'
import type { RunningPeer } from './peers/peer.js'

const rateFigures: readonly Figure[] = [
  { key: 'megabytesPerSecond', unit: 'MB/s', isLowerBetter: false, isHeadline: true },
  { key: 'cpuPerGigabyte', unit: 'broker CPU s/GB', isLowerBetter: true, isHeadline: true },
]
const latencyFigures: readonly Figure[] = [
  { key: 'p50', unit: 'p50 ms', isLowerBetter: true, isHeadline: true },
  { key: 'p99', unit: 'p99 ms', isLowerBetter: true, isHeadline: true },
  { key: 'p999', unit: 'p99.9 ms', isLowerBetter: true },
  { key: 'average', unit: 'average ms', isLowerBetter: true, isHeadline: true },
]
const rateTargets: readonly Target[] = [{ figure: 'megabytesPerSecond', to: 'kafka', atLeast: 1.5 }]

const recordBytes = 1000
const records = { full: 1_000_000, quick: 100_000 }
const latencyRecords = { full: 5000, quick: 1000 }
const toolTimeoutMs = 5 * 60_000
const quietChecksMax = 20
const mebibyte = 1024 * 1024
const megabyte = 1e6
/** As Kafka's scripts give the tools. */
const toolJvmArgs = ['-Xmx512M', '-XX:+UseG1GC']

/** A program that reads or writes a whole topic, or says how long it waited. */
interface Tool {
  readonly id: string
  readonly title: string
  readonly figures: readonly Figure[]
  readonly targets: readonly Target[]
  /** Whether it reads what another one has to write first. */
  readonly reads: boolean
  use(peer: RunningPeer, topic: Topic): Promise<Record<string, number>>
}

export async function tools(
  options: CompareOptions,
  report: (comparison: Comparison) => void,
  { running, absent }: Fleet,
): Promise<void> {
  const size = options.isQuick ? 'quick' : 'full'
  const { missing, all } = await toolsHere(records[size], latencyRecords[size], options.scratch)
  for (const reason of missing) process.stdout.write(`tools: not run: ${reason}\n`)
  const mute = running
    .filter(({ peer }) => peer.id === 'mock')
    .map(({ name }) => ({ name, notRun: 'keeps only the last records' }))
  for (const tool of all.filter(({ title }) => title.includes(options.load))) {
    const filled = new Map<RunningPeer, Topic>()
    const contenders: Contender[] = running
      .filter(({ peer }) => peer.id !== 'mock')
      .map(peer => ({ name: peer.name, isLimit: false, run: () => useTool(tool, all, peer, filled) }))
    const entries = [...(await compare(tool.title, contenders, options)), ...mute, ...absent]
    for (const [peer, topic] of filled) await removeTopic(peer, topic)
    const { id, title, figures, targets } = tool
    report({ id, question: 'tools', title, figures, entries, targets })
  }
}

async function useTool(tool: Tool, all: readonly Tool[], peer: RunningPeer, filled: Map<RunningPeer, Topic>) {
  if (tool.reads) {
    let topic = filled.get(peer)
    if (topic === undefined) {
      topic = await makeTopic(peer, nextTopicName(), 1)
      filled.set(peer, topic)
      await all.find(({ reads, figures }) => !reads && figures === rateFigures)!.use(peer, topic)
    }
    return tool.use(peer, topic)
  }
  const topic = await makeTopic(peer, nextTopicName(), 1)
  try {
    return await tool.use(peer, topic)
  } finally {
    await removeTopic(peer, topic)
  }
}

async function toolsHere(count: number, latencyCount: number, scratch: string) {
  const missing: string[] = []
  const all: Tool[] = []
  const classpath = await kafkaClasspath()
  if (classpath === null) missing.push("Kafka's own tools need Java and Maven, which are not here")
  else all.push(...kafkaTools(classpath, count, latencyCount))
  if ((await run('kcat', ['-V'])).exitCode !== 0) missing.push('no kcat')
  else all.push(...kcatTools(count, scratch))
  return { missing, all }
}

function kafkaTools(classpath: string, count: number, latencyCount: number): Tool[] {
  const tool = (name: string, args: readonly string[]) => () =>
    checkedRun('java', [...toolJvmArgs, ...javaArgs(classpath), `org.apache.kafka.tools.${name}`, ...args])
  const sized = `${count.toLocaleString('en')} records of 1 KB`
  return [
    {
      id: 'kafka-producer-perf-test',
      title: `kafka-producer-perf-test: ${sized}, acks=all`,
      figures: rateFigures,
      targets: rateTargets,
      reads: false,
      use: async (peer, topic) => {
        const load = ['--num-records', String(count), '--record-size', String(recordBytes), '--throughput', '-1']
        const args = ['--bootstrap-server', bootstrapOf(peer), '--topic', topic.name, ...load, '--command-property', 'acks=all']
        const { output, cpuPerGigabyte } = await costOf(peer, count, tool('ProducerPerformance', args))
        const rates = [...output.matchAll(/^\d+ records sent, .*?\(([\d.]+) MB\/sec\)/gm)]
        await untilLogHolds(peer, topic, count)
        return { megabytesPerSecond: (numberOf(rates.at(-1)?.[1]) * mebibyte) / megabyte, cpuPerGigabyte }
      },
    },
    {
      id: 'kafka-consumer-perf-test',
      title: `kafka-consumer-perf-test: ${sized}`,
      figures: rateFigures,
      targets: rateTargets,
      reads: true,
      use: async (peer, topic) => {
        const args = [
          '--bootstrap-server',
          bootstrapOf(peer),
          '--topic',
          topic.name,
          '--num-records',
          String(count),
          '--hide-header',
        ]
        const { output, cpuPerGigabyte } = await costOf(peer, count, tool('ConsumerPerformance', args))
        // Its ninth column leaves out the time in which the group came together.
        const columns = output.trim().split('\n').at(-1)!.split(',')
        return { megabytesPerSecond: (numberOf(columns[8]) * mebibyte) / megabyte, cpuPerGigabyte }
      },
    },
    {
      id: 'kafka-e2e-latency',
      title: `kafka-e2e-latency: ${latencyCount.toLocaleString('en')} records of 1 KB, one after the other, acks=1`,
      figures: latencyFigures,
      targets: [{ figure: 'average', to: 'kafka', atMost: 0.5 }],
      reads: false,
      use: async (peer, topic) => {
        const args = [bootstrapOf(peer), topic.name, String(latencyCount), '1', String(recordBytes)]
        const output = await tool('EndToEndLatency', args)()
        const percentiles = output.match(/50th = (\d+), 99th = (\d+), 99\.9th = (\d+)/) ?? []
        const [p50, p99, p999] = percentiles.slice(1).map(Number)
        return {
          p50: numberOf(p50),
          p99: numberOf(p99),
          p999: numberOf(p999),
          average: numberOf(output.match(/Avg latency: ([\d.]+)/)?.[1]),
        }
      },
    },
  ]
}

function kcatTools(count: number, scratch: string): Tool[] {
  const sized = `${count.toLocaleString('en')} records of 1 KB`
  const file = join(scratch, 'kcat-input.txt')
  writeLines(file, count)
  return [
    {
      id: 'kcat-produce',
      title: `kcat -P: ${sized}, acks=all`,
      figures: rateFigures,
      targets: rateTargets,
      reads: false,
      use: async (peer, topic) => {
        const args = ['-P', '-b', bootstrapOf(peer), '-t', topic.name, '-p', '0', '-l', file]
        const cost = await costOf(peer, count, () => checkedRun('kcat', args))
        await untilLogHolds(peer, topic, count)
        return { megabytesPerSecond: (count * recordBytes) / megabyte / cost.seconds, cpuPerGigabyte: cost.cpuPerGigabyte }
      },
    },
    {
      id: 'kcat-consume',
      title: `kcat -C: ${sized}`,
      figures: rateFigures,
      targets: rateTargets,
      reads: true,
      use: async (peer, topic) => {
        const script = 'exec kcat -C -q -e -o beginning -b "$0" -t "$1" -p 0 > /dev/null'
        const cost = await costOf(peer, count, () => checkedRun('sh', ['-c', script, bootstrapOf(peer), topic.name]))
        return { megabytesPerSecond: (count * recordBytes) / megabyte / cost.seconds, cpuPerGigabyte: cost.cpuPerGigabyte }
      },
    },
  ]
}

/** A record to a line. */
function writeLines(file: string, count: number): void {
  const line = Buffer.alloc(recordBytes + 1, 'x')
  line[recordBytes] = 10
  const block = Buffer.concat(Array.from({ length: 1000 }, () => line))
  const descriptor = openSync(file, 'w')
  for (let written = 0; written < count; written += 1000) writeSync(descriptor, block)
  closeSync(descriptor)
}

async function costOf(peer: RunningPeer, count: number, use: () => Promise<string>) {
  await quiet(peer.pid, quietChecksMax)
  const watch = new CpuWatch(peer.pid)
  const startMs = performance.now()
  const output = await use()
  const seconds = (performance.now() - startMs) / 1000
  const cpuPerGigabyte = watch.seconds() / ((count * recordBytes) / 1e9)
  return { output, seconds, cpuPerGigabyte }
}

async function checkedRun(program: string, args: readonly string[]): Promise<string> {
  const result = await run(program, args, { timeoutMs: toolTimeoutMs })
  if (result.exitCode !== 0)
    throw new Error(`${program} ended with ${result.exitCode}: ${(result.stderr || result.stdout).trim()}`)
  return result.stdout
}

function bootstrapOf({ port }: RunningPeer): string {
  return `127.0.0.1:${port}`
}

/** @throws Error when the tool printed something else than it should. */
function numberOf(text: string | number | undefined): number {
  const value = text === undefined ? Number.NaN : Number(text)
  if (Number.isNaN(value)) throw new Error('the tool did not print its figures')
  return value
}
