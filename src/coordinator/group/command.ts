/** Everything a shard of groups can be told: requests with the token of their answer, and deadlines that have passed. */
import type { ErrorCode } from '../../protocol/errors.js'
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
import type { Token } from '../machine.js'

export interface JoinCommand {
  readonly type: 'join'
  readonly token: Token<ResponseOf<typeof JoinGroup>>
  readonly version: number
  readonly clientId: string
  readonly clientHost: string
  readonly request: RequestOf<typeof JoinGroup>
}

export interface SyncCommand {
  readonly type: 'sync'
  readonly token: Token<ResponseOf<typeof SyncGroup>>
  readonly version: number
  readonly request: RequestOf<typeof SyncGroup>
}

export interface HeartbeatCommand {
  readonly type: 'heartbeat'
  readonly token: Token<ResponseOf<typeof Heartbeat>>
  readonly request: RequestOf<typeof Heartbeat>
}

export interface LeaveCommand {
  readonly type: 'leave'
  readonly token: Token<ResponseOf<typeof LeaveGroup>>
  readonly version: number
  readonly request: RequestOf<typeof LeaveGroup>
}

export interface CommitOffsetsCommand {
  readonly type: 'commit-offsets'
  readonly token: Token<ResponseOf<typeof OffsetCommit>>
  readonly version: number
  readonly request: RequestOf<typeof OffsetCommit>
}

export type FetchedGroup = NonNullable<ResponseOf<typeof OffsetFetch>['groups']>[number]
export type WantedTopics = RequestOf<typeof OffsetFetch>['groups'][number]['topics']

export interface FetchOffsetsCommand {
  readonly type: 'fetch-offsets'
  readonly token: Token<FetchedGroup>
  readonly groupId: string
  /** null: all that the group has committed. */
  readonly topics: WantedTopics
}

export type DescribedGroup = ResponseOf<typeof DescribeGroups>['groups'][number]

export interface DescribeCommand {
  readonly type: 'describe'
  readonly token: Token<DescribedGroup>
  readonly version: number
  readonly groupId: string
}

export type ListedGroup = ResponseOf<typeof ListGroups>['groups'][number]

export interface ListCommand {
  readonly type: 'list'
  readonly token: Token<readonly ListedGroup[] | ErrorCode>
  /** In lower case; none asks for all. */
  readonly states: ReadonlySet<string>
  readonly types: ReadonlySet<string>
}

export interface DeleteGroupCommand {
  readonly type: 'delete-group'
  readonly token: Token<ErrorCode>
  readonly groupId: string
}

export interface DeleteOffsetsCommand {
  readonly type: 'delete-offsets'
  readonly token: Token<ResponseOf<typeof OffsetDelete>>
  readonly request: RequestOf<typeof OffsetDelete>
}

export interface TopicDeletedCommand {
  readonly type: 'topic-deleted'
  readonly token: Token<ErrorCode>
  readonly topic: string
}

/** A client asked who coordinates this group: it is about to join. */
export interface AnnounceCommand {
  readonly type: 'announce'
  readonly groupId: string
}

/** A member's session is over, or an id that was given out was not used in time. */
export interface ExpireMemberCommand {
  readonly type: 'expire-member'
  readonly groupId: string
  readonly memberId: string
}

/** The wait for all members to rejoin is over. */
export interface ExpireJoinCommand {
  readonly type: 'expire-join'
  readonly groupId: string
}

/** One step of the wait of a group's first rebalance is over. */
export interface ExpireInitialDelayCommand {
  readonly type: 'expire-initial-delay'
  readonly groupId: string
  readonly delayMs: number
  /** How much longer newcomers may still extend the wait. */
  readonly remainingMs: number
}

/** The wait for all members to send SyncGroup is over. */
export interface ExpireSyncCommand {
  readonly type: 'expire-sync'
  readonly groupId: string
  readonly generation: number
}

export interface ExpireOffsetsCommand {
  readonly type: 'expire-offsets'
}

export type GroupCommand =
  | JoinCommand
  | SyncCommand
  | HeartbeatCommand
  | LeaveCommand
  | CommitOffsetsCommand
  | FetchOffsetsCommand
  | DescribeCommand
  | ListCommand
  | DeleteGroupCommand
  | DeleteOffsetsCommand
  | TopicDeletedCommand
  | AnnounceCommand
  | ExpireMemberCommand
  | ExpireJoinCommand
  | ExpireInitialDelayCommand
  | ExpireSyncCommand
  | ExpireOffsetsCommand
