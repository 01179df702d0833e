/** Consumer groups by wire: what a group decides has its own transcripts; here it is about the way there and back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomUuid, realWorld } from '../../base/world.js'
import { createAcls } from '../../cluster/access-controller.js'
import { Errors } from '../../protocol/errors.js'
import { ConsumerGroupDescribe } from '../../protocol/messages/consumer-group-describe.js'
import { ConsumerGroupHeartbeat } from '../../protocol/messages/consumer-group-heartbeat.js'
import { DescribeGroups } from '../../protocol/messages/describe-groups.js'
import { IncrementalAlterConfigs } from '../../protocol/messages/incremental-alter-configs.js'
import { ListGroups } from '../../protocol/messages/list-groups.js'
import { OffsetCommit } from '../../protocol/messages/offset-commit.js'
import { OffsetFetch } from '../../protocol/messages/offset-fetch.js'
import { UpdateFeatures } from '../../protocol/messages/update-features.js'
import { operations, resourceTypes } from '../../security/acl/acl.js'
import { type TestBroker, type TestClient, temporaryDirectory, testBroker } from '../test-client.test-support.js'

let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  broker = await testBroker()
  client = await broker.connect({ clientId: 'member' })
  await client.createTopic('t', 3)
})
afterAll(() => broker.stop())

const idOf = (topic: string, of = broker): string => of.running.services.topics.image.topics.get(topic)!.topicId

const joining = (groupId: string, memberId: string, rest: object = {}) => ({
  ...{ groupId, memberId, memberEpoch: 0, rebalanceTimeoutMs: 30_000, subscribedTopicNames: ['t'], topicPartitions: [] },
  ...rest,
})
const beat = (request: object, version = 1, by = client) => by.call(ConsumerGroupHeartbeat, version, request as never)

/** Beats until the member is told what it has. */
async function assigned(request: object, by = client) {
  for (;;) {
    const { errorCode, assignment } = await beat(request, 1, by)
    expect(errorCode).toBe(Errors.NONE)
    if (assignment !== null) return assignment.topicPartitions
  }
}

test.each([0, 1])('a member is told what it has, is listed and described, v%i', async version => {
  const groupId = `described ${version}`
  const { memberId, ...answer } = await beat(joining(groupId, version === 0 ? '' : 'm'), version)
  expect(memberId).toMatch(version === 0 ? /^[\w-]{22}$/ : /^m$/)
  const topicPartitions = [{ topicId: idOf('t'), partitions: [0, 1, 2] }]
  expect(answer).toMatchObject({
    errorCode: Errors.NONE,
    memberEpoch: 2,
    heartbeatIntervalMs: 5000,
    assignment: { topicPartitions },
  })
  expect((await beat({ groupId, memberId, memberEpoch: 2 }, version)).assignment).toBeNull()

  const { groups } = await client.call(ConsumerGroupDescribe, version, {
    groupIds: [groupId, '', 'none'],
    includeAuthorizedOperations: true,
  })
  const named = [{ ...topicPartitions[0], topicName: 't' }]
  expect(groups).toMatchObject([
    { errorCode: Errors.INVALID_GROUP_ID },
    {
      ...{ groupState: 'Stable', groupEpoch: 2, assignmentEpoch: 2, assignorName: 'uniform' },
      members: [
        {
          memberId,
          clientId: 'member',
          clientHost: '/127.0.0.1',
          assignment: { topicPartitions: named },
          memberType: version === 0 ? -1 : 1,
        },
      ],
    },
    { errorCode: Errors.GROUP_ID_NOT_FOUND, errorMessage: 'Group none not found.' },
  ])
  const { groups: listed } = await client.call(ListGroups, 5, { statesFilter: [], typesFilter: ['Consumer'] })
  expect(listed).toContainEqual(expect.objectContaining({ groupId, groupType: 'consumer', groupState: 'Stable' }))
  const { groups: classic } = await client.call(DescribeGroups, 6, { groups: [groupId] })
  expect(classic[0]).toMatchObject({
    errorCode: Errors.GROUP_ID_NOT_FOUND,
    errorMessage: `Group ${groupId} is not a classic group.`,
  })
})

test.each([
  ['groupId', 'GroupId'],
  ['memberId', 'MemberId'],
  ['instanceId', 'InstanceId'],
  ['rackId', 'RackId'],
])('spaces alone are no %s', async (field, name) => {
  const { errorCode, errorMessage } = await beat(joining('spaces', 'm', { [field]: ' \t ' }))
  expect([errorCode, errorMessage]).toEqual([Errors.INVALID_REQUEST, `${name} can't be empty.`])
})

test('a member commits and reads offsets in its epoch alone', async () => {
  const groupId = 'offsets'
  await beat(joining(groupId, 'm'))
  const partition = { partitionIndex: 0, committedOffset: 7, committedMetadata: '' }
  const commit = async (version: number, generationIdOrMemberEpoch: number) => {
    const topics = [{ name: 't', topicId: idOf('t'), partitions: [partition] }]
    const { topics: answered } = await client.call(OffsetCommit, version, {
      groupId,
      memberId: 'm',
      generationIdOrMemberEpoch,
      topics,
    })
    return answered[0]?.partitions[0]?.errorCode
  }
  expect([await commit(8, 2), await commit(9, 2), await commit(10, 2)]).toEqual([Errors.UNSUPPORTED_VERSION, 0, 0])
  expect([await commit(9, 1), await commit(9, 3)]).toEqual([Errors.STALE_MEMBER_EPOCH, Errors.STALE_MEMBER_EPOCH])
  const read = async (version: number, memberId: string | null, memberEpoch: number) => {
    const topics = [{ name: 't', topicId: idOf('t'), partitionIndexes: [0] }]
    const { groups } = await client.call(OffsetFetch, version, { groups: [{ groupId, memberId, memberEpoch, topics }] })
    return groups[0]?.errorCode || groups[0]?.topics[0]?.partitions[0]?.committedOffset
  }
  expect([await read(9, 'm', 2), await read(10, 'm', 2), await read(9, null, -1), await read(8, 'x', 9)]).toEqual([7, 7, 7, 7])
  expect([await read(9, 'm', 1), await read(9, 'x', 2)]).toEqual([Errors.STALE_MEMBER_EPOCH, Errors.UNKNOWN_MEMBER_ID])
})

test('a group comes back with the broker, and its members go on', async () => {
  using directory = temporaryDirectory()
  const first = await testBroker({ directory: directory.path })
  const before = await first.connect()
  await before.createTopic('t', 2)
  await beat(joining('g', 'm'), 1, before)
  await first.stop()
  await using second = await testBroker({ directory: directory.path })
  const after = await second.connect()
  const full = { groupId: 'g', memberId: 'm', memberEpoch: 2, rebalanceTimeoutMs: 30_000, subscribedTopicNames: ['t'] }
  const topicPartitions = [{ topicId: idOf('t', second), partitions: [0, 1] }]
  expect(await beat({ ...full, topicPartitions }, 1, after)).toMatchObject({ memberEpoch: 2, assignment: { topicPartitions } })
})

describe('regular expressions', () => {
  test('are RE2’s, of the whole name, and are matched with topics that come later', async () => {
    await client.createTopic('re-a', 1)
    await client.createTopic('a-re-a', 1)
    const request = joining('regex', 'm', { subscribedTopicNames: null, subscribedTopicRegex: '(?i)RE-[[:alpha:]]' })
    expect(await beat(request)).toMatchObject({ memberEpoch: 1, assignment: { topicPartitions: [] } })
    const next = { groupId: 'regex', memberId: 'm', memberEpoch: 1 }
    expect(await assigned(next)).toEqual([{ topicId: idOf('re-a'), partitions: [0] }])
    await client.createTopic('re-b', 1)
    const topics = await assigned({ ...next, memberEpoch: 2 })
    expect(topics.map(({ topicId }) => topicId).sort()).toEqual([idOf('re-a'), idOf('re-b')].sort())
  })

  test.each([
    ['(re', 'missing closing )'],
    ['re(?=a)', 'invalid or unsupported Perl syntax'],
    ['(a)\\1', 'invalid escape sequence'],
    [`${'a'.repeat(1001)}`, 'expression too large'],
  ])('%s is none', async (subscribedTopicRegex, why) => {
    const refused = await beat(joining('regex none', 'm', { subscribedTopicNames: null, subscribedTopicRegex }))
    const message = `SubscribedTopicRegex \`${subscribedTopicRegex}\` is not a valid regular expression: ${why}`
    expect(refused).toMatchObject({
      errorCode: Errors.INVALID_REGULAR_EXPRESSION,
      errorMessage: expect.stringContaining(message),
    })
  })

  test('show a client no topic that it may not see', async () => {
    const authorizer = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
    await using secured = await testBroker({ config: { 'authorizer.class.name': authorizer } })
    const { services } = secured.running
    const by = await secured.connect()
    for (const name of ['seen', 'secret']) await services.topics.createOnDemand(name)
    const acl = (operation: 'read' | 'describe', type: 'group' | 'topic', resourceName: string) => ({
      ...{ resourceType: resourceTypes[type], resourceName, patternType: 3, principal: 'User:ANONYMOUS', host: '*' },
      ...{ operation: operations[operation], permissionType: 3 },
    })
    const acls = [acl('read', 'group', 'g'), acl('describe', 'topic', 'seen')]
    await services.carryOut(createAcls(services.topics.image.access, acls, () => randomUuid(realWorld)))
    await beat(joining('g', 'm', { subscribedTopicNames: null, subscribedTopicRegex: '.*' }), 1, by)
    const topics = await assigned({ groupId: 'g', memberId: 'm', memberEpoch: 1 }, by)
    expect(topics.map(({ topicId }) => topicId)).toEqual([idOf('seen', secured)])
  })
})

describe('a group sets for itself', () => {
  test('how often its members beat, within the broker’s bounds', async () => {
    const set = (value: string) =>
      client.call(IncrementalAlterConfigs, 1, {
        resources: [
          {
            ...{ resourceType: 32, resourceName: 'own' },
            configs: [{ name: 'consumer.heartbeat.interval.ms', configOperation: 0, value }],
          },
        ],
        validateOnly: false,
      })
    expect((await set('4999')).responses[0]?.errorCode).toBe(Errors.INVALID_CONFIG)
    expect((await set('7000')).responses[0]?.errorCode).toBe(Errors.NONE)
    expect((await beat(joining('own', 'm'))).heartbeatIntervalMs).toBe(7000)
  })
})

describe('the protocol is switched off', () => {
  test('by group.coordinator.rebalance.protocols', async () => {
    await using classic = await testBroker({ config: { 'group.coordinator.rebalance.protocols': 'classic' } })
    const by = await classic.connect()
    expect((await beat(joining('g', 'm'), 1, by)).errorCode).toBe(Errors.UNSUPPORTED_VERSION)
    const { groups } = await by.call(ConsumerGroupDescribe, 1, { groupIds: ['g'], includeAuthorizedOperations: false })
    expect(groups[0]?.errorCode).toBe(Errors.UNSUPPORTED_VERSION)
  })

  test('by group.version, and on again, while the broker runs', async () => {
    await using own = await testBroker()
    const by = await own.connect()
    const to = (maxVersionLevel: number, upgradeType: number) =>
      by.call(UpdateFeatures, 1, { featureUpdates: [{ feature: 'group.version', maxVersionLevel, upgradeType }] })
    expect((await to(0, 2)).errorCode).toBe(Errors.NONE)
    expect((await beat(joining('g', 'm'), 1, by)).errorCode).toBe(Errors.UNSUPPORTED_VERSION)
    expect((await to(1, 1)).errorCode).toBe(Errors.NONE)
    expect((await beat(joining('g', 'm'), 1, by)).errorCode).toBe(Errors.NONE)
  })
})
