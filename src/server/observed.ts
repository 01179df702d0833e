/**
 * What is to be seen of a running broker and what Kafka's protocol does not tell: read only, and read from where it is, so that
 * it costs nothing while nobody looks.
 */
import { CountingMeter, type Meter, silentMeter } from '../base/meter.js'
import type { Session } from '../broker/session.js'
import type { Rebalance } from '../coordinator/group/rebalance-cause.js'
import type { Listener } from '../net/listener.js'
import type { BrokerCore } from './core.js'

export interface Observed {
  /** The connections of Kafka's clients that are open, in no order. What is asked within the process has none. */
  connections(): Iterable<Session>
  /** What is counted of requests and listeners; null where nobody counts. */
  readonly meter: CountingMeter | null
  /** Why clients should not be sent here now, as sentences without a path or an address; none: it is ready. */
  notReady(): string[]
  /** The latest rebalances of a group, oldest first. */
  rebalances(groupId: string): Promise<readonly Rebalance[]>
}

/** The listener of what is asked within the process, by which nobody else's can be named. */
export const inProcessListener = ''

/** What has become of a broker since it was put together. */
export interface Life {
  isStopping: boolean
  /** It can no longer keep its promises. */
  hasFailed: boolean
}

export function observedOf(
  { sessions, services }: Pick<BrokerCore, 'sessions' | 'services'>,
  listeners: readonly Pick<Listener, 'name' | 'isOpen'>[],
  life: Readonly<Life>,
  meter: Meter = silentMeter,
): Observed {
  return {
    meter: meter instanceof CountingMeter ? meter : null,
    *connections() {
      for (const session of sessions) if (session.connection.listenerName !== inProcessListener) yield session
    },
    notReady() {
      if (life.isStopping) return ['the broker is stopping']
      const reasons = life.hasFailed ? ['the broker has failed'] : []
      const { all } = services.logDirs
      for (const { name } of listeners.filter(({ isOpen }) => !isOpen)) reasons.push(`listener ${name} is closed`)
      for (const [at, { isOnline }] of all.entries()) {
        if (!isOnline) reasons.push(`log directory ${at + 1} of ${all.length} is offline`)
      }
      return reasons
    },
    rebalances: groupId => services.groups.describeRebalances({ groupId }, { version: 0 }),
  }
}
