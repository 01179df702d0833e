/**
 * The configs of one group (KIP-848, KIP-932, KIP-1071), one row each: what it sets itself over what the broker says for all
 * groups, within the bounds that the broker sets. Refusals are in Kafka's order and words.
 */
import { isRefusal } from '../protocol/errors.js'
import type { BrokerConfig } from './broker-config.js'
import { boolean, type ConfigKey, choice, int, list, long, parseValue, text, type ValueOf } from './key.js'
import { type BrokerKey, brokerKeys } from './keys.js'

const moot = { effect: 'moot' } as const
const hidden = { effect: 'moot', hidden: true } as const

export const groupKeys = {
  'consumer.session.timeout.ms': int(45_000, 'A member that is silent for this long has left.', { min: 1 }),
  'consumer.heartbeat.interval.ms': int(5000, 'How often a member is told to send a heartbeat.', { min: 1 }),
  'consumer.assignment.interval.ms': int(0, 'Least time between two assignments.', { min: 0, kafkaDefault: '1000' }),
  'consumer.assignor.offload.enable': boolean(true, 'Assign in another thread.', hidden),
  'share.session.timeout.ms': int(45_000, 'A member that is silent for this long has left.', { ...moot, min: 1 }),
  'share.heartbeat.interval.ms': int(5000, 'How often a member is told to send a heartbeat.', { ...moot, min: 1 }),
  'share.assignment.interval.ms': int(1000, 'Least time between two assignments.', { ...moot, min: 0 }),
  'share.assignor.offload.enable': boolean(true, 'Assign in another thread.', hidden),
  'share.record.lock.duration.ms': int(30_000, 'How long a member has an acquired record for itself.', { ...moot, min: 1000 }),
  'share.partition.max.record.locks': int(2000, 'Most acquired records of a partition.', { ...moot, min: 100 }),
  'share.delivery.count.limit': int(5, 'How often a record is delivered before it is given up.', { ...moot, min: 2 }),
  'share.auto.offset.reset': text('latest', 'Where the group begins: earliest, latest, or by_duration:PnDTnHnMn.nS ago.', {
    ...moot,
    shareOffsetReset: true,
  }),
  'share.isolation.level': choice(
    'read_uncommitted',
    ['read_committed', 'read_uncommitted'],
    'Whether records of transactions are delivered before they are committed.',
    moot,
  ),
  'share.renew.acknowledge.enable': boolean(true, 'Whether a member may renew its hold on a record.', moot),
  'errors.deadletterqueue.topic.name': text('', 'Topic for records that are given up; empty for none.', moot),
  'errors.deadletterqueue.copy.record.enable': boolean(false, 'Whether that topic gets the records themselves.', moot),
  'streams.session.timeout.ms': int(45_000, 'A member that is silent for this long has left.', { min: 1 }),
  'streams.heartbeat.interval.ms': int(5000, 'How often a member is told to send a heartbeat.', { min: 1 }),
  'streams.assignment.interval.ms': int(0, 'Least time between two assignments.', { min: 0, kafkaDefault: '1000' }),
  'streams.assignor.offload.enable': boolean(true, 'Assign in another thread.', hidden),
  'streams.assignor.name': text(null, 'One of the broker’s group.streams.assignors; the first one unless it is set.'),
  'streams.initial.rebalance.delay.ms': int(0, 'How long a new group waits for more members.', { min: 0, kafkaDefault: '3000' }),
  'streams.num.standby.replicas': int(0, 'Standby replicas of each task.', { min: 0 }),
  'streams.num.warmup.replicas': int(2, 'Most tasks that warm up at a time.', { ...hidden, min: 0 }),
  'streams.acceptable.recovery.lag': long(10_000, 'Lag at which a task counts as caught up.', { hidden: true, min: 0 }),
  'streams.task.offset.interval.ms': int(60_000, 'How often offsets of tasks are told.', { hidden: true, min: 1 }),
  'streams.rack.aware.assignment.tags': list([], 'Tags of clients over which standby tasks are to be spread.', {
    mayRepeat: true,
  }),
} satisfies Readonly<Record<string, ConfigKey<unknown>>>

export type GroupKey = keyof typeof groupKeys
export type GroupValue<K extends GroupKey> = ValueOf<(typeof groupKeys)[K]>

export function isGroupKey(name: string): name is GroupKey {
  return Object.hasOwn(groupKeys, name)
}

/** The broker key that gives the default. */
export function groupSynonym(key: GroupKey): BrokerKey | null {
  const name = key === 'streams.assignor.name' ? 'group.streams.assignors' : `group.${key}`
  return Object.hasOwn(brokerKeys, name) ? (name as BrokerKey) : null
}

/** What holds for a group that does not set the key. */
export function groupValue<K extends GroupKey>(broker: BrokerConfig, key: K): GroupValue<K> {
  const synonym = groupSynonym(key)
  const value = synonym === null ? groupKeys[key].default : broker.get(synonym)
  return (key === 'streams.assignor.name' ? ((value as readonly string[])[0] ?? null) : value) as GroupValue<K>
}

export interface GroupConfig {
  get<K extends GroupKey>(key: K): GroupValue<K>
}

/** `overrides` have been validated; where the broker's bounds were changed since then, the nearest value within them holds. */
export function groupConfig(broker: BrokerConfig, overrides: ReadonlyMap<string, string>): GroupConfig {
  return {
    get: key => {
      const raw = overrides.get(key)
      const parsed = raw === undefined ? null : parseValue(key, groupKeys[key], raw)
      if (parsed === null || isRefusal(parsed)) return groupValue(broker, key)
      const bounds = boundsOf(broker, key)
      if (bounds === null) return parsed.value as GroupValue<typeof key>
      const { min, max } = bounds
      return Math.max(min, Math.min(max, parsed.value as number)) as GroupValue<typeof key>
    },
  }
}

/** Why these cannot be a group's configs; null when they can. */
export function groupConfigProblem(broker: BrokerConfig, overrides: ReadonlyMap<string, string>): string | null {
  const values = new Map<string, unknown>()
  for (const name of overrides.keys()) if (!isGroupKey(name)) return `Unknown group config name: ${name}`
  const tags =
    overrides
      .get('streams.rack.aware.assignment.tags')
      ?.split(',')
      .map(tag => tag.trim()) ?? []
  if (new Set(tags).size < tags.length && !tags.includes(''))
    return 'streams.rack.aware.assignment.tags must not contain duplicate tag keys.'
  for (const [name, raw] of overrides) {
    const parsed = parseValue(name, groupKeys[name as GroupKey], raw)
    if (isRefusal(parsed)) return parsed.message
    values.set(name, parsed.value)
  }
  for (const [name, value] of values) {
    const problem = boundsProblem(broker, name as GroupKey, value)
    if (problem !== null) return problem
  }
  for (const kind of ['consumer', 'share', 'streams'] as const) {
    const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`] as const
    const effective = (key: GroupKey): number => (values.get(key) ?? groupValue(broker, key)) as number
    if (effective(session) <= effective(heartbeat)) return `${session} must be greater than ${heartbeat}`
  }
  if (String(values.get('errors.deadletterqueue.topic.name') ?? '').startsWith('__')) {
    return "errors.deadletterqueue.topic.name: DLQ topic name must not start with '__'"
  }
  const assignor = values.get('streams.assignor.name')
  const assignors = broker.get('group.streams.assignors') as readonly string[]
  if (typeof assignor === 'string' && !assignors.includes(assignor)) {
    return `streams.assignor.name '${assignor}' is not a registered task assignor. Registered assignors are: [${assignors.join(', ')}].`
  }
  return null
}

function boundsProblem(broker: BrokerConfig, key: GroupKey, value: unknown): string | null {
  const bounds = boundsOf(broker, key)
  if (bounds === null || typeof value !== 'number') return null
  const { min, max, isRange } = bounds
  if (value >= min && value <= max) return null
  if (isRange) return `${key} must be in the range ${min} to ${max} inclusive.`
  return value > max ? `${key} must be less than or equal to ${max}` : `${key} must be greater than or equal to ${min}`
}

interface Bounds {
  readonly min: number
  readonly max: number
  /** Bounded on both sides. */
  readonly isRange: boolean
}

/** The broker's group.KIND.min.KEY and group.KIND.max.KEY. */
function boundsOf(broker: BrokerConfig, key: GroupKey): Bounds | null {
  const [kind = '', ...rest] = key.split('.')
  const name = rest.join('.').replace(/^num\./, '')
  const bound = (side: 'min' | 'max'): number | null => {
    // The locks of a partition are the most of a group, too; their own bounds say so twice.
    const brokerKey = `group.${kind}.${side}.${name}`
    return Object.hasOwn(brokerKeys, brokerKey) ? (broker.get(brokerKey as BrokerKey) as number) : null
  }
  const [min, max] = [bound('min'), bound('max')]
  if (min === null && max === null) return null
  return { min: min ?? Number.NEGATIVE_INFINITY, max: max ?? Number.POSITIVE_INFINITY, isRange: min !== null && max !== null }
}
