// What depends on a broker's settings. (Which of several members that join at once is the leader is left open.)
// Worth running against a pair of brokers that share one unusual server.properties.

import { ZERO_UUID } from '../lib/messages.mjs'
import { batch } from '../lib/records.mjs'

const protocols = [{ name: 'range', metadata: Buffer.from('0001000000010001740000000000000000', 'hex') }]

export const transcripts = [
  {
    name: 'group-sizes',
    api: 'JoinGroup',
    versions: [3, 9],
    async run(t) {
      const groupId = t.name('g')
      await t.until(
        'FindCoordinator',
        { key: groupId, keyType: 0, coordinatorKeys: [groupId] },
        answer => answer.coordinators[0].errorCode === 0,
        { quiet: true },
      )
      const join = (as, memberId, on) =>
        t.call(
          'JoinGroup',
          { groupId, sessionTimeoutMs: 10000, rebalanceTimeoutMs: 1000, memberId, protocolType: 'consumer', protocols },
          { as, on, patienceMs: 4000, view: body => ({ errorCode: body.errorCode }) },
        )
      const first = await join('first asks', '', 'm1')
      const ids = [t.know(first.memberId, 'm1')]
      const joining = t.v >= 4 ? [join('first joins', ids[0], 'm1')] : []
      for (const who of ['m2', 'm3']) {
        if (t.v >= 4) {
          const { memberId } = await join(`${who} asks`, '', who)
          t.know(memberId, who)
          if (memberId) joining.push(join(`${who} joins`, memberId, who))
        } else joining.push(join(`${who} joins`, '', who).then(answer => t.know(answer.memberId, who)))
        await new Promise(resolve => setTimeout(resolve, 50))
      }
      await Promise.all(joining)
    },
  },
  {
    name: 'session-cache',
    api: 'Fetch',
    versions: [12, 18],
    async run(t) {
      const a = await t.topic('a')
      await t.produce(a, batch(1, { timestamp: t.T0 }))
      for (const i of [1, 2, 3, 4]) {
        await t.call(
          'Fetch',
          {
            replicaId: -1,
            maxWaitMs: 5,
            minBytes: 0,
            sessionId: 0,
            sessionEpoch: 0,
            topics: [{ topic: a.name, topicId: a.id, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100000 }] }],
          },
          { as: `session ${i}`, view: body => ({ ...body, sessionId: body.sessionId === 0 ? 0 : 'some' }) },
        )
      }
    },
  },
  {
    name: 'defaults',
    once: true,
    api: 'CreateTopics',
    async run(t) {
      await t.call(
        'CreateTopics',
        { topics: [{ name: t.name('a'), numPartitions: -1, replicationFactor: -1 }], timeoutMs: 5000 },
        { as: 'a topic of defaults', v: 7 },
      )
      await t.settled(t.name('a'), 1)
      for (const includeSynonyms of [false, true])
        await t.until(
          'DescribeConfigs',
          {
            resources: [{ resourceType: 2, resourceName: t.name('a'), configurationKeys: null }],
            includeSynonyms,
            includeDocumentation: false,
          },
          body => body.results[0].errorCode === 0,
          { as: `its configs${includeSynonyms ? ' with synonyms' : ''}` },
        )
      await t.call(
        'Metadata',
        { topics: [{ name: '__transaction_state', topicId: ZERO_UUID }], allowAutoTopicCreation: true },
        {
          as: 'asks for the internal topic of transactions',
          view: body => ({ errors: body.topics.map(x => [x.errorCode, x.isInternal]) }),
        },
      )
      await t.call(
        'Metadata',
        { topics: [{ name: '__consumer_offsets', topicId: ZERO_UUID }], allowAutoTopicCreation: true },
        {
          as: 'asks for the internal topic of offsets',
          view: body => ({ errors: body.topics.map(x => [x.errorCode, x.isInternal, x.partitions.length]) }),
        },
      )
    },
  },
]
