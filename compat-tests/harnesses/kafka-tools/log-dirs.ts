/**
 * kafka-log-dirs, kafka-reassign-partitions with log_dirs, and cordoned.log.dirs by kafka-configs, on a broker of its own that
 * has two data directories.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { delay, within } from '../../lib/patience.js'
import { expect, expectClean, expectContains, expectEqual } from './checks.js'
import { runTool, type Scenario } from './scenario.js'

const topic = 'spread'
const moveMs = 60_000

export async function checkLogDirs(scenario: Scenario, directories: readonly [string, string]): Promise<void> {
  const { checks } = scenario
  const [one, two] = directories
  const { brokerId } = await describe(scenario)
  await checks.check('kafka-log-dirs', '--describe: new partitions are spread over two directories', async () => {
    expectClean(await runTool(scenario, 'kafka-topics', ['--create', '--topic', topic, '--partitions', '4']))
    await within(moveMs, 'the partitions of a new topic', settled(scenario, 4))
    const places = await placesOf(scenario)
    for (const directory of directories) {
      expectEqual([...places.values()].filter(place => place === directory).length, 2, `partitions in ${directory}`)
    }
  })
  const tool = 'kafka-reassign-partitions'
  const file = join(scenario.scratch, 'directories.json')
  await checks.check(
    tool,
    '--execute and --verify of a plan with log_dirs moves a partition to the other directory',
    async () => {
      const places = await placesOf(scenario)
      const partition = Number(
        [...places]
          .find(([, place]) => place === one)?.[0]
          .split('-')
          .at(-1),
      )
      const plan = { topic, partition, replicas: [brokerId], log_dirs: [two] }
      writeFileSync(file, JSON.stringify({ version: 1, partitions: [plan] }))
      const executed = await runTool(scenario, tool, ['--reassignment-json-file', file, '--execute'])
      expectContains(
        expectClean(executed).stdout,
        `moving log directory to ${two} for replica ${topic}-${partition} with broker ${brokerId}`,
      )
      const verified = async (): Promise<void> => {
        for (;;) {
          const { stdout } = expectClean(await runTool(scenario, tool, ['--reassignment-json-file', file, '--verify']))
          expectContains(stdout, `Reassignment of partition ${topic}-${partition} is completed.`)
          if (stdout.includes(`Reassignment of replica ${topic}-${partition}-${brokerId} completed successfully.`)) return
          expectContains(stdout, `Reassignment of replica ${topic}-${partition}-${brokerId} is still in progress.`)
        }
      }
      await within(moveMs, 'the reassignment', verified())
      expectEqual((await placesOf(scenario)).get(`${topic}-${partition}`), two, 'directory')
    },
  )
  await checks.check(tool, 'a plan with a directory that is not there', async () => {
    const plan = { topic, partition: 0, replicas: [brokerId], log_dirs: [`${two}-not`] }
    writeFileSync(file, JSON.stringify({ version: 1, partitions: [plan] }))
    const executed = await runTool(scenario, tool, ['--reassignment-json-file', file, '--execute'])
    expectContains(executed.stdout + executed.stderr, /LogDirNotFound|log directory|Log directory|log dir/)
  })
  await checks.check('kafka-configs', 'cordoned.log.dirs: new partitions go to the other directory', async () => {
    const alter = (...change: string[]) =>
      runTool(scenario, 'kafka-configs', ['--alter', '--entity-type', 'brokers', '--entity-name', String(brokerId), ...change])
    expectClean(await alter('--add-config', `cordoned.log.dirs=${two}`))
    expectClean(await runTool(scenario, 'kafka-topics', ['--create', '--topic', 'kept-out', '--partitions', '2']))
    await within(moveMs, 'the partitions of a new topic', settled(scenario, 6))
    const places = await placesOf(scenario)
    expectEqual([places.get('kept-out-0'), places.get('kept-out-1')], [one, one], 'directories')
    const wrong = await alter('--add-config', `cordoned.log.dirs=${two}-not`)
    expectContains(wrong.stdout + wrong.stderr, 'must be present in log.dirs')
    expectClean(await alter('--delete-config', 'cordoned.log.dirs'))
  })
}

interface DescribedDir {
  readonly logDir: string
  readonly error: string | null
  readonly partitions: readonly { readonly partition: string; readonly isFuture: boolean }[]
}

async function describe(scenario: Scenario): Promise<{ brokerId: number; logDirs: readonly DescribedDir[] }> {
  const { stdout } = expectClean(await runTool(scenario, 'kafka-log-dirs', ['--describe']))
  const text = stdout.split('\n').find(line => line.startsWith('{'))
  expect(text !== undefined, 'no description')
  const [{ broker: brokerId, logDirs }] = JSON.parse(text).brokers as [{ broker: number; logDirs: DescribedDir[] }]
  return { brokerId, logDirs }
}

async function placesOf(scenario: Scenario): Promise<Map<string, string>> {
  const { logDirs } = await describe(scenario)
  expect(
    logDirs.every(({ error }) => error === null),
    'a directory with an error',
  )
  return new Map(
    logDirs.flatMap(({ logDir, partitions }) =>
      partitions.filter(({ isFuture }) => !isFuture).map(({ partition }) => [partition, logDir] as const),
    ),
  )
}

/** Kafka makes partitions a moment after the topic. */
async function settled(scenario: Scenario, count: number): Promise<void> {
  while ((await placesOf(scenario)).size < count) await delay(100)
}
