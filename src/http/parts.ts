/** What the listener and the application know of each other; neither imports the other, since one of them is loaded late. */
import type net from 'node:net'
import type { Log } from '../base/log.js'
import type { World } from '../base/world.js'
import type { RunningBroker } from '../server/broker.js'
import type { HttpIdentity } from './tls.js'

/** What the application is made of: one value per broker. */
export interface HttpParts {
  readonly broker: RunningBroker
  readonly world: World
  readonly log: Log
  /** Only this machine reaches it. */
  readonly isLoopback: boolean
  readonly hasTls: boolean
  /** The host as it was asked for; empty for every interface. */
  readonly host: string
  /** Aborted when the port closes: streams end. */
  readonly closing: AbortSignal
}

/** Connections at a time; further ones are closed. */
export const httpConnectionsMax = 256
/** What the bare server hands over to. */
export interface Application {
  /** Takes the listening handle. */
  takeOver(server: net.Server, unref: boolean): void
  /** A client that came before. */
  serve(socket: net.Socket): void
  useIdentity(identity: HttpIdentity): void
  close(graceMs: number): Promise<void>
}

/**
 * Who comes without a login may do what everyone may do by Kafka's protocol. Where nobody comes in there without showing who they
 * are, nobody does here.
 */
export function needsLogin({ services, listeners }: RunningBroker): boolean {
  return services.authorization !== null || listeners.every(({ protocol }) => protocol !== 'PLAINTEXT')
}
