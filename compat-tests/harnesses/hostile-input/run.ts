/**
 * Hostile input: `run.js [--frames N] [--seed N] [--lanes N]` sends at least a million
 * spoiled frames, made from what stock clients send, in random TCP segments, while other clients work on undisturbed. The
 * broker must not exit, find no fault in itself, grow by less than 50 MiB after it has warmed up, and lose no descriptor.
 * `--capture` records the clients' frames again instead.
 *
 * Exit code 0 when everything holds, 1 when something does not, 2 for wrong usage.
 */
import { writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { type RunningGregor, startGregor } from '../../lib/gregor.js'
import { scratchFolder } from '../../lib/paths.js'
import { delay, eventually } from '../../lib/patience.js'
import { randomSeed } from '../../lib/random.js'
import { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { Bystanders } from './bystanders.js'
import { captureAll } from './capture.js'
import { capturedTopic } from './captures.js'
import { canWatchProcesses, type Descriptors, descriptors, residentBytes } from './process-watch.js'
import { Storm, type StormReport } from './storm.js'

const MEBIBYTE = 1024 * 1024
const GROWTH_BYTES_MAX = 50 * MEBIBYTE
/** The first part of the frames compiles the broker's code and fills its buffers. */
const WARM_UP_SHARE = 0.2
/** Log segments and their indexes may be opened meanwhile. */
const FILES_MORE_MAX = 16
/** Generous: the hostile threads, the broker and these clients share two processors. */
const LATENCY_MS_MAX = 3000
const QUIET_MS = 3000
const SETTLE_MS = 30_000

const settings = [
  // No topics from spoiled names.
  'auto.create.topics.enable=false',
  // So that files of groups, opened meanwhile, can be told from a leak.
  'offsets.topic.num.partitions=4',
  // Waiting for the disk would only slow the storm down.
  'gregor.durability=os',
]

const usage = 'usage: hostile-input/run.js [--frames N] [--seed N] [--lanes N] | --capture'

process.exitCode = await main()

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        frames: { type: 'string', default: '1000000' },
        seed: { type: 'string', default: String(randomSeed()) },
        lanes: { type: 'string', default: '64' },
        capture: { type: 'boolean', default: false },
      },
    })
    const numbers = { frames: Number(values.frames), seed: Number(values.seed), lanes: Number(values.lanes) }
    return Object.values(numbers).every(Number.isSafeInteger) ? { ...numbers, capture: values.capture } : null
  } catch {
    return null
  }
}

async function main(): Promise<number> {
  const options = readOptions()
  if (options === null) {
    console.error(usage)
    return 2
  }
  if (options.capture) return await captureAll()
  console.log(`hostile-input: ${options.frames} frames, seed ${options.seed}`)
  const tally = new Tally()
  const figures: Record<string, unknown> = { name: 'hostile-input', seed: options.seed }
  const scratch = scratchFolder('hostile-input')
  const errorLines: string[] = []
  const gregor = await startGregor({
    dataDir: join(scratch, 'data'),
    args: settings.flatMap(setting => ['--config', setting]),
    onLogLine: line => line.includes('"level":"error"') && errorLines.push(line),
  })
  console.log(gregor.readyLine)
  try {
    Object.assign(figures, await attack(gregor, options, scratch, tally))
  } catch (error) {
    tally.claim('the run gets to its end', (error as Error).stack ?? String(error))
  }
  tally.claim('the broker is still there', gregor.hasExited() ? `it ended: ${gregor.stderr().slice(-3000)}` : null)
  tally.claimNone('the broker found no fault in itself', [...new Set(errorLines.map(withoutTime))])
  const exitCode = await gregor.stop()
  tally.claim('the broker stopped in order at last', exitCode === 0 ? null : `exit code ${exitCode}`)
  const result = tally.close(figures)
  if (result === 0) await rm(scratch, { recursive: true, force: true })
  else console.log(`seed ${options.seed}; kept: ${scratch}`)
  return result
}

/** The same fault at different times is one finding. */
function withoutTime(line: string): string {
  return line.replace(/"time":\d+,?/, '').replace(/"(connection|remoteAddress|remotePort)":("[^"]*"|\d+),?/g, '')
}

async function attack(
  gregor: RunningGregor,
  { frames, seed, lanes }: { frames: number; seed: number; lanes: number },
  scratch: string,
  tally: Tally,
): Promise<object> {
  const { bootstrap, pid } = gregor
  const topicId = await createTopic(bootstrap)
  const bystanders = new Bystanders(bootstrap)
  await bystanders.start()
  await delay(QUIET_MS)
  const calmLatencies = bystanders.latenciesMs.splice(0)
  const base = measure(pid)

  // 1. Warm up, then the storm that counts.
  const startedMs = performance.now()
  let lastShown = 0
  const port = Number(bootstrap.split(':')[1])
  const storm = new Storm({ port, seed, lanes, topicId }, counts => {
    if (counts.frames - lastShown < frames / 20) return
    lastShown = counts.frames
    const { answered, closed, stalled, connections } = counts
    const megabytes = canWatchProcesses && !gregor.hasExited() ? Math.round(residentBytes(pid) / MEBIBYTE) : 0
    const parts = [
      `${answered} answered`,
      `${closed} closed`,
      `${stalled} given up`,
      `${connections} connections`,
      `${megabytes} MiB`,
    ]
    console.log(`${counts.frames} frames: ${parts.join(', ')}`)
  })
  await storm.rage(Math.ceil(frames * WARM_UP_SHARE))
  await delay(QUIET_MS)
  const warm = measure(pid)
  const report = await storm.rage(Math.floor(frames * (1 - WARM_UP_SHARE)))
  const seconds = (performance.now() - startedMs) / 1000
  await storm.end()
  keepOutstanding(gregor, report, scratch)

  // 2. Calm again.
  await bystanders.stop(check => eventually(check, SETTLE_MS))
  const freed = await eventually(() => measure(pid).descriptors.sockets <= base.descriptors.sockets, SETTLE_MS)
  await delay(QUIET_MS)
  const end = measure(pid)

  const growth = end.bytes - warm.bytes
  const latencies = spread(bystanders.latenciesMs)
  const missing = frames - report.counts.frames
  tally.claim('all frames were taken', missing <= 0 ? null : `${missing} of ${frames} were not`)
  tally.claimNone('every answer came in its turn', [...new Set(report.problems)])
  tally.claimNone('clients that behave were not disturbed', bystanders.problems)
  tally.claim(`their requests never took ${LATENCY_MS_MAX} ms`, latencies.max < LATENCY_MS_MAX ? null : `${latencies.max} ms`)
  if (canWatchProcesses) {
    tally.claim('memory grew by less than 50 MiB', growth < GROWTH_BYTES_MAX ? null : `${Math.round(growth / MEBIBYTE)} MiB`)
    tally.claim('every socket was closed', freed ? null : `${base.descriptors.sockets} before, ${end.descriptors.sockets} after`)
    const files = end.descriptors.others - base.descriptors.others
    tally.claim('files were closed again', files <= FILES_MORE_MAX ? null : `${files} more than before`)
  } else console.log('not run  memory and descriptors: needs /proc')
  return {
    ...report.counts,
    kinds: report.kinds,
    seconds: Math.round(seconds),
    framesPerSecond: Math.round(report.counts.frames / seconds),
    residentMiB: { base: toMiB(base.bytes), warm: toMiB(warm.bytes), end: toMiB(end.bytes) },
    descriptors: { base: base.descriptors, end: end.descriptors },
    bystanderRecords: bystanders.sent,
    latencyMs: { calm: spread(calmLatencies), storm: latencies },
  }
}

function measure(pid: number): { bytes: number; descriptors: Descriptors } {
  if (!canWatchProcesses) return { bytes: 0, descriptors: { sockets: 0, others: 0 } }
  return { bytes: residentBytes(pid), descriptors: descriptors(pid) }
}

function toMiB(bytes: number): number {
  return Math.round(bytes / MEBIBYTE)
}

function spread(values: readonly number[]): { median: number; p99: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2))
  return { median: at(0.5), p99: at(0.99), max: at(1) }
}

/** Which frames killed it, if it was killed: the last of each lane. */
function keepOutstanding(gregor: RunningGregor, { outstanding }: StormReport, scratch: string): void {
  if (!gregor.hasExited()) return
  const file = join(scratch, 'last-frames.hex')
  writeFileSync(file, `${outstanding.join('\n')}\n`)
  console.log(`the frames on their way when the broker ended: ${file}`)
}

async function createTopic(bootstrap: string): Promise<Buffer> {
  const client = await WireClient.connect(bootstrap)
  const topic = { name: capturedTopic, numPartitions: 2, replicationFactor: -1, assignments: [], configs: [] }
  const answer = await client.request(CreateTopics, 7, { topics: [topic], timeoutMs: 10_000 })
  client.close()
  return Buffer.from(answer.topics[0]!.topicId, 'base64url')
}
