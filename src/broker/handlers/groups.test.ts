/** Groups by wire: what the coordinator decides has its own transcripts; here it is about the way there and back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asBuffer, utf8Encode } from '../../base/bytes.js'
import { zeroUuid } from '../../base/ids.js'
import { javaHash } from '../../coordinator/partitioner.js'
import { Errors } from '../../protocol/errors.js'
import { DeleteGroups } from '../../protocol/messages/delete-groups.js'
import { DeleteTopics } from '../../protocol/messages/delete-topics.js'
import { DescribeGroups } from '../../protocol/messages/describe-groups.js'
import { FindCoordinator } from '../../protocol/messages/find-coordinator.js'
import { Heartbeat } from '../../protocol/messages/heartbeat.js'
import { JoinGroup } from '../../protocol/messages/join-group.js'
import { LeaveGroup } from '../../protocol/messages/leave-group.js'
import { ListGroups } from '../../protocol/messages/list-groups.js'
import { Metadata } from '../../protocol/messages/metadata.js'
import { OffsetCommit } from '../../protocol/messages/offset-commit.js'
import { OffsetDelete } from '../../protocol/messages/offset-delete.js'
import { OffsetFetch } from '../../protocol/messages/offset-fetch.js'
import { SyncGroup } from '../../protocol/messages/sync-group.js'
import { type TestBroker, type TestClient, testBroker, versionsOf } from '../test-client.test-support.js'
import { findCoordinator } from './find-coordinator.js'
import { joinGroup } from './join-group.js'
import { offsetCommit } from './offset-commit.js'

let broker: TestBroker
let client: TestClient
beforeAll(async () => {
  broker = await testBroker({ config: { 'group.initial.rebalance.delay.ms': '0' } })
  client = await broker.connect({ clientId: 'member' })
  await client.createTopic('t', 3)
})
afterAll(() => broker.stop())

const text = (bytes: Uint8Array): string => asBuffer(bytes).toString('utf8')

/** Joins as clients do: once more with the id that the broker gives. */
async function join(by: TestClient, groupId: string, version: number, metadata = 'subscription', memberId = '') {
  const request = (id: string) => ({
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: id,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: utf8Encode(metadata) }],
  })
  const first = await by.call(JoinGroup, version, request(memberId))
  if (first.errorCode !== Errors.MEMBER_ID_REQUIRED) return first
  return by.call(JoinGroup, version, request(first.memberId))
}

const sync = (by: TestClient, groupId: string, version: number, memberId: string, generationId: number, mine: string | null) =>
  by.call(SyncGroup, version, {
    groupId,
    generationId,
    memberId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: mine === null ? [] : [{ memberId, assignment: utf8Encode(mine) }],
  })

describe('one member', () => {
  test.each(versionsOf(joinGroup))('joins by JoinGroup v%i, syncs, beats, is described, and leaves', async version => {
    const groupId = `solo-${version}`
    const joined = await join(client, groupId, version)
    expect(joined).toMatchObject({ errorCode: 0, generationId: 1, protocolName: 'range', leader: joined.memberId })
    expect(joined.memberId).toMatch(/^member-[0-9a-f-]{36}$/)
    expect(joined.members.map(({ memberId, metadata }) => [memberId, text(metadata)])).toEqual([
      [joined.memberId, 'subscription'],
    ])
    if (version >= 7) expect(joined.protocolType).toBe('consumer')

    const synced = await sync(client, groupId, Math.min(version, 5), joined.memberId, 1, 'assignment')
    expect(synced.errorCode).toBe(0)
    expect(text(synced.assignment)).toBe('assignment')

    const member = { groupId, generationId: 1, memberId: joined.memberId }
    expect((await client.call(Heartbeat, Math.min(version, 4), member)).errorCode).toBe(0)
    expect((await client.call(Heartbeat, 4, { ...member, generationId: 2 })).errorCode).toBe(Errors.ILLEGAL_GENERATION)
    expect((await client.call(Heartbeat, 4, { ...member, memberId: 'x' })).errorCode).toBe(Errors.UNKNOWN_MEMBER_ID)

    const describing = Math.min(version, 6)
    const { groups } = await client.call(DescribeGroups, describing, { groups: [groupId], includeAuthorizedOperations: true })
    expect(groups[0]).toMatchObject({ errorCode: 0, groupState: 'Stable', protocolType: 'consumer', protocolData: 'range' })
    const [shown] = groups[0]?.members ?? []
    expect(shown).toMatchObject({ memberId: joined.memberId, clientId: 'member', clientHost: '/127.0.0.1' })
    expect([text(shown!.memberMetadata), text(shown!.memberAssignment)]).toEqual(['subscription', 'assignment'])
    if (describing >= 3) expect(groups[0]?.authorizedOperations).toBeGreaterThan(0)

    const leaving = Math.min(version, 5)
    const { memberId } = joined
    const left = await client.call(LeaveGroup, leaving, { groupId, memberId, members: [{ memberId }] })
    expect(left).toMatchObject({ errorCode: 0, members: leaving >= 3 ? [{ memberId, errorCode: 0 }] : [] })
    const after = await client.call(DescribeGroups, describing, { groups: [groupId] })
    expect(after.groups[0]).toMatchObject({ groupState: 'Empty', members: [] })
  })

  test('what it brought is kept, not the buffer it came in', async () => {
    const joined = await join(client, 'kept', 9, 'what I read')
    await sync(client, 'kept', 5, joined.memberId, 1, 'what I got')
    // The buffer that all connections share is written over from one end to the other.
    const noise = await broker.connect({ clientId: 'z'.repeat(30_000) })
    await Promise.all(Array.from({ length: 60 }, () => noise.topicNames()))
    const { groups } = await client.call(DescribeGroups, 5, { groups: ['kept'] })
    const [member] = groups[0]!.members
    expect([text(member!.memberMetadata), text(member!.memberAssignment)]).toEqual(['what I read', 'what I got'])
    const again = await sync(client, 'kept', 5, joined.memberId, 1, null)
    expect(text(again.assignment)).toBe('what I got')
  })
})

test('two members: the follower is parked until the leader has assigned, and a leaver makes the other join again', async () => {
  const [a, b] = [await broker.connect({ clientId: 'a' }), await broker.connect({ clientId: 'b' })]
  const first = await join(a, 'pair', 9)
  await sync(a, 'pair', 5, first.memberId, 1, 'everything')
  // 1. The second one's join is parked until the first has rejoined, of which it hears by its heartbeat.
  const joining = join(b, 'pair', 9)
  const beat = () => a.call(Heartbeat, 4, { groupId: 'pair', generationId: 1, memberId: first.memberId })
  while ((await beat()).errorCode !== Errors.REBALANCE_IN_PROGRESS);
  const [again, second] = await Promise.all([join(a, 'pair', 9, 'subscription', first.memberId), joining])
  expect([again.generationId, second.generationId]).toEqual([2, 2])
  const leader = [again, second].find(({ leader: id, memberId }) => id === memberId)!
  expect(leader.members).toHaveLength(2)
  // 2. The follower's sync is parked until the leader's assignments are there.
  const [leading, following] = leader === again ? [a, b] : [b, a]
  const follower = leader === again ? second : again
  expect(follower.members).toEqual([])
  const parked = sync(following, 'pair', 5, follower.memberId, 2, null)
  const assignments = [leader, follower].map(({ memberId }) => ({ memberId, assignment: utf8Encode(`for ${memberId}`) }))
  const given = await leading.call(SyncGroup, 5, {
    groupId: 'pair',
    generationId: 2,
    memberId: leader.memberId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments,
  })
  expect(text(given.assignment)).toBe(`for ${leader.memberId}`)
  expect(text((await parked).assignment)).toBe(`for ${follower.memberId}`)
  // 3. One leaves, the other is told to join again.
  const { memberId } = follower
  await following.call(LeaveGroup, 5, { groupId: 'pair', members: [{ memberId }] })
  const alone = { groupId: 'pair', generationId: 2, memberId: leader.memberId }
  expect((await leading.call(Heartbeat, 4, alone)).errorCode).toBe(Errors.REBALANCE_IN_PROGRESS)
})

test('a group whose record is too large fails alone: its neighbours in the shard notice nothing', async () => {
  await using fresh = await testBroker({ config: { 'offsets.topic.num.partitions': '1' } })
  const [noisy, quiet] = [await fresh.connect({ clientId: 'noisy' }), await fresh.connect({ clientId: 'quiet' })]
  await quiet.createTopic('t')
  const member = await join(quiet, 'quiet', 9)
  await sync(quiet, 'quiet', 5, member.memberId, 1, 'mine')

  // As Kafka answers: UNKNOWN_SERVER_ERROR to the sync, and the group begins another generation.
  const large = await join(noisy, 'noisy', 9, 'm'.repeat(1_200_000))
  expect((await sync(noisy, 'noisy', 5, large.memberId, 1, 'x')).errorCode).toBe(Errors.UNKNOWN_SERVER_ERROR)
  const noisyBeat = { groupId: 'noisy', generationId: 1, memberId: large.memberId }
  expect((await noisy.call(Heartbeat, 4, noisyBeat)).errorCode).toBe(Errors.REBALANCE_IN_PROGRESS)
  const partitions = Array.from({ length: 400 }, () => ({
    partitionIndex: 0,
    committedOffset: 1,
    committedMetadata: 'm'.repeat(4000),
  }))
  const commit = { groupId: 'committer', generationIdOrMemberEpoch: -1, memberId: '', topics: [{ name: 't', partitions }] }
  const committed = await noisy.call(OffsetCommit, 8, commit)
  expect(new Set(committed.topics[0]?.partitions.map(({ errorCode }) => errorCode))).toEqual(
    new Set([Errors.UNKNOWN_SERVER_ERROR]),
  )
  const { groups } = await noisy.call(DescribeGroups, 6, { groups: ['committer'] })
  expect(groups[0]?.errorCode).toBe(Errors.GROUP_ID_NOT_FOUND)

  const quietBeat = { groupId: 'quiet', generationId: 1, memberId: member.memberId }
  expect((await quiet.call(Heartbeat, 4, quietBeat)).errorCode).toBe(Errors.NONE)
  const again = await join(noisy, 'noisy', 9, 'small', large.memberId)
  expect((await sync(noisy, 'noisy', 5, again.memberId, 2, 'x')).errorCode).toBe(Errors.NONE)
})

test('a SyncGroup v5 that does not say of which protocol is looked at no further', async () => {
  const { memberId } = await join(client, 'unsaid', 9)
  const request = { groupId: 'unsaid', generationId: 1, memberId, assignments: [] }
  for (const protocol of [{}, { protocolType: 'consumer' }, { protocolName: 'range' }]) {
    const inNobody = await client.call(SyncGroup, 5, { ...request, ...protocol, groupId: 'nobody' })
    const { errorCode } = await client.call(SyncGroup, 5, { ...request, ...protocol })
    expect([errorCode, inNobody.errorCode]).toEqual([23, 23])
  }
  expect((await client.call(SyncGroup, 4, request)).errorCode).toBe(0)
})

test('a newcomer that is not let in leaves an empty group', async () => {
  const request = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', protocolType: 'consumer' }
  const withoutProtocol = await client.call(JoinGroup, 9, { ...request, groupId: 'left-empty', protocols: [] })
  expect(withoutProtocol.errorCode).toBe(Errors.INCONSISTENT_GROUP_PROTOCOL)
  const protocols = [{ name: 'range', metadata: utf8Encode('') }]
  const tooShort = { ...request, groupId: 'never', sessionTimeoutMs: 1, protocols }
  expect((await client.call(JoinGroup, 9, tooShort)).errorCode).toBe(Errors.INVALID_SESSION_TIMEOUT)
  const { groups } = await client.call(DescribeGroups, 5, { groups: ['left-empty', 'never'] })
  expect(groups.map(({ groupState }) => groupState)).toEqual(['Empty', 'Dead'])
})

test('a stop answers a parked join', async () => {
  const stopping = await testBroker()
  const [a, b] = [await stopping.connect(), await stopping.connect()]
  const first = await join(a, 'g', 9)
  // Were it refused, the group would rebalance before the other is parked.
  expect((await sync(a, 'g', 5, first.memberId, 1, 'x')).errorCode).toBe(Errors.NONE)
  const parked = join(b, 'g', 9)
  const beat = () => a.call(Heartbeat, 4, { groupId: 'g', generationId: 1, memberId: first.memberId })
  while ((await beat()).errorCode !== Errors.REBALANCE_IN_PROGRESS);
  const stopped = stopping.running.stop(600_000)
  expect((await parked).errorCode).toBe(Errors.NOT_COORDINATOR)
  await stopped
})

describe('offsets', () => {
  const commit = (version: number, groupId: string, partitions: object[], rest: object = {}) =>
    client.call(OffsetCommit, version, {
      groupId,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: 't', topicId: idOfT, partitions: partitions as never }],
      ...rest,
    })
  let idOfT: string
  beforeAll(async () => {
    const { topics: described } = await client.call(Metadata, 12, { topics: [{ name: 't' }] })
    idOfT = described[0]!.topicId
  })

  test.each(versionsOf(offsetCommit))('OffsetCommit v%i and OffsetFetch give back what was committed', async version => {
    const groupId = `commit-${version}`
    const committed = await commit(version, groupId, [
      { partitionIndex: 0, committedOffset: 42, committedLeaderEpoch: 0, committedMetadata: 'meta dátum' },
      { partitionIndex: 1, committedOffset: 7, committedMetadata: null },
      { partitionIndex: 9, committedOffset: 7, committedMetadata: null },
    ])
    expect(committed.topics[0]?.partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode])).toEqual([
      [9, Errors.UNKNOWN_TOPIC_OR_PARTITION],
      [0, 0],
      [1, 0],
    ])
    const epoch = version >= 6 ? 0 : -1
    const found = [
      { partitionIndex: 0, committedOffset: 42, metadata: 'meta dátum', errorCode: 0 },
      { partitionIndex: 1, committedOffset: 7, metadata: '', errorCode: 0 },
      { partitionIndex: 2, committedOffset: -1, metadata: '', errorCode: 0 },
    ]
    if (version < 8) {
      const request = { groupId, topics: [{ name: 't', partitionIndexes: [0, 1, 2] }] }
      const { topics, errorCode } = await client.call(OffsetFetch, version, request)
      expect(errorCode).toBe(0)
      expect(topics).toMatchObject([{ name: 't', partitions: found }])
      if (version >= 5) expect(topics[0]?.partitions[0]?.committedLeaderEpoch).toBe(epoch)
    } else {
      const topics = [{ name: 't', topicId: idOfT, partitionIndexes: [0, 1, 2] }]
      const { groups } = await client.call(OffsetFetch, version, { groups: [{ groupId, topics }] })
      expect(groups).toMatchObject([{ groupId, errorCode: 0, topics: [{ partitions: found }] }])
      if (version === 10) expect(groups[0]?.topics[0]?.topicId).toBe(idOfT)
      expect(groups[0]?.topics[0]?.partitions[0]?.committedLeaderEpoch).toBe(epoch)
    }
  })

  test('null asks for all committed offsets; an unknown group has none, and that is no error', async () => {
    await commit(8, 'all', [{ partitionIndex: 2, committedOffset: 5, committedMetadata: '' }])
    for (const version of [2, 7]) {
      const { topics } = await client.call(OffsetFetch, version, { groupId: 'all', topics: null })
      expect(topics).toMatchObject([{ name: 't', partitions: [{ partitionIndex: 2, committedOffset: 5 }] }])
    }
    const groups = ['all', 'nobody'].map(groupId => ({ groupId, topics: null }))
    for (const version of [8, 9, 10]) {
      const answer = await client.call(OffsetFetch, version, { groups })
      expect(answer.groups.map(({ groupId, errorCode, topics }) => [groupId, errorCode, topics.length])).toEqual([
        ['all', 0, 1],
        ['nobody', 0, 0],
      ])
      if (version === 10) expect(answer.groups[0]?.topics[0]?.topicId).toBe(idOfT)
    }
  })

  test('v10 names topics by id; an unknown id gets an error', async () => {
    const stranger = 'AAAAAAAAAAAAAAAAAAAAbA'
    const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }]
    const committed = await commit(10, 'by-id', [], {
      topics: [
        { topicId: idOfT, partitions },
        { topicId: stranger, partitions },
      ],
    })
    expect(committed.topics.map(({ topicId, partitions: [first] }) => [topicId, first?.errorCode])).toEqual([
      [stranger, Errors.UNKNOWN_TOPIC_ID],
      [idOfT, 0],
    ])
    const topics = [
      { topicId: stranger, partitionIndexes: [0] },
      { topicId: idOfT, partitionIndexes: [0] },
    ]
    const { groups } = await client.call(OffsetFetch, 10, { groups: [{ groupId: 'by-id', topics }] })
    const found = new Map(groups[0]?.topics.map(({ topicId, partitions: [first] }) => [topicId, first]))
    expect(found.get(idOfT)).toMatchObject({ committedOffset: 1, errorCode: 0 })
    expect(found.get(stranger)).toMatchObject({ committedOffset: -1, errorCode: Errors.UNKNOWN_TOPIC_ID })
    expect(found.has(zeroUuid)).toBe(false)
  })

  test('what is committed twice is answered twice, and the last counts; a topic that is named twice is one', async () => {
    const at = (partitionIndex: number, committedOffset: number) => ({ partitionIndex, committedOffset, committedMetadata: '' })
    const topics = [
      { name: 't', partitions: [at(0, 7), at(0, 8), at(9, 1), at(1, 9)] },
      { name: 't', partitions: [at(0, 17)] },
    ]
    const answer = await commit(8, 'twice', [], { topics })
    expect(answer.topics.map(({ partitions }) => partitions.map(one => [one.partitionIndex, one.errorCode]))).toEqual([
      [[9, Errors.UNKNOWN_TOPIC_OR_PARTITION], ...[0, 0, 1, 0].map(index => [index, 0])],
    ])
    const groups = [
      { groupId: 'twice', topics: null },
      { groupId: 'twice', topics: null },
    ]
    const found = await client.call(OffsetFetch, 8, { groups })
    const positions = [{ groupId: 'twice', topics: [{ partitions: [{ committedOffset: 17 }, { committedOffset: 9 }] }] }]
    expect(found.groups).toMatchObject([...positions, ...positions])
    const deleted = await client.call(DeleteGroups, 2, { groupsNames: ['twice', 'twice'] })
    expect(deleted.results).toMatchObject([{ groupId: 'twice', errorCode: 0 }])
  })

  test('a deleted topic takes its offsets along', async () => {
    await client.createTopic('fleeting')
    const topics = [{ name: 'fleeting', partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }] }]
    await commit(8, 'mourner', [], { topics })
    await client.call(DeleteTopics, 5, { topicNames: ['fleeting'], timeoutMs: 1000 })
    await client.createTopic('fleeting')
    const answer = await client.call(OffsetFetch, 7, { groupId: 'mourner', topics: null })
    expect(answer.topics).toEqual([])
  })

  test('OffsetDelete forgets them, unless a member reads the topic', async () => {
    await commit(8, 'forgetful', [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }])
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0 }, { partitionIndex: 9 }] }]
    const { errorCode, topics: outcomes } = await client.call(OffsetDelete, 0, { groupId: 'forgetful', topics })
    expect(errorCode).toBe(0)
    expect(outcomes[0]?.partitions.map(partition => partition.errorCode)).toEqual([Errors.UNKNOWN_TOPIC_OR_PARTITION, 0])
    expect((await client.call(OffsetDelete, 0, { groupId: 'nobody', topics })).errorCode).toBe(Errors.GROUP_ID_NOT_FOUND)
  })

  test('OffsetDelete asks for the group first, and answers a topic as often as it is named', async () => {
    const unknown = [{ name: 't', partitions: [{ partitionIndex: 9 }] }]
    expect((await client.call(OffsetDelete, 0, { groupId: '', topics: unknown })).errorCode).toBe(Errors.INVALID_GROUP_ID)
    expect((await client.call(OffsetDelete, 0, { groupId: 'nobody', topics: unknown })).errorCode).toBe(Errors.GROUP_ID_NOT_FOUND)
    await commit(8, 'twice', [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }])
    const topic = { name: 't', partitions: [{ partitionIndex: 0 }] }
    const answered = async (topics: object[]) => {
      const { topics: answers } = await client.call(OffsetDelete, 0, { groupId: 'twice', topics: topics as never })
      return answers.map(({ partitions }) => partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode]))
    }
    expect(await answered([topic, topic])).toEqual([[[0, 0]], [[0, 0]]])
    expect(await answered(unknown)).toEqual([[[9, Errors.UNKNOWN_TOPIC_OR_PARTITION]]])
  })
})

describe('lists', () => {
  test('ListGroups shows every group, by state and by type', async () => {
    await using fresh = await testBroker()
    const own = await fresh.connect()
    await own.createTopic('t')
    await join(own, 'live', 9)
    await own.call(OffsetCommit, 8, {
      groupId: 'simple',
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }] }],
    })
    const list = async (version: number, filters = {}) => {
      const { errorCode, groups } = await own.call(ListGroups, version, filters)
      expect(errorCode).toBe(0)
      return groups.map(({ groupId, protocolType }) => `${groupId}:${protocolType}`).sort()
    }
    for (let version = 0; version <= 5; version++) expect(await list(version)).toEqual(['live:consumer', 'simple:'])
    expect(await list(4, { statesFilter: ['empty'] })).toEqual(['simple:'])
    expect(await list(5, { typesFilter: ['classic'] })).toEqual(['live:consumer', 'simple:'])
    expect(await list(5, { typesFilter: ['share'] })).toEqual([])
  })

  test('DeleteGroups forgets empty groups only', async () => {
    await join(client, 'in-use', 9)
    await client.call(OffsetCommit, 8, {
      groupId: 'unused',
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }] }],
    })
    for (const [version, code] of [
      [0, 0],
      [2, Errors.GROUP_ID_NOT_FOUND],
    ] as const) {
      const { results } = await client.call(DeleteGroups, version, { groupsNames: ['in-use', 'unused', 'nobody'] })
      expect(results.map(({ groupId, errorCode }) => [groupId, errorCode])).toEqual([
        ['in-use', Errors.NON_EMPTY_GROUP],
        ['unused', code],
        ['nobody', Errors.GROUP_ID_NOT_FOUND],
      ])
    }
  })

  test('a group that is not there is Dead to old versions and not found from v6 on', async () => {
    const describeNobody = async (version: number) =>
      (await client.call(DescribeGroups, version, { groups: ['nobody'] })).groups[0]
    expect(await describeNobody(5)).toMatchObject({ errorCode: 0, groupState: 'Dead' })
    expect(await describeNobody(6)).toMatchObject({ errorCode: Errors.GROUP_ID_NOT_FOUND })
  })
})

describe('FindCoordinator', () => {
  test.each(versionsOf(findCoordinator))(
    'v%i names this broker for every group, and the topic of offsets is there',
    async version => {
      await using fresh = await testBroker()
      const own = await fresh.connect()
      const answer = await own.call(FindCoordinator, version, { key: 'g', keyType: 0, coordinatorKeys: ['g', 'h'] })
      const here = { nodeId: 1, host: '127.0.0.1', port: fresh.port, errorCode: 0 }
      if (version < 4) expect(answer).toMatchObject(here)
      else
        expect(answer.coordinators).toMatchObject([
          { key: 'g', ...here },
          { key: 'h', ...here },
        ])
      expect(await own.topicNames()).toEqual(['__consumer_offsets'])
    },
  )

  test('the operations on a group that does not exist are not told, and one that is named twice is deleted once', async () => {
    const asked = { groups: ['nobody-has-it'], includeAuthorizedOperations: true }
    const { groups } = await client.call(DescribeGroups, 6, asked)
    expect(groups).toMatchObject([{ errorCode: Errors.GROUP_ID_NOT_FOUND, authorizedOperations: -0x8000_0000 }])
    const { results } = await client.call(DeleteGroups, 3, { groupsNames: ['nobody-has-it', 'nobody-has-it'] })
    expect(results).toMatchObject([{ groupId: 'nobody-has-it', errorCode: Errors.GROUP_ID_NOT_FOUND }])
  })

  test('other kinds of coordinators are refused with an error that clients do not retry', async () => {
    const errorCode = Errors.INVALID_REQUEST
    for (const keyType of [2, 7]) {
      expect((await client.call(FindCoordinator, 3, { key: 'x', keyType })).errorCode).toBe(errorCode)
      const { coordinators } = await client.call(FindCoordinator, 4, { keyType, coordinatorKeys: ['x'] })
      expect(coordinators).toMatchObject([{ key: 'x', nodeId: -1, errorCode }])
    }
  })

  test('a topic of offsets made by hand is the one that is used, whatever its number of partitions', async () => {
    await using fresh = await testBroker()
    const own = await fresh.connect()
    const joining = join(own, 'early', 9)
    await own.createTopic('__consumer_offsets', 3)
    await own.createTopic('t')
    await joining
    const { memberId, generationId } = await join(own, 'g', 9)
    expect((await sync(own, 'g', 5, memberId, generationId, 'x')).errorCode).toBe(0)
    const { topics } = await own.call(Metadata, 9, { topics: [{ name: '__consumer_offsets' }] })
    expect(topics).toMatchObject([{ isInternal: true, partitions: [{}, {}, {}] }])
    expect(fresh.running.services.groups.partitionOf('g')).toBe(javaHash('g') % 3)
  })

  test('a topic of offsets that is deleted takes every group along, at once and not at the next start', async () => {
    await using fresh = await testBroker({ config: { 'group.initial.rebalance.delay.ms': '0' } })
    const [own, other] = [await fresh.connect(), await fresh.connect()]
    await own.call(FindCoordinator, 3, { key: 'g' })
    const { memberId } = await join(own, 'g', 9)
    await sync(own, 'g', 5, memberId, 1, 'x')
    const parked = join(other, 'g', 9)
    const beat = () => own.call(Heartbeat, 4, { groupId: 'g', generationId: 1, memberId })
    while ((await beat()).errorCode !== Errors.REBALANCE_IN_PROGRESS);
    await own.call(DeleteTopics, 5, { topicNames: ['__consumer_offsets'], timeoutMs: 1000 })
    expect((await parked).errorCode).toBe(Errors.NOT_COORDINATOR)
    expect((await beat()).errorCode).toBe(Errors.UNKNOWN_MEMBER_ID)
    expect((await own.call(ListGroups, 4, {})).groups).toEqual([])
    await own.call(FindCoordinator, 3, { key: 'g' })
    expect(await own.topicNames()).toEqual(['__consumer_offsets'])
    expect((await join(own, 'g', 9)).generationId).toBe(1)
  })

  test.each([
    ['__transaction_state', 'compact'],
    ['__share_group_state', 'delete'],
  ])('%s, when a client asks for it, has the shape that its coordinator needs', async (name, policy) => {
    await using fresh = await testBroker()
    const own = await fresh.connect()
    const { topics } = await own.call(Metadata, 9, { topics: [{ name }], allowAutoTopicCreation: true })
    expect(topics).toMatchObject([{ name, errorCode: 0, isInternal: true }])
    expect(topics[0]?.partitions).toHaveLength(50)
    expect(fresh.running.services.topics.config(name).get('cleanup.policy')).toEqual([policy])
  })

  test('a configuration that was made for three brokers does not keep groups from working', async () => {
    const config = { 'default.replication.factor': '3', 'offsets.topic.replication.factor': '3' }
    await using three = await testBroker({ config })
    const own = await three.connect()
    await own.call(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] })
    const { memberId } = await join(own, 'g', 9)
    expect((await sync(own, 'g', 5, memberId, 1, 'x')).errorCode).toBe(0)
    expect(await own.topicNames()).toEqual(['__consumer_offsets'])
  })
})
