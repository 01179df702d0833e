/**
 * kafka-shell on Gregor's own __cluster_metadata. It is published up to 4.3.1, so the directory is formatted for that level of
 * metadata.version; of a log with records that it does not know it shows an empty image, and does not fail. Hence the look at
 * what it shows.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { startGregor } from '../../lib/gregor.js'
import { classpathOf, javaArgs, shortLivedJvmArgs } from '../../lib/maven.js'
import { compatSources } from '../../lib/paths.js'
import { type RunResult, run } from '../../lib/processes.js'
import { WireClient } from '../../lib/wire-client.js'

export const shellVersion = '4.3.1'
const level = '4.3-IV0'
const triesMax = 5
const topics = [
  { name: 'orders', numPartitions: 2, configs: [{ name: 'retention.ms', value: '1000' }] },
  { name: 'payments', numPartitions: 1, configs: [] },
] as const

/** What it shows wrongly, or null; undefined when it is not to be had. */
export async function shellProblem(classpath: string, scratch: string): Promise<string | null | undefined> {
  const ownClasspath = await classpathOf(join(compatSources, 'harnesses', 'tools-beside-kafka', 'pom.xml'), shellVersion)
  if (ownClasspath === null) return undefined
  const dataDir = join(scratch, 'shell')
  const properties = join(scratch, 'shell.properties')
  const ports = ['listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2', 'controller.quorum.voters=1@127.0.0.1:2']
  const own = ['process.roles=broker,controller', 'node.id=1', 'controller.listener.names=CONTROLLER', `log.dirs=${dataDir}`]
  writeFileSync(properties, [...own, ...ports].join('\n'))
  const format = ['kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qk', '-c', properties]
  const formatted = await java(classpath, [...format, '--release-version', level])
  if (formatted.exitCode !== 0) return `kafka-storage: ${formatted.stdout}${formatted.stderr}`

  const gregor = await startGregor({ dataDir, args: ['--config', 'node.id=1'] })
  const client = await WireClient.connect(gregor.bootstrap)
  const request = topics.map(topic => ({ ...topic, replicationFactor: 1, assignments: [], configs: [...topic.configs] }))
  await client.request(CreateTopics, 5, { topics: request, timeoutMs: 10_000, validateOnly: false })
  client.close()
  await gregor.stop()

  const log = join(dataDir, '__cluster_metadata-0', '00000000000000000000.log')
  const shown = async (command: string) => {
    const { stdout } = await java(ownClasspath, [
      'org.apache.kafka.shell.MetadataShell',
      '--snapshot',
      log,
      ...command.split(' '),
    ])
    return stdout.split('\n').filter(line => line !== '')
  }
  const expected = [
    ['ls /image/topics/byName', topics.map(({ name }) => name)],
    ['ls /image/topics/byName/orders', ['0', '1', 'id', 'name']],
    ['cat /image/features/metadataVersion', [`Optional[${level}]`]],
    ['find /image/configs', ['', '/TOPIC:orders', '/TOPIC:orders/retention.ms'].map(path => `/image/configs${path}`)],
  ] as const
  const problems: string[] = []
  for (const [command, lines] of expected) {
    // The shell reads the log in a thread of its own and does not wait for its end: on a busy machine it may show too little.
    let printed = await shown(command)
    for (let tries = 1; tries < triesMax && printed.join() !== lines.join(); tries++) printed = await shown(command)
    if (printed.join() !== lines.join()) {
      problems.push(`${command}: ${printed.join(', ')} instead of ${lines.join(', ')}`)
    }
  }
  return problems.length === 0 ? null : problems.join('\n        ')
}

function java(classpath: string, args: readonly string[]): Promise<RunResult> {
  return run('java', [...shortLivedJvmArgs, ...javaArgs(classpath), ...args], { timeoutMs: 60_000 })
}
