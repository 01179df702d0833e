/** kafka-configs, kafka-broker-api-versions and kafka-cluster: what the broker says about itself. */
import { expect, expectClean, expectContains, expectEqual } from './checks.js'
import { table } from './output.js'
import { runTool, type Scenario } from './scenario.js'

/** APIs without which the other tools here would not run, with the newest version that Kafka 4.4 speaks. */
const neededApis: Readonly<Record<string, number>> = {
  Produce: 13,
  Fetch: 18,
  ListOffsets: 11,
  Metadata: 13,
  OffsetCommit: 10,
  OffsetFetch: 10,
  FindCoordinator: 6,
  JoinGroup: 9,
  Heartbeat: 4,
  LeaveGroup: 5,
  SyncGroup: 5,
  DescribeGroups: 6,
  ListGroups: 5,
  ApiVersions: 5,
  CreateTopics: 7,
  DeleteTopics: 6,
  InitProducerId: 5,
  OffsetForLeaderEpoch: 4,
  DescribeConfigs: 4,
  AlterConfigs: 2,
  IncrementalAlterConfigs: 1,
  CreatePartitions: 3,
  DeleteGroups: 3,
  OffsetDelete: 0,
  DescribeCluster: 2,
  DescribeTopicPartitions: 0,
}

export async function checkCluster(scenario: Scenario): Promise<void> {
  await checkConfigs(scenario)
  await checkApiVersions(scenario)
  await checkClusterTool(scenario)
}

async function checkConfigs(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario
  const tool = 'kafka-configs'
  const synonyms = '{DYNAMIC_TOPIC_CONFIG:segment.bytes=1048576, DEFAULT_CONFIG:log.segment.bytes=1073741824}'
  const ownSegmentBytes = `segment.bytes=1048576 sensitive=false synonyms=${synonyms}`

  await checks.check(tool, '--describe --topic shows the overrides with their synonyms', async () => {
    for (const entity of [
      ['--topic', topics.lines],
      ['--entity-type', 'topics', '--entity-name', topics.lines],
    ]) {
      const run = expectClean(await runTool(scenario, tool, ['--describe', ...entity]))
      const [title, ...configs] = run.stdout.trimEnd().split('\n')
      expectEqual(title, `Dynamic configs for topic ${topics.lines} are:`, 'first line')
      expectEqual(configs.map(line => line.trim().split('=')[0]).sort(), ['index.interval.bytes', 'segment.bytes'], 'overrides')
      expectContains(run.stdout, ownSegmentBytes)
    }
  })
  await checks.check(tool, '--describe --topic --all shows defaults beside overrides', async () => {
    const run = expectClean(await runTool(scenario, tool, ['--describe', '--topic', topics.lines, '--all']))
    for (const config of [
      'cleanup.policy=delete ',
      'retention.ms=604800000 ',
      'max.message.bytes=1048588 ',
      'compression.type=producer ',
    ]) {
      expectContains(run.stdout, `  ${config}sensitive=false`)
    }
    const timestampType = 'message.timestamp.type=CreateTime'
    expectContains(run.stdout, `${timestampType} sensitive=false synonyms={DEFAULT_CONFIG:log.${timestampType}}`)
    expectContains(run.stdout, ownSegmentBytes)
  })
  await checks.check(tool, '--describe --topic of an unknown topic says so', async () => {
    const run = expectClean(await runTool(scenario, tool, ['--describe', '--topic', `${topics.lines}-unknown`]))
    expectContains(run.stdout, "doesn't exist and doesn't have dynamic config")
  })
  await checks.check(tool, '--describe --broker, with --all its static and default configs', async () => {
    const id = String(scenario.brokerId)
    const own = expectClean(await runTool(scenario, tool, ['--describe', '--broker', id]))
    expectContains(own.stdout, `Dynamic configs for broker ${id} are:`)
    const all = expectClean(await runTool(scenario, tool, ['--describe', '--broker', id, '--all']))
    expectContains(all.stdout, `All configs for broker ${id} are:`)
    expectContains(
      all.stdout,
      'log.segment.bytes=1073741824 sensitive=false synonyms={DEFAULT_CONFIG:log.segment.bytes=1073741824}',
    )
    expectContains(all.stdout, /^ {2}auto\.create\.topics\.enable=true sensitive=false/m)
    expectContains(all.stdout, /^ {2}offsets\.topic\.num\.partitions=50 sensitive=false/m)
  })
  await checks.check(tool, '--describe --broker-defaults', async () => {
    const run = expectClean(await runTool(scenario, tool, ['--describe', '--broker-defaults']))
    expectContains(run.stdout, 'Default configs for brokers in the cluster are:')
  })
  await checks.check(tool, '--alter changes a topic’s configs, takes them back, and refuses what they cannot be', async () => {
    const alter = (...changes: string[]) => runTool(scenario, tool, ['--alter', '--topic', topics.lines, ...changes])
    const described = async () => expectClean(await runTool(scenario, tool, ['--describe', '--topic', topics.lines])).stdout
    const done = `Completed updating config for topic ${topics.lines}.`
    const added = await alter('--add-config', 'retention.ms=86400000,cleanup.policy=[compact,delete]')
    expectContains(expectClean(added).stdout, done)
    const after = await described()
    expectContains(after, '  retention.ms=86400000 sensitive=false')
    expectContains(after, '  cleanup.policy=compact,delete sensitive=false')
    expectContains(after, ownSegmentBytes)
    const refused = await alter('--add-config', 'retention.ms=soon')
    expectEqual(refused.exitCode, 1, 'exit code')
    expectContains(refused.stderr, 'InvalidConfigurationException')
    expectContains(expectClean(await alter('--delete-config', 'retention.ms,cleanup.policy')).stdout, done)
    expect(!/retention\.ms|cleanup\.policy/.test(await described()), 'the configs are still there')
  })
}

async function checkApiVersions(scenario: Scenario): Promise<void> {
  const tool = 'kafka-broker-api-versions'
  await scenario.checks.check(tool, 'every API of the other tools is usable in its newest version', async () => {
    const run = expectClean(await runTool(scenario, tool, []))
    const [host, port] = scenario.bootstrap.split(':')
    expectContains(run.stdout, `${host}:${port} (id: ${scenario.brokerId} rack: null isFenced: false) -> (`)
    for (const [name, newest] of Object.entries(neededApis)) {
      const line = run.stdout.match(new RegExp(`^\t${name}\\(\\d+\\): (.*?),?$`, 'm'))?.[1]
      expect(line !== undefined, `${name} is not listed`)
      expectContains(line, `[usable: ${newest}]`, `${name}: ${line}`)
    }
    expect(!run.stdout.includes('UNKNOWN'), 'no API that the client does not know')
  })
}

async function checkClusterTool(scenario: Scenario): Promise<void> {
  const tool = 'kafka-cluster'
  await scenario.checks.check(tool, 'cluster-id', async () => {
    const run = expectClean(await runTool(scenario, tool, ['cluster-id']))
    expectContains(run.stdout, /^Cluster ID: [A-Za-z0-9_-]{22}$/m)
  })
  await scenario.checks.check(tool, 'list-endpoints, also with --include-fenced-brokers', async () => {
    const [host, port] = scenario.bootstrap.split(':')
    for (const options of [[], ['--include-fenced-brokers']]) {
      const rows = table(expectClean(await runTool(scenario, tool, ['list-endpoints', ...options])).stdout)
      const { ID, HOST, PORT, RACK, STATE, ENDPOINT_TYPE } = rows[0] ?? {}
      expectEqual(rows.length, 1, 'endpoints')
      expectEqual(
        [ID, HOST, PORT, RACK, STATE, ENDPOINT_TYPE],
        [String(scenario.brokerId), host, port, 'null', 'unfenced', 'broker'],
        'endpoint',
      )
    }
  })
}
