/**
 * kafka-get-offsets: earliest, latest, the record with the largest timestamp, and the first record at or after a time, also
 * inside compressed batches and where timestamps are out of order. Expected values come from the log as it was read.
 */
import { expectClean, expectEqual } from './checks.js'
import { offsetLines, type StoredRecord } from './output.js'
import { codecs, firstOffsetAtOrAfter, partitionsOf, runTool, type Scenario } from './scenario.js'

const tool = 'kafka-get-offsets'

export async function checkOffsets(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario

  await checks.check(tool, 'latest is the default and the count of records', async () => {
    for (const time of [[], ['--time', '-1'], ['--time', 'latest']]) {
      await expectOffsets(scenario, topics.lines, time, records => records.length)
    }
  })
  await checks.check(tool, 'earliest, and earliest-local without tiered storage, are 0', async () => {
    for (const time of ['-2', 'earliest', '-4', 'earliest-local']) {
      await expectOffsets(scenario, topics.lines, ['--time', time], () => 0)
    }
  })
  await checks.check(tool, 'latest-tiered is unknown without tiered storage', async () => {
    await expectOffsets(scenario, topics.lines, ['--time', '-5'], () => null)
  })
  await checks.check(tool, 'max-timestamp is the first record with the largest timestamp', async () => {
    for (const topic of [topics.times, topics.lines, topics.notes, ...codecs.map(codec => topics[codec])]) {
      for (const time of ['-3', 'max-timestamp']) {
        await expectOffsets(scenario, topic, ['--time', time], firstOffsetOfLargestTimestamp)
      }
    }
  })
  for (const topicName of ['lines', 'times', ...codecs] as const) {
    await checks.check(tool, `--time with a timestamp finds the first record at or after it (${topicName})`, async () => {
      const topic = topics[topicName]
      for (const timestamp of interestingTimestamps(partitionsOf(scenario, topic))) {
        await expectOffsets(scenario, topic, ['--time', String(timestamp)], records => firstOffsetAtOrAfter(records, timestamp))
      }
    })
  }
  await checks.check(tool, 'without a topic all are listed, --exclude-internal-topics hides the internal ones', async () => {
    const all = Object.keys(offsetLines(expectClean(await runTool(scenario, tool, [])).stdout))
    const own = Object.keys(offsetLines(expectClean(await runTool(scenario, tool, ['--exclude-internal-topics'])).stdout))
    expectEqual(all.filter(name => name.startsWith('__consumer_offsets:')).length, 50, 'partitions of __consumer_offsets')
    expectEqual(
      own.filter(name => name.startsWith('__')),
      [],
      'internal topics',
    )
    expectEqual(own.filter(name => name.startsWith(`${topics.lines}:`)).length, 3, 'partitions of a topic')
  })
  await checks.check(tool, '--topic-partitions and --partitions choose partitions', async () => {
    const ends = partitionsOf(scenario, topics.lines).map(records => records.length)
    const range = expectClean(await runTool(scenario, tool, ['--topic-partitions', `${topics.lines}:1-,${topics.gzip}:0`]))
    expectEqual(
      sorted(offsetLines(range.stdout)),
      sorted({
        [`${topics.lines}:1`]: ends[1]!,
        [`${topics.lines}:2`]: ends[2]!,
        [`${topics.gzip}:0`]: partitionsOf(scenario, topics.gzip)[0]!.length,
      }),
      'offsets',
    )
    const one = expectClean(await runTool(scenario, tool, ['--topic', topics.lines, '--partitions', '2']))
    expectEqual(offsetLines(one.stdout), { [`${topics.lines}:2`]: ends[2] }, 'offsets')
  })
}

/** A partition without an answer has no line. */
async function expectOffsets(
  scenario: Scenario,
  topic: string,
  options: readonly string[],
  expected: (records: readonly StoredRecord[]) => number | null,
): Promise<void> {
  const run = expectClean(await runTool(scenario, tool, ['--topic', topic, ...options]))
  const expectedLines: Record<string, number> = {}
  partitionsOf(scenario, topic).forEach((records, partition) => {
    const offset = expected(records)
    if (offset !== null) expectedLines[`${topic}:${partition}`] = offset
  })
  expectEqual(sorted(offsetLines(run.stdout)), sorted(expectedLines), `offsets of ${options.join(' ')}`)
}

function sorted(offsets: Record<string, number>): [string, number][] {
  return Object.entries(offsets).sort(([a], [b]) => (a < b ? -1 : 1))
}

function firstOffsetOfLargestTimestamp(records: readonly StoredRecord[]): number | null {
  let best: StoredRecord | null = null
  for (const record of records) if (best === null || record.timestamp > best.timestamp) best = record
  return best?.offset ?? null
}

/** The ends of the log, one beyond either end, and places inside it with their neighbouring milliseconds. */
function interestingTimestamps(partitions: readonly StoredRecord[][]): number[] {
  const records = partitions[0]!
  const inside = [0.01, 0.33, 0.5, 0.77, 0.99].flatMap(share => {
    const { timestamp } = records[Math.floor(records.length * share)]!
    return [timestamp, timestamp + 1]
  })
  const timestamps = partitions.flatMap(part => [
    part[0]!.timestamp - 1,
    part[0]!.timestamp,
    part.at(-1)!.timestamp,
    part.at(-1)!.timestamp + 1,
  ])
  return [...new Set([...timestamps, ...inside])]
}
