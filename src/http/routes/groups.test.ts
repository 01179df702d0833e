import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { batchOf, TestClient } from '../../broker/test-client.test-support.js'
import { ConsumerGroupHeartbeat } from '../../protocol/messages/consumer-group-heartbeat.js'
import { OffsetCommit } from '../../protocol/messages/offset-commit.js'
import { OffsetFetch } from '../../protocol/messages/offset-fetch.js'
import { type HttpBroker, httpBroker } from '../http.test-support.js'

const portOf = (broker: HttpBroker) => broker.broker.listeners[0]?.port as number

/** A topic of two partitions with five records each, and a group that has read some of them. */
async function withGroup() {
  const broker = await httpBroker()
  const client = await TestClient.connect(portOf(broker))
  await client.createTopic('t', 2)
  for (const partition of [0, 1]) {
    for (let n = 0; n < 5; n++) await client.produce('t', batchOf([`${n}`], { timestampMs: 1000 + n }), { partition })
  }
  const commit = (groupId: string, offsets: readonly number[]) =>
    client.call(OffsetCommit, 8, {
      groupId,
      topics: [
        {
          name: 't',
          partitions: offsets.map((committedOffset, partitionIndex) => ({
            partitionIndex,
            committedOffset,
            committedMetadata: 'm',
          })),
        },
      ],
    })
  await commit('g', [2, 5])
  const committed = async (groupId = 'g') => {
    const { groups } = await client.call(OffsetFetch, 8, { groups: [{ groupId, topics: null }] })
    return groups![0]!.topics[0]?.partitions.map(({ committedOffset }) => committedOffset)
  }
  return {
    broker,
    client,
    commit,
    committed,
    async [Symbol.asyncDispose]() {
      client.close()
      await broker[Symbol.asyncDispose]()
    },
  }
}

const refusal = async (asked: Promise<{ status: number; json: unknown }>) => {
  const { status, json } = await asked
  return [status, (json as { error: { type: string } }).error.type]
}

describe('groups', () => {
  it('are listed with their lag, in pages, by state, type and name', async () => {
    await using at = await withGroup()
    await at.commit('h', [0, 0])
    const rows = async (query = '') => (await at.broker.json<{ rows: { groupId: string }[] }>(`/api/v1/groups?${query}`)).rows
    expect(await rows()).toEqual([
      { groupId: 'g', type: 'classic', protocolType: '', state: 'Empty', lag: 3 },
      { groupId: 'h', type: 'classic', protocolType: '', state: 'Empty', lag: 10 },
    ])
    expect((await rows('sort=lag&order=desc')).map(({ groupId }) => groupId)).toEqual(['h', 'g'])
    expect((await rows('search=H')).map(({ groupId }) => groupId)).toEqual(['h'])
    expect(await rows('state=stable')).toEqual([])
    expect((await rows('type=classic&limit=1')).map(({ groupId }) => groupId)).toEqual(['g'])
  })

  it('of a topic are those with a position in it, with their lag there alone', async () => {
    await using at = await withGroup()
    await at.client.createTopic('u', 1)
    await at.client.produce('u', batchOf(['x']))
    await at.commit('h', [0, 0])
    const partitions = [{ partitionIndex: 0, committedOffset: 0, committedMetadata: '' }]
    await at.client.call(OffsetCommit, 8, { groupId: 'g', topics: [{ name: 'u', partitions }] })
    const of = async (topic: string) => {
      const { rows } = await at.broker.json<{ rows: { groupId: string; lag: number }[] }>(`/api/v1/groups?topic=${topic}`)
      return rows.map(({ groupId, lag }) => [groupId, lag])
    }
    expect(await of('t')).toEqual([
      ['g', 3],
      ['h', 10],
    ])
    expect(await of('u')).toEqual([['g', 1]])
    expect(await of('nowhere')).toEqual([])
  })

  it('are shown with members, what they read, and positions with lag as kafka-consumer-groups counts it', async () => {
    await using at = await withGroup()
    const kafka = new Kafka({ brokers: [`127.0.0.1:${portOf(at.broker)}`], clientId: 'reader', logLevel: logLevel.NOTHING })
    const consumer = kafka.consumer({ groupId: 'g' })
    await consumer.subscribe({ topic: 't', fromBeginning: true })
    const joined = new Promise(resolve => consumer.on('consumer.group_join', resolve))
    await consumer.run({ autoCommit: false, eachMessage: async () => {} })
    await joined
    const group = await at.broker.json('/api/v1/groups/g')
    const [member] = group.members as { memberId: string }[]
    expect(group).toMatchObject({
      groupId: 'g',
      state: 'Stable',
      protocolType: 'consumer',
      assignor: 'RoundRobinAssigner',
      lag: 3,
    })
    expect(member).toMatchObject({ clientId: 'reader', host: '127.0.0.1', assignment: [{ topic: 't', partitions: [0, 1] }] })
    expect(group.positions).toEqual([
      {
        topic: 't',
        partition: 0,
        committedOffset: 2,
        startOffset: 0,
        endOffset: 5,
        lag: 3,
        metadata: 'm',
        memberId: member!.memberId,
      },
      {
        topic: 't',
        partition: 1,
        committedOffset: 5,
        startOffset: 0,
        endOffset: 5,
        lag: 0,
        metadata: 'm',
        memberId: member!.memberId,
      },
    ])
    const to = { kind: 'earliest' }
    expect(await refusal(at.broker.ask('/api/v1/groups/g/offsets', { body: { to, dryRun: false } }))).toEqual([
      409,
      'NON_EMPTY_GROUP',
    ])
    expect(await refusal(at.broker.ask('/api/v1/groups/g', { method: 'DELETE' }))).toEqual([409, 'NON_EMPTY_GROUP'])
    expect(await at.committed()).toEqual([2, 5])
    await consumer.disconnect()
  })

  it('of the consumer protocol are shown with what their coordinator assigned', async () => {
    await using at = await withGroup()
    const join = { groupId: 'modern', memberId: 'm-1', memberEpoch: 0, subscribedTopicNames: ['t'], rebalanceTimeoutMs: 10_000 }
    const joined = await at.client.call(ConsumerGroupHeartbeat, 0, { ...join, topicPartitions: [] })
    expect(joined.errorCode).toBe(0)
    expect(await at.broker.json('/api/v1/groups?type=consumer')).toMatchObject({
      rows: [{ groupId: 'modern', type: 'consumer' }],
    })
    const assignment = [{ topic: 't', partitions: [0, 1] }]
    expect(await at.broker.json('/api/v1/groups/modern')).toMatchObject({
      type: 'consumer',
      assignor: 'uniform',
      members: [{ memberId: 'm-1', clientId: 'test', host: '127.0.0.1', assignment }],
      positions: [0, 1].map(partition => ({ topic: 't', partition, committedOffset: null, lag: null, memberId: 'm-1' })),
      rebalances: [{ epoch: 2, reason: 'member-joined', memberId: 'm-1', clientId: 'test', said: null, members: 1 }],
    })
  })

  it.each([
    [{ kind: 'earliest' }, [0, 0]],
    [{ kind: 'latest' }, [5, 5]],
    [{ kind: 'offset', offset: 3 }, [3, 3]],
    [{ kind: 'offset', offset: 99 }, [5, 5]],
    [{ kind: 'timestamp', timestampMs: 1004 }, [4, 4]],
    [{ kind: 'timestamp', timestampMs: 9999 }, [5, 5]],
    [{ kind: 'shift', by: -1 }, [1, 4]],
    [{ kind: 'shift', by: -9 }, [0, 0]],
  ])('move to %j, which a preview tells without doing it', async (to, after) => {
    await using at = await withGroup()
    const positions = after.map((offset, partition) => ({ topic: 't', partition, before: [2, 5][partition], after: offset }))
    expect(await at.broker.json('/api/v1/groups/g/offsets', { body: { to } })).toEqual({ isDone: false, positions })
    expect(await at.committed()).toEqual([2, 5])
    expect(await at.broker.json('/api/v1/groups/g/offsets', { body: { to, dryRun: false } })).toEqual({ isDone: true, positions })
    expect(await at.committed()).toEqual(after)
  })

  it('begin with a reset of topics that are named', async () => {
    await using at = await withGroup()
    const to = { kind: 'latest' }
    expect(await refusal(at.broker.ask('/api/v1/groups/new/offsets', { body: { to } }))).toEqual([400, 'INVALID_INPUT'])
    await at.broker.json('/api/v1/groups/new/offsets', { body: { to, topics: [{ topic: 't', partitions: [1] }], dryRun: false } })
    expect(await at.broker.json('/api/v1/groups/new')).toMatchObject({
      positions: [{ partition: 1, committedOffset: 5, lag: 0 }],
    })
    const none = { to, topics: [{ topic: 'none' }] }
    expect(await refusal(at.broker.ask('/api/v1/groups/new/offsets', { body: none }))).toEqual([
      404,
      'UNKNOWN_TOPIC_OR_PARTITION',
    ])
  })

  it('are deleted, alone or with their positions in one topic', async () => {
    await using at = await withGroup()
    expect((await at.broker.ask('/api/v1/groups/g/offsets/t', { method: 'DELETE' })).status).toBe(204)
    expect(await at.committed()).toBeUndefined()
    expect(await refusal(at.broker.ask('/api/v1/groups/g/offsets/t', { method: 'DELETE' }))).toEqual([404, 'RESOURCE_NOT_FOUND'])
    await at.commit('h', [1, 1])
    expect((await at.broker.ask('/api/v1/groups/h', { method: 'DELETE' })).status).toBe(204)
    expect(await refusal(at.broker.ask('/api/v1/groups/h'))).toEqual([404, 'GROUP_ID_NOT_FOUND'])
    expect(await refusal(at.broker.ask('/api/v1/groups/h', { method: 'DELETE' }))).toEqual([404, 'GROUP_ID_NOT_FOUND'])
  })
})
