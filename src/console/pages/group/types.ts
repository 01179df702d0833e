/** What the API says of groups, and words for it; pure. */
import type { Tone } from '../../ui/parts.js'

export interface GroupRow {
  readonly groupId: string
  readonly type: string
  readonly protocolType: string
  readonly state: string
  readonly lag: number | null
}

export interface Position {
  readonly topic: string
  readonly partition: number
  readonly committedOffset: number | null
  readonly startOffset: number | null
  readonly endOffset: number | null
  readonly lag: number | null
  readonly metadata: string | null
  readonly memberId: string | null
}

export interface Member {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly host: string
  readonly assignment: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
}

export interface Rebalance {
  readonly atMs: number
  readonly epoch: number
  readonly reason: string
  readonly memberId: string | null
  readonly clientId: string | null
  readonly said: string | null
  readonly members: number
}

export interface Group extends GroupRow {
  readonly assignor: string | null
  readonly members: readonly Member[] | null
  readonly positions: readonly Position[]
  readonly rebalances: readonly Rebalance[]
}

export function toneOf(state: string): Tone {
  switch (state) {
    case 'Stable':
      return 'good'
    case 'Empty':
      return 'plain'
    case 'Dead':
      return 'bad'
    default:
      return 'warn'
  }
}

/** What happened, and what that usually means. */
export const reasons: Readonly<Record<string, readonly [text: string, meaning: string]>> = {
  'member-joined': ['A member joined', 'A consumer started, or came back after it was taken for gone.'],
  'member-returned': ['A static member came back', 'The instance (group.instance.id) was restarted.'],
  'member-left': [
    'A member left',
    'It was closed, it stopped polling for longer than max.poll.interval.ms, or somebody removed it.',
  ],
  'session-expired': [
    'A member’s session timed out',
    'No heartbeat within session.timeout.ms: it crashed, was paused, or cannot reach the broker.',
  ],
  'rebalance-timeout': [
    'A member did not let go in time',
    'It had to give up partitions and did not within its rebalance timeout.',
  ],
  'sync-timeout': [
    'A member did not ask for its assignment',
    'It joined, and was not heard of again while others waited for it.',
  ],
  'no-room': ['There is no room for all', 'group.max.size is lower than the number of members.'],
  'subscription-changed': [
    'A member changed its subscription',
    'It reads other topics than before, or says other things of itself.',
  ],
  'leader-rejoined': [
    'The leader asked for a new assignment',
    'It saw topics with other partitions, or its assignor wants another round.',
  ],
  'topics-changed': ['Topics changed', 'A topic that the group reads was made or deleted, or got more partitions.'],
  'assignor-changed': ['Another assignor won', 'Members ask for another assignor on the broker than before.'],
  'topology-changed': ['The topology changed', 'The streams application is checked and assigned anew.'],
  'log-refused': ['The assignment could not be written', 'The log of __consumer_offsets refused it; the broker’s log says why.'],
}

/** 0, 1, 2, 5 → "0–2, 5" */
export function ranges(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b)
  const parts: string[] = []
  for (let at = 0; at < sorted.length; at++) {
    const first = sorted[at]!
    while (sorted[at + 1] === sorted[at]! + 1) at++
    const last = sorted[at]!
    parts.push(first === last ? `${first}` : `${first}–${last}`)
  }
  return parts.join(', ')
}
