/** Requests about the cluster, its users, tokens and entries, and those that everybody may send. */
import { zeroUuid } from '../../base/ids.js'
import type { Body, RightsCase } from './play.js'

const everyone = { resourceTypeFilter: 2, patternTypeFilter: 3, hostFilter: null, operation: 1, permissionType: 1 }
const salt = new Uint8Array(16)

export const casesOfTheCluster: readonly RightsCase[] = [
  { api: 'ApiVersions', needs: [], request: () => ({ clientSoftwareName: 'rights', clientSoftwareVersion: '1' }) },
  // Somebody who is logged in already: refused by whoever it is.
  { api: 'SaslAuthenticate', needs: [], request: () => ({ authBytes: salt }) },
  { api: 'SaslHandshake', versions: [1, 1], needs: [], request: () => ({ mechanism: 'OAUTHBEARER' }) },
  {
    api: 'SaslHandshake',
    label: 'of old clients',
    versions: [0, 0],
    needs: [],
    request: () => ({ mechanism: 'OAUTHBEARER' }),
  },
  {
    api: 'DescribeCluster',
    needs: ['describe cluster'],
    others: [['describe cluster', 'alter cluster', 'idempotent_write cluster']],
    request: () => ({ includeClusterAuthorizedOperations: true, endpointType: 1, includeFencedBrokers: false }),
  },
  {
    api: 'ElectLeaders',
    needs: ['alter cluster'],
    request: ({ name }) => ({
      ...{ electionType: 0, timeoutMs: 5000 },
      topicPartitions: [{ topic: name('t'), partitions: [0, 1] }],
    }),
  },
  {
    api: 'AlterPartitionReassignments',
    needs: ['alter cluster'],
    request: ({ name }) => ({
      ...{ timeoutMs: 5000, allowReplicationFactorChange: true },
      topics: [{ name: name('t'), partitions: [{ partitionIndex: 0, replicas: [1] }] }],
    }),
  },
  {
    api: 'ListPartitionReassignments',
    needs: ['describe cluster'],
    request: ({ name }) => ({ timeoutMs: 5000, topics: [{ name: name('t'), partitionIndexes: [0] }] }),
  },
  {
    api: 'AlterReplicaLogDirs',
    needs: ['alter cluster'],
    request: ({ name }) => ({ dirs: [{ path: '/no/such/directory', topics: [{ name: name('t'), partitions: [0, 1] }] }] }),
  },
  {
    api: 'DescribeLogDirs',
    needs: ['describe cluster'],
    request: ({ name }) => ({ topics: [{ topic: name('t'), partitions: [0] }] }),
    view: body => ({
      ...body,
      results: (body.results as Body[]).map(one => ({ ...one, logDir: '', totalBytes: 0, usableBytes: 0 })),
    }),
  },
  {
    api: 'DescribeQuorum',
    needs: ['describe cluster'],
    // Of the partition that is there the answer tells times.
    request: ({ name }) => ({ topics: [{ topicName: name('t'), partitions: [{ partitionIndex: 0 }] }] }),
  },
  {
    api: 'UpdateFeatures',
    needs: ['alter cluster'],
    request: () => ({
      ...{ timeoutMs: 5000, validateOnly: true },
      featureUpdates: [{ feature: 'transaction.version', maxVersionLevel: 2, allowDowngrade: false, upgradeType: 1 }],
    }),
  },
  { api: 'UnregisterBroker', needs: ['alter cluster'], request: () => ({ brokerId: 77 }) },
  { api: 'UnregisterController', needs: ['alter cluster'], request: () => ({ controllerId: 77 }) },
  {
    api: 'AddRaftVoter',
    needs: ['alter cluster'],
    request: () => ({
      ...{ clusterId: null, timeoutMs: 5000, voterId: 77, voterDirectoryId: 'abcdefghijklmnopqrstuw' },
      ...{ listeners: [{ name: 'CONTROLLER', host: 'localhost', port: 1 }], ackWhenCommitted: true },
    }),
  },
  {
    api: 'RemoveRaftVoter',
    needs: ['alter cluster'],
    request: () => ({ clusterId: null, voterId: 77, voterDirectoryId: 'abcdefghijklmnopqrstuw' }),
  },
  { api: 'ListConfigResources', needs: ['describe_configs cluster'], request: () => ({ resourceTypes: [4] }) },
  {
    api: 'DescribeAcls',
    needs: ['describe cluster'],
    request: ({ name }) => ({ ...everyone, resourceNameFilter: name('a'), principalFilter: null }),
  },
  {
    api: 'CreateAcls',
    needs: ['alter cluster'],
    request: ({ name }) => ({
      creations: [
        { resourceType: 2, resourceName: name('a'), resourcePatternType: 3, principal: 'User:other', host: '*' },
        { resourceType: 3, resourceName: name('g'), resourcePatternType: 3, principal: 'User:other', host: '*' },
      ].map(one => ({ ...one, operation: 3, permissionType: 3 })),
    }),
  },
  {
    api: 'DeleteAcls',
    needs: ['alter cluster'],
    request: ({ name }) => ({
      filters: ['a', 'b'].map(letter => ({ ...everyone, resourceNameFilter: name(letter), principalFilter: 'User:other' })),
    }),
  },
  {
    api: 'DescribeClientQuotas',
    needs: ['describe_configs cluster'],
    request: ({ name }) => ({ components: [{ entityType: 'user', matchType: 0, match: name('u') }], strict: true }),
  },
  {
    api: 'AlterClientQuotas',
    needs: ['alter_configs cluster'],
    request: ({ name }) => ({
      entries: [
        {
          entity: [{ entityType: 'user', entityName: name('u') }],
          ops: [{ key: 'request_percentage', value: 5, remove: false }],
        },
      ],
      validateOnly: false,
    }),
  },
  {
    api: 'DescribeUserScramCredentials',
    needs: ['describe cluster'],
    request: ({ name }) => ({ users: [{ name: name('u') }, { name: name('w') }] }),
  },
  {
    api: 'AlterUserScramCredentials',
    needs: ['alter cluster'],
    request: ({ name }) => ({
      deletions: [{ name: name('u'), mechanism: 1 }],
      upsertions: [{ name: name('w'), mechanism: 2, iterations: 4096, salt, saltedPassword: salt }],
    }),
  },
  {
    api: 'CreateDelegationToken',
    versions: [3, 3],
    needs: ['create_tokens user o'],
    request: ({ user }) => ({
      ...{ ownerPrincipalType: 'User', ownerPrincipalName: user('o') },
      ...{ renewers: [], maxLifetimeMs: -1 },
    }),
  },
  {
    api: 'CreateDelegationToken',
    label: 'for oneself',
    needs: [],
    request: () => ({ ownerPrincipalType: null, ownerPrincipalName: null, renewers: [], maxLifetimeMs: -1 }),
  },
  {
    api: 'GetTelemetrySubscriptions',
    needs: [],
    request: () => ({ clientInstanceId: zeroUuid }),
    view: ({ errorCode, requestedMetrics }) => ({ errorCode, requestedMetrics }),
  },
  {
    api: 'PushTelemetry',
    needs: [],
    request: () => ({
      ...{ clientInstanceId: zeroUuid, subscriptionId: 1, terminating: false, compressionType: 0 },
      metrics: new Uint8Array(0),
    }),
  },
  { api: 'RenewDelegationToken', needs: [], request: () => ({ hmac: salt, renewPeriodMs: -1 }) },
  { api: 'ExpireDelegationToken', needs: [], request: () => ({ hmac: salt, expiryTimePeriodMs: -1 }) },
  {
    api: 'DescribeDelegationToken',
    needs: ['describe_tokens user o or describe delegation_token *'],
    helper: ['create_tokens user o'],
    prepare: async (stage, { v, user }) => {
      const renewers = [{ principalType: 'User', principalName: stage.name('helper') }]
      const body = { ownerPrincipalType: 'User', ownerPrincipalName: user('o'), renewers, maxLifetimeMs: -1 }
      await stage.call('CreateDelegationToken', body, { by: 'helper', quiet: true })
      // One for each version; Kafka shows it a moment after it has answered.
      const isThere = ({ tokens }: Body): boolean => (tokens as Body[]).length >= v
      await stage.until('DescribeDelegationToken', { owners: null }, isThere, 'helper')
      return undefined
    },
    request: ({ user }) => ({ owners: [{ principalType: 'User', principalName: user('o') }] }),
  },
]
