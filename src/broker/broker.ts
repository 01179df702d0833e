/**
 * Wires a broker: directory → image → topics → groups → dispatch → listeners, in this order, so that the port opens when
 * everything behind it is ready. Stopping goes the other way.
 */
import type { Log } from '../base/log.js'
import type { World } from '../base/world.js'
import type { ClusterSettings } from '../cluster/controller.js'
import { MutableImage } from '../cluster/image.js'
import { clusterMetadataTopic } from '../cluster/topic-name.js'
import type { BrokerConfig } from '../config/resolve.js'
import { topicConfig } from '../config/topic-config.js'
import { createGroupCoordinator } from '../coordinator/group/service.js'
import type { ConnectionInfo, DispatchFunction } from '../net/connection.js'
import { frameMemory } from '../net/frame-memory.js'
import { Listener } from '../net/listener.js'
import { loadNativeCalls, type NativeCalls, nativeFailure } from '../net/native.js'
import type { DataDirectory } from '../storage/data-directory.js'
import { openDataDirectory } from '../storage/open-directory.js'
import type { Durability } from '../storage/types.js'
import { createDispatch } from './dispatch.js'
import { FetchSessions } from './fetch-session.js'
import { CloseConnection } from './handler.js'
import { offsetsTopic } from './internal-topics.js'
import { MetadataLog, metadataTopicId } from './metadata-log.js'
import { groupReport, offsetsLog } from './offsets-log.js'
import { ProducerIds } from './producer-ids.js'
import { reconcile } from './reconcile.js'
import type { Broker, Endpoint } from './services.js'
import { groupSettings, logSettings, metadataLogSettings } from './settings.js'
import { handlers } from './table.js'
import { Topics } from './topics.js'
import { Waiting } from './waiting.js'

export interface BrokerOptions {
  readonly config: BrokerConfig
  readonly world: World
  readonly log: Log
  /** Data in a folder of its own under the system's temporary directory, never synced, removed by `stop`. */
  readonly isEphemeral: boolean
  /** Listening does not keep the process alive. */
  readonly unref: boolean
  /** The broker can no longer keep its promises (disk failure, broken invariant); it has stopped acknowledging. */
  readonly onFatal: (error: Error) => void
}

export interface RunningBroker {
  readonly services: Broker
  readonly listeners: readonly { readonly name: string; readonly host: string; readonly port: number }[]
  readonly directory: { readonly path: string; readonly isEphemeral: boolean }
  readonly durability: Durability
  readonly sendPath: 'sendfile' | 'copy'
  /** Answers what is under way (at most `graceMs`), syncs and closes. */
  stop(graceMs: number): Promise<void>
}

/** Bound on received bytes that wait, all connections together, when queued.max.request.bytes does not set one. */
const frameMemoryDefaultBytes = 512 * 1024 * 1024

export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const { config, world, log, isEphemeral } = options
  const native = await nativeCallsFor(config, log)
  const durability: Durability = isEphemeral ? 'none' : config.get('gregor.durability')
  const image = new MutableImage()
  const directory = await openDataDirectory({
    path: isEphemeral ? null : config.dataDirectory,
    durability,
    world,
    log: {
      info: (message, fields = {}) => log.info(fields, message),
      warn: (message, fields = {}) => log.warn(fields, message),
      error: (message, fields = {}) => log.error(fields, message),
    },
    onFatal: options.onFatal,
    nodeId: config.get('node.id'),
    configFor: topic => {
      const settings =
        topic === clusterMetadataTopic
          ? metadataLogSettings(config)
          : logSettings(topicConfig(config, image.topics.get(topic)?.configs ?? new Map()))
      return () => settings
    },
  })
  try {
    const services = assemble(options, image, directory)
    const dispatch = createDispatch({ broker: services, handlers, onInvariantBroken: options.onFatal })
    const listeners = await listen(options, dispatch, native).catch((error: unknown) => {
      services.groups.stop()
      throw error
    })
    return {
      services,
      listeners: listeners.map((listener, at) => ({
        name: listener.name,
        host: config.listeners[at]?.host ?? '',
        port: listener.port,
      })),
      directory,
      durability,
      sendPath: native === null ? 'copy' : 'sendfile',
      async stop(graceMs) {
        // Parked requests are answered first, so that the connections can become quiet.
        services.groups.stop()
        services.waiting.stop()
        await Promise.all(listeners.map(listener => listener.close(graceMs)))
        await directory.close()
      },
    }
  } catch (error) {
    await directory.close()
    throw error
  }
}

async function nativeCallsFor(config: BrokerConfig, log: Log): Promise<NativeCalls | null> {
  const wanted = config.get('gregor.send.path')
  if (wanted === 'copy') return null
  const native = await loadNativeCalls()
  if (native === null) {
    const fields = { reason: nativeFailure() }
    if (wanted === 'sendfile') log.warn(fields, 'sendfile(2) is not to be had here; records are read and written instead')
    else log.debug(fields, 'sendfile(2) is not to be had here; records are read and written instead')
  }
  return native
}

function assemble(options: BrokerOptions, image: MutableImage, directory: DataDirectory): Broker {
  const { config, world, log } = options
  const settings: ClusterSettings = {
    nodeId: config.get('node.id'),
    directoryId: directory.directoryId,
    partitionCountDefault: config.get('num.partitions'),
    replicationFactorDefault: config.get('default.replication.factor'),
  }
  const metadataPartition =
    directory.partition(clusterMetadataTopic, 0) ?? directory.createPartition(clusterMetadataTopic, 0, metadataTopicId)
  const metadataLog = new MetadataLog(metadataPartition, image, world)
  const { removedTopicIds } = metadataLog.replay(log)
  reconcile({ directory, image, metadataLog, removedTopicIds, settings, log })

  const topics = new Topics({ image, metadataLog, directory, settings, config, world, log })
  const groups = createGroupCoordinator({
    world,
    log: offsetsLog(topics, world, log),
    config: () => groupSettings(config),
    report: groupReport(log),
    partitions: image.topics.get(offsetsTopic)?.partitions.length ?? config.get('offsets.topic.num.partitions'),
  })
  groups.start()
  topics.onDeleted(topic => groups.topicDeleted(topic))
  const advertised = new Map(config.listeners.map(({ name, advertised: told }) => [name, told]))
  return {
    nodeId: settings.nodeId,
    rack: config.get('broker.rack'),
    clusterId: directory.clusterId,
    config,
    world,
    log,
    apis: handlers.map(({ api }) => api),
    topics,
    groups,
    producerIds: new ProducerIds(image, settings, metadataLog),
    waiting: new Waiting(world),
    fetchSessions: new FetchSessions(
      config.get('max.incremental.fetch.session.cache.slots'),
      () => world.monotonicMs(),
      () => positiveInt32(world),
    ),
    endpointFor: connection => endpointFor(advertised.get(connection.listenerName) ?? null, connection),
  }
}

/** [Address reflection] Unset, each client is told the address that it used: whatever that was, it works for this client. */
function endpointFor(advertised: Endpoint | null, { localAddress, localPort }: ConnectionInfo): Endpoint {
  if (advertised === null) return { host: localAddress, port: localPort }
  return { host: advertised.host, port: advertised.port === 0 ? localPort : advertised.port }
}

function positiveInt32(world: World): number {
  const [a = 0, b = 0, c = 0, d = 0] = world.randomBytes(4)
  return ((a & 0x7f) << 24) | (b << 16) | (c << 8) | d
}

async function listen(options: BrokerOptions, dispatch: DispatchFunction, native: NativeCalls | null): Promise<Listener[]> {
  const { config, world, log, unref } = options
  const queuedBytesMax = config.get('queued.max.request.bytes')
  const memory = frameMemory(queuedBytesMax < 0 ? frameMemoryDefaultBytes : queuedBytesMax)
  const listeners: Listener[] = []
  try {
    for (const { name, host, port } of config.listeners) {
      const listener = await Listener.listen({
        name,
        host,
        port,
        world,
        dispatch,
        native,
        memory,
        frameBytesMax: config.get('socket.request.max.bytes'),
        idleMsMax: config.get('connections.max.idle.ms'),
        connectionsMax: config.get('max.connections'),
        connectionsPerAddressMax: config.get('max.connections.per.ip'),
        backlog: config.get('socket.listen.backlog.size'),
        unref,
        onFault: (connection, error) => reportFault(log, connection, error),
        onRefused: (remoteAddress, reason) => log.warn({ remoteAddress, reason }, 'a connection was refused'),
      })
      listeners.push(listener)
    }
  } catch (error) {
    await Promise.all(listeners.map(listener => listener.close(0)))
    throw error
  }
  return listeners
}

/** What a client did wrong is a warning; what we did wrong is an error with its stack. */
function reportFault(log: Log, { remoteAddress, id }: ConnectionInfo, error: unknown): void {
  const fields = { remoteAddress, connection: id }
  const isTheirs = error instanceof CloseConnection || (error instanceof Error && expectedFaults.has(error.name))
  if (isTheirs) log.warn({ ...fields, reason: (error as Error).message }, 'a connection was closed for what it sent')
  else log.error({ ...fields, err: error }, 'a connection was closed because of a fault in the broker')
}

const expectedFaults: ReadonlySet<string> = new Set(['MalformedError', 'ConnectionFault'])
