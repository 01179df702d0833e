/** kafka-streams-groups against a streams group that runs, and then does not. */
import { delimiter, join } from 'node:path'
import { classpathOf, javaArgs, kafkaClasspath, shortLivedJvmArgs } from '../../lib/maven.js'
import { compatSources } from '../../lib/paths.js'
import { eventually } from '../../lib/patience.js'
import { run } from '../../lib/processes.js'
import type { Tally } from '../../lib/tally.js'

/** The command up to the program's own arguments; null when there is no toolchain. */
export async function streamsTool(): Promise<readonly string[] | null> {
  const kafka = await kafkaClasspath()
  const streams = await classpathOf(join(compatSources, 'harnesses', 'streams-exactly-once', 'pom.xml'))
  if (kafka === null || streams === null) return null
  const program = 'org.apache.kafka.tools.streams.StreamsGroupCommand'
  return ['java', ...shortLivedJvmArgs, ...javaArgs([kafka, streams].join(delimiter)), program]
}

export async function checkTool(
  [program = '', ...command]: readonly string[],
  bootstrap: string,
  group: string,
  stopAll: () => Promise<unknown>,
  tally: Tally,
): Promise<void> {
  const tell = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await run(program, [...command, '--bootstrap-server', bootstrap, ...args])
    return `${stdout}${stderr}`
  }
  // A member that was killed a moment ago is missed when its session is over.
  const expectIn = async (what: string, pattern: RegExp, ...args: string[]): Promise<void> => {
    let text = ''
    const isSaid = async (): Promise<boolean> => {
      text = await tell(...args)
      return pattern.test(text)
    }
    const isTold = await eventually(isSaid, 20_000)
    tally.claim(`kafka-streams-groups ${what}`, isTold ? null : text.slice(0, 2000))
  }
  await expectIn('lists the group', new RegExp(`^${group}$`, 'm'), '--list')
  await expectIn('lists it with its state', new RegExp(`^${group}\\s+Stable`, 'm'), '--list', '--state')
  await expectIn('tells its state', /sticky\s+Stable/, '--describe', '--group', group, '--state', '--verbose')
  const members = ['--describe', '--group', group, '--members', '--verbose']
  await expectIn('tells its members with standbys', /ACTIVE: .*STANDBY: \d:\[\d/, ...members)
  await expectIn(
    'tells that nothing is left to read',
    new RegExp(`^${group}\\s+lines\\s+0\\s+0\\s*$`, 'm'),
    '--describe',
    '--group',
    group,
  )
  await stopAll()
  await expectIn('tells that it is empty', /Empty/, '--describe', '--group', group, '--state')
  const reset = ['--reset-offsets', '--group', group, '--all-input-topics', '--to-earliest']
  await expectIn('plans a reset', new RegExp(`^${group}\\s+lines\\s+3\\s+0\\s*$`, 'm'), ...reset, '--dry-run')
  await expectIn(
    'resets',
    new RegExp(`^${group}\\s+orders\\s+1\\s+0\\s*$`, 'm'),
    ...reset,
    '--execute',
    '--delete-all-internal-topics',
  )
  const kept = ['--reset-offsets', '--group', group, '--all-input-topics', '--to-current', '--dry-run']
  await expectIn('finds it at the start', new RegExp(`^${group}\\s+lines\\s+0\\s+0\\s*$`, 'm'), ...kept)
  await expectIn('deletes the group', /Deletion of requested streams groups .* was successful/, '--delete', '--group', group)
  const left = await tell('--list')
  tally.claim('kafka-streams-groups lists it no longer', left.includes(group) ? left : null)
}
