/**
 * The broker without its sockets: directory → image → topics → groups → dispatch. `startBroker` puts listeners before it; a
 * simulation gives it a disk and a clock of its own and gives frames to `serve`.
 */

import type { Uuid } from '../base/ids.js'
import type { Log } from '../base/log.js'
import { loggersOf } from '../base/loggers.js'
import { type Meter, silentMeter } from '../base/meter.js'
import type { SampleWindows } from '../base/sampled-rate.js'
import type { World } from '../base/world.js'
import { Authorization } from '../broker/authorization.js'
import { ClientMetrics } from '../broker/client-metrics/client-metrics.js'
import { Subscriptions } from '../broker/client-metrics/subscriptions.js'
import { dynamicConfigsOf } from '../broker/config-resources.js'
import { createDispatch, type ServeAs } from '../broker/dispatch.js'
import { DownConversions } from '../broker/down-conversion.js'
import { EncodedAnswers } from '../broker/encoded-answers.js'
import { FetchSessions } from '../broker/fetch-session.js'
import type { Interceptors, Row } from '../broker/handler.js'
import { ClientQuotas } from '../broker/quotas/client-quotas.js'
import type { Broker, Endpoint } from '../broker/services.js'
import type { Session } from '../broker/session.js'
import { controllerHandlers, handlers } from '../broker/table.js'
import { tokenSettings } from '../broker/token-requests.js'
import { Turns } from '../broker/turns.js'
import { Waiting } from '../broker/waiting.js'
import type { Access } from '../cluster/access-image.js'
import type { ClusterSettings } from '../cluster/controller.js'
import { initialFeatures, metadataVersion } from '../cluster/features.js'
import { brokerResource, type ClusterImage, clientMetricsResource, groupResource, MutableImage } from '../cluster/image.js'
import { clusterMetadataTopic } from '../cluster/topic-name.js'
import type { BrokerConfig } from '../config/broker-config.js'
import { clientMetricsConfig } from '../config/client-metrics.js'
import { groupConfig } from '../config/group-config.js'
import { LiveConfig } from '../config/live-config.js'
import { ConfigError } from '../config/resolve.js'
import { topicConfig } from '../config/topic-config.js'
import { createGroupCoordinator } from '../coordinator/group/service.js'
import { createTransactionCoordinator } from '../coordinator/transaction/service.js'
import type { Serve } from '../net/connection.js'
import type { ConnectionInfo } from '../net/connection-info.js'
import { coordinatorLog, coordinatorReport } from '../node/coordinator-log.js'
import { removeExpiredTokens } from '../node/expired-tokens.js'
import { offsetsTopic, transactionsTopic } from '../node/internal-topics.js'
import { MetadataLog, metadataTopicId, newestSnapshot } from '../node/metadata-log.js'
import { resignFromOffline } from '../node/offline-partitions.js'
import { ProducerIds } from '../node/producer-ids.js'
import { reconcile } from '../node/reconcile.js'
import {
  groupSettings,
  liveLogSettings,
  logSettings,
  metadataLogSettings,
  transactionSettings,
  upkeepSettings,
} from '../node/settings.js'
import { Topics } from '../node/topics.js'
import { TransactionMarkers } from '../node/transaction-markers.js'
import type { MetadataRecordInput } from '../protocol/state/metadata.js'
import { Authorizer, superUsers } from '../security/acl/authorizer.js'
import { credentialOf, type ScramUser } from '../security/scram-argument.js'
import { type LogDirs, openLogDirs } from '../storage/directory/log-dirs.js'
import { saltSecret } from '../storage/directory/salt-secret.js'
import { CorruptLogError } from '../storage/engine.js'
import { type Files, nodeFiles } from '../storage/files.js'
import type { LogConfig } from '../storage/log-config.js'
import type { Durability } from '../storage/types.js'
import type { PasswordLogins } from './password-logins.js'
import { openSasl } from './sasl.js'

export interface CoreOptions {
  readonly config: BrokerConfig
  readonly world: World
  readonly log: Log
  /** Counts requests; without it nothing is counted. */
  readonly meter?: Meter
  /** What stands before the handlers. */
  readonly interceptors?: Interceptors
  /** Data in a folder of its own under the system's temporary directory, never synced, removed by `close`. */
  readonly isEphemeral: boolean
  /** Identity of the cluster for a new directory, random if absent; an existing one keeps its own. */
  readonly clusterId?: Uuid
  /** Users who are made if they are not there with this mechanism. */
  readonly scramUsers?: readonly ScramUser[]
  /** The broker can no longer keep its promises (disk failure, broken invariant); it has stopped acknowledging. */
  readonly onFatal: (error: Error) => void
  /** The port that a listener got; the one it asked for, before it listens. */
  readonly boundPortOf?: (listenerName: string) => number | undefined
  /** Another disk than the machine's own. */
  readonly files?: Files
  /** Runs its argument once the present batch of requests is done; syncs start then. */
  readonly defer?: (run: () => void) => void
  /** Other log settings than the configuration can say, such as segments of a kilobyte. */
  readonly adjustLog?: (topic: string, settings: LogConfig) => LogConfig
}

export interface BrokerCore {
  readonly services: Broker
  /** What a connection's frames are given to. */
  readonly serve: Serve
  /** The same for a controller's listener, where other APIs are served. */
  readonly serveControllers: Serve
  /** What is asked within the process, by whoever it says. */
  readonly serveAs: ServeAs
  /** Of the connections that are open. */
  readonly sessions: ReadonlySet<Session>
  readonly logins: PasswordLogins
  readonly directory: LogDirs
  readonly durability: Durability
  /** Parked requests are answered, so that connections can become quiet; the directory stays open. */
  stopServing(): void
  /** Syncs and closes everything. */
  close(): Promise<void>
}

export async function openCore(options: CoreOptions): Promise<BrokerCore> {
  try {
    return await open(options)
  } catch (error) {
    if (!(error instanceof CorruptLogError)) throw error
  }
  // One of the internal logs has damage that was not known. It is marked now: opening it verifies it, and moves aside
  // what is not sound.
  return open(options)
}

async function open(options: CoreOptions): Promise<BrokerCore> {
  const { world, isEphemeral, clusterId, files, defer, adjustLog, meter = silentMeter, interceptors } = options
  const config = LiveConfig.of(options.config)
  const durability: Durability = isEphemeral ? 'none' : config.get('gregor.durability')
  const image = new MutableImage()
  const tokens = tokenSettings(config)
  if (tokens !== null) image.access.delegationTokens.useSecretKey(tokens.secretKey)
  const loggers = loggersOf(options.log)
  const log = loggers.named('kafka.server')
  const logOfLogs = loggers.named('kafka.log')
  const sasl = await openSasl(config, { world, log, access: image.access })
  const directory = await openLogDirs({
    paths: isEphemeral ? null : config.dataDirectories,
    metadataPath: config.dataDirectory,
    cordoned: () => config.get('cordoned.log.dirs'),
    bytesPerSecondMax: () => config.get('replica.alter.log.dirs.io.max.bytes.per.second'),
    durability,
    world,
    log: {
      info: (message, fields = {}) => logOfLogs.info(fields, message),
      warn: (message, fields = {}) => logOfLogs.warn(fields, message),
      error: (message, fields = {}) => logOfLogs.error(fields, message),
    },
    onFatal: options.onFatal,
    nodeId: config.get('node.id'),
    ...(files === undefined ? {} : { files }),
    ...(clusterId === undefined ? {} : { clusterId }),
    ...(defer === undefined ? {} : { defer }),
    upkeep: upkeepSettings(config),
    configFor: topic => {
      const adjust = (settings: LogConfig): LogConfig => (adjustLog === undefined ? settings : adjustLog(topic, settings))
      if (topic !== clusterMetadataTopic) {
        return liveLogSettings(topic, image, configs => adjust(logSettings(topicConfig(config, configs))))
      }
      const settings = adjust(metadataLogSettings(config))
      return () => settings
    },
  }).catch(error => {
    sasl.stop()
    throw error
  })
  try {
    if (sasl.listeners.size > 0 && !isEphemeral) sasl.useSecret(await saltSecret(files ?? nodeFiles, directory.path, world))
    const services = await assemble({ ...options, config }, image, directory)
    // What was written down of the lost files must not be taken for something about the new ones.
    if (services.topics.hasRemadePartitions && !isEphemeral) await directory.checkpoint()
    const { access } = image
    await services.carryOut({ records: await missingUsers(options.scramUsers ?? [], access, world), result: null })
    const intervalMs = config.get('delegation.token.expiry.check.interval.ms')
    const write = (records: readonly MetadataRecordInput[]) => services.carryOut({ records, result: null })
    const sweeping = tokens !== null ? removeExpiredTokens({ access, write, world, log, intervalMs }) : null
    const sessions = new Set<Session>()
    const serveWith = (broker: Broker, rows: readonly Row[]): ServeAs =>
      createDispatch({
        broker,
        rows,
        sasl: sasl.listeners,
        meter,
        ...(interceptors === undefined ? {} : { interceptors }),
        sessions,
        onInvariantBroken: options.onFatal,
      })
    const controller: Broker = { ...services, role: 'controller', apiKeys: apiKeysOf(controllerHandlers) }
    const serve = serveWith(services, handlers)
    return {
      services,
      serve,
      serveAs: serve,
      sessions,
      logins: sasl.logins,
      serveControllers: serveWith(controller, controllerHandlers),
      directory,
      durability,
      stopServing() {
        sasl.stop()
        sweeping?.stop()
        services.transactions.stop()
        services.transactionMarkers.stop()
        services.groups.stop()
        services.waiting.stop()
        services.clientMetrics.stop()
      },
      close: () => directory.close(),
    }
  } catch (error) {
    sasl.stop()
    await directory.close()
    throw error
  }
}

async function assemble(
  options: CoreOptions & { readonly config: LiveConfig },
  image: MutableImage,
  directory: LogDirs,
): Promise<Broker> {
  const { config, world } = options
  const loggers = loggersOf(options.log)
  const log = loggers.named('kafka.server')
  const settings: ClusterSettings = {
    nodeId: config.get('node.id'),
    directoryId: directory.directoryId,
    partitionCountDefault: config.get('num.partitions'),
    replicationFactorDefault: config.get('default.replication.factor'),
    areDirsCordoned: () => directory.areAllCordoned,
  }
  // Private: what SCRAM users are known by is in it.
  const metadataPartition =
    directory.metadata.partition(clusterMetadataTopic, 0) ??
    directory.metadata.createPartition(clusterMetadataTopic, 0, metadataTopicId, true)
  const snapshot = newestSnapshot(directory.fileNames(clusterMetadataTopic, 0), name =>
    directory.readFile(clusterMetadataTopic, 0, name),
  )
  const metadataLog = new MetadataLog(metadataPartition, image, world, snapshot)
  const { removedTopicIds } = await metadataLog.replay(log)
  const follow = (named: readonly string[]): Promise<unknown> => {
    const { problems, settled } = config.follow(dynamicConfigsOf(image, settings.nodeId), named)
    for (const reason of problems) log.error({ reason }, 'a config that was set while a broker ran is not used')
    return settled
  }
  await follow([])
  reconcile({ directory, image, metadataLog, removedTopicIds, settings, log })

  if (!image.features.has(metadataVersion)) {
    const records = initialFeatures(config.get('gregor.transaction.version'))
    metadataLog.writeOrAssume(records, log)
  }
  const topics = new Topics({ image, metadataLog, directory, settings, config, world, log })
  const groups = createGroupCoordinator({
    world,
    log: coordinatorLog(offsetsTopic, topics, world, log),
    topics: image,
    config: () => groupSettings(config, image),
    report: coordinatorReport(offsetsTopic, loggers.named('kafka.coordinator.group'), options.onFatal),
    partitionsDefault: offsetsTopic.partitionCount(config),
  })
  const producerIds = new ProducerIds(image, settings, metadataLog)
  const transactionMarkers = new TransactionMarkers({ topics, groups, clock: world.host, log })
  const transactions = createTransactionCoordinator({
    world,
    log: coordinatorLog(transactionsTopic, topics, world, log),
    topics: image,
    config: () => transactionSettings(config, image),
    newProducerId: () => producerIds.next(),
    send: markers => transactionMarkers.send(markers),
    report: coordinatorReport(transactionsTopic, loggers.named('kafka.coordinator.transaction'), options.onFatal),
    partitionsDefault: transactionsTopic.partitionCount(config),
  })
  const stop = (): void => {
    transactions.stop()
    transactionMarkers.stop()
    groups.stop()
  }
  try {
    await groups.start()
    // Behind the groups, since what it decided before it stopped may go to their offsets.
    await transactions.start()
  } catch (error) {
    // What was read until then does not go on about a directory that is closed.
    stop()
    throw error
  }
  const coordinators = [
    { topic: offsetsTopic.name, coordinator: groups },
    { topic: transactionsTopic.name, coordinator: transactions },
  ]
  const resignCoordinators = (): void => {
    for (const { topic, coordinator } of coordinators)
      for (const index of topics.offlinePartitions(topic)) coordinator.resign(index)
  }
  resignCoordinators()
  directory.moves.onMoved((partition, { directoryId }) => topics.moved(partition, directoryId))
  directory.resumeMoves()
  directory.onOffline(() => {
    resignCoordinators()
    const isOffline = (topic: string, index: number): boolean => topics.partition(topic, index)?.isOffline === true
    // Later: the failure may have come in the middle of an append.
    world.host.after(0, () => resignFromOffline({ image, metadataLog, log, isOffline }))
  })
  topics.onDeleted(topic => {
    if (topic === offsetsTopic.name) return groups.unload()
    return topic === transactionsTopic.name ? transactions.unload() : groups.topicDeleted(topic)
  })
  const { controllerListeners } = config
  const advertised = new Map([...config.listeners, ...controllerListeners].map(({ name, advertised: told }) => [name, told]))
  return {
    nodeId: settings.nodeId,
    rack: config.get('broker.rack'),
    clusterId: directory.clusterId,
    metadataLog,
    logDirs: directory,
    controllerListenerName: config.get('controller.listener.names')[0]?.toUpperCase() ?? 'CONTROLLER',
    controllerEndpoints: connection =>
      controllerListeners.map(({ name, host, port, advertised: told }) => {
        const localPort = options.boundPortOf?.(name) ?? port
        const localAddress = isWildcard(host) ? connection.localAddress : host
        return { name, ...endpointFor(told, { localAddress, localPort }) }
      }),
    config,
    groupConfigOf: groupId => groupConfig(config, image.configsOf(groupResource, groupId)),
    clientMetrics: new ClientMetrics({
      world,
      log,
      subscriptions: new Subscriptions(
        () => Array.from(image.configs.get(clientMetricsResource)?.values() ?? [], clientMetricsConfig),
        () => image.configsRevision,
      ),
      pushedBytesMax: config.get('telemetry.max.bytes'),
    }),
    world,
    log,
    role: 'broker',
    apiKeys: apiKeysOf(handlers),
    topics,
    authorization: authorizationOf(config, image),
    quotas: clientQuotasOf(config, image, world),
    async carryOut({ records, result }) {
      if (records.length === 0) return result
      const written = metadataLog.write(records)
      const named = records.flatMap(record =>
        record.kind === 'config' && record.resourceType === brokerResource ? [record.name] : [],
      )
      if (named.length > 0) await follow(named)
      await written
      return result
    },
    groups,
    transactions,
    transactionMarkers,
    producerIds,
    waiting: new Waiting(world.host),
    downConversions: new DownConversions(world),
    lookUps: new Turns(world),
    inspections: new Turns(world),
    encodedAnswers: new EncodedAnswers(),
    fetchSessions: new FetchSessions(
      config.get('max.incremental.fetch.session.cache.slots'),
      () => world.monotonicMs(),
      () => positiveInt32(world),
    ),
    endpointFor: connection => endpointFor(advertised.get(connection.listenerName) ?? null, connection),
  }
}

/** A password that was changed since stays changed, unless the one that is given is to take its place. */
async function missingUsers(users: readonly ScramUser[], access: Access, world: World): Promise<MetadataRecordInput[]> {
  const missing = users.filter(
    ({ name, mechanism, replaces }) => replaces || access.scramCredentials.get(name)?.has(mechanism.type) !== true,
  )
  return Promise.all(
    missing.map(async (user): Promise<MetadataRecordInput> => {
      const credential = await credentialOf(user, size => world.randomBytes(size))
      return { kind: 'scramCredential', name: user.name, mechanism: user.mechanism.type, ...credential }
    }),
  )
}

/** Null when everyone may do everything. */
function authorizationOf(config: BrokerConfig, { access }: ClusterImage): Authorization | null {
  if (config.get('authorizer.class.name') === '') return null
  const users = superUsers(config.get('super.users'))
  if ('problem' in users) throw new ConfigError([`super.users: ${users.problem}`])
  const allowEveryoneIfNoAclFound = config.get('allow.everyone.if.no.acl.found')
  return new Authorization(new Authorizer(access.acls, { superUsers: users, allowEveryoneIfNoAclFound }))
}

/** The samples that count of what clients use. */
export function quotaWindows(config: BrokerConfig): SampleWindows {
  return { count: config.get('quota.window.num'), lengthMs: config.get('quota.window.size.seconds') * 1000 }
}

function clientQuotasOf(config: BrokerConfig, { quotas }: ClusterImage, { host }: World): ClientQuotas {
  return new ClientQuotas({
    quotas,
    clock: host,
    windows: quotaWindows(config),
    mutationWindows: {
      count: config.get('controller.quota.window.num'),
      lengthMs: config.get('controller.quota.window.size.seconds') * 1000,
    },
  })
}

/** [Address reflection] Unset, each client is told the address that it used: whatever that was, it works for this client. */
function endpointFor(advertised: Endpoint | null, reached: Pick<ConnectionInfo, 'localAddress' | 'localPort'>): Endpoint {
  const { localAddress, localPort } = reached
  if (advertised === null) return { host: localAddress, port: localPort }
  const { host, port } = advertised
  return { host: host === '' ? localAddress : host, port: port === 0 ? localPort : port }
}

const isWildcard = (host: string): boolean => host === '' || host === '0.0.0.0' || host === '::'

const apiKeysOf = (rows: readonly Row[]) =>
  rows.map(({ api: { key, versions } }) => ({ apiKey: key, minVersion: versions.min, maxVersion: versions.max }))

function positiveInt32(world: World): number {
  const [a = 0, b = 0, c = 0, d = 0] = world.randomBytes(4)
  return ((a & 0x7f) << 24) | (b << 16) | (c << 8) | d
}
