/**
 * The keys of Kafka that change nothing here, in groups by why; spread into the broker's table. They are known, so that a
 * configuration written for Kafka is read as it was meant: with its types and bounds, shown to tools, and with a word about what
 * it does not do. What is `moot` changes nothing in a Kafka either that has one node and the same features.
 */

import type { ConfigKey, Effect, KeyTraits } from './key.js'
import * as rows from './key.js'

const { longMax } = rows

const boolean = (value: boolean, traits?: KeyTraits) => rows.boolean(value, '', traits)
const int = (value: number | null, traits?: KeyTraits) => rows.int(value, '', traits)
const short = (value: number, traits?: KeyTraits) => rows.short(value, '', traits)
const long = (value: number | null, traits?: KeyTraits) => rows.long(value, '', traits)
const double = (value: number, traits?: KeyTraits) => rows.double(value, '', traits)
const text = (value: string | null, traits?: KeyTraits) => rows.text(value, '', traits)
const list = (value: readonly string[] | null, traits?: KeyTraits) => rows.list(value, '', traits)
const javaClass = (value: string | null, traits?: KeyTraits) => rows.javaClass(value, '', traits)
const password = () => rows.password('')

function group<Rows extends Readonly<Record<string, ConfigKey<unknown>>>>(effect: Effect, doc: string, table: Rows): Rows {
  return Object.fromEntries(Object.entries(table).map(([name, row]) => [name, { ...row, effect, doc }])) as Rows
}

/** Keys of a feature that is not there, but only in this version: who sets them expects it. */
function unserved<Rows extends Readonly<Record<string, ConfigKey<unknown>>>>(doc: string, table: Rows): Rows {
  const rows = Object.entries(group('moot', doc, table))
  return Object.fromEntries(rows.map(([name, row]) => [name, { ...row, unserved: true }])) as Rows
}

const betweenBrokers = group('moot', 'Between brokers, of which there is one.', {
  'alter.log.dirs.replication.quota.window.num': int(11, { min: 1 }),
  'alter.log.dirs.replication.quota.window.size.seconds': int(1, { min: 1 }),
  'auto.leader.rebalance.enable': boolean(true),
  'broker.heartbeat.interval.ms': int(2000),
  'broker.session.timeout.ms': int(9000),
  'controlled.shutdown.enable': boolean(true),
  'controller.performance.always.log.threshold.ms': long(2000, { min: 0, hidden: true }),
  'controller.performance.sample.period.ms': long(60_000, { min: 100, hidden: true }),
  'controller.quorum.append.linger.ms': int(25, { min: 0 }),
  'controller.quorum.auto.join.enable': boolean(false),
  'controller.quorum.election.backoff.max.ms': int(1000, { min: 0 }),
  'controller.quorum.election.timeout.ms': int(1000, { min: 0 }),
  'controller.quorum.fetch.max.bytes': int(1_048_576, { min: 1 }),
  'controller.quorum.fetch.snapshot.max.bytes': int(1_048_576, { min: 1 }),
  'controller.quorum.fetch.timeout.ms': int(2000, { min: 0 }),
  'controller.quorum.request.timeout.ms': int(2000, { min: 0 }),
  'controller.quorum.retry.backoff.ms': int(20, { min: 0 }),
  'controller.socket.timeout.ms': int(30_000),
  'early.start.listeners': list(null),
  'initial.broker.registration.timeout.ms': int(60_000),
  'leader.imbalance.check.interval.seconds': long(300, { min: 1 }),
  'metadata.max.idle.interval.ms': int(500, { min: 0 }),
  'num.replica.alter.log.dirs.threads': int(null),
  'num.replica.fetchers': int(1, { min: 1, dynamic: 'cluster-wide' }),
  'replica.fetch.backoff.ms': int(1000, { min: 0 }),
  'replica.fetch.max.bytes': int(1_048_576, { min: 0 }),
  'replica.fetch.min.bytes': int(1),
  'replica.fetch.response.max.bytes': int(10_485_760, { min: 0 }),
  'replica.fetch.wait.max.ms': int(500),
  'replica.high.watermark.checkpoint.interval.ms': long(5000),
  'replica.lag.time.max.ms': long(30_000),
  'replica.selector.class': text(null),
  'replica.socket.receive.buffer.bytes': int(65_536),
  'replica.socket.timeout.ms': int(30_000),
  'replication.quota.window.num': int(11, { min: 1 }),
  'replication.quota.window.size.seconds': int(1, { min: 1 }),
  'request.timeout.ms': int(30_000),
  'socket.connection.setup.timeout.max.ms': long(30_000),
  'socket.connection.setup.timeout.ms': long(10_000),
  'unclean.leader.election.interval.ms': long(300_000, { min: 1, hidden: true }),
})

const asClient = group('moot', 'How a broker logs in at another one. There is one broker.', {
  'sasl.login.connect.timeout.ms': int(null),
  'sasl.login.read.timeout.ms': int(null),
  'sasl.login.refresh.buffer.seconds': short(300, { dynamic: 'per-broker' }),
  'sasl.login.refresh.min.period.seconds': short(60, { dynamic: 'per-broker' }),
  'sasl.login.refresh.window.factor': double(0.8, { dynamic: 'per-broker' }),
  'sasl.login.refresh.window.jitter': double(0.05, { dynamic: 'per-broker' }),
  'sasl.login.retry.backoff.max.ms': long(10_000),
  'sasl.login.retry.backoff.ms': long(100),
  'sasl.mechanism.controller.protocol': text('GSSAPI'),
  'sasl.oauthbearer.assertion.algorithm': text('RS256'),
  'sasl.oauthbearer.assertion.claim.aud': text(null),
  'sasl.oauthbearer.assertion.claim.exp.seconds': int(300, { min: 0, max: 86_400 }),
  'sasl.oauthbearer.assertion.claim.iss': text(null),
  'sasl.oauthbearer.assertion.claim.jti.include': boolean(false),
  'sasl.oauthbearer.assertion.claim.nbf.seconds': int(60, { min: 0, max: 3600 }),
  'sasl.oauthbearer.assertion.claim.sub': text(null),
  'sasl.oauthbearer.assertion.file': text(null),
  'sasl.oauthbearer.assertion.private.key.file': text(null),
  'sasl.oauthbearer.assertion.private.key.passphrase': password(),
  'sasl.oauthbearer.assertion.template.file': text(null),
  'sasl.oauthbearer.client.credentials.client.id': text(null),
  'sasl.oauthbearer.client.credentials.client.secret': password(),
  'sasl.oauthbearer.scope': text(null),
  'sasl.oauthbearer.token.endpoint.url': text(null),
})

const foreignProtection = group('refused', 'Kerberos, and Java classes that authenticate.', {
  'sasl.client.callback.handler.class': javaClass(null),
  'sasl.kerberos.kinit.cmd': text('/usr/bin/kinit'),
  'sasl.kerberos.min.time.before.relogin': long(60_000),
  'sasl.kerberos.principal.to.local.rules': list(['DEFAULT']),
  'sasl.kerberos.service.name': text(null),
  'sasl.kerberos.ticket.renew.jitter': double(0.05),
  'sasl.kerberos.ticket.renew.window.factor': double(0.8),
  'sasl.login.callback.handler.class': javaClass(null),
  'sasl.login.class': javaClass(null),
  'sasl.oauthbearer.allow.unverified.audience': boolean(false),
  'sasl.oauthbearer.allow.unverified.issuer': boolean(false),
  'sasl.oauthbearer.jwt.retriever.class': javaClass('org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever'),
  'sasl.oauthbearer.jwt.validator.class': javaClass('org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator'),
})

const tieredStorage = group('moot', 'There is no tiered storage.', {
  'follower.fetch.last.tiered.offset.enable': boolean(false, { dynamic: 'cluster-wide' }),
  'remote.fetch.max.wait.ms': int(500, { min: 1, dynamic: 'cluster-wide' }),
  'remote.list.offsets.request.timeout.ms': long(30_000, { min: 1, dynamic: 'cluster-wide' }),
  'remote.log.index.file.cache.total.size.bytes': long(1_073_741_824, { min: 1, dynamic: 'cluster-wide' }),
  'remote.log.index.file.cache.ttl.ms': long(900_000, { min: -1, hidden: true }),
  'remote.log.manager.copier.thread.pool.size': int(10, { min: 1, dynamic: 'cluster-wide' }),
  'remote.log.manager.copy.max.bytes.per.second': long(longMax, { min: 1, dynamic: 'cluster-wide' }),
  'remote.log.manager.copy.quota.window.num': int(11, { min: 1 }),
  'remote.log.manager.copy.quota.window.size.seconds': int(1, { min: 1 }),
  'remote.log.manager.expiration.thread.pool.size': int(10, { min: 1, dynamic: 'cluster-wide' }),
  'remote.log.manager.fetch.max.bytes.per.second': long(longMax, { min: 1, dynamic: 'cluster-wide' }),
  'remote.log.manager.fetch.quota.window.num': int(11, { min: 1 }),
  'remote.log.manager.fetch.quota.window.size.seconds': int(1, { min: 1 }),
  'remote.log.manager.follower.thread.pool.size': int(2, { min: 1, dynamic: 'cluster-wide' }),
  'remote.log.manager.task.interval.ms': long(30_000, { min: 1 }),
  'remote.log.manager.task.retry.backoff.max.ms': long(30_000, { min: 1, hidden: true }),
  'remote.log.manager.task.retry.backoff.ms': long(500, { min: 1, hidden: true }),
  'remote.log.manager.task.retry.jitter': double(0.2, { min: 0, max: 0.5, hidden: true }),
  'remote.log.manager.thread.pool.size': int(2, { min: 1 }),
  'remote.log.metadata.custom.metadata.max.bytes': int(128, { min: 0 }),
  'remote.log.metadata.manager.class.name': text(
    'org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager',
  ),
  'remote.log.metadata.manager.class.path': text(null),
  'remote.log.metadata.manager.impl.prefix': text('rlmm.config.'),
  'remote.log.metadata.manager.listener.name': text(null),
  'remote.log.reader.max.pending.tasks': int(100, { min: 1 }),
  'remote.log.reader.threads': int(10, { min: 1, dynamic: 'cluster-wide' }),
  'remote.log.storage.manager.class.name': text(null),
  'remote.log.storage.manager.class.path': text(null),
  'remote.log.storage.manager.impl.prefix': text('rsm.config.'),
  'remote.log.storage.system.enable': boolean(false),
})

const consumerGroups = group('moot', 'Assignments are computed in slices, in the same thread.', {
  'group.consumer.assignor.offload.enable': boolean(true, { hidden: true, dynamic: 'cluster-wide' }),
})

const shareGroups = unserved('Share groups (KIP-932) are not served yet.', {
  'errors.deadletterqueue.auto.create.topics.enable': boolean(false, { dynamic: 'cluster-wide' }),
  'errors.deadletterqueue.topic.name.prefix': text('dlq.', { dynamic: 'cluster-wide' }),
  'group.share.assignment.interval.ms': int(1000, { min: 0, dynamic: 'cluster-wide' }),
  'group.share.assignor.offload.enable': boolean(true, { hidden: true, dynamic: 'cluster-wide' }),
  'group.share.assignors': list(['simple']),
  'group.share.delivery.count.limit': int(5, { min: 2, max: 10 }),
  'group.share.dlq.manager.class.name': text('org.apache.kafka.server.share.dlq.DefaultShareGroupDLQManager', { hidden: true }),
  'group.share.heartbeat.interval.ms': int(5000, { min: 1 }),
  'group.share.initialize.retry.interval.ms': int(30_000, { min: 1, hidden: true }),
  'group.share.max.assignment.interval.ms': int(15_000, { min: 0 }),
  'group.share.max.delivery.count.limit': int(10, { min: 5, max: 25 }),
  'group.share.max.heartbeat.interval.ms': int(15_000, { min: 1 }),
  'group.share.max.partition.max.record.locks': int(4000, { min: 2000, max: 10_000 }),
  'group.share.max.record.lock.duration.ms': int(60_000, { min: 30_000, max: 3_600_000 }),
  'group.share.max.session.timeout.ms': int(60_000, { min: 1 }),
  'group.share.max.share.sessions': int(2000, { min: 1 }),
  'group.share.max.size': int(200, { min: 1, max: 1000 }),
  'group.share.min.assignment.interval.ms': int(0, { min: 0 }),
  'group.share.min.delivery.count.limit': int(2, { min: 2, max: 5 }),
  'group.share.min.heartbeat.interval.ms': int(5000, { min: 1 }),
  'group.share.min.partition.max.record.locks': int(100, { min: 100, max: 2000 }),
  'group.share.min.record.lock.duration.ms': int(15_000, { min: 1000, max: 30_000 }),
  'group.share.min.session.timeout.ms': int(45_000, { min: 1 }),
  'group.share.partition.max.record.locks': int(2000, { min: 100, max: 10_000 }),
  'group.share.persister.class.name': text('org.apache.kafka.server.share.persister.DefaultStatePersister', { hidden: true }),
  'group.share.record.lock.duration.ms': int(30_000, { min: 1000, max: 3_600_000 }),
  'group.share.session.timeout.ms': int(45_000, { min: 1 }),
  'share.coordinator.append.linger.ms': int(-1, { min: -1 }),
  'share.coordinator.cached.buffer.max.bytes': int(1_048_588, { min: 524_288, dynamic: 'cluster-wide' }),
  'share.coordinator.cold.partition.snapshot.interval.ms': int(300_000, { min: 1, hidden: true }),
  'share.coordinator.load.buffer.size': int(5_242_880, { min: 1 }),
  'share.coordinator.snapshot.update.records.per.snapshot': int(500, { min: 0, max: 500 }),
  'share.coordinator.state.topic.compression.codec': int(0),
  'share.coordinator.state.topic.num.partitions': int(50, { min: 1 }),
  'share.coordinator.state.topic.prune.interval.ms': int(300_000, { min: 1, hidden: true }),
  'share.coordinator.state.topic.segment.bytes': int(104_857_600, { min: 1 }),
  'share.coordinator.threads': int(1, { min: 1 }),
  'share.coordinator.write.timeout.ms': int(5000, { min: 1 }),
  'share.fetch.purgatory.purge.interval.requests': int(1000),
})

const streamsGroups = group('moot', 'As in Kafka 4.4: no assignor hands out warm-up tasks, and no description is stored.', {
  'group.streams.assignor.offload.enable': boolean(true, { hidden: true, dynamic: 'cluster-wide' }),
  'group.streams.max.warmup.replicas': int(20, { min: 0, hidden: true }),
  'group.streams.num.warmup.replicas': int(2, { min: 0, hidden: true }),
  'group.streams.topology.description.plugin.class': javaClass(null),
})

const metadataLog = group('none', 'The metadata log is in one piece, without snapshots.', {
  'internal.metadata.delete.delay.millis': long(60_000, { hidden: true }),
  'internal.metadata.log.segment.bytes': int(null, { hidden: true }),
  'internal.metadata.max.batch.size.in.bytes': int(8_388_608, { hidden: true }),
  'metadata.log.max.record.bytes.between.snapshots': long(20_971_520, { min: 1 }),
  'metadata.log.max.snapshot.interval.ms': long(3_600_000, { min: 0 }),
  'metadata.log.segment.bytes': int(1_073_741_824, { min: 8_388_608 }),
  'metadata.log.segment.ms': long(604_800_000),
  'metadata.max.retention.bytes': long(104_857_600),
  'metadata.max.retention.ms': long(604_800_000),
})

const threads = group('none', 'One event loop handles everything, without such queues.', {
  'background.threads': int(10, { min: 1 }),
  'delete.records.purgatory.purge.interval.requests': int(1),
  'fetch.purgatory.purge.interval.requests': int(1000),
  'group.coordinator.append.linger.ms': int(-1, { min: -1 }),
  'group.coordinator.background.threads': int(2, { min: 1 }),
  'group.coordinator.cached.buffer.max.bytes': int(1_048_588, { min: 524_288 }),
  'group.coordinator.threads': int(4, { min: 1 }),
  'offsets.load.buffer.size': int(5_242_880, { min: 1 }),
  'producer.purgatory.purge.interval.requests': int(1000),
  'queued.max.requests': int(500, { min: 1 }),
  'server.max.startup.time.ms': long(longMax, { min: 0, hidden: true }),
})

const metrics = group('none', 'There are no reporters of metrics.', {
  'kafka.metrics.polling.interval.secs': int(10, { min: 1 }),
  'kafka.metrics.reporters': list([]),
  'metric.reporters': list(['org.apache.kafka.common.metrics.JmxReporter']),
  'metrics.num.samples': int(2, { min: 1 }),
  'metrics.recording.level': text('INFO'),
  'metrics.sample.window.ms': long(30_000, { min: 1 }),
})

const logUpkeep = group('none', 'Looking after logs goes by its own pace.', {
  'log.cleaner.io.max.bytes.per.second': double(Number.MAX_VALUE),
  'log.dir.failure.timeout.ms': long(30_000, { min: 1 }),
  'log.flush.start.offset.checkpoint.interval.ms': int(60_000, { min: 0 }),
  'log.initial.task.delay.ms': long(30_000, { min: 0, hidden: true }),
  'offsets.topic.compression.codec': int(0),
  'producer.id.expiration.check.interval.ms': int(600_000, { min: 1, hidden: true }),
})

const development = group('none', 'For development of Kafka.', {
  'unstable.api.versions.enable': boolean(false, { hidden: true }),
  'unstable.feature.versions.enable': boolean(false, { hidden: true }),
})

const providers = group('refused', 'Classes that fetch values from elsewhere; the values would stay as they are written.', {
  'config.providers': list([], { mayRepeat: true }),
})

/** Rates that `kafka-reassign-partitions` sets; they exist as dynamic configs alone. */
const throttles = group('moot', 'Between brokers, of which there is one.', {
  'leader.replication.throttled.rate': long(null, { min: 0, hidden: true, dynamic: 'cluster-wide' }),
  'follower.replication.throttled.rate': long(null, { min: 0, hidden: true, dynamic: 'cluster-wide' }),
})

export const keysWithoutEffect = {
  ...betweenBrokers,
  ...asClient,
  ...foreignProtection,
  ...tieredStorage,
  ...consumerGroups,
  ...shareGroups,
  ...streamsGroups,
  ...metadataLog,
  ...threads,
  ...metrics,
  ...logUpkeep,
  ...development,
  ...providers,
  ...throttles,
}
