/**
 * kafka-consumer-groups: list, describe (offsets, members, state) while members live and after they left, and deleting
 * offsets and groups; group-resets.ts does the resets in between. The members are console consumers in the same JVM.
 */

import type { RunningTool } from '../../lib/tool-host.js'
import { eventually, expect, expectClean, expectContains, expectEqual } from './checks.js'
import { checkResets } from './group-resets.js'
import { describe, groupCommand, numbers, tool } from './group-tool.js'
import { consumedRecords, type Row, type StoredRecord, table, wholeRecords } from './output.js'
import {
  codecLinesCount,
  endOffsets,
  inputFile,
  linesCount,
  numberedLines,
  partitionsOf,
  runTool,
  type Scenario,
} from './scenario.js'

const newLinesCount = 600

export async function checkGroups(scenario: Scenario): Promise<void> {
  await checkSlowGroup(scenario)
  await checkLivingMembers(scenario)
  await checkListing(scenario)
  await checkResets(scenario)
  await checkDeletions(scenario)
}

async function checkSlowGroup(scenario: Scenario): Promise<void> {
  const { checks, topics, groups } = scenario
  const [topic, group] = [topics.gzip, groups.slow]
  const inGroup = ['--topic', topic, '--group', group, '--from-beginning', '--timeout-ms', '15000', ...wholeRecords]

  await checks.check('kafka-console-consumer', '--group goes on where it stopped', async () => {
    for (const from of [0, 1500]) {
      const run = expectClean(await runTool(scenario, 'kafka-console-consumer', [...inGroup, '--max-messages', '1500']))
      expectEqual(
        consumedRecords(run.stdout).map(r => r.offset),
        partitionsOf(scenario, topic)[0]!
          .slice(from, from + 1500)
          .map(r => r.offset),
        'offsets',
      )
    }
    scenario.committed.set(`${group} ${topic} 0`, 3000)
  })
  await checks.check(tool, '--describe shows the lag of a living member that does not commit', async () => {
    const member = startMember(scenario, topic, group, 'idle-member', 'enable.auto.commit=false')
    try {
      const rows = await eventually(
        () => describe(scenario, group),
        ([row]) => isOwned(row),
        'a living member',
      )
      expectEqual(
        rows.map(row => numbers(row)),
        [[0, 3000, codecLinesCount, codecLinesCount - 3000]],
        'partition, current, end, lag',
      )
      expectEqual(
        [rows[0]!.TOPIC, rows[0]!['CLIENT-ID'], rows[0]!.HOST],
        [topic, 'idle-member', '/127.0.0.1'],
        'topic, client, host',
      )
    } finally {
      await member.stop()
    }
  })
}

async function checkLivingMembers(scenario: Scenario): Promise<void> {
  const { checks, topics, groups } = scenario
  const [topic, group] = [topics.lines, groups.readers]
  const members = [startMember(scenario, topic, group, 'reader-a')]
  const ends = partitionsOf(scenario, topic).map(records => records.length)

  await checks.check(tool, '--describe shows a living member that has read everything', async () => {
    const hasReadAll = (rows: Row[]) => rows.length === 3 && rows.every(row => isOwned(row) && row.LAG === '0')
    const rows = await eventually(() => describe(scenario, group), hasReadAll, 'lag 0 with a living member')
    expectEqual(
      rows.map(numbers),
      ends.map((end, partition) => [partition, end, end, 0]),
      'partition, current, end, lag',
    )
    expectEqual(new Set(rows.map(row => row['CONSUMER-ID'])).size, 1, 'owners')
    expectEqual(
      rows.map(row => row['CLIENT-ID']),
      ['reader-a', 'reader-a', 'reader-a'],
      'clients',
    )
  })
  await checks.check(tool, '--describe --members --verbose shows a disjoint assignment of two members', async () => {
    members.push(startMember(scenario, topic, group, 'reader-b'))
    const bothOwn = (rows: Row[]) => rows.length === 2 && rows.every(row => Number(row['#PARTITIONS']) > 0)
    const rows = await eventually(
      () => describe(scenario, group, '--members', '--verbose'),
      bothOwn,
      'two members with partitions',
    )
    expectEqual(rows.map(row => row['CLIENT-ID']).sort(), ['reader-a', 'reader-b'], 'clients')
    expectEqual(
      rows.map(row => row.HOST),
      ['/127.0.0.1', '/127.0.0.1'],
      'hosts',
    )
    for (const row of rows)
      expect(row['CONSUMER-ID']!.startsWith(`${row['CLIENT-ID']}-`), 'the member id begins with the client id')
    const owned = rows.flatMap(row => {
      const [name, partitions] = row['CURRENT-ASSIGNMENT']!.split(':')
      expectEqual(name, topic, 'assigned topic')
      expectEqual(partitions!.split(',').length, Number(row['#PARTITIONS']), '#PARTITIONS')
      return partitions!.split(',')
    })
    expectEqual(owned.sort(), ['0', '1', '2'], 'assigned partitions')
  })
  await checks.check(tool, '--describe --state shows coordinator, assignor, state and count', async () => {
    const [row] = await describe(scenario, group, '--state')
    const shown = [row?.COORDINATOR, row?.['ASSIGNMENT-STRATEGY'], row?.STATE, row?.['#MEMBERS']]
    expectEqual(shown, [`${scenario.bootstrap}(${scenario.brokerId})`, 'range', 'Stable', '2'], 'state')
  })
  await checks.check(tool, 'a group with members refuses reset, --delete and --delete-offsets', async () => {
    const reset = await groupCommand(scenario, '--reset-offsets', '--group', group, '--all-topics', '--to-earliest', '--execute')
    expectContains(reset, `Assignments can only be reset if the group '${group}' is inactive, but the current state is Stable.`)
    expectContains(await groupCommand(scenario, '--delete', '--group', group), 'GroupNotEmptyException')
    const rows = table(await groupCommand(scenario, '--delete-offsets', '--group', group, '--topic', topic))
    expectEqual(rows.length, 3, 'partitions')
    for (const row of rows) expectContains(row.STATUS!, 'GroupSubscribedToTopicException')
    expectEqual(
      (await describe(scenario, group)).map(numbers),
      ends.map((end, p) => [p, end, end, 0]),
      'offsets afterwards',
    )
  })
  await checks.check('kafka-console-consumer', 'two members together have read every record once', async () => {
    const runs = []
    for (const member of members) runs.push(expectClean(await member.stop()))
    const read = runs.flatMap(run => consumedRecords(run.stdout)).map(place)
    expectEqual(read.length, linesCount, 'records')
    expectEqual(new Set(read).size, linesCount, 'different records')
  })
  await checks.check(tool, '--describe shows offsets and lag after the members left', async () => {
    const stdinFile = inputFile(scenario, 'more-lines.txt', numberedLines(newLinesCount, linesCount))
    const args = ['--topic', topic, '--reader-property', 'parse.key=true']
    expectClean(await runTool(scenario, 'kafka-console-producer', args, { stdinFile }))
    const newEnds = await endOffsets(scenario, topic)
    expectEqual(sum(newEnds), linesCount + newLinesCount, 'sum of the end offsets')
    const rows = await describe(scenario, group)
    expectEqual(
      rows.map(numbers),
      newEnds.map((end, p) => [p, ends[p], end, end - ends[p]!]),
      'partition, current, end, lag',
    )
    expectEqual(
      rows.map(row => [row['CONSUMER-ID'], row.HOST, row['CLIENT-ID']]),
      rows.map(() => ['-', '-', '-']),
      'owners',
    )
    expectContains(scenario.host.lastRun!.stderr, `Consumer group '${group}' has no active members.`)
    const [state] = await describe(scenario, group, '--state')
    expectEqual([state?.STATE, state?.['#MEMBERS']], ['Empty', '0'], 'state')
  })
  // Whatever failed above, no member may live on.
  for (const member of members) await member.stop()
}

async function checkListing(scenario: Scenario): Promise<void> {
  const { checks, groups } = scenario
  const names = [groups.readers, groups.slow]
  await checks.check(tool, '--list, with --state and --type as columns and as filters', async () => {
    const plain = (await groupCommand(scenario, '--list')).split('\n')
    for (const name of names) expect(plain.includes(name), `${name} is not listed`)
    const own = (rows: Row[]) => rows.filter(row => names.includes(row.GROUP!)).map(row => [row.STATE, row.TYPE ?? ''])
    expectEqual(
      own(table(await groupCommand(scenario, '--list', '--state'))),
      [
        ['Empty', ''],
        ['Empty', ''],
      ],
      'states',
    )
    const classic = table(await groupCommand(scenario, '--list', '--state', 'Empty,Stable', '--type', 'classic'))
    expectEqual(
      own(classic),
      [
        ['Empty', 'Classic'],
        ['Empty', 'Classic'],
      ],
      'classic groups',
    )
    expectEqual(own(table(await groupCommand(scenario, '--list', '--state', 'Stable'))), [], 'stable groups')
    expectEqual(own(table(await groupCommand(scenario, '--list', '--type', 'consumer'))), [], 'groups of the new protocol')
  })
  await checks.check(tool, '--describe --all-groups, and of a group that does not exist', async () => {
    const stdout = await groupCommand(scenario, '--describe', '--all-groups')
    const described = new Set(table(stdout).map(row => row.GROUP))
    for (const name of names) expect(described.has(name), `${name} is not described`)
    expectContains(await groupCommand(scenario, '--describe', '--group', `${groups.slow}-unknown`), 'GroupIdNotFoundException')
  })
}

async function checkDeletions(scenario: Scenario): Promise<void> {
  const { checks, topics, groups } = scenario
  await checks.check(tool, '--delete-offsets of one partition and of a topic', async () => {
    const { readers: group } = groups
    const one = await groupCommand(scenario, '--delete-offsets', '--group', group, '--topic', `${topics.lines}:1`)
    expectContains(one, `Request succeeded for deleting offsets from group ${group}.`)
    expectEqual(
      table(one).map(row => [row.PARTITION, row.STATUS]),
      [['1', 'Successful']],
      'status',
    )
    expectEqual(
      (await describe(scenario, group)).map(row => [row.PARTITION, row['CURRENT-OFFSET']]),
      [
        ['0', '321'],
        ['2', '654'],
      ],
      'left',
    )
    scenario.committed.set(`${group} ${topics.lines} 1`, null)
  })
  await checks.check(tool, '--delete-offsets of an unknown topic says so', async () => {
    const rows = table(
      await groupCommand(scenario, '--delete-offsets', '--group', groups.readers, '--topic', `${topics.lines}-unknown`),
    )
    expectContains(rows[0]?.STATUS ?? '', 'UnknownTopicOrPartitionException')
  })
  await checks.check(tool, '--delete removes a group with its offsets; a second time fails', async () => {
    const deleted = await groupCommand(scenario, '--delete', '--group', groups.slow)
    expectContains(deleted, `Deletion of requested consumer groups ('${groups.slow}') was successful.`)
    scenario.committed.set(`${groups.slow} ${topics.gzip} 0`, null)
    expect(!(await groupCommand(scenario, '--list')).split('\n').includes(groups.slow), 'the deleted group is still listed')
    expectContains(await groupCommand(scenario, '--delete', '--group', groups.slow), 'GroupIdNotFoundException')
  })
}

function startMember(scenario: Scenario, topic: string, group: string, clientId: string, ...properties: string[]): RunningTool {
  const options = [`client.id=${clientId}`, 'auto.commit.interval.ms=200', ...properties].flatMap(p => ['--command-property', p])
  const args = [
    '--bootstrap-server',
    scenario.bootstrap,
    '--topic',
    topic,
    '--group',
    group,
    '--from-beginning',
    ...options,
    ...wholeRecords,
  ]
  return scenario.host.start('kafka-console-consumer', args)
}

function isOwned(row: Row | undefined): boolean {
  return row !== undefined && row['CONSUMER-ID'] !== '-'
}

function place(record: StoredRecord): string {
  return `${record.partition}:${record.offset}`
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
