/**
 * `__consumer_offsets` as Kafka's own formatters read it: the last record of every committed offset and of every group must
 * be what the group checks left behind.
 */
import { expect, expectClean, expectEqual } from './checks.js'
import { describedTopics, jsonObjects } from './output.js'
import { endOffsets, runTool, type Scenario } from './scenario.js'

const tool = 'kafka-console-consumer'
export const offsetsTopic = '__consumer_offsets'

interface Formatted<Key, Value> {
  readonly key: { readonly type: number; readonly data: Key }
  readonly value: { readonly version: number; readonly data: Value } | null
}
export interface OffsetKey {
  readonly group: string
  readonly topic: string
  readonly partition: number
}
export interface OffsetValue {
  readonly offset: number
  readonly metadata: string
  readonly commitTimestamp: number
}
interface GroupValue {
  readonly protocolType: string
  readonly generation: number
  readonly protocol: string | null
  readonly members: readonly { readonly clientId: string; readonly clientHost: string; readonly assignment: string }[]
}

export async function checkInternalTopic(scenario: Scenario): Promise<void> {
  const { checks, groups, topics } = scenario

  await checks.check('kafka-topics', '__consumer_offsets is a compacted internal topic of 50 partitions', async () => {
    const run = expectClean(await runTool(scenario, 'kafka-topics', ['--describe', '--topic', offsetsTopic]))
    const [topic] = describedTopics(run.stdout)
    expectEqual(topic?.partitionCount, 50, 'PartitionCount')
    expectEqual(topic?.configs['cleanup.policy'], 'compact', 'cleanup.policy')
    const names = expectClean(await runTool(scenario, 'kafka-topics', ['--list', '--exclude-internal'])).stdout.split('\n')
    expect(!names.includes(offsetsTopic), '--exclude-internal hides it')
    expect(names.includes(topics.lines), '--exclude-internal shows other topics')
  })

  await checks.check(tool, 'OffsetsMessageFormatter reads every committed offset of __consumer_offsets', async () => {
    const records = await formatted<OffsetKey, OffsetValue>(scenario, 'OffsetsMessageFormatter')
    expect(
      records.every(record => record.key.type === 1),
      'keys of type 1',
    )
    const last = new Map(records.map(({ key, value }) => [`${key.data.group} ${key.data.topic} ${key.data.partition}`, value]))
    expect(scenario.committed.size > 0, 'the group checks committed something')
    for (const [name, offset] of scenario.committed) {
      const value = last.get(name)
      expect(value !== undefined, `no record of ${name}`)
      expectEqual(value?.data.offset ?? null, offset, `last offset of ${name}`)
      if (value !== null) expect(Math.abs(Date.now() - value.data.commitTimestamp) < 3_600_000, `commit time of ${name}`)
    }
  })

  await checks.check(tool, 'GroupMetadataMessageFormatter reads the history of a group in __consumer_offsets', async () => {
    const records = await formatted<{ group: string }, GroupValue>(scenario, 'GroupMetadataMessageFormatter')
    expect(
      records.every(record => record.key.type === 2),
      'keys of type 2',
    )
    const values = records.filter(record => record.key.data.group === groups.readers).map(record => record.value)
    const withTwo = values.find(value => value?.data.members.length === 2)?.data
    expect(withTwo !== undefined, 'no record of the group with two members')
    expectEqual([withTwo.protocolType, withTwo.protocol], ['consumer', 'range'], 'protocol type and protocol')
    expectEqual(withTwo.members.map(member => member.clientId).sort(), ['reader-a', 'reader-b'], 'clients')
    expectEqual(
      withTwo.members.map(member => member.clientHost),
      ['/127.0.0.1', '/127.0.0.1'],
      'hosts',
    )
    for (const member of withTwo.members) {
      const assignment = Buffer.from(member.assignment, 'base64')
      expect(assignment.includes(topics.lines), 'the assignment names the topic')
    }
    const generations = values.flatMap(value => (value === null ? [] : [value.data.generation]))
    expectEqual(
      generations,
      [...generations].sort((a, b) => a - b),
      'generations in order',
    )
    expectEqual(values.at(-1)?.data.members.length, 0, 'members in the last record')
    const slow = records.filter(record => record.key.data.group === groups.slow)
    expect(slow.length > 1, 'records of the deleted group')
    expectEqual(slow.at(-1)?.value ?? null, null, 'last record of the deleted group')
  })
}

async function formatted<Key, Value>(scenario: Scenario, formatter: string): Promise<Formatted<Key, Value>[]> {
  const written = async (): Promise<number> => (await endOffsets(scenario, offsetsTopic)).reduce((sum, end) => sum + end, 0)
  // A group may still be written to the topic, when a member's session ends; then what was read is not all of it.
  for (let count = await written(), attempts = 0; ; attempts++) {
    const run = await runTool(scenario, tool, [
      // Compaction may have removed records, so the count is an upper bound and the timeout ends the reading.
      ...['--topic', offsetsTopic, '--from-beginning', '--timeout-ms', '8000', '--max-messages', String(count)],
      ...['--formatter', `org.apache.kafka.tools.consumer.${formatter}`],
      // Not in a group that is written to the topic while it is read.
      ...['--command-property', 'enable.auto.commit=false', '--isolation-level', 'read_committed'],
    ])
    const after = await written()
    if (after === count || attempts === 3) return jsonObjects(expectClean(run).stdout) as Formatted<Key, Value>[]
    count = after
  }
}
