// Produce and what it may be wrong with; producer ids.

import { ZERO_UUID } from '../lib/messages.mjs'
import { batch, message } from '../lib/records.mjs'

// After a batch that only one of the two accepts, later offsets differ; what is stored is compared by reading it.
const noOffsets = body => ({
  ...body,
  responses: body.responses?.map(r => ({
    ...r,
    partitionResponses: r.partitionResponses.map(p => ({ ...p, baseOffset: p.baseOffset < 0 ? p.baseOffset : '<offset>' })),
  })),
})
const unknownId = 'abcdefghijklmnopqrstuw'
const endOf = (t, topic, as, partitions = 1) =>
  t.call(
    'ListOffsets',
    {
      replicaId: -1,
      topics: [
        {
          name: topic.name,
          partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1 })),
        },
      ],
    },
    { as },
  )
const read = (t, topic, as) =>
  t.call(
    'Fetch',
    {
      replicaId: -1,
      maxWaitMs: 10,
      minBytes: 0,
      topics: [
        { topic: topic.name, topicId: topic.id, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10000000 }] },
      ],
    },
    { as },
  )

export const transcripts = [
  {
    name: 'produce',
    api: 'Produce',
    async run(t) {
      const a = await t.topic('a', { partitions: 2 })
      const dubious = await t.topic('dubious')
      const compacted = await t.topic('compacted', { configs: { 'cleanup.policy': 'compact' } })
      const small = await t.topic('small', { configs: { 'max.message.bytes': '500' } })
      const appended = await t.topic('appended', { configs: { 'message.timestamp.type': 'LogAppendTime' } })
      const gzipped = await t.topic('gzipped', { configs: { 'compression.type': 'gzip' } })
      const bounded = await t.topic('bounded', {
        configs: { 'message.timestamp.before.max.ms': '1000000', 'message.timestamp.after.max.ms': '1000' },
      })
      const at = { timestamp: t.T0 }
      const send = (as, data, rest = {}, options = {}) =>
        t.call(
          'Produce',
          { transactionalId: null, acks: -1, timeoutMs: 5000, topicData: data, ...rest },
          { as, view: noOffsets, ...options },
        )
      const to = (topic, records, index = 0) => [{ name: topic.name, topicId: topic.id, partitionData: [{ index, records }] }]
      await send('valid', to(a, batch(3, at)))
      await send('acks 1', to(a, batch(2, at)), { acks: 1 })
      await send('acks 0', to(a, batch(1, at)), { acks: 0 }, { noAnswer: true })
      await endOf(t, a, 'end after acks 0', 2)
      for (const acks of [2, -2, 32767]) await send(`acks ${acks}`, to(a, batch(1, at)), { acks })
      await send('nothing', [])
      await send('no partitions', [{ name: a.name, topicId: a.id, partitionData: [] }])
      await send('two partitions', [
        {
          name: a.name,
          topicId: a.id,
          partitionData: [
            { index: 0, records: batch(1, at) },
            { index: 1, records: batch(2, at) },
          ],
        },
      ])
      await send('partition twice', [
        {
          name: dubious.name,
          topicId: dubious.id,
          partitionData: [
            { index: 0, records: batch(1, at) },
            { index: 0, records: batch(2, at) },
          ],
        },
      ])
      await send('topic twice', [...to(dubious, batch(1, at)), ...to(dubious, batch(1, at), 1)])
      await read(t, dubious, 'after doubles')
      await endOf(t, a, 'end after doubles', 2)
      await send('unknown partition', to(a, batch(1, at), 2))
      await send('negative partition', to(a, batch(1, at), -1))
      await send('unknown topic', to({ name: t.name('u'), id: unknownId }, batch(1, at)))
      await send('good and unknown', [...to(a, batch(1, at)), ...to({ name: t.name('u'), id: unknownId }, batch(1, at))])
      await send('no topic', to({ name: '', id: ZERO_UUID }, batch(1, at)))
      await send('bad name', to({ name: 'b/d', id: unknownId }, batch(1, at)))
      await send('null records', to(dubious, null))
      await send('no bytes', to(dubious, Buffer.alloc(0)))
      await send('few bytes', to(dubious, Buffer.alloc(10)))
      await send('zero bytes', to(dubious, Buffer.alloc(100)))
      await send('wrong checksum', to(dubious, batch(2, { ...at, crcXor: 1 })))
      for (const magic of [3, -1, 127]) await send(`magic ${magic}`, to(dubious, batch(1, { ...at, magic })))
      for (const magic of [0, 1]) await send(`message of format ${magic}`, to(dubious, message(magic, 'k', 'v', t.T0)))
      await send('two batches', to(dubious, Buffer.concat([batch(1, at), batch(1, at)])))
      await send('zero records', to(dubious, batch([], { ...at, lastOffsetDelta: 0 })))
      await send('zero records, delta -1', to(dubious, batch([], at)))
      await send('count too small', to(dubious, batch(3, { ...at, count: 2 })))
      await send('count too large', to(dubious, batch(3, { ...at, count: 4 })))
      await send('count negative', to(dubious, batch(3, { ...at, count: -1 })))
      await send('last delta too small', to(dubious, batch(3, { ...at, lastOffsetDelta: 1 })))
      await send('last delta too large', to(dubious, batch(3, { ...at, lastOffsetDelta: 3 })))
      await send('last delta negative', to(dubious, batch(3, { ...at, lastOffsetDelta: -1 })))
      await send('record deltas wrong', to(dubious, batch([{ offsetDelta: 1 }, { offsetDelta: 0 }], at)))
      await send('record deltas from 1', to(dubious, batch([{ offsetDelta: 1 }, { offsetDelta: 2 }], at)))
      await send('base offset 7', to(dubious, batch(1, { ...at, baseOffset: 7 })))
      await send('base offset -1', to(dubious, batch(1, { ...at, baseOffset: -1 })))
      await send('leader epoch 9', to(dubious, batch(1, { ...at, leaderEpoch: 9 })))
      await send('batch length too short', to(dubious, batch(1, { ...at, batchLength: 40 })))
      await send('batch length too long', to(dubious, batch(1, { ...at, batchLength: 4000 })))
      await send('batch length negative', to(dubious, batch(1, { ...at, batchLength: -1 })))
      await send('batch length 0', to(dubious, batch(1, { ...at, batchLength: 0 })))
      await send('cut', to(dubious, batch(3, { ...at, cut: 3 })))
      await send('rest behind', to(dubious, Buffer.concat([batch(1, at), Buffer.from('rest')])))
      await send('control batch', to(dubious, batch(1, { ...at, attributes: 32 })))
      await send('transactional batch', to(dubious, batch(1, { ...at, attributes: 16 })))
      await send(
        'transactional batch with an id',
        to(dubious, batch(1, { ...at, attributes: 16, producerId: 5, producerEpoch: 0, sequence: 0 })),
      )
      await send('append time bit', to(dubious, batch(1, { ...at, attributes: 8 })))
      await send('delete horizon bit', to(dubious, batch(1, { ...at, attributes: 64 })))
      await send('unused bits', to(dubious, batch(1, { ...at, attributes: 0x700 })))
      for (const codec of [2, 3, 4, 5, 7]) await send(`codec ${codec} without its data`, to(dubious, batch(1, { ...at, codec })))
      await send('gzip', to(dubious, batch(5, { ...at, codec: 1 })))
      await send('gzip that is none', to(dubious, batch(5, { ...at, codec: 1, compressed: Buffer.from('not gzip at all') })))
      await send('gzip, count too small', to(dubious, batch(5, { ...at, codec: 1, count: 4 })))
      await send('record with length too long', to(dubious, batch([{ length: 100 }], at)))
      await send('record with length 0', to(dubious, batch([{ length: 0 }], at)))
      await send('record with negative length', to(dubious, batch([{ length: -1 }], at)))
      await send('record with a tail', to(dubious, batch([{ tail: Buffer.from('x') }], at)))
      await send('record with negative headers', to(dubious, batch([{ headerCount: -1 }], at)))
      await send('record with missing headers', to(dubious, batch([{ headerCount: 3 }], at)))
      await send('record with a null header key', to(dubious, batch([{ headers: [[null, 'x']] }], at)))
      await send(
        'record with headers',
        to(
          dubious,
          batch(
            [
              {
                headers: [
                  ['h', 'x'],
                  ['h', null],
                ],
              },
            ],
            at,
          ),
        ),
      )
      await send('record attributes', to(dubious, batch([{ attributes: 5 }], at)))
      await send('null key and value', to(dubious, batch([{ key: null, value: null }], at)))
      await send('timestamp -1', to(a, batch(1, { timestamp: -1 })))
      await send('timestamp 0', to(a, batch(1, { timestamp: 0 })))
      await send('timestamp negative', to(a, batch(1, { timestamp: -5 })))
      await send('timestamp in two hours', to(a, batch(1, { timestamp: t.T0 + 7200000 })))
      await send('timestamp huge', to(a, batch(1, { timestamp: 9223372036854775807n })))
      await send(
        'one of three in two hours',
        to(a, batch([{}, { timestampDelta: 7200000 }, {}], { ...at, maxTimestamp: t.T0 + 7200000 })),
      )
      await send('max timestamp wrong', to(a, batch(2, { ...at, maxTimestamp: t.T0 + 5 })))
      await send('max timestamp far', to(a, batch(2, { ...at, maxTimestamp: t.T0 + 7200000 })))
      await send('max timestamp -1', to(a, batch(2, { ...at, maxTimestamp: -1 })))
      await send('too old', to(bounded, batch(1, { timestamp: t.T0 - 2000000 })))
      await send('not too old', to(bounded, batch(1, { timestamp: t.T0 - 500000 })))
      await send('timestamp -1, bounded', to(bounded, batch(1, { timestamp: -1 })))
      await send('compacted, keyed', to(compacted, batch(2, at)))
      await send('compacted, no key', to(compacted, batch([{ key: 'a' }, { key: null }, { key: null }], at)))
      await send('compacted, empty key', to(compacted, batch([{ key: '' }], at)))
      await send('small: fits', to(small, batch([{ value: 'x'.repeat(400) }], at)))
      await send('small: just too large', to(small, batch([{ value: 'x'.repeat(500) }], at)))
      await send('small: 2 MB', to(small, batch([{ value: 'x'.repeat(2000000) }], at)))
      await send('oversize', to(a, batch([{ value: 'x'.repeat(1048600) }], at)))
      await send('just fits', to(a, batch([{ value: Buffer.alloc(1048588 - 61 - 11, 120) }], at)))
      await send('append time', to(appended, batch(2, at)))
      await send('append time of the future', to(appended, batch(2, { timestamp: t.T0 + 99999999 })))
      await send('append time of the past', to(appended, batch(2, { timestamp: 5 })))
      await send('recompressed', to(gzipped, batch(2, at)))
      if (t.v >= 3) {
        await send('transactional id', to(dubious, batch(1, at)), { transactionalId: t.name('tx') })
        await send('empty transactional id', to(dubious, batch(1, at)), { transactionalId: '' })
      }
      if (t.v >= 13) {
        await send('zero topic id', to({ name: a.name, id: ZERO_UUID }, batch(1, at)))
      }
      await send('internal topic', t.v >= 13 ? [] : to({ name: '__consumer_offsets' }, batch(1, at), 60))
      await endOf(t, a, 'end', 2)
      await endOf(t, compacted, 'end of compacted')
      await read(t, a, 'what is in a')
      await read(t, compacted, 'what is in compacted')
      await read(t, appended, 'what is in appended')
      await read(t, gzipped, 'what is in gzipped')
      await read(t, bounded, 'what is in bounded')
      await read(t, small, 'what is in small')
    },
  },
  {
    name: 'idempotence',
    api: 'Produce',
    async run(t) {
      const a = await t.topic('a')
      const fresh = async () => {
        const { producerId, producerEpoch } = await t.until(
          'InitProducerId',
          { transactionalId: null, transactionTimeoutMs: 60000, producerId: -1, producerEpoch: -1 },
          answer => answer.errorCode === 0,
          { quiet: true },
        )
        return { producerId, producerEpoch }
      }
      const send = (as, producer, sequence, count = 1, rest = {}) =>
        t.call(
          'Produce',
          {
            acks: -1,
            timeoutMs: 5000,
            topicData: [
              {
                name: a.name,
                topicId: a.id,
                partitionData: [{ index: 0, records: batch(count, { timestamp: t.T0, ...producer, sequence, ...rest }) }],
              },
            ],
          },
          { as },
        )
      const p = await fresh()
      await send('first, sequence 0', p, 0, 2)
      await send('next', p, 2, 3)
      await send('duplicate of the last', p, 2, 3)
      await send('duplicate of the first', p, 0, 2)
      await send('overlap, other count', p, 2, 2)
      await send('overlap, end beyond', p, 4, 3)
      await send('gap', p, 6)
      await send('going on', p, 5)
      for (let i = 6; i < 12; i++) await send(`one more ${i}`, p, i)
      await send('duplicate of five ago', p, 7)
      await send('duplicate of six ago', p, 6)
      await send('duplicate from long ago', p, 0, 2)
      await send('sequence -1', p, -1)
      await send('sequence -2', p, -2)
      await send('sequence 0 again', p, 0, 1)
      await send('newer epoch at 0', { ...p, producerEpoch: 1 }, 0)
      await send('old epoch', p, 12)
      await send('newer epoch goes on', { ...p, producerEpoch: 1 }, 1)
      await send('newer epoch not at 0', { ...p, producerEpoch: 2 }, 5)
      await send('much newer epoch at 0', { ...p, producerEpoch: 30 }, 0)
      await send('epoch -1', { ...p, producerEpoch: -1 }, 0)
      await send('epoch -2', { ...p, producerEpoch: -2 }, 0)
      const q = await fresh()
      await send('first not at 0', q, 5)
      await send('first not at 0, again', q, 5)
      await send('then on', q, 6)
      await send('unknown producer', { producerId: 1234567890, producerEpoch: 0 }, 0)
      await send('unknown producer with epoch 7', { producerId: 1234567891, producerEpoch: 7 }, 3)
      await send('producer -2', { producerId: -2, producerEpoch: 0 }, 0)
      await send('epoch without producer', { producerId: -1, producerEpoch: 0 }, 0)
      await send('sequence without producer', { producerId: -1, producerEpoch: -1 }, 0)
      const w = await fresh()
      await send('near the wrap', w, 2147483645, 2)
      await send('over the wrap', w, 2147483647, 3)
      await send('after the wrap', w, 2, 1)
      await send('two batches of one producer in one', await fresh(), 0, 1)
      await read(t, a, 'what is there')
    },
  },
  {
    name: 'init-producer-id',
    api: 'InitProducerId',
    async run(t) {
      const init = (as, body) => t.call('InitProducerId', { transactionalId: null, transactionTimeoutMs: 60000, ...body }, { as })
      const p = await init('plain', {})
      await init('another', {})
      for (const timeout of [0, -1, 1, 2147483647]) await init(`timeout ${timeout}`, { transactionTimeoutMs: timeout })
      if (t.v >= 3) {
        await init('current id', { producerId: p.producerId, producerEpoch: p.producerEpoch })
        await init('current id, epoch 5', { producerId: p.producerId, producerEpoch: 5 })
        await init('unknown id', { producerId: 987654321, producerEpoch: 0 })
        await init('id without epoch', { producerId: p.producerId, producerEpoch: -1 })
        await init('epoch without id', { producerId: -1, producerEpoch: 5 })
        await init('id -2', { producerId: -2, producerEpoch: 0 })
        await init('epoch -2', { producerId: 5, producerEpoch: -2 })
      }
      await init('empty transactional id', { transactionalId: '' })
    },
  },
]
