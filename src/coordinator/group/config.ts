/** What an operator may set about groups and committed offsets; names are Kafka's, with the unit at the end. */
import { stepsPerTurn } from './steps.js'

export interface GroupConfig {
  readonly groupMinSessionTimeoutMs: number
  readonly groupMaxSessionTimeoutMs: number
  /** How long the first generation of an empty group waits for more members, and once more when one came meanwhile. */
  readonly groupInitialRebalanceDelayMs: number
  readonly groupMaxSize: number
  /** Characters of metadata that may accompany one committed offset. */
  readonly offsetMetadataMaxBytes: number
  readonly offsetsRetentionMs: number
  readonly offsetsRetentionCheckIntervalMs: number
  /** What holds for this group of the consumer protocol. */
  readonly consumerGroup: (groupId: string) => ConsumerGroupConfig
  /** Likewise for this streams group. */
  readonly streamsGroup: (groupId: string) => StreamsGroupConfig
}

export interface ConsumerGroupConfig {
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly assignmentIntervalMs: number
  /** Of the work on an assignment in one turn of the event loop; no key. */
  readonly assignmentStepsPerTurn: number
  readonly maxSize: number
  /** The first is that of members that ask for none. */
  readonly assignors: readonly string[]
  readonly migrationPolicy: string
  readonly regexRefreshIntervalMs: number
}

export const consumerGroupConfigDefaults: ConsumerGroupConfig = {
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5_000,
  assignmentIntervalMs: 0,
  assignmentStepsPerTurn: stepsPerTurn,
  maxSize: 0x7fff_ffff,
  assignors: ['uniform', 'range'],
  migrationPolicy: 'bidirectional',
  regexRefreshIntervalMs: 600_000,
}

export interface StreamsGroupConfig {
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly assignmentIntervalMs: number
  /** Of the work on an assignment in one turn of the event loop; no key. */
  readonly assignmentStepsPerTurn: number
  /** How long a new group waits for more members. */
  readonly initialRebalanceDelayMs: number
  readonly maxSize: number
  readonly assignor: string
  readonly numStandbyReplicas: number
  readonly rackAwareAssignmentTags: readonly string[]
  /** Told to the members. */
  readonly taskOffsetIntervalMs: number
  readonly acceptableRecoveryLag: number
}

export const streamsGroupConfigDefaults: StreamsGroupConfig = {
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5_000,
  assignmentIntervalMs: 0,
  assignmentStepsPerTurn: stepsPerTurn,
  initialRebalanceDelayMs: 0,
  maxSize: 0x7fff_ffff,
  assignor: 'sticky',
  numStandbyReplicas: 0,
  rackAwareAssignmentTags: [],
  taskOffsetIntervalMs: 60_000,
  acceptableRecoveryLag: 10_000,
}

export const groupConfigDefaults: GroupConfig = {
  groupMinSessionTimeoutMs: 6_000,
  groupMaxSessionTimeoutMs: 1_800_000,
  groupInitialRebalanceDelayMs: 100,
  groupMaxSize: 0x7fff_ffff,
  offsetMetadataMaxBytes: 4096,
  offsetsRetentionMs: 7 * 24 * 60 * 60 * 1000,
  offsetsRetentionCheckIntervalMs: 600_000,
  consumerGroup: () => consumerGroupConfigDefaults,
  streamsGroup: () => streamsGroupConfigDefaults,
}

/**
 * A new member's first JoinGroup may be parked this long. It is unknown whether its client still lives: it has no id to
 * send heartbeats with. Kafka's constant.
 */
export const newMemberJoinTimeoutMs = 5 * 60 * 1000

/** Ids given out in one group whose owners have not come back; one more is refused as GROUP_MAX_SIZE_REACHED. */
export const pendingMembersMax = 10_000

/** Groups of one shard that are in memory only; a join that would begin one more is refused as GROUP_MAX_SIZE_REACHED. */
export const unwrittenGroupsMax = 10_000

/** Offsets of one shard in transactions that have not ended, half of what is left for each; who commits more has to wait. */
export const pendingOffsetsMax = 100_000

/**
 * Characters in any name that a client chooses (group, instance, protocol …). Names travel as int16-length strings in
 * the internal topic and in old versions of the protocol, so three bytes for each character must fit in 32,767.
 */
export const nameCharsMax = 10_900

/** Characters of the client id that go into a member id. */
export const memberIdPrefixCharsMax = 255

/** Nothing but what Java's trim takes away: the new group protocols take it for no name. */
export const isBlank = (name: string): boolean => /^[\0- ]*$/.test(name)
