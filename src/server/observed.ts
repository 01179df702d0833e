/**
 * What is to be seen of a running broker and what Kafka's protocol does not tell: read only, and read from where it is, so that
 * it costs nothing while nobody looks.
 */
import type { Session } from '../broker/session.js'
import type { BrokerCore } from './core.js'

export interface Observed {
  /** The connections of Kafka's clients that are open, in no order. What is asked within the process has none. */
  connections(): Iterable<Session>
}

/** The listener of what is asked within the process, by which nobody else's can be named. */
export const inProcessListener = ''

export function observedOf({ sessions }: BrokerCore): Observed {
  return {
    *connections() {
      for (const session of sessions) if (session.connection.listenerName !== inProcessListener) yield session
    },
  }
}
