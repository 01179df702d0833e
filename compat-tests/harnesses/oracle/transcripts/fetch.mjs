// Fetch with its sessions, and the offsets of partitions.

import { ZERO_UUID } from '../lib/messages.mjs'
import { batch } from '../lib/records.mjs'

const unknownId = 'abcdefghijklmnopqrstuw'

export const transcripts = [
  {
    name: 'fetch',
    api: 'Fetch',
    async run(t) {
      const a = await t.topic('a', { partitions: 2 })
      const b = await t.topic('b')
      for (let i = 0; i < 5; i++) await t.produce(a, batch(2, { timestamp: t.T0 + i }))
      await t.produce(a, batch(1, { timestamp: t.T0 }), 1)
      await t.produce(b, batch([{ value: 'x'.repeat(5000) }], { timestamp: t.T0 }))
      const part = (fetchOffset, rest = {}) => ({ partition: 0, fetchOffset, partitionMaxBytes: 1000000, ...rest })
      const fetch = (as, topics, rest = {}, options = {}) =>
        t.call(
          'Fetch',
          {
            replicaId: -1,
            maxWaitMs: 20,
            minBytes: 1,
            maxBytes: 10000000,
            topics: topics.map(([topic, ...partitions]) => ({ topic: topic.name, topicId: topic.id, partitions })),
            ...rest,
          },
          { as, ...options },
        )
      await fetch('from 0', [[a, part(0)]])
      await fetch('from 3', [[a, part(3)]])
      await fetch('at the end', [[a, part(10)]])
      for (const offset of [11, -1, -2, 9223372036854775807n]) await fetch(`from ${offset}`, [[a, part(offset)]])
      await fetch('both partitions and b', [
        [a, part(0), part(0, { partition: 1 })],
        [b, part(0)],
      ])
      await fetch('nothing', [])
      await fetch('no partitions', [[a]])
      await fetch('unknown partition', [[a, part(0, { partition: 2 })]])
      await fetch('negative partition', [[a, part(0, { partition: -1 })]])
      await fetch('unknown topic', [[{ name: t.name('u'), id: unknownId }, part(0)]])
      await fetch('known and unknown', [
        [a, part(0)],
        [{ name: t.name('u'), id: unknownId }, part(0)],
      ])
      await fetch('no topic', [[{ name: '', id: ZERO_UUID }, part(0)]])
      await fetch('partition twice', [[a, part(0), part(2)]])
      for (const n of [0, 1, -1, 90, 170]) await fetch(`partition max bytes ${n}`, [[a, part(0, { partitionMaxBytes: n })]])
      for (const n of [0, 1, -1])
        await fetch(`partition max bytes ${n}, two partitions`, [
          [a, part(0, { partitionMaxBytes: n }), part(0, { partition: 1, partitionMaxBytes: n })],
        ])
      for (const n of [0, 1, -1, 100])
        await fetch(
          `max bytes ${n}`,
          [
            [a, part(0), part(0, { partition: 1 })],
            [b, part(0)],
          ],
          { maxBytes: n },
        )
      for (const n of [0, 1, -1, 100000]) await fetch(`min bytes ${n}`, [[a, part(0)]], { minBytes: n })
      await fetch('min bytes 0 at the end', [[a, part(10)]], { minBytes: 0 })
      await fetch('wait 0 at the end', [[a, part(10)]], { maxWaitMs: 0 })
      await fetch('wait -1 at the end', [[a, part(10)]], { maxWaitMs: -1 })
      for (const level of [1, 2, -1]) await fetch(`isolation ${level}`, [[a, part(0)]], { isolationLevel: level })
      await fetch('isolation 1 at the end', [[a, part(10)]], { isolationLevel: 1 })
      if (t.v >= 9)
        for (const epoch of [0, 1, -2, 5])
          await fetch(`current leader epoch ${epoch}`, [[a, part(0, { currentLeaderEpoch: epoch })]])
      if (t.v >= 12) {
        for (const epoch of [0, 1, 5, -2]) await fetch(`last fetched epoch ${epoch}`, [[a, part(3, { lastFetchedEpoch: epoch })]])
        await fetch('last fetched epoch 0 beyond the end', [[a, part(12, { lastFetchedEpoch: 0 })]])
        await fetch('another cluster', [[a, part(0)]], { clusterId: 'nope' })
      }
      if (t.v >= 11) await fetch('rack', [[a, part(0)]], { rackId: 'r' })
      if (t.v < 15) for (const replicaId of [1, 0, 5, -2, -3]) await fetch(`replica ${replicaId}`, [[a, part(0)]], { replicaId })
      else
        for (const replicaId of [1, 0, 5, -2, -3])
          await fetch(`replica state ${replicaId}`, [[a, part(0)]], { replicaState: { replicaId, replicaEpoch: -1 } })
      if (t.v >= 7) {
        await fetch('no session: epoch -1', [[a, part(0)]], { sessionId: 0, sessionEpoch: -1 })
        await fetch('unknown session', [[a, part(0)]], { sessionId: 12345, sessionEpoch: 1 })
        await fetch('unknown session, epoch 0', [[a, part(10)]], { sessionId: 12345, sessionEpoch: 0 })
        await fetch('unknown session, epoch -1', [[a, part(10)]], { sessionId: 12345, sessionEpoch: -1 })
        await fetch('no session but epoch 1', [[a, part(10)]], { sessionId: 0, sessionEpoch: 1 })
        await fetch('session -1', [[a, part(10)]], { sessionId: -1, sessionEpoch: 1 })
        await fetch('epoch -2', [[a, part(10)]], { sessionId: 0, sessionEpoch: -2 })
        const none = { sessionId: 0, sessionEpoch: 0 }
        const { sessionId } = await fetch('a new session', [[a, part(0), part(1, { partition: 1 })]], none)
        await fetch('nothing changed', [], { sessionId, sessionEpoch: 1 })
        await fetch('wrong epoch', [], { sessionId, sessionEpoch: 1 })
        await fetch('wrong epoch ahead', [], { sessionId, sessionEpoch: 9 })
        await fetch('moved on', [[a, part(10)]], { sessionId, sessionEpoch: 2 })
        await fetch('empty now', [], { sessionId, sessionEpoch: 3 })
        await t.produce(a, batch(1, { timestamp: t.T0 }), 0)
        await fetch('sees the new record', [], { sessionId, sessionEpoch: 4 })
        await fetch('adds a topic', [[b, part(0)]], { sessionId, sessionEpoch: 5 })
        const forget = (topic, partitions) => ({ forgottenTopicsData: [{ topic: topic.name, topicId: topic.id, partitions }] })
        await fetch('forgets it', [], { sessionId, sessionEpoch: 6, ...forget(b, [0]) })
        await fetch('forgets the unknown', [], {
          sessionId,
          sessionEpoch: 7,
          ...forget({ name: t.name('u'), id: unknownId }, [3]),
        })
        await fetch('adds an unknown topic', [[{ name: t.name('u'), id: unknownId }, part(0)]], { sessionId, sessionEpoch: 8 })
        await fetch('unknown topic again', [], { sessionId, sessionEpoch: 9 })
        await fetch('adds an unknown partition', [[a, part(0, { partition: 7 })]], { sessionId, sessionEpoch: 10 })
        await fetch('unknown partition again', [], { sessionId, sessionEpoch: 11 })
        await fetch('adds and forgets', [[b, part(0)]], { sessionId, sessionEpoch: 12, ...forget(b, [0]) })
        await fetch('out of range', [[a, part(99)]], { sessionId, sessionEpoch: 13 })
        await fetch('still out of range', [], { sessionId, sessionEpoch: 14 })
        await fetch('a session in its place', [[a, part(10)]], { sessionId, sessionEpoch: 0 })
        await fetch('the old one', [], { sessionId, sessionEpoch: 15 })
        const second = await fetch('another session', [[a, part(10)]], none)
        await fetch('closed', [[a, part(10)]], { sessionId: second.sessionId, sessionEpoch: -1 })
        await fetch('after the end', [], { sessionId: second.sessionId, sessionEpoch: 1 })
        await fetch('a session of nothing', [], none)
        await fetch('a session of an unknown topic', [[{ name: t.name('u'), id: unknownId }, part(0)]], none)
        const deleted = await t.topic('deleted')
        const third = await fetch('session with one to delete', [[deleted, part(0)]], none)
        await t.quiet('DeleteTopics', { topics: [{ name: deleted.name, topicId: ZERO_UUID }], timeoutMs: 10000 })
        await t.until(
          'Metadata',
          { topics: [{ name: deleted.name, topicId: ZERO_UUID }], allowAutoTopicCreation: false },
          body => body.topics[0].errorCode === 3,
          { quiet: true },
        )
        await fetch('session with a deleted topic', [], { sessionId: third.sessionId, sessionEpoch: 1 })
        await fetch('session with a deleted topic, again', [], { sessionId: third.sessionId, sessionEpoch: 2 })
      }
      const truncated = await t.topic('truncated')
      for (let i = 0; i < 4; i++) await t.produce(truncated, batch(2, { timestamp: t.T0 }))
      await t.quiet('DeleteRecords', {
        topics: [{ name: truncated.name, partitions: [{ partitionIndex: 0, offset: 3 }] }],
        timeoutMs: 5000,
      })
      await fetch('below the start', [[truncated, part(2)]])
      await fetch('at the start, inside a batch', [[truncated, part(3)]])
    },
  },
  {
    name: 'list-offsets',
    api: 'ListOffsets',
    async run(t) {
      const a = await t.topic('a', { partitions: 2 })
      for (let i = 0; i < 4; i++)
        await t.produce(
          a,
          batch([{ timestampDelta: 0 }, { timestampDelta: 5 }, { timestampDelta: 3 }], {
            timestamp: t.T0 + i * 100,
            maxTimestamp: t.T0 + i * 100 + 5,
          }),
        )
      await t.produce(a, batch(1, { timestamp: t.T0 + 50 }))
      await t.quiet('DeleteRecords', {
        topics: [{ name: a.name, partitions: [{ partitionIndex: 0, offset: 1 }] }],
        timeoutMs: 5000,
      })
      const ask = (as, name, partitions, rest = {}) =>
        t.call(
          'ListOffsets',
          { replicaId: -1, isolationLevel: 0, timeoutMs: 2000, topics: [{ name, partitions }], ...rest },
          { as },
        )
      const at = (timestamp, rest = {}) => ({ partitionIndex: 0, timestamp, currentLeaderEpoch: -1, maxNumOffsets: 1, ...rest })
      for (const timestamp of [
        -1,
        -2,
        -3,
        -4,
        -5,
        -6,
        -7,
        -100,
        0,
        1,
        t.T0 - 1,
        t.T0,
        t.T0 + 4,
        t.T0 + 5,
        t.T0 + 6,
        t.T0 + 100,
        t.T0 + 301,
        t.T0 + 306,
        9223372036854775807n,
        -9223372036854775808n,
      ]) {
        await ask(`time ${typeof timestamp === 'number' && timestamp > 1000 ? `T0+${timestamp - t.T0}` : timestamp}`, a.name, [
          at(timestamp),
        ])
      }
      for (const timestamp of [-1, -2, -3, 0, t.T0])
        await ask(`empty partition, time ${timestamp > 1000 ? 'T0' : timestamp}`, a.name, [at(timestamp, { partitionIndex: 1 })])
      await ask('unknown partition', a.name, [at(-1, { partitionIndex: 2 })])
      await ask('negative partition', a.name, [at(-1, { partitionIndex: -1 })])
      await ask('unknown topic', t.name('u'), [at(-1)])
      await ask('bad name', 'b/d', [at(-1)])
      await ask('empty name', '', [at(-1)])
      await ask('twice', a.name, [at(-1), at(-2)])
      await ask('both', a.name, [at(-1), at(-1, { partitionIndex: 1 })])
      await ask('no partitions', a.name, [])
      await t.call('ListOffsets', { replicaId: -1, topics: [] }, { as: 'nothing' })
      if (t.v >= 4)
        for (const epoch of [0, 1, 5, -2])
          for (const time of [-1, -2, t.T0])
            await ask(`leader epoch ${epoch}, time ${time < 0 ? time : 'T0'}`, a.name, [at(time, { currentLeaderEpoch: epoch })])
      if (t.v >= 2) for (const level of [1, 2, -1]) await ask(`isolation ${level}`, a.name, [at(-1)], { isolationLevel: level })
      for (const replicaId of [1, 0, 5, -2, -3]) await ask(`replica ${replicaId}`, a.name, [at(-1)], { replicaId })
    },
  },
  {
    name: 'offset-for-leader-epoch',
    api: 'OffsetForLeaderEpoch',
    async run(t) {
      const a = await t.topic('a', { partitions: 2 })
      await t.produce(a, batch(3, { timestamp: t.T0 }))
      const ask = (as, topic, partitions, rest = {}) =>
        t.call('OffsetForLeaderEpoch', { replicaId: -1, topics: [{ topic, partitions }], ...rest }, { as })
      const at = (leaderEpoch, rest = {}) => ({ partition: 0, currentLeaderEpoch: -1, leaderEpoch, ...rest })
      for (const epoch of [0, 1, -1, -2, 5, 2147483647]) await ask(`epoch ${epoch}`, a.name, [at(epoch)])
      for (const epoch of [0, 1]) await ask(`empty partition, epoch ${epoch}`, a.name, [at(epoch, { partition: 1 })])
      for (const epoch of [0, 1, -2]) await ask(`current epoch ${epoch}`, a.name, [at(0, { currentLeaderEpoch: epoch })])
      await ask('unknown partition', a.name, [at(0, { partition: 2 })])
      await ask('negative partition', a.name, [at(0, { partition: -1 })])
      await ask('unknown topic', t.name('u'), [at(0)])
      await ask('bad topic', 'b/d', [at(0)])
      await ask('twice', a.name, [at(0), at(1)])
      await ask('none', a.name, [])
      await t.call('OffsetForLeaderEpoch', { replicaId: -1, topics: [] }, { as: 'nothing' })
      if (t.v >= 3) for (const replicaId of [1, -2, 5]) await ask(`replica ${replicaId}`, a.name, [at(0)], { replicaId })
    },
  },
  {
    name: 'delete-records',
    api: 'DeleteRecords',
    async run(t) {
      const a = await t.topic('a', { partitions: 2 })
      const compacted = await t.topic('c', { configs: { 'cleanup.policy': 'compact' } })
      const both = await t.topic('d', { configs: { 'cleanup.policy': 'compact,delete' } })
      for (const topic of [a, compacted, both]) await t.produce(topic, batch(9, { timestamp: t.T0 }))
      const remove = (as, name, partitions, rest = {}) =>
        t.call('DeleteRecords', { topics: [{ name, partitions }], timeoutMs: 5000, ...rest }, { as })
      const to = (offset, partitionIndex = 0) => ({ partitionIndex, offset })
      await remove('to 0', a.name, [to(0)])
      await remove('to 3', a.name, [to(3)])
      await remove('to 2, below the start', a.name, [to(2)])
      await remove('to 3 again', a.name, [to(3)])
      await remove('beyond the end', a.name, [to(10)])
      await remove('-2', a.name, [to(-2)])
      await remove('huge', a.name, [to(9223372036854775807n)])
      await remove('unknown partition', a.name, [to(0, 2)])
      await remove('negative partition', a.name, [to(0, -1)])
      await remove('unknown topic', t.name('u'), [to(0)])
      await remove('bad topic', 'b/d', [to(0)])
      await remove('empty partition', a.name, [to(0, 1)])
      await remove('empty partition, to the end', a.name, [to(-1, 1)])
      await remove('twice in one', a.name, [to(4), to(5)])
      await remove('both', a.name, [to(6), to(0, 1)])
      await remove('compacted', compacted.name, [to(3)])
      await remove('compacted and deleted', both.name, [to(3)])
      await remove('timeout 0', a.name, [to(7)], { timeoutMs: 0 })
      await remove('timeout -1', a.name, [to(7)], { timeoutMs: -1 })
      await remove('internal', '__consumer_offsets', [to(0)])
      await remove('to the end', a.name, [to(-1)])
      await remove('none', a.name, [])
      await t.call('DeleteRecords', { topics: [], timeoutMs: 5000 }, { as: 'nothing' })
      for (const timestamp of [-1, -2])
        await t.call(
          'ListOffsets',
          {
            replicaId: -1,
            topics: [a, compacted, both].map(x => ({ name: x.name, partitions: [{ partitionIndex: 0, timestamp }] })),
          },
          { as: `offsets ${timestamp}` },
        )
    },
  },
]
