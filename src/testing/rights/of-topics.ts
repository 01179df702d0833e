/** Requests about topics and their configs. */
import type { Body, Resources, RightsCase, Topic } from './play.js'
import { producerOf } from './set-up.js'

const both = ['a', 'b']
const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA'

/** By name in old versions, by id from this one on. */
const named = ({ v, topic }: Resources, letter: string, idsFrom = Number.POSITIVE_INFINITY) => {
  const { name, id } = topic(letter)
  return v >= idsFrom ? { name: '', topic: '', topicId: id } : { name, topic: name, topicId: zeroId }
}

const produced = (at: Resources, letters: readonly string[], transactionalId: string | null, records: Uint8Array): Body => ({
  ...{ transactionalId, acks: -1, timeoutMs: 5000 },
  topicData: letters.map(letter => ({ ...named(at, letter, 13), partitionData: [{ index: 0, records }] })),
})

const fetched = (at: Resources, rest: Body = {}): Body => ({
  ...{ replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 100_000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 },
  topics: both.map(letter => ({
    ...named(at, letter, 13),
    partitions: [
      { partition: 0, currentLeaderEpoch: -1, fetchOffset: 0, lastFetchedEpoch: -1, logStartOffset: -1, partitionMaxBytes: 9999 },
    ],
  })),
  ...{ forgottenTopicsData: [], rackId: '' },
  ...rest,
})

const offset = { partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1, maxNumOffsets: 1 }
const epoch = { partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }
const asked = { allowAutoTopicCreation: false, includeClusterAuthorizedOperations: false, includeTopicAuthorizedOperations: true }

const creation = (name: string) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] })
const topicResource = 2
const brokerResource = 4
const groupResource = 32
const configs = [{ name: 'retention.ms', value: '60000', configOperation: 0 }]
const described = (...resources: (readonly [type: number, name: string])[]): Body => ({
  resources: resources.map(([resourceType, resourceName]) => ({
    resourceType,
    resourceName,
    configurationKeys: ['retention.ms'],
  })),
  ...{ includeSynonyms: false, includeDocumentation: false },
})
const altered = (...resources: (readonly [type: number, name: string])[]): Body => ({
  resources: resources.map(([resourceType, resourceName]) => ({ resourceType, resourceName, configs })),
  validateOnly: true,
})
const ofTopics = ({ topic }: Resources) => both.map(letter => [topicResource, topic(letter).name] as const)

export const casesOfTopics: readonly RightsCase[] = [
  {
    api: 'Produce',
    needs: ['write topic a', 'write topic b'],
    topics: both,
    showsExistence: true,
    request: at => produced(at, both, null, at.batch()),
  },
  {
    api: 'Produce',
    label: 'in a transaction',
    versions: [3, 13],
    needs: ['write transactional_id x', 'write topic a'],
    topics: ['a'],
    showsExistence: true,
    prepare: (stage, { name }) => producerOf(stage, name('x')),
    request: at => {
      const { producerId, producerEpoch } = at.prepared
      return produced(at, ['a'], at.name('x'), at.batch({ producerId, producerEpoch }))
    },
  },
  { api: 'Fetch', needs: ['read topic a', 'read topic b'], topics: both, showsExistence: true, request: at => fetched(at) },
  {
    api: 'Fetch',
    label: 'of a follower',
    needs: ['cluster_action cluster'],
    topics: both,
    request: at => fetched(at, at.v >= 15 ? { replicaState: { replicaId: 5, replicaEpoch: -1 } } : { replicaId: 5 }),
  },
  {
    api: 'ListOffsets',
    needs: ['describe topic a', 'describe topic b'],
    topics: both,
    request: at => ({
      ...{ replicaId: -1, isolationLevel: 0, timeoutMs: 1000 },
      topics: both.map(letter => ({ ...named(at, letter), partitions: [offset] })),
    }),
  },
  {
    api: 'Metadata',
    needs: ['describe topic a', 'describe topic b'],
    topics: both,
    request: at => ({ topics: both.map(letter => named(at, letter)), ...asked }),
  },
  {
    api: 'Metadata',
    label: 'by id',
    versions: [12, 13],
    needs: ['describe topic a', 'describe topic b'],
    topics: both,
    showsExistence: true,
    request: at => ({ topics: both.map(letter => ({ ...named(at, letter, 12), name: null })), ...asked }),
  },
  {
    api: 'Metadata',
    label: 'of all topics',
    hides: true,
    needs: ['describe topic a', 'describe topic b'],
    topics: both,
    request: ({ v }) => ({ topics: v === 0 ? [] : null, ...asked }),
  },
  {
    api: 'Metadata',
    label: 'that creates',
    versions: [4, 13],
    needs: ['describe topic n', 'create topic n or create cluster'],
    request: at => ({ topics: [named(at, 'n')], ...asked, allowAutoTopicCreation: true }),
  },
  {
    api: 'Metadata',
    label: 'with the operations on the cluster',
    versions: [8, 10],
    needs: ['describe cluster'],
    request: () => ({ topics: [], ...asked, includeClusterAuthorizedOperations: true }),
  },
  {
    api: 'CreateTopics',
    versions: [0, 4],
    needs: ['create topic n or create cluster', 'create topic m or create cluster'],
    request: ({ name }) => ({ topics: [creation(name('n')), creation(name('m'))], timeoutMs: 5000, validateOnly: true }),
  },
  {
    api: 'CreateTopics',
    label: 'with the configs of what was made',
    versions: [5, 7],
    needs: ['create topic n or create cluster', 'describe_configs topic n'],
    request: ({ name }) => ({ topics: [creation(name('n'))], timeoutMs: 5000, validateOnly: true }),
  },
  {
    api: 'DeleteTopics',
    isFresh: true,
    needs: ['delete topic n', 'delete topic m'],
    others: [['describe topic n']],
    prepare: async (stage, { name }) => {
      await Promise.all(['n', 'm'].map(letter => stage.topic(name(letter))))
      return undefined
    },
    request: ({ name }) => {
      const topicNames = [name('n'), name('m')]
      return { topicNames, topics: topicNames.map(one => ({ name: one, topicId: zeroId })), timeoutMs: 5000 }
    },
  },
  {
    api: 'DeleteTopics',
    isFresh: true,
    label: 'by id',
    versions: [6, 6],
    needs: ['delete topic n', 'delete topic m'],
    others: [['describe topic n']],
    showsExistence: true,
    prepare: async (stage, { name }) => {
      const [n, m] = await Promise.all(['n', 'm'].map(letter => stage.topic(name(letter))))
      return { n, m }
    },
    request: ({ prepared, topic }) => {
      const ids = ['n', 'm'].map(letter => {
        const { name, id } = topic(letter)
        const made = prepared[letter] as Topic
        return name === made.name ? made.id : id
      })
      return { topics: ids.map(topicId => ({ name: null, topicId })), timeoutMs: 5000 }
    },
  },
  {
    api: 'DeleteRecords',
    needs: ['delete topic a', 'delete topic b'],
    topics: both,
    request: at => ({
      topics: both.map(letter => ({ ...named(at, letter), partitions: [{ partitionIndex: 0, offset: 1 }] })),
      timeoutMs: 5000,
    }),
  },
  {
    api: 'OffsetForLeaderEpoch',
    needs: ['describe topic a or cluster_action cluster', 'describe topic b or cluster_action cluster'],
    topics: both,
    request: at => ({ replicaId: -1, topics: both.map(letter => ({ ...named(at, letter), partitions: [epoch] })) }),
  },
  {
    api: 'CreatePartitions',
    needs: ['alter topic a', 'alter topic b'],
    topics: both,
    request: at => ({
      topics: both.map(letter => ({ ...named(at, letter), count: 3, assignments: null })),
      ...{ timeoutMs: 5000, validateOnly: true },
    }),
  },
  {
    api: 'DescribeConfigs',
    needs: ['describe_configs topic a', 'describe_configs topic b'],
    topics: both,
    request: at => described(...ofTopics(at)),
  },
  {
    api: 'DescribeConfigs',
    label: 'of a group',
    needs: ['describe_configs group g'],
    request: ({ name }) => described([groupResource, name('g')]),
  },
  {
    api: 'DescribeConfigs',
    label: 'of the broker',
    needs: ['describe_configs cluster'],
    request: () => described([brokerResource, '1']),
  },
  ...['AlterConfigs', 'IncrementalAlterConfigs'].flatMap((api): RightsCase[] => [
    {
      api,
      needs: ['alter_configs topic a', 'alter_configs topic b'],
      topics: both,
      request: at => altered(...ofTopics(at)),
    },
    {
      api,
      label: 'of a group',
      needs: ['alter_configs group g'],
      request: ({ name }) => altered([groupResource, name('g')]),
    },
    {
      api,
      label: 'of the broker',
      needs: ['alter_configs cluster'],
      request: () => altered([brokerResource, '1']),
    },
  ]),
  {
    api: 'DescribeProducers',
    needs: ['read topic a', 'read topic b'],
    topics: both,
    request: at => ({ topics: both.map(letter => ({ ...named(at, letter), partitionIndexes: [0] })) }),
  },
  {
    api: 'DescribeTopicPartitions',
    needs: ['describe topic a', 'describe topic b'],
    topics: both,
    request: at => ({ topics: both.map(letter => named(at, letter)), responsePartitionLimit: 100, cursor: null }),
  },
  {
    api: 'DescribeTopicPartitions',
    label: 'of all topics',
    hides: true,
    needs: ['describe topic a', 'describe topic b'],
    topics: both,
    request: () => ({ topics: [], responsePartitionLimit: 100, cursor: null }),
  },
]
