/** Requests about groups and their offsets. */
import type { Body, Resources, RightsCase, Stage } from './play.js'
import { groupWithOffsets } from './set-up.js'

const both = ['a', 'b']
const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA'
const protocols = [{ name: 'range', metadata: new Uint8Array(0) }]
const nobody = { memberId: 'nobody', generationId: 1, groupInstanceId: null }
const offset = { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, commitTimestamp: -1, committedMetadata: 'm' }
const noMember = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null }

const committed = ({ v, topic }: Resources, letters: readonly string[], idsFrom: number) =>
  letters.map(letter => {
    const { name, id } = topic(letter)
    return { name: v >= idsFrom ? '' : name, topicId: v >= idsFrom ? id : zeroId, partitions: [offset] }
  })

const withGroups = (...letters: string[]): Required<Pick<RightsCase, 'prepare'>> => ({
  prepare: async (stage, at) => {
    for (const letter of letters) await groupWithOffsets(stage, at, letter, ['a'])
    return undefined
  },
})

const wanted = ({ v, topic }: Resources) =>
  both.map(letter => {
    const { name, id } = topic(letter)
    return { name: v >= 10 ? '' : name, topicId: v >= 10 ? id : zeroId, partitionIndexes: [0] }
  })
const offsetsOf = (groupId: string, topics: readonly object[] | null): Body => ({
  ...{ groupId, topics, requireStable: false },
  groups: [{ groupId, memberId: null, memberEpoch: -1, topics }],
})
const own = (list: unknown, key: string, stage: Stage): unknown =>
  (list as Body[]).filter(one => String(one[key]).startsWith(stage.name('')))

/** A member of the consumer protocol; null is what it has said before. */
const joining = (groupId: string, subscribedTopicNames: readonly string[]): Body => ({
  ...{ groupId, memberId: 'm', memberEpoch: 0, instanceId: null, rackId: null, rebalanceTimeoutMs: 30_000 },
  ...{ subscribedTopicNames, subscribedTopicRegex: null, serverAssignor: null, topicPartitions: [] },
})

/** A member of a streams group joins with a topology of these sources and internal topics, whose letters are of no topics. */
const streamsMember = ({ name, topic }: Resources, sources: readonly string[], changelogs: readonly string[] = []): Body => ({
  ...{ groupId: name('g'), memberId: 'm', memberEpoch: 0, endpointInformationEpoch: 0, instanceId: null, rackId: null },
  ...{ rebalanceTimeoutMs: 10_000, activeTasks: [], standbyTasks: [], warmupTasks: [], processId: 'p', userEndpoint: null },
  ...{ clientTags: [], taskOffsets: null, taskEndOffsets: null, shutdownApplication: false },
  topology: {
    epoch: 0,
    subtopologies: [
      {
        ...{ subtopologyId: '0', sourceTopics: sources.map(letter => topic(letter).name), sourceTopicRegex: [] },
        stateChangelogTopics: changelogs.map(letter => ({
          ...{ name: name(letter), partitions: 0, replicationFactor: 0, topicConfigs: [] },
        })),
        ...{ repartitionSinkTopics: [], repartitionSourceTopics: [], copartitionGroups: [] },
      },
    ],
  },
})

const withStreams = (sources: readonly string[]): Required<Pick<RightsCase, 'prepare'>> => ({
  prepare: async (stage, at) => {
    await groupWithOffsets(stage, at, 'g', ['a'])
    await stage.until('StreamsGroupHeartbeat', streamsMember(at, sources), ({ errorCode }) => errorCode === 0)
    return undefined
  },
})

export const casesOfGroups: readonly RightsCase[] = [
  {
    api: 'OffsetCommit',
    showsExistence: true,
    needs: ['read group g', 'read topic a', 'read topic b'],
    topics: both,
    ...withGroups('g'),
    request: at => ({ groupId: at.name('g'), ...noMember, retentionTimeMs: -1, topics: committed(at, both, 10) }),
  },
  {
    api: 'OffsetFetch',
    showsExistence: true,
    needs: ['describe group g', 'describe topic a', 'describe topic b'],
    topics: both,
    prepare: async (stage, at) => {
      await groupWithOffsets(stage, at, 'g', both)
      return undefined
    },
    request: at => offsetsOf(at.name('g'), wanted(at)),
  },
  {
    api: 'OffsetFetch',
    label: 'of all topics',
    hides: true,
    versions: [2, 10],
    needs: ['describe group g', 'describe topic a', 'describe topic b'],
    topics: both,
    prepare: async (stage, at) => {
      await groupWithOffsets(stage, at, 'g', both)
      return undefined
    },
    request: ({ name }) => offsetsOf(name('g'), null),
  },
  {
    api: 'FindCoordinator',
    needs: ['describe group g'],
    topics: ['a'],
    ...withGroups('g'),
    request: ({ name }) => ({ key: name('g'), keyType: 0, coordinatorKeys: [name('g')] }),
  },
  {
    api: 'FindCoordinator',
    label: 'of several groups',
    versions: [4, 6],
    needs: ['describe group g', 'describe group h'],
    topics: ['a'],
    ...withGroups('g'),
    request: ({ name }) => ({ keyType: 0, coordinatorKeys: [name('g'), name('h')] }),
  },
  {
    api: 'FindCoordinator',
    label: 'of a transactional id',
    versions: [1, 6],
    needs: ['describe transactional_id x'],
    request: ({ name }) => ({ key: name('x'), keyType: 1, coordinatorKeys: [name('x')] }),
  },
  {
    api: 'FindCoordinator',
    label: 'of a share partition',
    versions: [6, 6],
    needs: ['cluster_action cluster'],
    request: ({ name }) => ({ keyType: 2, coordinatorKeys: [`${name('g')}:${zeroId}:0`] }),
  },
  {
    api: 'JoinGroup',
    needs: ['read group g'],
    topics: ['a'],
    ...withGroups('g'),
    request: ({ name }) => ({
      ...{ groupId: name('g'), sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: 'nobody', groupInstanceId: null },
      ...{ protocolType: 'consumer', protocols, reason: null },
    }),
  },
  {
    api: 'Heartbeat',
    needs: ['read group g'],
    topics: ['a'],
    ...withGroups('g'),
    request: ({ name }) => ({ groupId: name('g'), ...nobody }),
  },
  {
    api: 'LeaveGroup',
    needs: ['read group g'],
    topics: ['a'],
    ...withGroups('g'),
    request: ({ name }) => ({ groupId: name('g'), ...nobody, members: [{ ...nobody, reason: null }] }),
  },
  {
    api: 'SyncGroup',
    needs: ['read group g'],
    topics: ['a'],
    ...withGroups('g'),
    request: ({ name }) => ({
      groupId: name('g'),
      ...nobody,
      ...{ protocolType: 'consumer', protocolName: 'range', assignments: [] },
    }),
  },
  {
    api: 'DescribeGroups',
    needs: ['describe group g', 'describe group h'],
    others: [['read group g', 'delete group h']],
    topics: ['a'],
    ...withGroups('g', 'h'),
    request: ({ name }) => ({ groups: [name('g'), name('h')], includeAuthorizedOperations: true }),
  },
  {
    api: 'ConsumerGroupHeartbeat',
    needs: ['read group g', 'describe topic a', 'describe topic b'],
    topics: both,
    ...withGroups('g'),
    request: ({ name, topic }) =>
      joining(
        name('g'),
        both.map(letter => topic(letter).name),
      ),
  },
  {
    api: 'ConsumerGroupDescribe',
    needs: ['describe group g', 'describe topic a'],
    showsExistence: true,
    topics: ['a'],
    prepare: async (stage, at) => {
      await groupWithOffsets(stage, at, 'g', ['a'])
      const body = joining(at.name('g'), [at.topic('a').name])
      await stage.until('ConsumerGroupHeartbeat', body, ({ errorCode }) => errorCode === 0)
      return undefined
    },
    request: ({ name }) => ({ groupIds: [name('g')], includeAuthorizedOperations: true }),
  },
  {
    api: 'StreamsGroupHeartbeat',
    needs: ['read group g', 'describe topic a', 'describe topic b'],
    topics: both,
    ...withGroups('g'),
    request: at => streamsMember(at, both),
  },
  {
    api: 'StreamsGroupHeartbeat',
    label: 'without its internal topics',
    needs: ['read group g', 'describe topic a', 'describe topic n', 'create topic n or create cluster'],
    topics: ['a'],
    ...withGroups('g'),
    request: at => streamsMember(at, ['a'], ['n']),
  },
  {
    api: 'StreamsGroupDescribe',
    needs: ['describe group g', 'describe topic a', 'describe topic b'],
    topics: both,
    ...withStreams(both),
    request: ({ name }) => ({
      ...{ groupIds: [name('g')], includeAuthorizedOperations: false, includeTopologyDescription: false },
    }),
  },
  {
    api: 'StreamsGroupTopologyDescriptionUpdate',
    needs: ['read group g'],
    topics: ['a'],
    ...withStreams(['a']),
    request: ({ name }) => ({
      ...{ groupId: name('g'), memberId: 'm', topologyEpoch: 0 },
      topologyDescription: { subtopologies: [], globalStores: [] },
    }),
  },
  {
    api: 'ListGroups',
    needs: ['describe group g or describe cluster'],
    topics: ['a'],
    ...withGroups('g'),
    request: () => ({ statesFilter: [], typesFilter: [] }),
    view: (body, stage) => ({ ...body, groups: own(body.groups, 'groupId', stage) }),
  },
  {
    api: 'DeleteGroups',
    needs: ['delete group g', 'delete group h'],
    others: [['read group g', 'describe group h']],
    topics: ['a'],
    ...withGroups('g', 'h'),
    request: ({ name }) => ({ groupsNames: [name('g'), name('h')] }),
  },
  {
    api: 'OffsetDelete',
    needs: ['delete group g', 'read topic a', 'read topic b'],
    topics: both,
    prepare: async (stage, at) => {
      await groupWithOffsets(stage, at, 'g', both)
      return undefined
    },
    request: ({ name, topic }) => ({
      groupId: name('g'),
      topics: both.map(letter => ({ name: topic(letter).name, partitions: [{ partitionIndex: 0 }] })),
    }),
  },
  {
    api: 'OffsetDelete',
    label: 'of no partitions',
    needs: ['delete group g', 'read topic a', 'read topic b'],
    hides: true,
    topics: both,
    prepare: async (stage, at) => {
      await groupWithOffsets(stage, at, 'g', both)
      return undefined
    },
    request: ({ name, topic }) => ({
      groupId: name('g'),
      topics: both.map(letter => ({ name: topic(letter).name, partitions: [] })),
    }),
  },
]
