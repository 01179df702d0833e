/** What is remembered of a rebalance. */
export const rebalanceReasons = [
  'member-joined',
  'member-returned',
  'member-left',
  'session-expired',
  'rebalance-timeout',
  'sync-timeout',
  'no-room',
  'subscription-changed',
  'leader-rejoined',
  'topics-changed',
  'assignor-changed',
  'topology-changed',
  'log-refused',
] as const
export type RebalanceReason = (typeof rebalanceReasons)[number]

/** Who or what was the reason. */
export interface Cause {
  readonly reason: RebalanceReason
  /** Null: nobody in particular. */
  readonly memberId: string | null
  readonly clientId: string | null
  /** In the client's own words. */
  readonly said?: string | null
}

export const nobody = { memberId: null, clientId: null }

export interface Rebalance extends Required<Cause> {
  readonly atMs: number
  /** The generation, or the epoch of the group, that it leads to. */
  readonly epoch: number
  /** In the group at that moment. */
  readonly members: number
}

/** Group id → oldest first. The group that rebalanced last is the last. */
export type Rebalances = Map<string, Rebalance[]>
