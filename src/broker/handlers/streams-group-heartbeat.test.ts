/** Streams groups by wire: what is beside the machine. Rights are played in rights.test.ts, every state in the oracle. */
import { describe, expect, test } from 'vitest'
import { Errors } from '../../protocol/errors.js'
import { DescribeConfigs } from '../../protocol/messages/describe-configs.js'
import { ListGroups } from '../../protocol/messages/list-groups.js'
import { StreamsGroupDescribe } from '../../protocol/messages/streams-group-describe.js'
import { StreamsGroupHeartbeat } from '../../protocol/messages/streams-group-heartbeat.js'
import { StreamsGroupTopologyDescriptionUpdate } from '../../protocol/messages/streams-group-topology-description-update.js'
import { UpdateFeatures } from '../../protocol/messages/update-features.js'
import type { Encodable } from '../../protocol/schema.js'
import { type TestClient, temporaryDirectory, testBroker } from '../test-client.test-support.js'

type Request = Encodable<(typeof StreamsGroupHeartbeat)['request']['fields']>
type TopicInfo = NonNullable<Request['topology']>['subtopologies'][number]['stateChangelogTopics'][number]

const noTasks = { activeTasks: [], standbyTasks: [], warmupTasks: [] }

/** A member with one subtopology that reads `in` and keeps its state in these topics. */
function joining(...stateChangelogTopics: TopicInfo[]): Request {
  return {
    ...{ groupId: 'g', memberId: 'm', memberEpoch: 0, endpointInformationEpoch: 0, rebalanceTimeoutMs: 30_000, processId: 'p' },
    ...noTasks,
    topology: {
      epoch: 0,
      subtopologies: [
        {
          ...{ subtopologyId: '0', sourceTopics: ['in'], sourceTopicRegex: [], stateChangelogTopics },
          ...{ repartitionSinkTopics: [], repartitionSourceTopics: [], copartitionGroups: [] },
        },
      ],
    },
  }
}

const beating = (memberEpoch: number, rest: Partial<Request> = {}): Request => ({
  ...{ groupId: 'g', memberId: 'm', memberEpoch, endpointInformationEpoch: 0, ...rest },
})

const changelog = (name: string, topicConfigs: TopicInfo['topicConfigs'] = []): TopicInfo => ({
  ...{ name, partitions: 0, replicationFactor: 0, topicConfigs },
})

const beat = (by: TestClient, request: Request) => by.call(StreamsGroupHeartbeat, 1, request)

async function configsOf(by: TestClient, resourceName: string, ...configurationKeys: string[]) {
  const resources = [{ resourceType: 2, resourceName, configurationKeys }]
  const { results } = await by.call(DescribeConfigs, 4, { resources, includeSynonyms: false, includeDocumentation: false })
  return results[0]?.configs.map(({ name, value }) => [name, value])
}

test('internal topics are made as the client describes them, and the next heartbeat finds them', async () => {
  await using broker = await testBroker()
  const by = await broker.connect()
  await by.createTopic('in', 3)
  const joined = await beat(by, joining(changelog('log', [{ key: 'cleanup.policy', value: 'compact' }])))
  expect(joined.status).toEqual([{ statusCode: 3, statusDetail: 'Internal topics are missing: log' }])
  expect(joined.activeTasks).toEqual([])
  const ready = await beat(by, beating(joined.memberEpoch, noTasks))
  expect(ready.status).toEqual([])
  expect(ready.activeTasks).toEqual([{ subtopologyId: '0', partitions: [0, 1, 2] }])
  expect(await configsOf(by, 'log', 'cleanup.policy')).toEqual([['cleanup.policy', 'compact']])
})

test('a list of groups in a state asks by Kafka’s own name of it, which is not the one that is answered', async () => {
  await using broker = await testBroker()
  const by = await broker.connect()
  await beat(by, joining())
  const listed = async (...statesFilter: string[]) =>
    (await by.call(ListGroups, 5, { statesFilter, typesFilter: [] })).groups.map(({ groupState }) => groupState)
  expect(await listed()).toEqual(['NotReady'])
  expect(await listed('NotReady')).toEqual([])
  expect(await listed('Not_Ready')).toEqual(['NotReady'])
})

test('why a topic could not be made is told, three of them by name', async () => {
  await using broker = await testBroker()
  const by = await broker.connect()
  await by.createTopic('in')
  const bad = ['a', 'b', 'c', 'd'].map(name => changelog(name, [{ key: 'cleanup.policy', value: 'wrong' }]))
  const { errorCode, status } = await beat(by, joining(...bad))
  expect(errorCode).toBe(Errors.NONE)
  expect(status?.[0]?.statusDetail).toMatch(
    /^Internal topics are missing: a, b, c and 1 additional topics; Creation failed: a \(.*/,
  )
  expect(status?.[0]?.statusDetail).toMatch(/ and 1 more\.$/)
})

test('a member goes on with its tasks after a restart', async () => {
  using directory = temporaryDirectory()
  let memberEpoch: number
  {
    await using broker = await testBroker({ directory: directory.path })
    const by = await broker.connect()
    await by.createTopic('in', 2)
    memberEpoch = (await beat(by, joining())).memberEpoch
  }
  await using broker = await testBroker({ directory: directory.path })
  const by = await broker.connect()
  const again = await beat(by, beating(memberEpoch))
  expect(again).toMatchObject({ errorCode: Errors.NONE, memberEpoch, status: [], activeTasks: null })
  const { groups } = await by.call(StreamsGroupDescribe, 1, { groupIds: ['g'], includeAuthorizedOperations: false })
  expect(groups[0]).toMatchObject({ groupState: 'Stable', groupEpoch: memberEpoch, assignorName: 'sticky' })
  expect(groups[0]?.members[0]?.assignment.activeTasks).toEqual([{ subtopologyId: '0', partitions: [0, 1] }])
})

describe('the protocol is switched off', () => {
  const description = {
    groupId: 'g',
    memberId: 'm',
    topologyEpoch: 0,
    topologyDescription: { subtopologies: [], globalStores: [] },
  }
  const codes = async (by: TestClient) => {
    const { groups } = await by.call(StreamsGroupDescribe, 1, { groupIds: ['g'], includeAuthorizedOperations: false })
    const update = await by.call(StreamsGroupTopologyDescriptionUpdate, 0, description)
    return [(await beat(by, joining())).errorCode, groups[0]?.errorCode, update.errorCode, update.errorMessage]
  }
  const off = [Errors.UNSUPPORTED_VERSION, Errors.UNSUPPORTED_VERSION, Errors.UNSUPPORTED_VERSION, null]

  test('by group.coordinator.rebalance.protocols', async () => {
    await using broker = await testBroker({ config: { 'group.coordinator.rebalance.protocols': 'classic,consumer' } })
    expect(await codes(await broker.connect())).toEqual(off)
  })

  test('by streams.version, and on again, while the broker runs', async () => {
    await using broker = await testBroker()
    const by = await broker.connect()
    const to = (maxVersionLevel: number, upgradeType: number) =>
      by.call(UpdateFeatures, 1, { featureUpdates: [{ feature: 'streams.version', maxVersionLevel, upgradeType }] })
    expect((await to(0, 2)).errorCode).toBe(Errors.NONE)
    expect(await codes(by)).toEqual(off)
    expect((await to(1, 1)).errorCode).toBe(Errors.NONE)
    const [heartbeat, , update, message] = await codes(by)
    expect([heartbeat, update]).toEqual([Errors.NONE, Errors.UNSUPPORTED_VERSION])
    expect(message).toBe('The broker has no streams group topology description plugin configured.')
  })
})
