// How many whole batches come back under every mixture of bounds.
import { batch } from '../lib/records.mjs'

const counts = body => ({
  errorCode: body.errorCode,
  batches: (body.responses ?? []).flatMap(x =>
    x.partitions.map(p => `${p.partitionIndex}: ${p.errorCode} ${p.records?.batches.length ?? 'null'}`),
  ),
})

export const transcripts = [
  {
    name: 'fetch-limits',
    api: 'Fetch',
    async run(t) {
      const a = await t.topic('a', { partitions: 3 })
      const b = await t.topic('b')
      for (const [topic, partition] of [
        [a, 0],
        [a, 1],
        [a, 2],
        [b, 0],
      ]) {
        for (let i = 0; i < 8; i++)
          await t.produce(topic, batch([{ value: 'x'.repeat(i === 4 ? 5000 : 900) }], { timestamp: t.T0 + i }), partition)
      }
      const sizes = [0, 1, 500, 1000, 2000, 2500, 6000, 100000]
      for (const maxBytes of sizes) {
        for (const partitionMaxBytes of sizes) {
          for (const fetchOffset of [0, 4]) {
            const partitions = [0, 1, 2].map(partition => ({ partition, fetchOffset, partitionMaxBytes }))
            const topics = [
              { topic: a.name, topicId: a.id, partitions },
              { topic: b.name, topicId: b.id, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes }] },
            ]
            await t.call(
              'Fetch',
              { replicaId: -1, maxWaitMs: 5, minBytes: 1, maxBytes, sessionEpoch: -1, topics },
              { as: `${maxBytes} in all, ${partitionMaxBytes} each, from ${fetchOffset}`, view: counts },
            )
          }
        }
      }
    },
  },
]
