/**
 * kafka-dump-log on the broker's data directory: every batch and record of the segments, offset and time indexes verified
 * against them, producer snapshots against the batches before them, and `__consumer_offsets` through --offsets-decoder.
 * The files of a running broker are looked at only where no more writes are expected: logs, and indexes of closed segments.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ToolRun } from '../../lib/tool-host.js'
import { expect, expectClean, expectContains, expectEqual } from './checks.js'
import { type DumpedBatch, dumpedBatches, dumpedIndex, dumpedProducers, dumpedTimeIndex, type ProducerEntry } from './dump.js'
import { type OffsetKey, type OffsetValue, offsetsTopic } from './internal-topic.js'
import type { StoredRecord } from './output.js'
import { codecs, partitionsOf, type Scenario } from './scenario.js'

const tool = 'kafka-dump-log'
const internalPartitions = 50

export async function checkLiveLog(scenario: Scenario): Promise<void> {
  await scenario.checks.check(tool, '.log --deep-iteration while the broker runs', async () => {
    await logOf(scenario, scenario.topics.zstd, 0)
  })
}

/** After the broker has stopped, the active segments count too. */
export async function checkDisk(scenario: Scenario, isStopped: boolean): Promise<void> {
  await checkLogs(scenario)
  await checkIndexes(scenario, isStopped)
  await checkSnapshots(scenario)
  await checkOffsetsDecoder(scenario)
}

async function checkLogs(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario
  await checks.check(tool, '.log --deep-iteration --print-data-log shows every record that consumers saw', async () => {
    for (const topic of [topics.lines, topics.notes, topics.times, topics.acks, topics.auto]) {
      for (let p = 0; p < partitionsOf(scenario, topic).length; p++) await logOf(scenario, topic, p)
    }
    expect(segmentsOf(scenario, topics.lines, 0).length >= 2, 'a partition with several segments')
  })
  for (const codec of codecs) {
    await checks.check(tool, `.log of ${codec} batches`, async () => {
      const batches = await logOf(scenario, topics[codec], 0)
      expectEqual([...new Set(batches.map(batch => batch.codec))], [codec], 'codecs')
      expect(segmentsOf(scenario, topics[codec], 0).length >= 2, 'a partition with several segments')
    })
  }
  await checks.check('kafka-topics', 'the topic id of --describe is the one in partition.metadata', async () => {
    for (const topic of [topics.lines, topics.gzip]) {
      const metadata = readFileSync(join(folderOf(scenario, topic, 0), 'partition.metadata'), 'utf8')
      expectContains(metadata, new RegExp(`^topic_id: ${scenario.topicIds.get(topic)}$`, 'm'), 'partition.metadata')
    }
  })
}

async function checkIndexes(scenario: Scenario, isStopped: boolean): Promise<void> {
  const { checks, topics } = scenario
  const partitions = [...[0, 1, 2].map(p => [topics.lines, p] as const), ...codecs.map(codec => [topics[codec], 0] as const)]
  const withTimes = [...partitions, [topics.times, 0] as const, [topics.notes, 0] as const]

  await checks.check(tool, '.index: every entry is the last offset of the batch at its position', async () => {
    for (const [topic, partition] of partitions) {
      const batches = await logOf(scenario, topic, partition)
      for (const segment of finishedSegments(scenario, topic, partition, isStopped)) {
        await expectVerified(scenario, `${segment}.index`)
        const entries = dumpedIndex((await dump(scenario, [`${segment}.index`])).stdout)
        const lastOffsets = new Map(within(batches, segment).map(batch => [batch.position, batch.lastOffset]))
        for (const { offset, position } of entries)
          expectEqual(offset, lastOffsets.get(position), `offset at position ${position}`)
        expectRising(
          entries.map(entry => entry.offset),
          `offsets of ${segment}.index`,
        )
        // Batches are 16 KiB and the interval is 4 KiB: about one entry for each.
        const size = statSync(`${segment}.log`).size
        expect(entries.length >= Math.floor(size / 40_000), `${entries.length} entries for ${size} bytes of ${segment}.log`)
      }
    }
  })
  await checks.check(
    tool,
    '.timeindex: rising entries that name the batch with that time, the last one the largest',
    async () => {
      for (const [topic, partition] of withTimes) {
        const batches = await logOf(scenario, topic, partition)
        for (const segment of finishedSegments(scenario, topic, partition, isStopped)) {
          await expectVerified(scenario, `${segment}.timeindex`)
          const entries = dumpedTimeIndex((await dump(scenario, [`${segment}.timeindex`])).stdout)
          const own = within(batches, segment)
          expectRising(
            entries.map(entry => entry.timestamp),
            `timestamps of ${segment}.timeindex`,
          )
          const largest = Math.max(...own.map(batch => batch.maxTimestamp))
          expectEqual(entries.at(-1)?.timestamp, largest, `last timestamp of ${segment}.timeindex`)
          for (const { timestamp, offset } of entries) {
            expectEqual(
              own.find(batch => batch.lastOffset === offset)?.maxTimestamp,
              timestamp,
              `time of the batch ending in ${offset}`,
            )
          }
        }
      }
    },
  )
}

async function checkSnapshots(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario
  await checks.check(tool, '.snapshot: the producers of an idempotent console producer as their batches left them', async () => {
    for (const [topic, partition] of [
      [topics.lines, 0],
      [topics.lines, 2],
      [topics.snappy, 0],
    ] as const) {
      const batches = await logOf(scenario, topic, partition)
      const folder = folderOf(scenario, topic, partition)
      const files = readdirSync(folder).filter(name => name.endsWith('.snapshot'))
      expect(files.length > 0, `no snapshot in ${folder}`)
      for (const file of files) {
        const run = await dump(scenario, [join(folder, file)])
        // Of a producer with several entries Kafka takes the last; the ones before are older batches of it.
        const byId = new Map(dumpedProducers(run.stdout).map(producer => [producer.producerId, producer]))
        const shown = [...byId.values()].sort((a, b) => a.producerId - b.producerId)
        expectEqual(shown, producersBefore(batches, Number.parseInt(file, 10)), `producers in ${file}`)
        expect(shown.length > 0, `producers in ${file}`)
      }
    }
  })
}

async function checkOffsetsDecoder(scenario: Scenario): Promise<void> {
  const { checks, groups } = scenario
  await checks.check(tool, '--offsets-decoder reads the partition of a group in __consumer_offsets', async () => {
    for (const group of [groups.readers, groups.slow, groups.fresh]) {
      const segments = segmentsOf(scenario, offsetsTopic, internalPartitionOf(group))
      const run = await dump(
        scenario,
        segments.map(segment => `${segment}.log`),
        '--offsets-decoder',
      )
      const last = new Map<string, number | null>()
      for (const { key, payload } of dumpedBatches(run.stdout).flatMap(batch => batch.records)) {
        const decodedKey = JSON.parse(key ?? '{}') as { type: string; data: OffsetKey }
        if (decodedKey.type !== '1') continue
        const value = payload === null ? null : (JSON.parse(payload) as { data: OffsetValue }).data
        last.set(`${decodedKey.data.group} ${decodedKey.data.topic} ${decodedKey.data.partition}`, value?.offset ?? null)
      }
      const expected = [...scenario.committed].filter(([name]) => name.startsWith(`${group} `))
      expect(expected.length > 0, `offsets of ${group}`)
      for (const [name, offset] of expected) expectEqual(last.get(name), offset, `last offset of ${name}`)
    }
  })
}

/** The whole log of a partition, compared with what consumers read. */
async function logOf(scenario: Scenario, topic: string, partition: number): Promise<DumpedBatch[]> {
  const batches = await batchesOf(scenario, topic, partition)
  expectSequences(batches)
  expectRecords(batches, partitionsOf(scenario, topic)[partition]!)
  return batches
}

/** Dumps the whole log of a partition, and checks what must hold for any. */
export async function batchesOf(scenario: Scenario, topic: string, partition: number): Promise<DumpedBatch[]> {
  const batches: DumpedBatch[] = []
  for (const segment of segmentsOf(scenario, topic, partition)) {
    const run = await dump(scenario, [`${segment}.log`], '--deep-iteration', '--print-data-log')
    const own = dumpedBatches(run.stdout)
    const bytes = own.reduce((sum, batch) => sum + batch.size, 0)
    expectEqual(bytes, statSync(`${segment}.log`).size, `bytes of valid batches in ${segment}.log`)
    if (own.length > 0) expectEqual(own[0]!.baseOffset, baseOffsetOf(segment), 'first offset and file name')
    batches.push(...own)
  }
  let next = 0
  for (const batch of batches) {
    expect(batch.isValid, `the batch at ${batch.baseOffset} is valid`)
    expectEqual([batch.baseOffset, batch.magic, batch.leaderEpoch >= 0], [next, 2, true], 'offset, magic, leader epoch set')
    expectEqual(batch.count, batch.records.length, `records in the batch at ${batch.baseOffset}`)
    next = batch.lastOffset + 1
  }
  return batches
}

function expectRecords(batches: readonly DumpedBatch[], read: readonly StoredRecord[]): void {
  const dumped = batches.flatMap(batch => batch.records)
  expect(dumped.length >= read.length, `${dumped.length} records in the log, ${read.length} were read`)
  read.forEach((record, i) => {
    const { offset, timestamp, key, payload } = dumped[i]!
    expectEqual(
      [offset, timestamp, key ?? 'null', payload ?? 'null'],
      [record.offset, record.timestamp, record.key, record.value],
      'record',
    )
  })
}

/** Idempotent producers: the sequences of each go on without a gap. */
function expectSequences(batches: readonly DumpedBatch[]): void {
  const next = new Map<number, number>()
  for (const batch of batches) {
    if (batch.producerId < 0) continue
    const producer = batch.producerId
    expectEqual(batch.baseSequence, next.get(producer) ?? 0, `sequence of producer ${producer} at offset ${batch.baseOffset}`)
    next.set(producer, batch.lastSequence + 1)
  }
}

function producersBefore(batches: readonly DumpedBatch[], offset: number): ProducerEntry[] {
  const last = new Map<number, ProducerEntry>()
  for (const batch of batches) {
    if (batch.producerId < 0 || batch.lastOffset >= offset) continue
    const { producerId, producerEpoch, lastSequence, lastOffset, maxTimestamp } = batch
    const transactionStart = null
    last.set(producerId, { producerId, producerEpoch, lastSequence, lastOffset, timestamp: maxTimestamp, transactionStart })
  }
  return [...last.values()].sort((a, b) => a.producerId - b.producerId)
}

async function expectVerified(scenario: Scenario, file: string): Promise<void> {
  const verified = await dump(scenario, [file], '--verify-index-only')
  const sane = await dump(scenario, [file], '--index-sanity-check')
  expectEqual(
    verified.stdout.replace(/^Dumping .*\n/, '').replace(/^.* is empty\.\n/, ''),
    '',
    `what --verify-index-only says of ${file}`,
  )
  expectContains(sane.stdout, / passed sanity check\.$| is empty\.$/m)
}

/** Whatever the tool finds wrong it says on stderr, with exit code 0. */
export async function dump(scenario: Scenario, files: readonly string[], ...options: string[]): Promise<ToolRun> {
  const run = expectClean(await scenario.host.run(tool, ['--files', files.join(','), ...options]))
  expectEqual(run.stderr, '', 'mismatches and other findings')
  return run
}

export function folderOf(scenario: Scenario, topic: string, partition: number): string {
  return join(scenario.dataDir, `${topic}-${partition}`)
}

/** The segments of a partition in order, as paths without a suffix. */
export function segmentsOf(scenario: Scenario, topic: string, partition: number): string[] {
  const folder = folderOf(scenario, topic, partition)
  const names = readdirSync(folder).filter(name => /^\d{20}\.log$/.test(name))
  expect(names.length > 0, `no segment in ${folder}`)
  return names.sort().map(name => join(folder, name.slice(0, 20)))
}

function finishedSegments(scenario: Scenario, topic: string, partition: number, isStopped: boolean): string[] {
  const segments = segmentsOf(scenario, topic, partition).filter(segment => statSync(`${segment}.log`).size > 0)
  return isStopped ? segments : segments.slice(0, -1)
}

function within(batches: readonly DumpedBatch[], segment: string): DumpedBatch[] {
  const from = batches.findIndex(batch => batch.baseOffset === baseOffsetOf(segment))
  const next = batches.findIndex((batch, i) => i > from && batch.position === 0)
  return batches.slice(from, next < 0 ? undefined : next)
}

function baseOffsetOf(segment: string): number {
  return Number(segment.slice(-20))
}

function expectRising(values: readonly number[], what: string): void {
  for (let i = 1; i < values.length; i++) expect(values[i]! > values[i - 1]!, `${what}: ${values[i]} after ${values[i - 1]}`)
}

/** The magnitude of Java's String.hashCode picks the partition; of the one number without a positive twin it is 0. */
export function internalPartitionOf(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) | 0
  return hash === -0x80000000 ? 0 : Math.abs(hash) % internalPartitions
}
