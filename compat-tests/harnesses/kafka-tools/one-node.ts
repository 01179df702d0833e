/**
 * kafka-leader-election, kafka-reassign-partitions, kafka-log-dirs, kafka-metadata-quorum and kafka-features: what a cluster of
 * one node says of its shape, also to --bootstrap-controller where a tool has it.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ToolName, ToolRun } from '../../lib/tool-host.js'
import { expect, expectClean, expectContains, expectEqual } from './checks.js'
import { runTool, type Scenario } from './scenario.js'

export async function checkOneNode(scenario: Scenario): Promise<void> {
  await checkElections(scenario)
  await checkReassignments(scenario)
  await checkLogDirs(scenario)
  await checkQuorum(scenario)
  await checkFeatures(scenario)
}

async function checkElections(scenario: Scenario): Promise<void> {
  const tool = 'kafka-leader-election'
  const { lines } = scenario.topics
  await scenario.checks.check(tool, 'no partition needs another leader, of one and of all', async () => {
    for (const type of ['preferred', 'unclean']) {
      const one = await runTool(scenario, tool, ['--election-type', type, '--topic', lines, '--partition', '0'])
      expectContains(expectClean(one).stdout, `Valid replica already elected for partitions ${lines}-0`)
    }
    expectClean(await runTool(scenario, tool, ['--election-type', 'preferred', '--all-topic-partitions']))
  })
  await scenario.checks.check(tool, 'a partition that is not there', async () => {
    const run = await runTool(scenario, tool, ['--election-type', 'preferred', '--topic', `${lines}-no`, '--partition', '0'])
    expectEqual(run.exitCode, 1, 'exit code')
    expectContains(run.stdout + run.stderr, `No such topic as ${lines}-no`)
  })
}

async function checkReassignments(scenario: Scenario): Promise<void> {
  const tool = 'kafka-reassign-partitions'
  const { lines } = scenario.topics
  const plan = (name: string, replicas: readonly number[]): string => {
    const file = join(scenario.scratch, `${name}.json`)
    writeFileSync(file, JSON.stringify({ version: 1, partitions: [{ topic: lines, partition: 0, replicas }] }))
    return file
  }
  await scenario.checks.check(
    tool,
    '--execute and --verify of a plan that leaves all where it is; --list and --cancel',
    async () => {
      const file = plan('stay', [scenario.brokerId])
      const executed = await runTool(scenario, tool, ['--reassignment-json-file', file, '--execute'])
      expectContains(expectClean(executed).stdout, `Successfully started partition reassignment for ${lines}-0`)
      const verified = await runTool(scenario, tool, ['--reassignment-json-file', file, '--verify'])
      expectContains(expectClean(verified).stdout, `Reassignment of partition ${lines}-0 is completed.`)
      expectContains(expectClean(await runTool(scenario, tool, ['--list'])).stdout, 'No partition reassignments found.')
      const cancelled = await runTool(scenario, tool, ['--reassignment-json-file', file, '--cancel'])
      expectContains(expectClean(cancelled).stdout, 'None of the specified partition reassignments are active.')
    },
  )
  await scenario.checks.check(tool, 'a plan with a broker that is not there', async () => {
    const run = await runTool(scenario, tool, ['--reassignment-json-file', plan('go', [77]), '--execute'])
    expectEqual(run.exitCode, 1, 'exit code')
    expectContains(run.stdout + run.stderr, 'Unknown broker id 77')
  })
}

async function checkLogDirs(scenario: Scenario): Promise<void> {
  const tool = 'kafka-log-dirs'
  const { lines } = scenario.topics
  await scenario.checks.check(tool, '--describe of a topic: its partitions with their sizes in the one directory', async () => {
    const run = expectClean(await runTool(scenario, tool, ['--describe', '--topic-list', lines]))
    const text = run.stdout.split('\n').find(line => line.startsWith('{'))
    expect(text !== undefined, 'no description')
    const { brokers } = JSON.parse(text) as { brokers: { logDirs: LogDir[] }[] }
    const [directory, ...others] = brokers[0]!.logDirs
    expectEqual([directory?.logDir, others.length], [scenario.dataDir, 0], 'directories')
    const partitions = directory!.partitions
    expect(
      partitions.length > 0 && partitions.every(one => one.partition.startsWith(`${lines}-`)),
      'partitions of the topic alone',
    )
    expect(
      partitions.some(one => one.size > 0),
      'a log that is not empty',
    )
  })
}

interface LogDir {
  readonly logDir: string
  readonly partitions: readonly { readonly partition: string; readonly size: number }[]
}

/** The address of the controller's own listener, as the quorum tells it; null when it has none. */
async function controllerOf(scenario: Scenario): Promise<string | null> {
  const { stdout } = await runTool(scenario, 'kafka-metadata-quorum', ['describe', '--status'])
  return /CONTROLLER:\/\/([^"\]]+)/.exec(stdout)?.[1] ?? null
}

/** Runs the tool against the broker and, where there is one, against the controller. */
async function runBoth(scenario: Scenario, tool: ToolName, args: readonly string[]): Promise<ToolRun[]> {
  const controller = await controllerOf(scenario)
  const addresses = [
    ['--bootstrap-server', scenario.bootstrap],
    ...(controller === null ? [] : [['--bootstrap-controller', controller]]),
  ]
  const runs: ToolRun[] = []
  for (const address of addresses) runs.push(await scenario.host.run(tool, [...address, ...args]))
  return runs
}

async function checkQuorum(scenario: Scenario): Promise<void> {
  const tool = 'kafka-metadata-quorum'
  await scenario.checks.check(tool, 'describe --status and --replication: this node leads and is the only voter', async () => {
    for (const run of await runBoth(scenario, tool, ['describe', '--status'])) {
      expectContains(expectClean(run).stdout, new RegExp(`^LeaderId: +${scenario.brokerId}$`, 'm'))
      expectContains(run.stdout, new RegExp(`^CurrentVoters: +\\[\\{"id": ${scenario.brokerId}, `, 'm'))
    }
    for (const run of await runBoth(scenario, tool, ['describe', '--replication'])) {
      expectContains(expectClean(run).stdout, new RegExp(`^${scenario.brokerId}\\s.*\\sLeader\\s*$`, 'm'))
    }
  })
}

async function checkFeatures(scenario: Scenario): Promise<void> {
  const tool = 'kafka-features'
  const feature = 'transaction.version'
  const levelOf = (stdout: string): string | undefined =>
    new RegExp(`Feature: ${feature}\\s.*FinalizedVersionLevel: (\\d+)`).exec(stdout)?.[1]
  await scenario.checks.check(tool, 'describe: metadata.version and transaction.version', async () => {
    for (const run of await runBoth(scenario, tool, ['describe'])) {
      expectContains(
        expectClean(run).stdout,
        /Feature: metadata.version\s+SupportedMinVersion: 3.3-IV3\s+SupportedMaxVersion: 4.4-IV2/,
      )
      expectEqual(levelOf(run.stdout), '2', 'level')
    }
  })
  await scenario.checks.check(tool, 'downgrade, disable and upgrade of transaction.version', async () => {
    const change = async (args: readonly string[], said: string): Promise<void> => {
      expectContains(expectClean(await runTool(scenario, tool, args)).stdout, said)
    }
    await change(['downgrade', '--feature', `${feature}=1`, '--dry-run'], `${feature} can be downgraded to 1.`)
    await change(['downgrade', '--feature', `${feature}=1`], `${feature} was downgraded to 1.`)
    await change(['disable', '--feature', feature], `${feature} was disabled.`)
    await change(['upgrade', '--feature', `${feature}=2`], `${feature} was upgraded to 2.`)
  })
  await scenario.checks.check(tool, 'what may not be: a lower metadata.version, an unknown feature', async () => {
    for (const change of [
      ['downgrade', '--feature', 'metadata.version=30'],
      ['upgrade', '--feature', 'no.such=1'],
    ]) {
      const run = await runTool(scenario, tool, change)
      expectEqual(run.exitCode, 1, 'exit code')
      expectContains(run.stdout + run.stderr, '1 out of 1 operation(s) failed.')
    }
  })
}
