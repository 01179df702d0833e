/**
 * How long a start takes when a million offsets are committed, and what compaction makes of them:
 * `run.js [--offsets N] [--rounds N] [--segment-bytes N]`. Every group commits all
 * partitions of its topic, `rounds` times over; then the broker is stopped and started, killed and started, and every
 * committed offset is asked for again.
 *
 * Exit code 0 when every offset is the one committed last, 1 when one is not, 2 for wrong usage.
 */
import { readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { OffsetCommit } from '#protocol/messages/offset-commit.js'
import { OffsetFetch } from '#protocol/messages/offset-fetch.js'
import { type RunningGregor, startGregor } from '../../lib/gregor.js'
import { scratchFolder } from '../../lib/paths.js'
import { eventually } from '../../lib/patience.js'
import { WireClient } from '../../lib/wire-client.js'

const topic = 'read-by-many'
const partitionsPerGroup = 500
const compactionTimeoutMs = 120_000

const { values } = parseArgs({
  options: {
    offsets: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '1' },
    'segment-bytes': { type: 'string', default: '104857600' },
  },
})
const [offsets, rounds, segmentBytes] = [values.offsets, values.rounds, values['segment-bytes']].map(Number) as [
  number,
  number,
  number,
]
if (![offsets, rounds, segmentBytes].every(value => Number.isInteger(value) && value > 0)) {
  console.error('offsets, rounds and segment-bytes are whole numbers above 0')
  process.exit(2)
}
const groups = Math.ceil(offsets / partitionsPerGroup)

const dataDir = scratchFolder('offsets-recovery')
let exitCode = 0
try {
  exitCode = await main()
} finally {
  await rm(dataDir, { recursive: true, force: true })
}
process.exit(exitCode)

async function main(): Promise<number> {
  const first = await start()
  const commitsMs = await measured(() => commitAll(first))
  console.log(`${groups} groups committed ${partitionsPerGroup} offsets each, ${rounds} times, in ${commitsMs} ms`)
  console.log(`__consumer_offsets: ${megabytes()} MB in ${segmentCount()} segments`)
  if (rounds > 1) await waitForCompaction()
  await first.stop()

  let broker = first
  const cleanMs = await measured(async () => {
    broker = await start()
  })
  console.log(`start after a stop: ${cleanMs} ms until ready`)
  await broker.kill9()
  const killedMs = await measured(async () => {
    broker = await start()
  })
  console.log(`start after kill -9: ${killedMs} ms until ready`)
  const wrong = await wrongOffsets(broker)
  await broker.stop()
  console.log(
    wrong === 0 ? `all ${groups * partitionsPerGroup} offsets are there` : `${wrong} offsets are not what was committed`,
  )
  return wrong === 0 ? 0 : 1
}

function start(): Promise<RunningGregor> {
  const configs = [`offsets.topic.segment.bytes=${segmentBytes}`, 'log.cleaner.backoff.ms=500']
  return startGregor({ dataDir, args: configs.flatMap(config => ['--config', config]) })
}

async function measured(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return Math.round(performance.now() - startedMs)
}

/** The offset that a group commits for a partition in a round: another one each time. */
function offsetOf(group: number, partition: number, round: number): number {
  return round * 1_000_000 + group * 7 + partition
}

async function commitAll({ bootstrap }: RunningGregor): Promise<void> {
  const client = await WireClient.connect(bootstrap)
  await client.request(CreateTopics, 5, {
    topics: [{ name: topic, numPartitions: partitionsPerGroup, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 10_000,
    validateOnly: false,
  })
  for (let round = 1; round <= rounds; round++) {
    for (let group = 0; group < groups; group += 16) {
      const batch = Array.from({ length: Math.min(16, groups - group) }, (_, n) => commit(client, group + n, round))
      await Promise.all(batch)
    }
  }
  client.close()
}

async function commit(client: WireClient, group: number, round: number): Promise<void> {
  const partitions = Array.from({ length: partitionsPerGroup }, (_, partitionIndex) => {
    return { partitionIndex, committedOffset: offsetOf(group, partitionIndex, round), committedMetadata: '' }
  })
  const answer = await client.request(OffsetCommit, 7, { groupId: `group-${group}`, topics: [{ name: topic, partitions }] })
  const failed = answer.topics[0]?.partitions.find(({ errorCode }) => errorCode !== 0)
  if (failed !== undefined) throw new Error(`commit of group-${group}: error ${failed.errorCode}`)
}

async function wrongOffsets({ bootstrap }: RunningGregor): Promise<number> {
  const client = await WireClient.connect(bootstrap)
  const partitionIndexes = Array.from({ length: partitionsPerGroup }, (_, index) => index)
  let wrong = 0
  for (let group = 0; group < groups; group++) {
    const { topics } = await client.request(OffsetFetch, 5, {
      groupId: `group-${group}`,
      topics: [{ name: topic, partitionIndexes }],
    })
    const found = topics?.[0]?.partitions ?? []
    const right = found.filter(one => one.committedOffset === offsetOf(group, one.partitionIndex, rounds))
    wrong += partitionsPerGroup - right.length
  }
  client.close()
  return wrong
}

async function waitForCompaction(): Promise<void> {
  let before = -1
  let quiet = 0
  await eventually(
    () => {
      const now = offsetsLogs().reduce((sum, { size }) => sum + size, 0)
      quiet = now === before ? quiet + 1 : 0
      before = now
      return quiet >= 5
    },
    compactionTimeoutMs,
    1000,
  )
  console.log(`after compaction: ${megabytes()} MB in ${segmentCount()} segments`)
}

function offsetsLogs(): { size: number }[] {
  const folders = readdirSync(dataDir).filter(name => name.startsWith('__consumer_offsets-'))
  return folders.flatMap(folder =>
    readdirSync(join(dataDir, folder))
      .filter(name => name.endsWith('.log'))
      .map(name => ({ size: statSync(join(dataDir, folder, name)).size })),
  )
}

function megabytes(): number {
  return Math.round(offsetsLogs().reduce((sum, { size }) => sum + size, 0) / 1e6)
}

function segmentCount(): number {
  return offsetsLogs().length
}
