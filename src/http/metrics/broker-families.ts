/**
 * What the JMX exporter shows of a broker of Kafka's under strimzi's rules, as far as it is how things are, and not what has been
 * counted: names and types are theirs.
 */
import { clusterMetadataTopic } from '../../cluster/topic-name.js'
import { type Family, type FamilyGroup, flag, gauge, oneCounter, oneGauge, type Sample } from './family.js'
import type { IoFigures } from './process-figures.js'
import { countOf, type DiskSeen, type PartitionSeen, partitionsOf, type Seen, sumOf, topicsOf } from './seen.js'

const topicPartition = ['topic', 'partition']

const byPartition = (value: (seen: PartitionSeen) => number) =>
  function* (seen: Seen): Generator<Sample> {
    for (const one of partitionsOf(seen)) yield { labels: { topic: one.topic, partition: one.index }, value: value(one) }
  }

const isUnderReplicated = ({ image }: PartitionSeen): boolean => image.isr.length < image.replicas.length

/** Of min.insync.replicas, no more counts than there are replicas [KIP-966]. */
function inSyncBeyondMin({ broker }: Seen, { topic, image }: PartitionSeen): number {
  const min = broker.services.topics.config(topic).get('min.insync.replicas')
  return image.isr.length - Math.min(min, image.replicas.length)
}

const isLedHere = ({ image, partition }: PartitionSeen): boolean => image.leader >= 0 && !partition.isOffline

const withLeader = (value: (seen: Seen, one: PartitionSeen) => number) =>
  function* (seen: Seen): Generator<Sample> {
    for (const one of partitionsOf(seen)) {
      yield { labels: { topic: one.topic, partition: one.index }, value: isLedHere(one) ? value(seen, one) : 0 }
    }
  }

export const partitionFamilies: FamilyGroup = {
  title: 'Kafka: partitions',
  about: 'kafka.cluster:type=Partition and kafka.log:type=Log.',
  families: [
    gauge(
      'kafka_cluster_partition_replicascount',
      topicPartition,
      'Replicas of the partition.',
      byPartition(({ image }) => image.replicas.length),
    ),
    gauge(
      'kafka_cluster_partition_insyncreplicascount',
      topicPartition,
      'Replicas that are in sync.',
      byPartition(({ image }) => image.isr.length),
    ),
    gauge(
      'kafka_cluster_partition_underreplicated',
      topicPartition,
      '1 if replicas are not in sync.',
      byPartition(one => flag(isUnderReplicated(one))),
    ),
    gauge(
      'kafka_cluster_partition_underminisr',
      topicPartition,
      '1 if fewer are in sync than min.insync.replicas.',
      withLeader((seen, one) => flag(inSyncBeyondMin(seen, one) < 0)),
    ),
    gauge(
      'kafka_cluster_partition_atminisr',
      topicPartition,
      '1 if no more are in sync than min.insync.replicas.',
      withLeader((seen, one) => flag(inSyncBeyondMin(seen, one) === 0)),
    ),
    gauge(
      'kafka_cluster_partition_laststableoffsetlag',
      topicPartition,
      'From the last stable offset to the high watermark: what open transactions hold back.',
      byPartition(({ partition }) => partition.highWatermark - partition.lastStableOffset),
    ),
    gauge(
      'kafka_log_log_size',
      topicPartition,
      'Bytes of the log.',
      ofLogs(({ sizeBytes }) => sizeBytes),
    ),
    gauge(
      'kafka_log_log_logstartoffset',
      topicPartition,
      'Offset of the first record.',
      ofLogs(({ logStartOffset }) => logStartOffset),
    ),
    gauge(
      'kafka_log_log_logendoffset',
      topicPartition,
      'Offset behind the last record.',
      ofLogs(({ logEndOffset }) => logEndOffset),
    ),
    gauge(
      'kafka_log_log_numlogsegments',
      topicPartition,
      'Segments of the log.',
      ofLogs(({ segmentCount }) => segmentCount),
    ),
  ],
}

/** The log of the cluster's metadata is one of them, as in Kafka. */
function ofLogs(value: (partition: PartitionSeen['partition']) => number) {
  return function* (seen: Seen): Generator<Sample> {
    for (const { topic, index, partition } of partitionsOf(seen)) {
      if (!partition.isOffline) yield { labels: { topic, partition: index }, value: value(partition) }
    }
    const metadata = seen.broker.services.logDirs.metadata.partition(clusterMetadataTopic, 0)
    if (metadata !== undefined) yield { labels: { topic: clusterMetadataTopic, partition: 0 }, value: value(metadata) }
  }
}

const partitions = (isCounted: (one: PartitionSeen, seen: Seen) => boolean) => (seen: Seen) =>
  countOf(partitionsOf(seen), one => isCounted(one, seen))

/** One of a kind that there is no more of: there is one broker, and so nothing that takes two. */
const never = () => 0

/** Of those who fetch from other brokers, and of those who move replicas between directories: here a move is one step. */
const fetcherFamilies = (fetchers: string, clientId: string): Family[] =>
  [
    ['maxlag', 'How many records a replica is behind.'],
    ['minfetchrate', 'Requests a second of the slowest fetcher.'],
    ['deadthreadcount', 'Fetchers that have failed.'],
    ['failedpartitionscount', 'Partitions that are not fetched any more.'],
  ].map(([name, help]) =>
    gauge(`kafka_server_${fetchers}_${name}`, ['clientId'], help!, () => [{ labels: { clientId }, value: 0 }]),
  )

export const replicaFamilies: FamilyGroup = {
  title: 'Kafka: replicas',
  about: 'kafka.server:type=ReplicaManager. There is one broker: what takes a second one never happens, and is 0.',
  families: [
    oneGauge('kafka_server_replicamanager_leadercount', 'Partitions that this broker leads.', partitions(isLedHere)),
    oneGauge(
      'kafka_server_replicamanager_partitioncount',
      'Partitions of this broker.',
      partitions(() => true),
    ),
    oneGauge(
      'kafka_server_replicamanager_underreplicatedpartitions',
      'Partitions of which replicas are not in sync.',
      partitions(one => isLedHere(one) && isUnderReplicated(one)),
    ),
    oneGauge(
      'kafka_server_replicamanager_underminisrpartitioncount',
      'Partitions of which fewer replicas are in sync than min.insync.replicas.',
      partitions((one, seen) => isLedHere(one) && inSyncBeyondMin(seen, one) < 0),
    ),
    oneGauge(
      'kafka_server_replicamanager_atminisrpartitioncount',
      'Partitions of which no more replicas are in sync than min.insync.replicas.',
      partitions((one, seen) => isLedHere(one) && inSyncBeyondMin(seen, one) === 0),
    ),
    oneGauge(
      'kafka_server_replicamanager_offlinereplicacount',
      'Partitions whose directory is offline.',
      partitions(({ partition }) => partition.isOffline),
    ),
    oneGauge('kafka_server_replicamanager_produceridcount', 'Producers that logs know of, in all partitions.', seen =>
      sumOf(partitionsOf(seen), ({ partition }) => partition.producerStates.size),
    ),
    oneGauge('kafka_server_replicamanager_reassigningpartitions', 'Partitions on their way to another broker.', never),
    oneCounter('kafka_server_replicamanager_isrexpands_total', 'Replicas that came back in sync.', never),
    oneCounter('kafka_server_replicamanager_isrshrinks_total', 'Replicas that fell out of sync.', never),
    oneCounter('kafka_server_replicamanager_failedisrupdates_total', 'Changes of replicas in sync that failed.', never),
    ...fetcherFamilies('replicafetchermanager', 'Replica'),
    ...fetcherFamilies('replicaalterlogdirsmanager', 'ReplicaAlterLogDirs'),
  ],
}

/** [KIP-866] ACTIVE */
const registeredActive = 30
/** RUNNING */
const brokerRunning = 3

const featureNameOf = (name: string): string => name.replace(/\.(\w)/g, (_, letter: string) => letter.toUpperCase())

export const controllerFamilies: FamilyGroup = {
  title: 'Kafka: controller and metadata',
  about:
    'kafka.controller:type=KafkaController, kafka.server:type=MetadataLoader and BrokerMetadataMetrics: this broker is the ' +
    'controller.',
  families: [
    oneGauge('kafka_controller_kafkacontroller_activecontrollercount', '1 if this is the controller.', () => 1),
    oneGauge('kafka_controller_kafkacontroller_activebrokercount', 'Brokers that serve.', () => 1),
    oneGauge('kafka_controller_kafkacontroller_fencedbrokercount', 'Brokers that are registered and do not serve.', never),
    oneGauge('kafka_controller_kafkacontroller_controlledshutdownbrokercount', 'Brokers on their way out.', never),
    gauge(
      'kafka_controller_kafkacontroller_brokerregistrationstate',
      ['broker'],
      'State of a broker; 30: it serves.',
      ({ broker }) => [{ labels: { broker: broker.services.nodeId }, value: registeredActive }],
    ),
    oneGauge(
      'kafka_controller_kafkacontroller_globaltopiccount',
      'Topics.',
      seen => seen.broker.services.topics.image.topics.size,
    ),
    oneGauge('kafka_controller_kafkacontroller_globalpartitioncount', 'Partitions.', seen =>
      sumOf(topicsOf(seen), topic => topic.partitions.length),
    ),
    oneGauge(
      'kafka_controller_kafkacontroller_offlinepartitionscount',
      'Partitions without a leader.',
      partitions(({ image }) => image.leader < 0),
    ),
    oneGauge(
      'kafka_controller_kafkacontroller_preferredreplicaimbalancecount',
      'Partitions that are not led by their first replica.',
      partitions(({ image }) => image.leader !== image.replicas[0]),
    ),
    oneGauge('kafka_controller_kafkacontroller_metadataerrorcount', 'Records of metadata that could not be applied.', never),
    oneGauge('kafka_controller_kafkacontroller_newactivecontrollerscount', 'Elections of a controller.', () => 1),
    oneGauge(
      'kafka_controller_kafkacontroller_lastcommittedrecordoffset',
      'Offset of the last record of metadata that is durable.',
      ({ broker }) => broker.services.metadataLog.highWatermark - 1,
    ),
    oneGauge(
      'kafka_controller_kafkacontroller_lastappliedrecordoffset',
      'Offset of the last record of metadata that holds.',
      ({ broker }) => broker.services.metadataLog.endOffset - 1,
    ),
    oneGauge('kafka_controller_kafkacontroller_lastappliedrecordlagms', 'Age of the next record to be applied.', never),
    oneCounter('kafka_controller_controllerstats_uncleanleaderelections_total', 'Elections that lost records.', never),
    oneCounter(
      'kafka_controller_controllerstats_electionfromeligibleleaderreplicas_total',
      'Elections out of eligible replicas.',
      never,
    ),
    oneGauge(
      'kafka_server_brokermetadatametrics_last_applied_record_offset',
      'Offset of the last record of metadata that holds.',
      ({ broker }) => broker.services.metadataLog.endOffset - 1,
    ),
    oneGauge('kafka_server_brokermetadatametrics_last_applied_record_lag_ms', 'Age of the next record to be applied.', never),
    oneGauge(
      'kafka_server_brokermetadatametrics_metadata_apply_error_count',
      'Records of metadata that could not be applied.',
      never,
    ),
    oneGauge('kafka_server_brokermetadatametrics_metadata_load_error_count', 'Metadata that could not be read.', never),
    oneGauge(
      'kafka_server_metadataloader_currentmetadataversion',
      'Level of metadata.version.',
      ({ broker }) => broker.services.topics.image.features.get('metadata.version') ?? null,
    ),
    oneGauge('kafka_server_metadataloader_currentcontrollerid', 'Id of the controller.', ({ broker }) => broker.services.nodeId),
    gauge('kafka_server_metadataloader_finalizedlevel', ['featureName'], 'Level of a feature.', function* ({ broker }) {
      for (const [name, value] of broker.services.topics.image.features) {
        yield { labels: { featureName: featureNameOf(name) }, value }
      }
    }),
  ],
}

const byDisk = (value: (disk: DiskSeen, seen: Seen) => number) => (seen: Seen) =>
  seen.disks.map(disk => ({ labels: { logDirectory: disk.path }, value: value(disk, seen) }))

const isCordoned = ({ broker }: Seen, path: string): boolean => {
  const cordoned = broker.config.get('cordoned.log.dirs')
  return cordoned.includes('*') || cordoned.includes(path)
}

const ioFigures: readonly (readonly [name: string, figure: keyof IoFigures, help: string])[] = [
  ['read_bytes', 'diskReadBytes', 'What the process had read from disks.'],
  ['write_bytes', 'diskWriteBytes', 'What the process had written to disks.'],
  ['cancelled_write_bytes', 'cancelledWriteBytes', 'What was written and gone before a disk got it.'],
  ['rchar', 'readBytes', 'What the process read, from sockets, too.'],
  ['wchar', 'writtenBytes', 'What the process wrote, to sockets, too.'],
  ['syscr', 'readCalls', 'Calls that read.'],
  ['syscw', 'writeCalls', 'Calls that write.'],
]

const ioFamilies = (server: string): Family[] =>
  ioFigures.map(([name, figure, help]) =>
    oneGauge(`kafka_server_${server}_linux_disk_${name}`, help, ({ process: { io } }) => io?.[figure] ?? null),
  )

export const serverFamilies: FamilyGroup = {
  title: 'Kafka: server, directories and waiting requests',
  about:
    'kafka.server:type=KafkaServer, DelayedOperationPurgatory and FetchSessionCache, kafka.log:type=LogManager. One event loop does ' +
    'the work of Kafka’s network threads and request handlers: all that Kafka says of how idle these are is how idle that is.',
  families: [
    oneGauge('kafka_server_kafkaserver_brokerstate', 'State of this broker; 3: it runs.', () => brokerRunning),
    ...ioFamilies('kafkaserver'),
    ...ioFamilies('controllerserver'),
    oneGauge('kafka_log_logmanager_offlinelogdirectorycount', 'Data directories that are offline.', ({ disks }) =>
      countOf(disks, ({ isOnline }) => !isOnline),
    ),
    gauge(
      'kafka_log_logmanager_logdirectoryoffline',
      ['logDirectory'],
      '1 if a data directory is offline.',
      byDisk(({ isOnline }) => flag(!isOnline)),
    ),
    oneGauge('kafka_log_logmanager_cordonedlogdirectorycount', 'Data directories that take no new partitions.', seen =>
      countOf(seen.disks, ({ path }) => isCordoned(seen, path)),
    ),
    gauge(
      'kafka_log_logmanager_logdirectorycordoned',
      ['logDirectory'],
      '1 if a data directory takes no new partitions.',
      byDisk(({ path }, seen) => flag(isCordoned(seen, path))),
    ),
    gauge('kafka_server_delayedoperationpurgatory_purgatorysize', ['delayedOperation'], 'Requests that wait for data.', waiting),
    gauge(
      'kafka_server_delayedoperationpurgatory_numdelayedoperations',
      ['delayedOperation'],
      'Requests that wait for data.',
      waiting,
    ),
    oneGauge(
      'kafka_server_fetchsessioncache_numincrementalfetchsessions',
      'Fetch sessions.',
      ({ broker }) => broker.services.fetchSessions.size,
    ),
    oneGauge(
      'kafka_server_fetchsessioncache_numincrementalfetchpartitionscached',
      'Partitions of all fetch sessions.',
      ({ broker }) => broker.services.fetchSessions.partitionCount,
    ),
    oneGauge(
      'kafka_network_socketserver_networkprocessoravgidle_percent',
      'Of the time since the scrape before, how much the event loop waited; 0 to 1.',
      ({ process }) => process.idleRatio,
    ),
    oneGauge(
      'kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent',
      'Of the time since the scrape before, how much the event loop waited; 0 to 1.',
      ({ process }) => process.idleRatio,
    ),
    gauge(
      'kafka_network_processor_idle_percent',
      ['networkProcessor'],
      'Of the time since the scrape before, how much the event loop waited; 0 to 1.',
      ({ process }) => [{ labels: { networkProcessor: onlyProcessor }, value: process.idleRatio }],
    ),
  ],
}

/** The event loop stands for all network processors. */
export const onlyProcessor = 0

function waiting({ broker }: Seen): Sample[] {
  return [{ labels: { delayedOperation: 'Fetch' }, value: broker.services.waiting.parkedCount }]
}
