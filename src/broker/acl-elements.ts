import { CloseConnection } from './outcomes.js'

const unknown = 0

/** The elements of one ACL or filter. As in Kafka, a request that names one as "unknown" closes the connection. */
export function assertKnown(...elements: readonly number[]): void {
  if (elements.includes(unknown)) throw new CloseConnection('an ACL was named with unknown elements')
}
