import { expect, test } from 'vitest'
import { fakeWorld } from '../../../testing/fake-world.js'
import { MemoryLog } from '../../../testing/memory-log.js'
import { MemoryTopics } from '../../../testing/memory-topics.js'
import { TurnsByHand } from '../../../testing/turns-by-hand.js'
import type { LogPort } from '../../log-port.js'
import { consumerGroupConfigDefaults, groupConfigDefaults } from '../config.js'
import { createGroupCoordinator } from '../service.js'
import { stepsPerTurn } from '../steps.js'

const ignored = (): void => {}

/** A group that reads so many partitions; its members by name. */
function play(partitionCount: number, assignmentStepsPerTurn: number) {
  const host = new TurnsByHand()
  const topics = new MemoryTopics()
  const topicId = topics.set('t', partitionCount)
  const memory = new MemoryLog()
  const batches: number[] = []
  const log: LogPort = {
    append(partition, records, producer) {
      batches.push(records.length)
      return memory.append(partition, records, producer)
    },
    appendMarker: (partition, marker) => memory.appendMarker(partition, marker),
    partitionCount: () => null,
    leaderEpoch: () => 0,
    batchBytesMax: () => 1_000_000,
    replay: partition => memory.replay(partition),
  }
  let config = { ...consumerGroupConfigDefaults, assignmentIntervalMs: 1_000_000 }
  const coordinator = createGroupCoordinator({
    ...{ world: fakeWorld({ host }), log, topics, partitionsDefault: 1 },
    config: () => ({ ...groupConfigDefaults, consumerGroup: () => config }),
    report: { unknownRecord: ignored, shardDropped: ignored, shardUnavailable: ignored },
  })
  coordinator.start()
  const epochs = new Map<string, number>()
  const beat = async (memberId: string, leaves = false) => {
    const memberEpoch = leaves ? -1 : (epochs.get(memberId) ?? 0)
    const isJoin = memberEpoch === 0
    const request = {
      ...{ groupId: 'g', memberId, memberEpoch, instanceId: null, rackId: null, serverAssignor: null },
      ...{ rebalanceTimeoutMs: isJoin ? 1_000 : -1, subscribedTopicNames: isJoin ? ['t'] : null, subscribedTopicRegex: null },
      topicPartitions: isJoin ? [] : null,
    }
    const context = { version: 1, clientId: 'c', clientHost: '/127.0.0.1', regexProblem: null }
    const response = await coordinator.consumerHeartbeat(request, {
      ...context,
      topicsMatching: async () => new Set<string>(),
      topicsRevision: () => topics.topicsRevision,
    })
    epochs.set(memberId, response.memberEpoch ?? 0)
    const told = response.assignment?.topicPartitions.map(({ topicId: id, partitions }) => id === topicId && partitions.length)
    return { epoch: response.memberEpoch, told: told ?? null }
  }
  return {
    ...{ host, beat, batches },
    /** Assignments are due with every heartbeat from now on. */
    beginAssigning: () => {
      config = { ...consumerGroupConfigDefaults, assignmentStepsPerTurn }
    },
  }
}

test('while an assignment takes several turns, members keep what they have, and are told in the next heartbeat', async () => {
  const { host, beat, beginAssigning } = play(30, 10)
  expect(await beat('a')).toEqual({ epoch: 2, told: [30] })
  await beat('b')
  beginAssigning()
  expect(await beat('b')).toEqual({ epoch: 2, told: null })
  host.next()
  expect(await beat('a')).toEqual({ epoch: 2, told: null })
  host.all()
  expect(await beat('b')).toEqual({ epoch: 3, told: null })
  expect(await beat('a')).toEqual({ epoch: 2, told: [15] })
})

test('an assignment of a thousand members is worked out and written in many turns', async () => {
  const { host, beat, beginAssigning, batches } = play(10_000, stepsPerTurn)
  for (let index = 0; index < 1_000; index++) {
    await beat(`m${index}`)
    host.all()
  }
  beginAssigning()
  batches.length = 0
  await beat('m0')
  host.all()
  const records = batches.reduce((sum, count) => sum + count, 0)
  expect(records).toBeGreaterThanOrEqual(1_001)
  expect(Math.max(...batches)).toBeLessThanOrEqual(stepsPerTurn / 100)
})
