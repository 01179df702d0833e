/**
 * kafka-consumer-groups --reset-offsets: every strategy, planned and executed, compared with what is committed afterwards and
 * with the log as it was read. Leaves the readers' group at known offsets, for the checks of `__consumer_offsets`.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, expectClean, expectEqual } from './checks.js'
import { describe, groupCommand, numbers, tool } from './group-tool.js'
import { consumedRecords, type StoredRecord, table, wholeRecords } from './output.js'
import { endOffsets, firstOffsetAtOrAfter, partitionsOf, runTool, type Scenario } from './scenario.js'

export async function checkResets(scenario: Scenario): Promise<void> {
  const { checks, topics, groups } = scenario
  const [topic, group] = [topics.lines, groups.readers]
  const old = partitionsOf(scenario, topic)
  const ends = await endOffsets(scenario, topic)
  const oldEnds = old.map(records => records.length)

  /** Runs a reset and compares what it says and what is committed afterwards. */
  const reset = async (options: string[], expected: number[], before: number[] | null = null) => {
    const stdout = await groupCommand(scenario, '--reset-offsets', '--group', group, ...options)
    const said = table(stdout).sort((a, b) => Number(a.PARTITION) - Number(b.PARTITION))
    expectEqual(
      said.map(row => Number(row['NEW-OFFSET'])),
      expected,
      `NEW-OFFSET of ${options.join(' ')}`,
    )
    const committed = (await describe(scenario, group)).map(row => Number(row['CURRENT-OFFSET']))
    expectEqual(committed, before ?? expected, `committed after ${options.join(' ')}`)
    committed.forEach((offset, partition) => {
      scenario.committed.set(`${group} ${topic} ${partition}`, offset)
    })
  }
  const all = ['--all-topics', '--execute']

  await checks.check(tool, '--reset-offsets --dry-run changes nothing', async () => {
    await reset(['--to-earliest', '--all-topics', '--dry-run'], [0, 0, 0], oldEnds)
  })
  await checks.check(tool, '--reset-offsets --to-earliest, --to-latest, --to-current', async () => {
    await reset(['--to-latest', ...all], ends)
    await reset(['--to-earliest', ...all], [0, 0, 0])
    await reset(['--to-current', ...all], [0, 0, 0])
  })
  await checks.check(tool, '--reset-offsets --shift-by forwards, backwards and not beyond the ends', async () => {
    await reset(['--shift-by', '1000', ...all], [1000, 1000, 1000])
    await reset(['--shift-by', '-250', ...all], [750, 750, 750])
    await reset(['--shift-by', '-9999', ...all], [0, 0, 0])
    await reset(['--shift-by', '99999999', ...all], ends)
  })
  await checks.check(tool, '--reset-offsets --to-offset of one partition leaves the others alone', async () => {
    await reset(['--to-earliest', ...all], [0, 0, 0])
    const stdout = await groupCommand(
      scenario,
      '--reset-offsets',
      '--group',
      group,
      '--to-offset',
      '777',
      '--topic',
      `${topic}:1`,
      '--execute',
    )
    expectEqual(
      table(stdout).map(row => [row.PARTITION, row['NEW-OFFSET']]),
      [['1', '777']],
      'NEW-OFFSET',
    )
    expectEqual(
      (await describe(scenario, group)).map(row => Number(row['CURRENT-OFFSET'])),
      [0, 777, 0],
      'committed',
    )
  })
  await checks.check(tool, '--reset-offsets --to-datetime picks the first record at or after the time', async () => {
    for (const share of [0.1, 0.5, 0.9]) {
      const inMiddle = old[1]![Math.floor(old[1]!.length * share)]!.timestamp
      for (const timestamp of [inMiddle, inMiddle + 1]) {
        const expected = old.map((records, p) => firstOffsetAtOrAfter(records, timestamp) ?? oldEnds[p]!)
        await reset(['--to-datetime', dateTime(timestamp), ...all], expected)
      }
    }
  })
  await checks.check('kafka-console-consumer', 'a group reset by time reads exactly from there', async () => {
    const stdout = (await inGroup(scenario, topic, group, '--max-messages', '200')).stdout
    const firsts = firstPerPartition(consumedRecords(stdout))
    expect(firsts.length > 0, 'something was read')
    for (const first of firsts) {
      expectEqual(
        first.offset,
        scenario.committed.get(`${group} ${topic} ${first.partition}`),
        `first offset of partition ${first.partition}`,
      )
    }
  })
  await checks.check(tool, '--reset-offsets --by-duration counts back from now', async () => {
    await reset(['--by-duration', 'PT2H', ...all], [0, 0, 0])
  })
  await checks.check(tool, '--reset-offsets --export and --from-file', async () => {
    const exported = await groupCommand(
      scenario,
      '--reset-offsets',
      '--group',
      group,
      '--to-offset',
      '321',
      '--all-topics',
      '--dry-run',
      '--export',
    )
    const plan = exported.trim().split('\n').sort()
    expectEqual(
      plan,
      [0, 1, 2].map(partition => `${topic},${partition},321`),
      'exported plan',
    )
    const file = join(scenario.scratch, 'plan.csv')
    writeFileSync(file, `${plan.join('\n')}\n`.replace(`${topic},2,321`, `${topic},2,654`))
    await reset(['--from-file', file, '--execute'], [321, 321, 654])
  })
  await checks.check(tool, '--reset-offsets creates a group that does not exist', async () => {
    const fresh = ['--group', groups.fresh, '--topic', `${topics.times}:0`]
    const middle = partitionsOf(scenario, topics.times)[0]![50]!.timestamp
    await groupCommand(scenario, '--reset-offsets', ...fresh, '--to-datetime', dateTime(middle - 60_000), '--execute')
    expectEqual((await describe(scenario, groups.fresh)).map(numbers), [[0, 50, 101, 51]], 'partition, current, end, lag')
    scenario.committed.set(`${groups.fresh} ${topics.times} 0`, 50)
  })
}

function inGroup(scenario: Scenario, topic: string, group: string, ...options: string[]) {
  const args = ['--topic', topic, '--group', group, '--timeout-ms', '15000', ...wholeRecords, ...options]
  // Without commits of its own: what the checks committed stays.
  return runTool(scenario, 'kafka-console-consumer', [...args, '--command-property', 'enable.auto.commit=false']).then(
    expectClean,
  )
}

function firstPerPartition(records: readonly StoredRecord[]): StoredRecord[] {
  const firsts = new Map<number, StoredRecord>()
  for (const record of records) if (!firsts.has(record.partition)) firsts.set(record.partition, record)
  return [...firsts.values()]
}

/** As the tool wants it; without a zone it means UTC. */
function dateTime(timestamp: number): string {
  return new Date(timestamp).toISOString().slice(0, -1)
}
