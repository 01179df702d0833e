import { expect, test } from 'vitest'
import { emptyBytes } from '../../base/bytes.js'
import { zeroUuid } from '../../base/ids.js'
import { decode, encode } from '../../protocol/codec.js'
import { Errors } from '../../protocol/errors.js'
import { JoinGroup } from '../../protocol/messages/join-group.js'
import { OffsetFetch } from '../../protocol/messages/offset-fetch.js'
import type { Api, DecodedResponseOf, Fields, ResponseOf } from '../../protocol/schema.js'
import { Reader, Writer } from '../../protocol/wire.js'
import { fakeWorld } from '../../testing/fake-world.js'
import { MemoryLog, noTopics } from '../../testing/memory-log.js'
import { groupConfigDefaults, pendingOffsetsMax } from './config.js'
import { createGroupCoordinator } from './service.js'

function scene() {
  const world = fakeWorld()
  const log = new MemoryLog()
  const ignored = (): void => {}
  const report = { unknownRecord: ignored, shardDropped: ignored, shardUnavailable: ignored }
  const groups = createGroupCoordinator({
    world,
    log,
    topics: noTopics,
    config: () => ({ ...groupConfigDefaults, groupInitialRebalanceDelayMs: 1 }),
    report,
  })
  groups.start()
  return { world, log, groups }
}

/** What a client of this version sees. */
function seen<Req extends Fields, Res extends Fields>(api: Api<Req, Res>, version: number, response: ResponseOf<Api<Req, Res>>) {
  const writer = new Writer()
  encode(api.response, version, writer, response)
  return decode(api.response, version, new Reader(writer.finish())) as DecodedResponseOf<Api<Req, Res>>
}

const joinRequest = {
  groupId: 'g',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 60_000,
  memberId: '',
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: emptyBytes }],
  reason: null,
}
const caller = { clientId: 'me', clientHost: '/127.0.0.1' }

const commitRequest = {
  groupId: 'g',
  generationIdOrMemberEpoch: -1,
  memberId: '',
  groupInstanceId: null,
  retentionTimeMs: -1,
  topics: ['t', 'u'].map(name => ({
    name,
    topicId: zeroUuid,
    partitions: [0, 1].map(partitionIndex => ({
      partitionIndex,
      committedOffset: 10 + partitionIndex,
      committedLeaderEpoch: 4,
      commitTimestamp: -1,
      committedMetadata: 'x',
    })),
  })),
}

test('no protocol is "" below v7 of JoinGroup and null from there', async () => {
  const { groups } = scene()
  for (const version of [0, 6, 7, 9]) {
    const response = await groups.join({ ...joinRequest, sessionTimeoutMs: 1 }, { version, ...caller })
    expect(seen(JoinGroup, version, response)).toMatchObject({
      errorCode: Errors.INVALID_SESSION_TIMEOUT,
      protocolName: version < 7 ? '' : null,
      generationId: -1,
    })
  }
})

test('a member id begins with the client id, or with the instance id of a static member', async () => {
  const { groups } = scene()
  const dynamic = await groups.join(joinRequest, { version: 4, ...caller })
  expect(dynamic.memberId).toMatch(/^me-[0-9a-f-]{36}$/)
  const parked = groups.join({ ...joinRequest, groupInstanceId: 'one' }, { version: 5, ...caller })
  groups.stop()
  expect(await parked).toMatchObject({ errorCode: Errors.NOT_COORDINATOR })
})

test('names that would not fit into the log are refused before they get there', async () => {
  const { groups, log } = scene()
  const long = 'x'.repeat(20_000)
  const context = { version: 9, ...caller }
  expect(await groups.join({ ...joinRequest, groupId: long }, context)).toMatchObject({ errorCode: Errors.INVALID_GROUP_ID })
  expect(await groups.join({ ...joinRequest, groupInstanceId: long }, context)).toMatchObject({
    errorCode: Errors.INVALID_REQUEST,
  })
  expect(await groups.join({ ...joinRequest, protocolType: long }, context)).toMatchObject({ errorCode: Errors.INVALID_REQUEST })
  const commit = await groups.commitOffsets({ ...commitRequest, groupId: long }, { version: 8 })
  expect(commit.topics[0]?.partitions[0]?.errorCode).toBe(Errors.INVALID_GROUP_ID)
  expect(log.records(groups.partitionOf(long))).toEqual([])
})

test('offsets come back in the shape of every version of OffsetFetch', async () => {
  const { groups } = scene()
  await groups.commitOffsets(commitRequest, { version: 8 })
  const wanted = [{ name: 't', topicId: zeroUuid, partitionIndexes: [1, 5] }]
  const expected = [
    { partitionIndex: 1, committedOffset: 11, metadata: 'x', errorCode: 0 },
    { partitionIndex: 5, committedOffset: -1, metadata: '', errorCode: 0 },
  ]
  for (let version = 0; version <= 9; version++) {
    const group = { groupId: 'g', memberId: null, memberEpoch: -1, topics: wanted }
    const request =
      version < 8
        ? { groupId: 'g', topics: wanted, groups: [], requireStable: false }
        : { groupId: '', topics: [], groups: [group], requireStable: false }
    const response = seen(OffsetFetch, version, await groups.fetchOffsets(request, { version }))
    const [topic] = version < 8 ? response.topics : (response.groups[0]?.topics ?? [])
    expect(topic?.name).toBe('t')
    expect(topic?.partitions).toMatchObject(expected)
    expect(topic?.partitions[0]?.committedLeaderEpoch).toBe(version < 5 ? -1 : 4)
  }
  const all = await groups.fetchOffsets({ groupId: 'g', topics: null, groups: [], requireStable: false }, { version: 7 })
  expect(all.topics?.map(topic => topic.name)).toEqual(['t', 'u'])
})

test('after stop every API says in its own way that the coordinator is gone', async () => {
  const { groups, world } = scene()
  groups.stop()
  const gone = Errors.COORDINATOR_NOT_AVAILABLE
  const version = 5
  expect((await groups.commitOffsets(commitRequest, { version })).topics[1]?.partitions[1]?.errorCode).toBe(gone)
  const request = { groupId: 'g', topics: null, groups: [], requireStable: false }
  expect(await groups.fetchOffsets(request, { version })).toMatchObject({ errorCode: gone })
  expect(await groups.list({ statesFilter: [], typesFilter: [] }, { version })).toMatchObject({ errorCode: gone, groups: [] })
  expect(await groups.deleteGroups({ groupsNames: ['g'] }, { version: 2 })).toMatchObject({ results: [{ errorCode: gone }] })
  const described = await groups.describe({ groups: ['g'], includeAuthorizedOperations: false }, { version })
  expect(described.groups[0]?.errorCode).toBe(gone)
  expect(world.pendingTimers).toBe(0)
})

test('a commit is answered when it is durable, and what reads it waits for it', async () => {
  const { groups, log } = scene()
  log.holdsBack = true
  const answered: string[] = []
  void groups.commitOffsets(commitRequest, { version: 8 }).then(() => answered.push('commit'))
  const request = { groupId: 'g', topics: null, groups: [], requireStable: false }
  void groups.fetchOffsets(request, { version: 7 }).then(() => answered.push('fetch'))
  await new Promise(resolve => setImmediate(resolve))
  expect(answered).toEqual([])
  log.release()
  await new Promise(resolve => setImmediate(resolve))
  expect(answered).toEqual(['commit', 'fetch'])
})

test('offsets in open transactions have a bound: who commits more comes again until some of them have ended', async () => {
  const { groups } = scene()
  const commitIn = async (producerId: number, groupId: string, count: number) => {
    const partitions = Array.from({ length: count }, (_, partitionIndex) => ({
      partitionIndex,
      committedOffset: 1,
      committedLeaderEpoch: -1,
      committedMetadata: null,
    }))
    const nobody = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null }
    const transaction = { transactionalId: 'x', producerId, producerEpoch: 0, ...nobody }
    const request = { ...transaction, groupId, topics: [{ name: 't', topicId: zeroUuid, partitions }] }
    const { topics } = await groups.commitInTransaction(request, { version: 4, guard: null })
    return new Set(topics.flatMap(topic => topic.partitions.map(({ errorCode }) => errorCode)))
  }
  const end = (producerId: number) => {
    const marker = { producer: { producerId, producerEpoch: 0 }, isCommit: false, coordinatorEpoch: 0 }
    return groups.writeMarker(groups.partitionOf('g'), marker, 0)
  }
  const half = pendingOffsetsMax / 2
  const [taken, later] = [new Set([Errors.NONE]), new Set([Errors.COORDINATOR_LOAD_IN_PROGRESS])]
  expect(await commitIn(1, 'g', half + 1)).toEqual(later)
  expect(await commitIn(1, 'g', half)).toEqual(taken)
  // The same offsets again are not more of them, but that is seen only when they are written.
  expect(await commitIn(1, 'g', 1)).toEqual(later)
  expect(await commitIn(2, 'g', half / 2 + 1)).toEqual(later)
  expect(await commitIn(2, 'g', half / 2)).toEqual(taken)
  expect(await commitIn(3, 'g', 1)).toEqual(taken)
  expect(await end(1)).toBe(Errors.NONE)
  expect(await commitIn(3, 'g', half / 2)).toEqual(taken)
})
