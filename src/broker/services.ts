/** What handlers may use: one value per broker, made by core.ts. */
import type { Log } from '../base/log.js'
import type { World } from '../base/world.js'
import type { Decided } from '../cluster/controller.js'
import type { GroupConfig } from '../config/group-config.js'
import type { LiveConfig } from '../config/live-config.js'
import type { GroupCoordinator } from '../coordinator/group/service.js'
import type { TransactionCoordinator } from '../coordinator/transaction/service.js'
import type { ConnectionInfo } from '../net/connection-info.js'
import type { ProducerIds } from '../node/producer-ids.js'
import type { Topics } from '../node/topics.js'
import type { TransactionMarkers } from '../node/transaction-markers.js'
import type { LogDirs } from '../storage/directory/log-dirs.js'
import type { Authorization } from './authorization.js'
import type { ClientMetrics } from './client-metrics/client-metrics.js'
import type { DownConversions } from './down-conversion.js'
import type { EncodedAnswers } from './encoded-answers.js'
import type { FetchSessions } from './fetch-session.js'
import type { ClientQuotas } from './quotas/client-quotas.js'
import type { Turns } from './turns.js'
import type { Waiting } from './waiting.js'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** How far the log of the cluster's metadata is. */
export interface MetadataLogEnd {
  /** By it clients order what they are told about features: it rises with every change. */
  readonly endOffset: number
  readonly highWatermark: number
  readonly leaderEpoch: number
  /** What became durable since the start, and how long it took. */
  readonly writes: { readonly commits: number; readonly commitMs: number; readonly commitMsMax: number }
}

export interface Broker {
  readonly nodeId: number
  readonly rack: string | null
  readonly clusterId: string
  readonly metadataLog: MetadataLogEnd
  /** Where the logs are. */
  readonly logDirs: LogDirs
  /** Whose APIs are served: [KIP-919] a controller's listener has some of them, about this same node. */
  readonly role: 'broker' | 'controller'
  /** The first of controller.listener.names. */
  readonly controllerListenerName: string
  /** What was set while the broker runs is in it. */
  readonly config: LiveConfig
  /** What holds for one group: its own configs over the broker's. */
  groupConfigOf(groupId: string): GroupConfig
  /** What clients push, and what they are asked for. */
  readonly clientMetrics: ClientMetrics
  readonly world: World
  readonly log: Log
  /** Every API served, in the order of their keys, as ApiVersions tells it. */
  readonly apiKeys: readonly { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[]
  readonly topics: Topics
  /** Null without an authorizer: everyone may do everything. */
  readonly authorization: Authorization | null
  readonly quotas: ClientQuotas
  /** Writes down what was decided about the cluster, and waits until it is durable. Throws StorageFailure. */
  carryOut<Result>(decided: Decided<Result>): Promise<Result>
  readonly groups: GroupCoordinator
  readonly transactions: TransactionCoordinator
  readonly transactionMarkers: TransactionMarkers
  readonly producerIds: ProducerIds
  readonly fetchSessions: FetchSessions
  readonly encodedAnswers: EncodedAnswers
  readonly waiting: Waiting
  readonly downConversions: DownConversions
  /** Look-ups by time, which open batches. */
  readonly lookUps: Turns
  /** Large batches on their way into a log, which are looked into. */
  readonly inspections: Turns
  /** Where this client would reach the controller. */
  controllerEndpoints(connection: ConnectionInfo): readonly (Endpoint & { readonly name: string })[]
  /** Where this client should connect to: advertised.listeners, or else the address on which it came in. */
  endpointFor(connection: ConnectionInfo): Endpoint
}
