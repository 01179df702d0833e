// Random walks of two idempotent producers over one partition: sequences right, repeated, skipped, of older and newer epochs,
// around the largest sequence, with records deleted in between.
import { batch } from '../lib/records.mjs'

function random(seed) {
  let a = seed * 2654435761
  return n => {
    a = (a + 0x6d2b79f5) | 0
    let x = Math.imul(a ^ (a >>> 15), 1 | a)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) % n
  }
}

async function walk(t, seed) {
  const next = random(seed)
  const topic = await t.topic('t')
  const producers = []
  for (let i = 0; i < 2; i++) {
    const made = await t.until(
      'InitProducerId',
      { transactionalId: null, transactionTimeoutMs: 60000, producerId: -1, producerEpoch: -1 },
      answer => answer.errorCode === 0,
      { quiet: true },
    )
    producers.push({ id: made.producerId, epoch: 0, sequence: next(3) === 0 ? 2147483645 : 0, sent: [] })
  }
  for (let step = 0; step < 40; step++) {
    const p = producers[next(2)]
    const choice = next(12)
    let [epoch, sequence, count] = [p.epoch, p.sequence, 1 + next(3)]
    let what = 'next'
    if (choice === 6 && p.sent.length > 0) {
      const old = p.sent[p.sent.length - 1 - next(Math.min(7, p.sent.length))]
      ;[epoch, sequence, count, what] = [old.epoch, old.sequence, old.count, 'again']
    } else if (choice === 7) [sequence, what] = [sequence + 1 + next(5), 'gap']
    else if (choice === 8) [sequence, what] = [Math.max(0, sequence - 1 - next(3)), 'overlap']
    else if (choice === 9) {
      p.epoch++
      ;[epoch, sequence, what] = [p.epoch, next(3) === 0 ? sequence : 0, 'newer epoch']
    } else if (choice === 10 && epoch > 0) [epoch, what] = [epoch - 1, 'older epoch']
    else if (choice === 11) {
      const end = await t.quiet('ListOffsets', {
        replicaId: -1,
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
      })
      await t.call(
        'DeleteRecords',
        {
          topics: [
            {
              name: topic.name,
              partitions: [{ partitionIndex: 0, offset: Math.max(0, end.topics[0].partitions[0].offset - next(4)) }],
            },
          ],
          timeoutMs: 5000,
        },
        { as: `${step} records deleted` },
      )
      continue
    }
    sequence = sequence > 2147483647 ? sequence - 2147483648 : sequence
    const body = {
      acks: -1,
      timeoutMs: 5000,
      topicData: [
        {
          name: topic.name,
          topicId: topic.id,
          partitionData: [
            { index: 0, records: batch(count, { timestamp: t.T0, producerId: p.id, producerEpoch: epoch, sequence }) },
          ],
        },
      ],
    }
    const answer = await t.call('Produce', body, { as: `${step} ${what}: epoch ${epoch}, ${count} from ${sequence}` })
    if (answer.responses?.[0]?.partitionResponses[0].errorCode === 0 && what !== 'again') {
      p.sent.push({ epoch, sequence, count })
      p.sequence = (sequence + count) % 2147483648
    }
  }
  await t.call(
    'Fetch',
    {
      replicaId: -1,
      maxWaitMs: 10,
      minBytes: 0,
      sessionEpoch: -1,
      topics: [
        { topic: topic.name, topicId: topic.id, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000000 }] },
      ],
    },
    { as: 'from 0' },
  )
  for (const timestamp of [-1, -2])
    await t.call(
      'ListOffsets',
      { replicaId: -1, topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, timestamp }] }] },
      { as: `offset ${timestamp}` },
    )
}

export const transcripts = Array.from({ length: 40 }, (_, i) => ({ name: `producer-walk-${i + 1}`, run: t => walk(t, i + 1) }))
