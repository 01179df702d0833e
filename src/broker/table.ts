/**
 * Every API that this broker serves, on one page, by key, with what must be known of it outside its handler. ApiVersions,
 * docs/api-support.md and dispatch follow from it: what is not here is not advertised.
 */
import { Errors } from '../protocol/errors.js'
import type { Handler, Row, Traits } from './handler.js'
import { addOffsetsToTxn } from './handlers/add-offsets-to-txn.js'
import { addPartitionsToTxn } from './handlers/add-partitions-to-txn.js'
import { addRaftVoter } from './handlers/add-raft-voter.js'
import { alterClientQuotas } from './handlers/alter-client-quotas.js'
import { alterConfigs } from './handlers/alter-configs.js'
import { alterPartitionReassignments } from './handlers/alter-partition-reassignments.js'
import { alterReplicaLogDirs } from './handlers/alter-replica-log-dirs.js'
import { alterUserScramCredentials } from './handlers/alter-user-scram-credentials.js'
import { apiVersions } from './handlers/api-versions.js'
import { consumerGroupDescribe } from './handlers/consumer-group-describe.js'
import { consumerGroupHeartbeat } from './handlers/consumer-group-heartbeat.js'
import { createAcls } from './handlers/create-acls.js'
import { createDelegationToken } from './handlers/create-delegation-token.js'
import { createPartitions } from './handlers/create-partitions.js'
import { createTopics } from './handlers/create-topics.js'
import { deleteAcls } from './handlers/delete-acls.js'
import { deleteGroups } from './handlers/delete-groups.js'
import { deleteRecords } from './handlers/delete-records.js'
import { deleteTopics } from './handlers/delete-topics.js'
import { describeAcls } from './handlers/describe-acls.js'
import { describeClientQuotas } from './handlers/describe-client-quotas.js'
import { describeCluster } from './handlers/describe-cluster.js'
import { describeConfigs } from './handlers/describe-configs.js'
import { describeDelegationToken } from './handlers/describe-delegation-token.js'
import { describeGroups } from './handlers/describe-groups.js'
import { describeLogDirs } from './handlers/describe-log-dirs.js'
import { describeProducers } from './handlers/describe-producers.js'
import { describeQuorum } from './handlers/describe-quorum.js'
import { describeTopicPartitions } from './handlers/describe-topic-partitions.js'
import { describeTransactions } from './handlers/describe-transactions.js'
import { describeUserScramCredentials } from './handlers/describe-user-scram-credentials.js'
import { electLeaders } from './handlers/elect-leaders.js'
import { endTxn } from './handlers/end-txn.js'
import { expireDelegationToken } from './handlers/expire-delegation-token.js'
import { fetch } from './handlers/fetch.js'
import { findCoordinator } from './handlers/find-coordinator.js'
import { getTelemetrySubscriptions } from './handlers/get-telemetry-subscriptions.js'
import { heartbeat } from './handlers/heartbeat.js'
import { incrementalAlterConfigs } from './handlers/incremental-alter-configs.js'
import { initProducerId } from './handlers/init-producer-id.js'
import { joinGroup } from './handlers/join-group.js'
import { leaveGroup } from './handlers/leave-group.js'
import { listConfigResources } from './handlers/list-config-resources.js'
import { listGroups } from './handlers/list-groups.js'
import { listOffsets } from './handlers/list-offsets.js'
import { listPartitionReassignments } from './handlers/list-partition-reassignments.js'
import { listTransactions } from './handlers/list-transactions.js'
import { metadata } from './handlers/metadata.js'
import { offsetCommit } from './handlers/offset-commit.js'
import { offsetDelete } from './handlers/offset-delete.js'
import { offsetFetch } from './handlers/offset-fetch.js'
import { offsetForLeaderEpoch } from './handlers/offset-for-leader-epoch.js'
import { produce } from './handlers/produce.js'
import { pushTelemetry } from './handlers/push-telemetry.js'
import { removeRaftVoter } from './handlers/remove-raft-voter.js'
import { renewDelegationToken } from './handlers/renew-delegation-token.js'
import { saslAuthenticate } from './handlers/sasl-authenticate.js'
import { saslHandshake } from './handlers/sasl-handshake.js'
import { streamsGroupDescribe } from './handlers/streams-group-describe.js'
import { streamsGroupHeartbeat } from './handlers/streams-group-heartbeat.js'
import { streamsGroupTopologyDescriptionUpdate } from './handlers/streams-group-topology-description-update.js'
import { syncGroup } from './handlers/sync-group.js'
import { txnOffsetCommit } from './handlers/txn-offset-commit.js'
import { unregisterBroker } from './handlers/unregister-broker.js'
import { unregisterController } from './handlers/unregister-controller.js'
import { updateFeatures } from './handlers/update-features.js'
import { writeTxnMarkers } from './handlers/write-txn-markers.js'
import { type Need, need } from './needs.js'

const operationsOnCluster = need('describe', 'cluster', { when: 'for the operations on the cluster', isLeftOut: true })
const toVersion3 = 'up to version 3, where clients send it'

export const handlers: readonly Row[] = [
  row(produce, {
    needs: [need('write', 'topic'), need('write', 'transactional_id', { when: 'in a transaction' })],
    quota: 'produce',
    isOrdered: true,
  }), // 0
  row(fetch, {
    needs: [
      need('read', 'topic'),
      need('cluster_action', 'cluster', { when: 'of a follower', denied: Errors.TOPIC_AUTHORIZATION_FAILED }),
    ],
    quota: 'fetch',
    mayPark: true,
  }), // 1
  row(listOffsets, { needs: [need('describe', 'topic')] }), // 2
  row(metadata, {
    needs: [
      need('describe', 'topic'),
      need('create', 'topic', { or: ['create', 'cluster'], when: 'to create it' }),
      operationsOnCluster,
    ],
  }), // 3
  row(offsetCommit, { needs: [need('read', 'group'), need('read', 'topic')] }), // 8
  row(offsetFetch, { needs: [need('describe', 'group'), need('describe', 'topic')] }), // 9
  row(findCoordinator, {
    needs: [
      need('describe', 'group'),
      need('describe', 'transactional_id', { when: 'of a transactional id' }),
      need('cluster_action', 'cluster', { when: 'of a share partition' }),
    ],
  }), // 10
  row(joinGroup, { needs: [need('read', 'group')], mayPark: true }), // 11
  row(heartbeat, { needs: [need('read', 'group')] }), // 12
  row(leaveGroup, { needs: [need('read', 'group')] }), // 13
  row(syncGroup, { needs: [need('read', 'group')], mayPark: true }), // 14
  row(describeGroups, { needs: [need('describe', 'group')] }), // 15
  row(listGroups, { needs: [need('describe', 'group', { or: ['describe', 'cluster'], isLeftOut: true })] }), // 16
  row(saslHandshake, { needs: [], isExempt: true }), // 17
  row(apiVersions, { needs: [] }), // 18
  row(createTopics, {
    needs: [
      need('create', 'topic', { or: ['create', 'cluster'] }),
      need('describe_configs', 'topic', { when: 'for the configs of what was made' }),
    ],
    quota: 'controller_mutation',
  }), // 19
  row(deleteTopics, {
    needs: [need('delete', 'topic'), need('describe', 'topic', { when: 'for the name of one given by its id' })],
    quota: 'controller_mutation',
  }), // 20
  row(deleteRecords, { needs: [need('delete', 'topic')] }), // 21
  row(initProducerId, {
    needs: [
      need('write', 'transactional_id'),
      need('idempotent_write', 'cluster', { or: ['write', 'topic'], when: 'without a transactional id; any topic will do' }),
    ],
  }), // 22
  row(offsetForLeaderEpoch, { needs: [need('describe', 'topic', { or: ['cluster_action', 'cluster'] })] }), // 23
  row(addPartitionsToTxn, {
    needs: [
      need('write', 'transactional_id', { when: toVersion3 }),
      need('write', 'topic', { when: toVersion3 }),
      need('cluster_action', 'cluster', { when: 'from version 4 on' }),
    ],
  }), // 24
  row(addOffsetsToTxn, { needs: [need('write', 'transactional_id'), need('read', 'group')] }), // 25
  row(endTxn, { needs: [need('write', 'transactional_id')] }), // 26
  row(writeTxnMarkers, { needs: [need('cluster_action', 'cluster', { or: ['alter', 'cluster'] })], isExempt: true }), // 27
  row(txnOffsetCommit, { needs: [need('write', 'transactional_id'), need('read', 'group'), need('read', 'topic')] }), // 28
  row(describeAcls, { needs: [need('describe', 'cluster')] }), // 29
  row(createAcls, { needs: [need('alter', 'cluster')] }), // 30
  row(deleteAcls, { needs: [need('alter', 'cluster')] }), // 31
  row(describeConfigs, { needs: configNeeds('describe_configs') }), // 32
  row(alterConfigs, { needs: configNeeds('alter_configs') }), // 33
  row(alterReplicaLogDirs, { needs: [need('alter', 'cluster')] }), // 34
  row(describeLogDirs, {
    needs: [
      need('describe', 'cluster', { when: 'CLUSTER_AUTHORIZATION_FAILED (31) from version 3 on, before', isLeftOut: true }),
    ],
  }), // 35
  row(saslAuthenticate, { needs: [], isExempt: true }), // 36
  row(createPartitions, { needs: [need('alter', 'topic')], quota: 'controller_mutation' }), // 37
  row(createDelegationToken, { needs: [need('create_tokens', 'user', { when: 'for another user' })] }), // 38
  row(renewDelegationToken, { needs: [] }), // 39
  row(expireDelegationToken, { needs: [] }), // 40
  row(describeDelegationToken, {
    needs: [need('describe', 'delegation_token', { or: ['describe_tokens', 'user'], when: 'of another user', isLeftOut: true })],
  }), // 41
  row(deleteGroups, { needs: [need('delete', 'group')] }), // 42
  row(electLeaders, { needs: [need('alter', 'cluster')] }), // 43
  row(incrementalAlterConfigs, { needs: configNeeds('alter_configs') }), // 44
  row(alterPartitionReassignments, { needs: [need('alter', 'cluster')] }), // 45
  row(listPartitionReassignments, { needs: [need('describe', 'cluster')] }), // 46
  row(offsetDelete, { needs: [need('delete', 'group'), need('read', 'topic')] }), // 47
  row(describeClientQuotas, { needs: [need('describe_configs', 'cluster')] }), // 48
  row(alterClientQuotas, { needs: [need('alter_configs', 'cluster')] }), // 49
  row(describeUserScramCredentials, { needs: [need('describe', 'cluster')] }), // 50
  row(alterUserScramCredentials, { needs: [need('alter', 'cluster')] }), // 51
  row(describeQuorum, { needs: [need('describe', 'cluster')] }), // 55
  row(updateFeatures, { needs: [need('alter', 'cluster')] }), // 57
  row(describeCluster, { needs: [operationsOnCluster] }), // 60
  row(describeProducers, { needs: [need('read', 'topic')] }), // 61
  row(unregisterBroker, { needs: [need('alter', 'cluster')] }), // 64
  row(describeTransactions, {
    needs: [need('describe', 'transactional_id'), need('describe', 'topic', { isLeftOut: true })],
  }), // 65
  row(listTransactions, { needs: [need('describe', 'transactional_id', { isLeftOut: true })] }), // 66
  row(consumerGroupHeartbeat, { needs: [need('read', 'group'), need('describe', 'topic')] }), // 68
  row(consumerGroupDescribe, { needs: [need('describe', 'group'), need('describe', 'topic')] }), // 69
  row(getTelemetrySubscriptions, { needs: [] }), // 71
  row(pushTelemetry, { needs: [] }), // 72
  row(listConfigResources, { needs: [need('describe_configs', 'cluster')] }), // 74
  row(describeTopicPartitions, { needs: [need('describe', 'topic')] }), // 75
  row(addRaftVoter, { needs: [need('alter', 'cluster')] }), // 80
  row(removeRaftVoter, { needs: [need('alter', 'cluster')] }), // 81
  row(streamsGroupHeartbeat, {
    needs: [
      need('read', 'group'),
      need('describe', 'topic', { when: 'of a topology' }),
      need('create', 'topic', { or: ['create', 'cluster'], when: 'for internal topics that are missing', isLeftOut: true }),
    ],
  }), // 88
  row(streamsGroupDescribe, { needs: [need('describe', 'group'), need('describe', 'topic', { when: 'of a topology' })] }), // 89
  row(streamsGroupTopologyDescriptionUpdate, { needs: [need('read', 'group')] }), // 93
  row(unregisterController, { needs: [need('alter', 'cluster')] }), // 94
]

/** By key, from the definitions of Kafka's messages: what a controller's listener serves, of what is served at all. */
const controllerKeys: ReadonlySet<number> = new Set([
  ...[17, 18, 19, 20, 29, 30, 31, 32, 33, 36, 37, 38, 39, 40, 41, 43, 44, 45, 46, 49, 50, 51, 55, 57, 60, 64, 80, 81, 94],
])

export const controllerHandlers: readonly Row[] = handlers.filter(({ api }) => controllerKeys.has(api.key))

function row(handler: Handler, traits: Traits): Row {
  return { ...handler, traits }
}

function configNeeds(operation: 'describe_configs' | 'alter_configs'): readonly Need[] {
  return [
    need(operation, 'topic'),
    need(operation, 'group'),
    need(operation, 'cluster', { when: 'of brokers and whatever else is no topic and no group' }),
  ]
}
