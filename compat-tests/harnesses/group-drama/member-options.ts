/**
 * What every member program is told and how it tells what it received. The same contract holds for those in other
 * languages: arguments BOOTSTRAP TOPIC GROUP CLIENT_ID, timeouts in the environment, one line `r PARTITION OFFSET` on stdout
 * per record before its offset is committed, the client's own log on stderr, SIGTERM to leave the group and exit with 0.
 */
import { writeSync } from 'node:fs'

export interface MemberOptions {
  readonly bootstrap: string
  readonly topic: string
  readonly group: string
  readonly clientId: string
  readonly sessionMs: number
  /** For clients with max.poll.interval.ms, which is what they send as rebalance timeout. */
  readonly rebalanceMs: number
  readonly heartbeatMs: number
}

/** `group.protocol` in the words of Kafka's clients; DRAMA_PROTOCOL tells it to a member. */
export type GroupProtocol = 'classic' | 'consumer'

/** Of the classic protocol; DRAMA_ASSIGNOR. All clients can speak the first, those of the consumer protocol both. */
export type Assignor = 'range' | 'cooperative-sticky'

/** Six heartbeats: twenty processes on two cores miss four of them now and then, which is no fault of the broker's. */
export const memberEnvironment = { DRAMA_SESSION_MS: '9000', DRAMA_REBALANCE_MS: '10000', DRAMA_HEARTBEAT_MS: '1500' }

/** The same for members of the consumer protocol, who are told by the broker. */
export const brokerConfigs: readonly string[] = [
  `group.consumer.min.session.timeout.ms=${memberEnvironment.DRAMA_SESSION_MS}`,
  `group.consumer.session.timeout.ms=${memberEnvironment.DRAMA_SESSION_MS}`,
  `group.consumer.min.heartbeat.interval.ms=${memberEnvironment.DRAMA_HEARTBEAT_MS}`,
  `group.consumer.heartbeat.interval.ms=${memberEnvironment.DRAMA_HEARTBEAT_MS}`,
]

export function memberOptions(): MemberOptions {
  const [bootstrap, topic, group, clientId] = process.argv.slice(2) as [string, string, string, string]
  const { DRAMA_SESSION_MS, DRAMA_REBALANCE_MS, DRAMA_HEARTBEAT_MS } = { ...memberEnvironment, ...process.env }
  return {
    bootstrap,
    topic,
    group,
    clientId,
    sessionMs: Number(DRAMA_SESSION_MS),
    rebalanceMs: Number(DRAMA_REBALANCE_MS),
    heartbeatMs: Number(DRAMA_HEARTBEAT_MS),
  }
}

/** Written at once: what is not written when the process is killed counts as not received. */
export function received(partition: number, offset: string | bigint): void {
  writeSync(1, `r ${partition} ${offset}\n`)
}
