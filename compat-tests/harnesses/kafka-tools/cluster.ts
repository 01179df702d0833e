/** kafka-broker-api-versions and kafka-cluster: what the broker says about itself. */
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
  ListConfigResources: 1,
  DescribeTopicPartitions: 0,
}

export async function checkCluster(scenario: Scenario): Promise<void> {
  await checkApiVersions(scenario)
  await checkClusterTool(scenario)
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
