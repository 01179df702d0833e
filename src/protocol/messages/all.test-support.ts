/** Every schema there is, for tests that hold for all of them. Not shipped. */
import type { Api, Message } from '../schema.js'
import {
  AccessControlEntryRecord,
  DelegationTokenRecord,
  RemoveAccessControlEntryRecord,
  RemoveDelegationTokenRecord,
  RemoveUserScramCredentialRecord,
  UserScramCredentialRecord,
} from '../state/access.js'
import * as consumerGroup from '../state/consumer-group.js'
import { GroupMetadataKey, GroupMetadataValue } from '../state/group.js'
import {
  AbortTransactionRecord,
  BeginTransactionRecord,
  ClientQuotaRecord,
  ConfigRecord,
  EndTransactionRecord,
  FeatureLevelRecord,
  PartitionChangeRecord,
  PartitionRecord,
  ProducerIdsRecord,
  RemoveTopicRecord,
  TopicRecord,
} from '../state/metadata.js'
import { OffsetCommitKey, OffsetCommitValue } from '../state/offsets.js'
import {
  StreamsGroupCurrentMemberAssignmentKey,
  StreamsGroupCurrentMemberAssignmentValue,
  StreamsGroupMemberMetadataKey,
  StreamsGroupMemberMetadataValue,
  StreamsGroupMetadataKey,
  StreamsGroupMetadataValue,
  StreamsGroupTargetAssignmentMemberKey,
  StreamsGroupTargetAssignmentMemberValue,
  StreamsGroupTargetAssignmentMetadataKey,
  StreamsGroupTargetAssignmentMetadataValue,
  StreamsGroupTopologyKey,
  StreamsGroupTopologyValue,
} from '../state/streams-group.js'
import { TransactionLogKey, TransactionLogValue } from '../state/transaction.js'
import { AddOffsetsToTxn } from './add-offsets-to-txn.js'
import { AddPartitionsToTxn } from './add-partitions-to-txn.js'
import { AddRaftVoter } from './add-raft-voter.js'
import { AlterClientQuotas } from './alter-client-quotas.js'
import { AlterConfigs } from './alter-configs.js'
import { AlterPartitionReassignments } from './alter-partition-reassignments.js'
import { AlterReplicaLogDirs } from './alter-replica-log-dirs.js'
import { AlterUserScramCredentials } from './alter-user-scram-credentials.js'
import { ApiVersions } from './api-versions.js'
import { CreateAcls } from './create-acls.js'
import { CreateDelegationToken } from './create-delegation-token.js'
import { CreatePartitions } from './create-partitions.js'
import { CreateTopics } from './create-topics.js'
import { DeleteAcls } from './delete-acls.js'
import { DeleteGroups } from './delete-groups.js'
import { DeleteRecords } from './delete-records.js'
import { DeleteTopics } from './delete-topics.js'
import { DescribeAcls } from './describe-acls.js'
import { DescribeClientQuotas } from './describe-client-quotas.js'
import { DescribeCluster } from './describe-cluster.js'
import { DescribeConfigs } from './describe-configs.js'
import { DescribeDelegationToken } from './describe-delegation-token.js'
import { DescribeGroups } from './describe-groups.js'
import { DescribeLogDirs } from './describe-log-dirs.js'
import { DescribeProducers } from './describe-producers.js'
import { DescribeQuorum } from './describe-quorum.js'
import { DescribeTopicPartitions } from './describe-topic-partitions.js'
import { DescribeTransactions } from './describe-transactions.js'
import { DescribeUserScramCredentials } from './describe-user-scram-credentials.js'
import { ElectLeaders } from './elect-leaders.js'
import { EndTxn } from './end-txn.js'
import { ExpireDelegationToken } from './expire-delegation-token.js'
import { Fetch } from './fetch.js'
import { FindCoordinator } from './find-coordinator.js'
import { GetTelemetrySubscriptions } from './get-telemetry-subscriptions.js'
import { Heartbeat } from './heartbeat.js'
import { IncrementalAlterConfigs } from './incremental-alter-configs.js'
import { InitProducerId } from './init-producer-id.js'
import { JoinGroup } from './join-group.js'
import { LeaveGroup } from './leave-group.js'
import { ListConfigResources } from './list-config-resources.js'
import { ListGroups } from './list-groups.js'
import { ListOffsets } from './list-offsets.js'
import { ListPartitionReassignments } from './list-partition-reassignments.js'
import { ListTransactions } from './list-transactions.js'
import { Metadata } from './metadata.js'
import { OffsetCommit } from './offset-commit.js'
import { OffsetDelete } from './offset-delete.js'
import { OffsetFetch } from './offset-fetch.js'
import { OffsetForLeaderEpoch } from './offset-for-leader-epoch.js'
import { Produce } from './produce.js'
import { PushTelemetry } from './push-telemetry.js'
import { RemoveRaftVoter } from './remove-raft-voter.js'
import { RenewDelegationToken } from './renew-delegation-token.js'
import { SaslAuthenticate } from './sasl-authenticate.js'
import { SaslHandshake } from './sasl-handshake.js'
import { StreamsGroupDescribe } from './streams-group-describe.js'
import { StreamsGroupHeartbeat } from './streams-group-heartbeat.js'
import { StreamsGroupTopologyDescriptionUpdate } from './streams-group-topology-description-update.js'
import { SyncGroup } from './sync-group.js'
import { TxnOffsetCommit } from './txn-offset-commit.js'
import { UnregisterBroker } from './unregister-broker.js'
import { UnregisterController } from './unregister-controller.js'
import { UpdateFeatures } from './update-features.js'
import { WriteTxnMarkers } from './write-txn-markers.js'

/** Here the single APIs lose their field types: a list of them is about what all have in common. */
export const allApis = [
  Produce,
  Fetch,
  ListOffsets,
  Metadata,
  OffsetCommit,
  OffsetFetch,
  FindCoordinator,
  JoinGroup,
  Heartbeat,
  LeaveGroup,
  SyncGroup,
  DescribeGroups,
  ListConfigResources,
  ListGroups,
  ApiVersions,
  CreateTopics,
  DeleteTopics,
  DeleteRecords,
  InitProducerId,
  OffsetForLeaderEpoch,
  AddPartitionsToTxn,
  AddOffsetsToTxn,
  EndTxn,
  WriteTxnMarkers,
  TxnOffsetCommit,
  DescribeAcls,
  CreateAcls,
  DeleteAcls,
  DescribeConfigs,
  AlterConfigs,
  CreatePartitions,
  DeleteGroups,
  IncrementalAlterConfigs,
  OffsetDelete,
  DescribeClientQuotas,
  AlterClientQuotas,
  DescribeCluster,
  DescribeProducers,
  DescribeTransactions,
  ListTransactions,
  DescribeTopicPartitions,
  SaslHandshake,
  SaslAuthenticate,
  DescribeUserScramCredentials,
  AlterUserScramCredentials,
  CreateDelegationToken,
  RenewDelegationToken,
  ExpireDelegationToken,
  DescribeDelegationToken,
  AddRaftVoter,
  AlterPartitionReassignments,
  AlterReplicaLogDirs,
  DescribeLogDirs,
  DescribeQuorum,
  ElectLeaders,
  ListPartitionReassignments,
  RemoveRaftVoter,
  UnregisterBroker,
  UnregisterController,
  UpdateFeatures,
  StreamsGroupHeartbeat,
  StreamsGroupDescribe,
  StreamsGroupTopologyDescriptionUpdate,
  GetTelemetrySubscriptions,
  PushTelemetry,
] as unknown as readonly Api[]

/** Records of the internal topics, each with the name that Kafka's definitions give to this version of it. */
export const stateRecords: readonly { readonly message: Message; readonly officialName: (version: number) => string }[] = [
  { message: OffsetCommitKey, officialName: version => (version === 0 ? 'LegacyOffsetCommitKey' : 'OffsetCommitKey') },
  { message: OffsetCommitValue, officialName: () => 'OffsetCommitValue' },
  { message: GroupMetadataKey, officialName: () => 'GroupMetadataKey' },
  { message: GroupMetadataValue, officialName: () => 'GroupMetadataValue' },
  ...Object.values(consumerGroup).map(record => ({ message: record as Message, officialName: () => record.name })),
  { message: TransactionLogKey, officialName: () => 'TransactionLogKey' },
  { message: TransactionLogValue, officialName: () => 'TransactionLogValue' },
  ...[
    ...[
      TopicRecord,
      PartitionRecord,
      PartitionChangeRecord,
      ConfigRecord,
      RemoveTopicRecord,
      FeatureLevelRecord,
      ClientQuotaRecord,
    ],
    ...[ProducerIdsRecord, BeginTransactionRecord, EndTransactionRecord, AbortTransactionRecord],
    ...[AccessControlEntryRecord, RemoveAccessControlEntryRecord, UserScramCredentialRecord],
    ...[RemoveUserScramCredentialRecord, DelegationTokenRecord, RemoveDelegationTokenRecord],
    ...[StreamsGroupMetadataKey, StreamsGroupMetadataValue],
    ...[StreamsGroupMemberMetadataKey, StreamsGroupMemberMetadataValue],
    ...[StreamsGroupTargetAssignmentMetadataKey, StreamsGroupTargetAssignmentMetadataValue],
    ...[StreamsGroupTargetAssignmentMemberKey, StreamsGroupTargetAssignmentMemberValue],
    ...[StreamsGroupCurrentMemberAssignmentKey, StreamsGroupCurrentMemberAssignmentValue],
    ...[StreamsGroupTopologyKey, StreamsGroupTopologyValue],
  ].map(record => ({ message: record as Message, officialName: () => record.name })),
]

export const allMessages: readonly Message[] = [
  ...allApis.flatMap(({ request, response }) => [request, response]),
  ...stateRecords.map(({ message }) => message),
]

export function versionsOf(message: Message): number[] {
  const versions: number[] = []
  for (let version = message.versions.min; version <= message.versions.max; version++) versions.push(version)
  return versions
}
