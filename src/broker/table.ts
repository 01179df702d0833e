/**
 * Every API that this broker serves, on one page, by key, with what must be known of it outside its handler. ApiVersions,
 * docs/api-support.md and dispatch follow from it: what is not here is not advertised.
 */
import type { Handler, Row, Traits } from './handler.js'
import { addOffsetsToTxn } from './handlers/add-offsets-to-txn.js'
import { addPartitionsToTxn } from './handlers/add-partitions-to-txn.js'
import { alterConfigs } from './handlers/alter-configs.js'
import { alterUserScramCredentials } from './handlers/alter-user-scram-credentials.js'
import { apiVersions } from './handlers/api-versions.js'
import { createAcls } from './handlers/create-acls.js'
import { createDelegationToken } from './handlers/create-delegation-token.js'
import { createPartitions } from './handlers/create-partitions.js'
import { createTopics } from './handlers/create-topics.js'
import { deleteAcls } from './handlers/delete-acls.js'
import { deleteGroups } from './handlers/delete-groups.js'
import { deleteRecords } from './handlers/delete-records.js'
import { deleteTopics } from './handlers/delete-topics.js'
import { describeAcls } from './handlers/describe-acls.js'
import { describeCluster } from './handlers/describe-cluster.js'
import { describeConfigs } from './handlers/describe-configs.js'
import { describeDelegationToken } from './handlers/describe-delegation-token.js'
import { describeGroups } from './handlers/describe-groups.js'
import { describeProducers } from './handlers/describe-producers.js'
import { describeTopicPartitions } from './handlers/describe-topic-partitions.js'
import { describeTransactions } from './handlers/describe-transactions.js'
import { describeUserScramCredentials } from './handlers/describe-user-scram-credentials.js'
import { endTxn } from './handlers/end-txn.js'
import { expireDelegationToken } from './handlers/expire-delegation-token.js'
import { fetch } from './handlers/fetch.js'
import { findCoordinator } from './handlers/find-coordinator.js'
import { heartbeat } from './handlers/heartbeat.js'
import { incrementalAlterConfigs } from './handlers/incremental-alter-configs.js'
import { initProducerId } from './handlers/init-producer-id.js'
import { joinGroup } from './handlers/join-group.js'
import { leaveGroup } from './handlers/leave-group.js'
import { listGroups } from './handlers/list-groups.js'
import { listOffsets } from './handlers/list-offsets.js'
import { listTransactions } from './handlers/list-transactions.js'
import { metadata } from './handlers/metadata.js'
import { offsetCommit } from './handlers/offset-commit.js'
import { offsetDelete } from './handlers/offset-delete.js'
import { offsetFetch } from './handlers/offset-fetch.js'
import { offsetForLeaderEpoch } from './handlers/offset-for-leader-epoch.js'
import { produce } from './handlers/produce.js'
import { renewDelegationToken } from './handlers/renew-delegation-token.js'
import { saslAuthenticate } from './handlers/sasl-authenticate.js'
import { saslHandshake } from './handlers/sasl-handshake.js'
import { syncGroup } from './handlers/sync-group.js'
import { txnOffsetCommit } from './handlers/txn-offset-commit.js'
import { writeTxnMarkers } from './handlers/write-txn-markers.js'

export const handlers: readonly Row[] = [
  row(produce, { needs: ['write', 'topic'], quota: 'produce', isOrdered: true }), // 0
  row(fetch, { needs: ['read', 'topic'], quota: 'fetch', mayPark: true }), // 1
  row(listOffsets, { needs: ['describe', 'topic'] }), // 2
  row(metadata, { needs: ['describe', 'topic'] }), // 3
  row(offsetCommit, { needs: ['read', 'group'] }), // 8
  row(offsetFetch, { needs: ['describe', 'group'] }), // 9
  row(findCoordinator, { needs: ['describe', 'group'] }), // 10
  row(joinGroup, { needs: ['read', 'group'], mayPark: true }), // 11
  row(heartbeat, { needs: ['read', 'group'] }), // 12
  row(leaveGroup, { needs: ['read', 'group'] }), // 13
  row(syncGroup, { needs: ['read', 'group'], mayPark: true }), // 14
  row(describeGroups, { needs: ['describe', 'group'] }), // 15
  row(listGroups, { needs: ['describe', 'group'] }), // 16
  row(saslHandshake, { needs: null }), // 17
  row(apiVersions, { needs: null }), // 18
  row(createTopics, { needs: ['create', 'topic'], quota: 'controller_mutation' }), // 19
  row(deleteTopics, { needs: ['delete', 'topic'], quota: 'controller_mutation' }), // 20
  row(deleteRecords, { needs: ['delete', 'topic'] }), // 21
  row(initProducerId, { needs: ['idempotent_write', 'cluster'] }), // 22
  row(offsetForLeaderEpoch, { needs: ['describe', 'topic'] }), // 23
  row(addPartitionsToTxn, { needs: ['write', 'transactional_id'] }), // 24
  row(addOffsetsToTxn, { needs: ['write', 'transactional_id'] }), // 25
  row(endTxn, { needs: ['write', 'transactional_id'] }), // 26
  row(writeTxnMarkers, { needs: ['cluster_action', 'cluster'] }), // 27
  row(txnOffsetCommit, { needs: ['write', 'transactional_id'] }), // 28
  row(describeAcls, { needs: ['describe', 'cluster'] }), // 29
  row(createAcls, { needs: ['alter', 'cluster'] }), // 30
  row(deleteAcls, { needs: ['alter', 'cluster'] }), // 31
  row(describeConfigs, { needs: ['describe_configs', 'topic'] }), // 32
  row(alterConfigs, { needs: ['alter_configs', 'topic'] }), // 33
  row(saslAuthenticate, { needs: null }), // 36
  row(createPartitions, { needs: ['alter', 'topic'], quota: 'controller_mutation' }), // 37
  row(createDelegationToken, { needs: null }), // 38
  row(renewDelegationToken, { needs: null }), // 39
  row(expireDelegationToken, { needs: null }), // 40
  row(describeDelegationToken, { needs: null }), // 41
  row(deleteGroups, { needs: ['delete', 'group'] }), // 42
  row(incrementalAlterConfigs, { needs: ['alter_configs', 'topic'] }), // 44
  row(offsetDelete, { needs: ['delete', 'group'] }), // 47
  row(describeUserScramCredentials, { needs: ['describe', 'cluster'] }), // 50
  row(alterUserScramCredentials, { needs: ['alter', 'cluster'] }), // 51
  row(describeCluster, { needs: null }), // 60
  row(describeProducers, { needs: ['read', 'topic'] }), // 61
  row(describeTransactions, { needs: ['describe', 'transactional_id'] }), // 65
  row(listTransactions, { needs: ['describe', 'transactional_id'] }), // 66
  row(describeTopicPartitions, { needs: ['describe', 'topic'] }), // 75
]

function row(handler: Handler, traits: Traits): Row {
  return { ...handler, traits }
}
