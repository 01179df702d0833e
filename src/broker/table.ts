/**
 * Every API that this broker serves, on one page, by key. ApiVersions, docs/api-support.md and dispatch follow from it: what
 * is not here is not advertised.
 */
import type { Handler } from './handler.js'
import { alterConfigs } from './handlers/alter-configs.js'
import { apiVersions } from './handlers/api-versions.js'
import { createPartitions } from './handlers/create-partitions.js'
import { createTopics } from './handlers/create-topics.js'
import { deleteGroups } from './handlers/delete-groups.js'
import { deleteRecords } from './handlers/delete-records.js'
import { deleteTopics } from './handlers/delete-topics.js'
import { describeCluster } from './handlers/describe-cluster.js'
import { describeConfigs } from './handlers/describe-configs.js'
import { describeGroups } from './handlers/describe-groups.js'
import { describeTopicPartitions } from './handlers/describe-topic-partitions.js'
import { fetch } from './handlers/fetch.js'
import { findCoordinator } from './handlers/find-coordinator.js'
import { heartbeat } from './handlers/heartbeat.js'
import { incrementalAlterConfigs } from './handlers/incremental-alter-configs.js'
import { initProducerId } from './handlers/init-producer-id.js'
import { joinGroup } from './handlers/join-group.js'
import { leaveGroup } from './handlers/leave-group.js'
import { listGroups } from './handlers/list-groups.js'
import { listOffsets } from './handlers/list-offsets.js'
import { metadata } from './handlers/metadata.js'
import { offsetCommit } from './handlers/offset-commit.js'
import { offsetDelete } from './handlers/offset-delete.js'
import { offsetFetch } from './handlers/offset-fetch.js'
import { offsetForLeaderEpoch } from './handlers/offset-for-leader-epoch.js'
import { produce } from './handlers/produce.js'
import { syncGroup } from './handlers/sync-group.js'

export const handlers: readonly Handler[] = [
  produce, // 0
  fetch, // 1
  listOffsets, // 2
  metadata, // 3
  offsetCommit, // 8
  offsetFetch, // 9
  findCoordinator, // 10
  joinGroup, // 11
  heartbeat, // 12
  leaveGroup, // 13
  syncGroup, // 14
  describeGroups, // 15
  listGroups, // 16
  apiVersions, // 18
  createTopics, // 19
  deleteTopics, // 20
  deleteRecords, // 21
  initProducerId, // 22
  offsetForLeaderEpoch, // 23
  describeConfigs, // 32
  alterConfigs, // 33
  createPartitions, // 37
  deleteGroups, // 42
  incrementalAlterConfigs, // 44
  offsetDelete, // 47
  describeCluster, // 60
  describeTopicPartitions, // 75
]
