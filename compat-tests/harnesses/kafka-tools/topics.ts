/** kafka-topics: create, list, describe, alter and delete, and the refusals that a user meets. */
import { expect, expectClean, expectContains, expectEqual } from './checks.js'
import { type DescribedTopic, describedTopics } from './output.js'
import { codecs, runTool, type Scenario } from './scenario.js'

const tool = 'kafka-topics'
const smallSegments = ['--config', 'segment.bytes=1048576', '--config', 'index.interval.bytes=4096']

export async function checkTopics(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario

  await checks.check(tool, '--create says that the topic was created', async () => {
    await create(scenario, topics.lines, '--partitions', '3', ...smallSegments)
    for (const codec of codecs) await create(scenario, topics[codec], '--partitions', '1', ...smallSegments)
    for (const topic of [topics.notes, topics.times, topics.acks]) await create(scenario, topic, '--partitions', '1')
    await create(scenario, topics.resized, '--partitions', '1', '--replication-factor', '1')
  })

  await checks.check(tool, '--create of an existing topic fails unless --if-not-exists', async () => {
    const refused = await runTool(scenario, tool, ['--create', '--topic', topics.lines])
    expectEqual(refused.exitCode, 1, 'exit code')
    expectContains(refused.stdout, `Topic '${topics.lines}' already exists.`)
    expectContains(refused.stderr, 'TopicExistsException')
    const tolerated = expectClean(await runTool(scenario, tool, ['--create', '--topic', topics.lines, '--if-not-exists']))
    expectEqual(tolerated.stdout, '', 'output')
  })

  await checks.check(tool, '--create refuses a bad name and more replicas than brokers', async () => {
    const badName = await runTool(scenario, tool, ['--create', '--topic', 'no spaces or !'])
    expectEqual(badName.exitCode, 1, 'exit code')
    expectContains(badName.stderr, 'InvalidTopicException')
    const tooMany = await runTool(scenario, tool, ['--create', '--topic', `${topics.lines}-x`, '--replication-factor', '3'])
    expectEqual(tooMany.exitCode, 1, 'exit code')
    expectContains(tooMany.stderr, 'InvalidReplicationFactorException')
  })

  await checks.check(tool, '--list names every topic once, in order', async () => {
    const names = expectClean(await runTool(scenario, tool, ['--list']))
      .stdout.split('\n')
      .filter(name => name !== '')
    expectEqual(names, [...new Set(names)].sort(), 'sorted names without repetition')
    for (const topic of created(scenario)) expect(names.includes(topic), `${topic} is not listed`)
  })

  await checks.check(tool, '--describe shows id, counts, configs, leader, replicas and in-sync replicas', async () => {
    const topic = await describe(scenario, topics.lines)
    expectEqual(topic.partitionCount, 3, 'PartitionCount')
    expectEqual(topic.replicationFactor, 1, 'ReplicationFactor')
    expect(/^[A-Za-z0-9_-]{22}$/.test(topic.topicId), `not a topic id: ${topic.topicId}`)
    expectEqual(topic.configs['segment.bytes'], '1048576', 'segment.bytes')
    expectEqual(topic.configs['index.interval.bytes'], '4096', 'index.interval.bytes')
    expectEqual(
      topic.partitions.map(p => p.partition),
      [0, 1, 2],
      'partitions',
    )
    const leader = topic.partitions[0]!.leader
    expect(leader >= 0, 'there is a leader')
    for (const p of topic.partitions) {
      expectEqual([p.leader, p.replicas, p.isr], [leader, String(leader), String(leader)], 'leader, replicas, isr')
    }
    scenario.brokerId = leader
  })

  await checks.check(tool, '--describe --topic-id finds the same topic', async () => {
    for (const topic of created(scenario)) scenario.topicIds.set(topic, (await describe(scenario, topic)).topicId)
    expectEqual(new Set(scenario.topicIds.values()).size, created(scenario).length, 'different topic ids')
    const id = scenario.topicIds.get(topics.gzip)!
    const run = expectClean(await runTool(scenario, tool, ['--describe', '--topic-id', id]))
    expectEqual(
      describedTopics(run.stdout).map(t => t.topic),
      [topics.gzip],
      'topics',
    )
  })

  await checks.check(tool, '--describe of all topics pages through them', async () => {
    const run = expectClean(await runTool(scenario, tool, ['--describe', '--partition-size-limit-per-response', '2']))
    const described = describedTopics(run.stdout)
    for (const topic of created(scenario))
      expect(
        described.some(t => t.topic === topic),
        `${topic} is not described`,
      )
    expectEqual(described.find(t => t.topic === topics.lines)?.partitions.length, 3, 'partitions of a topic longer than a page')
  })

  await checks.check(
    tool,
    '--describe filters: no unavailable or under-replicated partitions, overrides only where set',
    async () => {
      for (const filter of ['--unavailable-partitions', '--under-replicated-partitions', '--under-min-isr-partitions']) {
        const run = expectClean(await runTool(scenario, tool, ['--describe', '--topic', topics.lines, filter]))
        expectEqual(run.stdout, '', filter)
      }
      const run = expectClean(await runTool(scenario, tool, ['--describe', '--topics-with-overrides']))
      expectContains(run.stdout, `Topic: ${topics.lines}\t`)
    },
  )

  await checks.check(tool, '--describe of an unknown topic fails', async () => {
    const run = await runTool(scenario, tool, ['--describe', '--topic', `${topics.lines}-unknown`])
    expectEqual(run.exitCode, 1, 'exit code')
    expectContains(run.stdout, `Topic '${topics.lines}-unknown' does not exist as expected`)
  })

  await checks.check(tool, '--alter adds partitions and refuses to take them away', async () => {
    expectClean(await runTool(scenario, tool, ['--alter', '--topic', topics.resized, '--partitions', '5']))
    const topic = await describe(scenario, topics.resized)
    expectEqual([topic.partitionCount, topic.partitions.length], [5, 5], 'PartitionCount')
    expectEqual(topic.topicId, scenario.topicIds.get(topics.resized), 'TopicId after the change')
    const fewer = await runTool(scenario, tool, ['--alter', '--topic', topics.resized, '--partitions', '2'])
    expectEqual(fewer.exitCode, 1, 'exit code')
    expectContains(fewer.stderr, 'InvalidPartitionsException')
  })

  await checks.check(tool, '--delete removes the topic; a second time fails unless --if-exists', async () => {
    expectClean(await runTool(scenario, tool, ['--delete', '--topic', topics.resized]))
    const names = expectClean(await runTool(scenario, tool, ['--list'])).stdout.split('\n')
    expect(!names.includes(topics.resized), 'the deleted topic is still listed')
    const again = await runTool(scenario, tool, ['--delete', '--topic', topics.resized])
    expectEqual(again.exitCode, 1, 'exit code')
    expectContains(again.stdout, `Topic '${topics.resized}' does not exist as expected`)
    expectClean(await runTool(scenario, tool, ['--delete', '--topic', topics.resized, '--if-exists']))
  })
}

function created({ topics }: Scenario): string[] {
  return [topics.lines, topics.notes, topics.times, topics.acks, topics.resized, ...codecs.map(codec => topics[codec])]
}

async function create(scenario: Scenario, topic: string, ...options: string[]): Promise<void> {
  const run = expectClean(await runTool(scenario, tool, ['--create', '--topic', topic, ...options]))
  expectEqual(run.stdout, `Created topic ${topic}.\n`, 'output')
}

async function describe(scenario: Scenario, topic: string): Promise<DescribedTopic> {
  const run = expectClean(await runTool(scenario, tool, ['--describe', '--topic', topic]))
  const described = describedTopics(run.stdout)
  expectEqual(
    described.map(t => t.topic),
    [topic],
    'described topics',
  )
  return described[0]!
}
