/**
 * The door to group coordination for the broker's handlers: decoded requests in, responses out. Authorisation, the
 * existence of partitions and topic ids are the handlers' business. `createGroupCoordinator` (service.ts) makes one.
 *
 * No method rejects for a client's fault: it answers with the error in the place where the API has it.
 */
import type { DeleteGroups } from '../../protocol/messages/delete-groups.js'
import type { DescribeGroups } from '../../protocol/messages/describe-groups.js'
import type { Heartbeat } from '../../protocol/messages/heartbeat.js'
import type { JoinGroup } from '../../protocol/messages/join-group.js'
import type { LeaveGroup } from '../../protocol/messages/leave-group.js'
import type { ListGroups } from '../../protocol/messages/list-groups.js'
import type { OffsetCommit } from '../../protocol/messages/offset-commit.js'
import type { OffsetDelete } from '../../protocol/messages/offset-delete.js'
import type { OffsetFetch } from '../../protocol/messages/offset-fetch.js'
import type { SyncGroup } from '../../protocol/messages/sync-group.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'

export interface CallContext {
  /** Version of the request. */
  readonly version: number
}

export interface JoinContext extends CallContext {
  /** "" when the client sent none. */
  readonly clientId: string
  /** In Kafka's form, "/127.0.0.1". */
  readonly clientHost: string
}

export interface GroupCoordinator {
  /** Replays every partition of __consumer_offsets; throws what the log's reader throws. Call once, before the port opens. */
  start(): void
  /** Answers everything that is parked with NOT_COORDINATOR and refuses what comes later; drops all deadlines. */
  stop(): void
  /** The partition of __consumer_offsets that holds this group. */
  partitionOf(groupId: string): number

  /** A client asked for the coordinator of this group. */
  announce(groupId: string): void
  join(request: RequestOf<typeof JoinGroup>, context: JoinContext): Promise<ResponseOf<typeof JoinGroup>>
  sync(request: RequestOf<typeof SyncGroup>, context: CallContext): Promise<ResponseOf<typeof SyncGroup>>
  heartbeat(request: RequestOf<typeof Heartbeat>, context: CallContext): Promise<ResponseOf<typeof Heartbeat>>
  leave(request: RequestOf<typeof LeaveGroup>, context: CallContext): Promise<ResponseOf<typeof LeaveGroup>>

  /**
   * Topics are taken by name: for version 10 the handler first fills `name` from `topicId`; both come back in the answer.
   */
  commitOffsets(request: RequestOf<typeof OffsetCommit>, context: CallContext): Promise<ResponseOf<typeof OffsetCommit>>
  /**
   * Topics are taken by name, as in commitOffsets. Where a group asks for all its topics (null), the handler drops from
   * the answer what the client may not see, and fills in ids for version 10.
   */
  fetchOffsets(request: RequestOf<typeof OffsetFetch>, context: CallContext): Promise<ResponseOf<typeof OffsetFetch>>
  deleteOffsets(request: RequestOf<typeof OffsetDelete>, context: CallContext): Promise<ResponseOf<typeof OffsetDelete>>
  /** __consumer_offsets was deleted, and with it every group: who is parked is sent away. */
  unload(): Promise<void>
  /** Forgets every group's offsets on a deleted topic; resolves when that is durable. */
  topicDeleted(topic: string): Promise<void>

  /** `authorizedOperations` is left at "not asked"; the handler fills it in. */
  describe(request: RequestOf<typeof DescribeGroups>, context: CallContext): Promise<ResponseOf<typeof DescribeGroups>>
  list(request: RequestOf<typeof ListGroups>, context: CallContext): Promise<ResponseOf<typeof ListGroups>>
  deleteGroups(request: RequestOf<typeof DeleteGroups>, context: CallContext): Promise<ResponseOf<typeof DeleteGroups>>
}
