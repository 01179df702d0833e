import { expect, test } from 'vitest'
import { Errors } from '../../../protocol/errors.js'
import { fakeWorld } from '../../../testing/fake-world.js'
import { MemoryLog } from '../../../testing/memory-log.js'
import { MemoryTopics } from '../../../testing/memory-topics.js'
import { groupConfigDefaults, type StreamsGroupConfig, streamsGroupConfigDefaults } from '../config.js'
import { createGroupCoordinator } from '../service.js'
import type { HeartbeatRequest } from './heartbeat-request.js'

const ignored = (): void => {}
const noTasks = { activeTasks: [], standbyTasks: [], warmupTasks: [] }
const tasks = (...partitions: number[]) => [{ subtopologyId: '0', partitions }]

/** A group that reads two partitions; its members by name. */
function play(config: Partial<StreamsGroupConfig> = {}, log = new MemoryLog()) {
  const world = fakeWorld()
  const topics = new MemoryTopics()
  topics.set('in', 2)
  const streamsGroup = () => ({ ...streamsGroupConfigDefaults, sessionTimeoutMs: 10_000, ...config })
  const report = { unknownRecord: ignored, shardDropped: ignored, shardUnavailable: ignored }
  const coordinator = createGroupCoordinator({
    world,
    log,
    topics,
    report,
    config: () => ({ ...groupConfigDefaults, streamsGroup }),
    partitionsDefault: 1,
  })
  coordinator.start()
  const beat = async (memberId: string, rest: Partial<HeartbeatRequest>) => {
    const request: HeartbeatRequest = {
      ...{ groupId: 'g', memberId, memberEpoch: 0, endpointInformationEpoch: 0, instanceId: null, rackId: null },
      ...{ rebalanceTimeoutMs: -1, topology: null, activeTasks: null, standbyTasks: null, warmupTasks: null, processId: null },
      ...{ userEndpoint: null, clientTags: null, taskOffsets: null, taskEndOffsets: null, shutdownApplication: false, ...rest },
    }
    const context = { version: 1, clientId: 'c', clientHost: '/127.0.0.1' }
    const { response } = await coordinator.streamsHeartbeat(request, context)
    return { ...response, memberEpoch: response.memberEpoch ?? 0 }
  }
  const join = (memberId: string) =>
    beat(memberId, {
      ...{ rebalanceTimeoutMs: 4_000, processId: memberId, ...noTasks },
      topology: {
        epoch: 0,
        subtopologies: [
          {
            ...{ subtopologyId: '0', sourceTopics: ['in'], sourceTopicRegex: [], stateChangelogTopics: [] },
            ...{ repartitionSinkTopics: [], repartitionSourceTopics: [], copartitionGroups: [] },
          },
        ],
      },
    })
  const describe = async () => {
    const request = { groupIds: ['g'], includeAuthorizedOperations: false, includeTopologyDescription: false }
    const [group] = (await coordinator.describeStreams(request, { version: 1 })).groups
    return [group?.groupState, ...(group?.members ?? []).map(({ memberId }) => memberId)]
  }
  return { world, coordinator, log, beat, join, describe }
}

test('a member that is silent for its session has left, and the others get its tasks', async () => {
  const { world, beat, join, describe } = play()
  await join('a')
  const { memberEpoch } = await join('b')
  world.advance(9_000)
  await beat('b', { memberEpoch, ...noTasks })
  world.advance(1_000)
  expect(await describe()).toEqual(['Assigning', 'b'])
  expect((await beat('b', { memberEpoch, ...noTasks })).activeTasks).toEqual(tasks(0, 1))
  expect((await beat('a', { memberEpoch: 2 })).errorCode).toBe(Errors.UNKNOWN_MEMBER_ID)
})

test('a member that does not give up its tasks in its rebalance timeout is out, though it lives', async () => {
  const { world, beat, join, describe } = play()
  const { memberEpoch } = await join('a')
  await join('b')
  expect((await beat('a', { memberEpoch })).activeTasks).toHaveLength(1)
  world.advance(3_000)
  expect((await beat('a', { memberEpoch })).errorCode).toBe(Errors.NONE)
  world.advance(1_000)
  expect(await describe()).toEqual(['Assigning', 'b'])
})

test('a member that gives them up in time stays', async () => {
  const { world, beat, join, describe } = play()
  const { memberEpoch } = await join('a')
  await join('b')
  const { activeTasks } = await beat('a', { memberEpoch })
  await beat('a', { memberEpoch, ...noTasks, activeTasks: [...(activeTasks ?? [])] as HeartbeatRequest['activeTasks'] })
  world.advance(5_000)
  expect(await describe()).toEqual(['Reconciling', 'a', 'b'])
})

test('a new group waits for more members, and assigns once for all of them', async () => {
  const { world, beat, join, describe } = play({ initialRebalanceDelayMs: 3_000 })
  const joined = await join('a')
  expect(joined).toMatchObject({ memberEpoch: 1, activeTasks: [], status: [{ statusCode: 5 }] })
  await join('b')
  expect(await describe()).toEqual(['Assigning', 'a', 'b'])
  world.advance(3_000)
  const shares = [await beat('a', { memberEpoch: 1, ...noTasks }), await beat('b', { memberEpoch: 1, ...noTasks })]
  expect(shares.map(({ activeTasks }) => activeTasks)).toEqual([tasks(0), tasks(1)])
  expect(await describe()).toEqual(['Stable', 'a', 'b'])
})

test('after a restart members have a whole session, and who had to give up tasks all its time', async () => {
  const before = play()
  const { memberEpoch } = await before.join('a')
  await before.join('b')
  await before.beat('a', { memberEpoch })
  before.coordinator.stop()
  const { world, beat, describe } = play({}, before.log)
  world.advance(3_999)
  expect(await describe()).toEqual(['Reconciling', 'a', 'b'])
  await beat('b', { memberEpoch: memberEpoch + 1 })
  world.advance(1)
  expect(await describe()).toEqual(['Assigning', 'b'])
  world.advance(10_000)
  expect(await describe()).toEqual(['Empty'])
})
