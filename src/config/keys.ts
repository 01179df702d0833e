/**
 * Every config key of the broker, one row each. Names, types, bounds and defaults are those of Kafka 4.4; where a default
 * differs on purpose the row carries Kafka's and says why. Gregor's own keys begin with "gregor.". Keys that give the
 * default of a topic config are derived from that topic config's row, so that the two cannot drift apart.
 */
import { httpKeys } from './http-keys.js'
import {
  boolean,
  type ConfigKey,
  choice,
  choices,
  double,
  int,
  javaClass,
  list,
  long,
  longMax,
  short,
  text,
  type ValueOf,
} from './key.js'
import { saslKeys } from './sasl-keys.js'
import { sslKeys } from './ssl-keys.js'
import { type TopicKey, topicKeys } from './topic-keys.js'
import { keysWithoutEffect } from './without-effect.js'

const int32Max = 2 ** 31 - 1

/** The broker-wide default of a topic config: same type, bounds and default, changeable while running as in Kafka. */
function forTopics<K extends TopicKey>(topicKey: K): (typeof topicKeys)[K] {
  const { brokerKeys: _, mayRepeat: __, ...row } = topicKeys[topicKey] as ConfigKey<unknown>
  return {
    ...row,
    ...(row.effect === 'none' ? {} : { dynamic: 'cluster-wide' }),
    doc: `Default of ${topicKey} for topics that do not set it. ${row.doc}`,
  } as (typeof topicKeys)[K]
}

export const brokerKeys = {
  // --- who and where ---
  'node.id': int(1, 'Id of this broker in Metadata and in group coordinators.', {
    min: 0,
    aliases: ['broker.id'],
    kafkaDefault: 'required',
  }),
  listeners: list(
    ['PLAINTEXT://127.0.0.1:9092'],
    'Addresses to listen on, as NAME://HOST:PORT. An empty host or 0.0.0.0 is every interface, port 0 a free port. Only the ' +
      'loopback interface by default, because this listener knows no authentication.',
    { kafkaDefault: 'PLAINTEXT://:9092' },
  ),
  'advertised.listeners': list(
    null,
    'Addresses advertised to clients, as NAME://HOST:PORT. Unset, each client gets the address on which it reached the broker.',
  ),
  'listener.security.protocol.map': text(
    'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    'Security protocol of each listener name: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.',
  ),
  'controller.listener.names': list(
    [],
    'Which of the listeners are a controller’s: on these the APIs of Kafka’s controllers are served, and no others, for what tools ' +
      'ask with --bootstrap-controller. Clients are not sent there.',
    { kafkaDefault: 'required' },
  ),
  'inter.broker.listener.name': text(
    null,
    'Listener for traffic between brokers. There is one broker; what max.connections says of this listener counts.',
  ),
  'security.inter.broker.protocol': choice(
    'PLAINTEXT',
    ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'],
    'Protocol between brokers; where it is set, a listener must speak it. The first one that does is the listener for brokers, of which ' +
      'max.connections says something, unless inter.broker.listener.name names another.',
  ),
  'sasl.mechanism.inter.broker.protocol': choice(
    'GSSAPI',
    ['GSSAPI', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'],
    'SASL mechanism between brokers. There is one broker.',
    { effect: 'moot' },
  ),
  'process.roles': list(['broker', 'controller'], 'Roles of this process. Gregor is always both.', {
    effect: 'moot',
    kafkaDefault: 'required',
  }),
  'controller.quorum.voters': list([], 'Members of Kafka’s controller quorum. There is none.', { effect: 'moot' }),
  'controller.quorum.bootstrap.servers': list([], 'Addresses of Kafka’s controller quorum. There is none.', { effect: 'moot' }),
  'broker.rack': text(null, 'Rack of this broker, as Metadata reports it.'),
  'log.dirs': list(
    null,
    'The data directories. A new partition goes to the one with the fewest; docs/administration.md says what happens when one ' +
      'fails. Unset, log.dir decides.',
  ),
  'metadata.log.dir': text(null, 'The directory of the cluster’s metadata; unset, the first of log.dirs.'),
  'cordoned.log.dirs': list([], 'Data directories that get no new partitions: some of log.dirs, or * for all.', {
    dynamic: 'per-broker',
  }),
  'replica.alter.log.dirs.io.max.bytes.per.second': long(
    null,
    'How many bytes a second are copied for partitions that are moved to another directory; unset, as many as the disks take.',
    { min: 0, hidden: true, dynamic: 'cluster-wide' },
  ),
  'log.dir': list(['./data'], 'The data directories, when log.dirs is not set.', { kafkaDefault: '/tmp/kafka-logs' }),

  // --- protection ---
  'authorizer.class.name': text(
    '',
    'The authorizer: org.apache.kafka.metadata.authorizer.StandardAuthorizer, which decides by the ACLs of the cluster. Without ' +
      'one everyone may do everything.',
  ),
  'super.users': text(
    '',
    'Principals that the authorizer allows everything, as type:name, with semicolons between them: User:admin;User:CN=broker.',
  ),
  'allow.everyone.if.no.acl.found': boolean(
    false,
    'Whether the authorizer allows everyone what concerns a resource that no ACL names.',
  ),
  'security.providers': text(null, 'Classes that provide security algorithms.', { effect: 'refused' }),
  'principal.builder.class': javaClass(
    'org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder',
    'Builds the principal of a connection. It is made as Kafka’s own builder makes it.',
    { effect: 'refused' },
  ),
  'create.topic.policy.class.name': javaClass(null, 'Policy that can reject the creation of a topic.', { effect: 'refused' }),
  'alter.config.policy.class.name': javaClass(null, 'Policy that can reject a config change.', { effect: 'refused' }),
  'client.quota.callback.class': javaClass(null, 'Callback that decides client quotas.', { effect: 'refused' }),

  // --- TLS ---
  ...sslKeys,

  // --- SASL ---
  ...saslKeys,

  // --- what Gregor adds ---
  'gregor.durability': choice(
    'fsync',
    ['fsync', 'os'],
    'What an acks=all acknowledgement means. fsync: the record is on stable storage. os: it is with the operating system, ' +
      'which survives a crash of the broker but not a power cut; this is what Kafka does by default. An ephemeral broker ' +
      'never syncs.',
  ),
  'gregor.validate.compressed': choice(
    'auto',
    ['auto', 'true', 'false'],
    'Decompress every produced batch and check its records, as Kafka does: count, structure, offsets, timestamps. auto: where ' +
      'native code does it; not zstd before Node 22.15, nor a codec whose package has no binary for the machine. false: only on ' +
      'compacted topics and where a batch is converted. A batch that is not decompressed must have a header that is possible for its ' +
      'bytes. The check takes 1 to 2 ms per megabyte of records, 20 for zstd before Node 22.15.',
  ),
  'gregor.send.path': choice(
    'auto',
    ['auto', 'sendfile', 'copy'],
    'How fetched records reach the socket. sendfile: by the kernel, straight from the segment file (Linux). copy: read and ' +
      'written. auto: sendfile where it works.',
  ),
  'gregor.handshake.timeout.ms': long(
    10_000,
    'How long a client may take from connecting until TLS is set up and it has authenticated by SASL; then it is disconnected.',
    { min: 1, max: 2_147_483_647 },
  ),
  ...httpKeys,
  'gregor.traces.excluded.apis': list(
    ['Produce', 'Fetch'],
    'APIs whose requests are not traced while OpenTelemetry is on, by the names of Kafka’s protocol. Without Produce in it, its spans are ' +
      'linked with those that the headers of the records name.',
  ),
  'gregor.log.level': choice('info', ['debug', 'info', 'warn', 'error'], 'The least important lines that are logged.'),

  // --- topics ---
  'num.partitions': int(1, 'Default number of partitions for a new topic.', { min: 1 }),
  'default.replication.factor': int(1, 'Default replication factor for a new topic. One broker: 1.', { min: 1 }),
  'auto.create.topics.enable': boolean(true, 'Create a topic when a client that allows it asks for one that does not exist.'),
  'delete.topic.enable': boolean(true, 'Whether topics can be deleted.'),
  'max.request.partition.size.limit': int(2000, 'Most partitions in one DescribeTopicPartitions answer.', { min: 1 }),

  // --- the log: defaults of topic configs ---
  'log.cleanup.policy': forTopics('cleanup.policy'),
  'compression.type': forTopics('compression.type'),
  'compression.gzip.level': forTopics('compression.gzip.level'),
  'compression.lz4.level': forTopics('compression.lz4.level'),
  'compression.zstd.level': forTopics('compression.zstd.level'),
  'log.segment.bytes': forTopics('segment.bytes'),
  'log.roll.ms': long(null, 'Default of segment.ms in milliseconds. Unset, log.roll.hours decides.', {
    min: 1,
    dynamic: 'cluster-wide',
  }),
  'log.roll.hours': int(168, 'Default of segment.ms in hours, when log.roll.ms is not set.', { min: 1 }),
  'log.roll.jitter.ms': long(null, 'Default of segment.jitter.ms. Unset, log.roll.jitter.hours decides.', {
    min: 0,
    dynamic: 'cluster-wide',
  }),
  'log.roll.jitter.hours': int(0, 'Default of segment.jitter.ms in hours, when log.roll.jitter.ms is not set.', { min: 0 }),
  'log.index.interval.bytes': forTopics('index.interval.bytes'),
  'log.index.size.max.bytes': forTopics('segment.index.bytes'),
  'message.max.bytes': forTopics('max.message.bytes'),
  'max.decompressed.message.bytes': forTopics('max.decompressed.message.bytes'),
  'log.message.timestamp.type': forTopics('message.timestamp.type'),
  'log.message.timestamp.before.max.ms': forTopics('message.timestamp.before.max.ms'),
  'log.message.timestamp.after.max.ms': forTopics('message.timestamp.after.max.ms'),
  'log.retention.bytes': forTopics('retention.bytes'),
  'log.retention.ms': long(null, 'Default of retention.ms; -1 is no limit. Unset, log.retention.minutes decides.', {
    min: -1,
    dynamic: 'cluster-wide',
  }),
  'log.retention.minutes': int(null, 'Default of retention.ms in minutes. Unset, log.retention.hours decides.', {
    min: -1,
  }),
  'log.retention.hours': int(168, 'Default of retention.ms in hours, when neither of the finer keys is set.', {
    min: -1,
  }),
  'log.retention.check.interval.ms': long(300_000, 'How often logs are checked for segments to delete.', { min: 1 }),
  'log.segment.delete.delay.ms': forTopics('file.delete.delay.ms'),
  'log.cleaner.enable': boolean(true, 'Whether compaction runs.'),
  'log.cleaner.delete.retention.ms': forTopics('delete.retention.ms'),
  'log.cleaner.min.cleanable.ratio': forTopics('min.cleanable.dirty.ratio'),
  'log.cleaner.min.compaction.lag.ms': forTopics('min.compaction.lag.ms'),
  'log.cleaner.max.compaction.lag.ms': forTopics('max.compaction.lag.ms'),
  'log.cleaner.backoff.ms': long(15_000, 'How long the cleaner sleeps when there is nothing to compact.', {
    min: 0,
    dynamic: 'cluster-wide',
  }),
  'log.cleaner.threads': int(1, 'Threads that compact. Gregor compacts in slices between requests.', {
    min: 0,
    effect: 'none',
  }),
  'log.cleaner.dedupe.buffer.size': long(
    134_217_728,
    'Memory for the keys of one compaction run, 24 bytes each; held only while it runs.',
    { dynamic: 'cluster-wide' },
  ),
  'log.cleaner.io.buffer.load.factor': double(0.9, 'How full the dedupe buffer may get.', { dynamic: 'cluster-wide' }),
  'log.cleaner.io.buffer.size': int(524_288, 'Compaction buffers this much before it writes.', {
    min: 0,
    dynamic: 'cluster-wide',
  }),
  'log.flush.interval.messages': forTopics('flush.messages'),
  'log.flush.interval.ms': long(null, 'Default of flush.ms. gregor.durability decides instead.', { effect: 'none' }),
  'log.flush.scheduler.interval.ms': long(longMax, 'How often to look for logs to sync. gregor.durability decides instead.', {
    effect: 'none',
  }),
  'log.flush.offset.checkpoint.interval.ms': int(60_000, 'How often the recovery point is checkpointed.', {
    min: 0,
    effect: 'none',
  }),
  'log.preallocate': forTopics('preallocate'),
  'log.local.retention.bytes': forTopics('local.retention.bytes'),
  'log.local.retention.ms': forTopics('local.retention.ms'),
  'log.remote.copy.lag.bytes': forTopics('remote.copy.lag.bytes'),
  'log.remote.copy.lag.ms': forTopics('remote.copy.lag.ms'),
  'min.insync.replicas': forTopics('min.insync.replicas'),
  'unclean.leader.election.enable': forTopics('unclean.leader.election.enable'),
  'num.recovery.threads.per.data.dir': int(2, 'Threads for recovery at start. Gregor recovers in one.', {
    min: 1,
    effect: 'none',
  }),
  'producer.id.expiration.ms': int(86_400_000, 'The state of a producer that has written nothing for this long expires.', {
    min: 1,
    dynamic: 'cluster-wide',
  }),

  // --- groups and their offsets ---
  'group.min.session.timeout.ms': int(6000, 'Shortest session timeout a group member may ask for.'),
  'group.max.session.timeout.ms': int(1_800_000, 'Longest session timeout a group member may ask for.'),
  'group.initial.rebalance.delay.ms': int(
    100,
    'How long the first rebalance of an empty group waits for more members; each new member extends it. Members ' +
      'that start together join one generation, and a single member hardly waits. Kafka’s 3000 suits members that start on many ' +
      'machines; with 0 the first member learns of the second only at its next heartbeat, seconds later.',
    { kafkaDefault: '3000' },
  ),
  'group.max.size': int(int32Max, 'Most members in one group.', { min: 1 }),
  'offset.metadata.max.bytes': int(4096, 'Longest metadata string with a committed offset.'),
  'offsets.topic.num.partitions': int(50, 'Partitions of __consumer_offsets; fixed once the topic exists.', { min: 1 }),
  'offsets.topic.segment.bytes': int(104_857_600, 'segment.bytes of __consumer_offsets when it is created.', { min: 1 }),
  'offsets.topic.replication.factor': short(1, 'Replication factor of __consumer_offsets. One broker: 1, whatever is set.', {
    min: 1,
    effect: 'none',
    kafkaDefault: '3',
  }),
  'offsets.retention.minutes': int(10_080, 'Committed offsets of a group that became empty are kept for this long.', { min: 1 }),
  'offsets.retention.check.interval.ms': long(600_000, 'How often to look for committed offsets to expire.', { min: 1 }),
  'offsets.commit.timeout.ms': int(5000, 'Longest wait for an offset commit to become durable.', { min: 1, effect: 'none' }),
  'group.coordinator.rebalance.protocols': choices(
    ['classic', 'consumer', 'streams'],
    ['consumer', 'classic', 'share', 'streams'],
    'Group protocols offered to clients: classic; consumer (KIP-848), for which group.version must be 1, too; and streams ' +
      '(KIP-1071), for which streams.version must be 1.',
  ),

  // --- consumer groups ---
  'group.consumer.session.timeout.ms': int(45_000, 'A member that is silent for this long has left.', { min: 1 }),
  'group.consumer.min.session.timeout.ms': int(45_000, 'Least session timeout that a group may set for itself.', { min: 1 }),
  'group.consumer.max.session.timeout.ms': int(60_000, 'Longest session timeout that a group may set for itself.', { min: 1 }),
  'group.consumer.heartbeat.interval.ms': int(5000, 'How often a member is told to send a heartbeat.', { min: 1 }),
  'group.consumer.min.heartbeat.interval.ms': int(5000, 'Least heartbeat interval that a group may set for itself.', { min: 1 }),
  'group.consumer.max.heartbeat.interval.ms': int(15_000, 'Longest heartbeat interval that a group may set for itself.', {
    min: 1,
  }),
  'group.consumer.assignment.interval.ms': int(
    0,
    'Least time between two assignments of a group: what happens meanwhile waits for the next. 0 assigns at once, which makes ' +
      'tests quick.',
    { min: 0, dynamic: 'cluster-wide', kafkaDefault: '1000' },
  ),
  'group.consumer.min.assignment.interval.ms': int(0, 'Least interval that a group may set for itself.', { min: 0 }),
  'group.consumer.max.assignment.interval.ms': int(15_000, 'Longest interval that a group may set for itself.', { min: 0 }),
  'group.consumer.assignors': list(
    ['uniform', 'range'],
    'Assignors that members may ask for, uniform and range; the first is that of groups whose members ask for none.',
  ),
  'group.consumer.max.size': int(int32Max, 'Most members of a group.', { min: 1 }),
  'group.consumer.migration.policy': text(
    'bidirectional',
    'Whether a group turns into one of the other protocol while members are in it: upgrade lets members of the consumer protocol ' +
      'into a classic group, downgrade makes a group classic when the last of them has gone; bidirectional, disabled.',
  ),
  'group.consumer.regex.refresh.interval.ms': int(
    600_000,
    'How often topics are matched again with the regular expressions of members, for what is not told here: a topic that is new ' +
      'is matched at once.',
    { min: 10_000, hidden: true },
  ),

  // --- streams groups ---
  'group.streams.session.timeout.ms': int(45_000, 'A member that is silent for this long has left.', { min: 1 }),
  'group.streams.min.session.timeout.ms': int(45_000, 'Least session timeout that a group may set for itself.', { min: 1 }),
  'group.streams.max.session.timeout.ms': int(60_000, 'Longest session timeout that a group may set for itself.', { min: 1 }),
  'group.streams.heartbeat.interval.ms': int(5000, 'How often a member is told to send a heartbeat.', { min: 1 }),
  'group.streams.min.heartbeat.interval.ms': int(5000, 'Least heartbeat interval that a group may set for itself.', { min: 1 }),
  'group.streams.max.heartbeat.interval.ms': int(15_000, 'Longest heartbeat interval that a group may set for itself.', {
    min: 1,
  }),
  'group.streams.assignment.interval.ms': int(
    0,
    'Least time between two assignments of a group: what happens meanwhile waits for the next. 0 assigns at once, which makes ' +
      'tests quick.',
    { min: 0, dynamic: 'cluster-wide', kafkaDefault: '1000' },
  ),
  'group.streams.min.assignment.interval.ms': int(0, 'Least interval that a group may set for itself.', { min: 0 }),
  'group.streams.max.assignment.interval.ms': int(15_000, 'Longest interval that a group may set for itself.', { min: 0 }),
  'group.streams.initial.rebalance.delay.ms': int(
    0,
    'How long the first assignment of a new group waits for more members. 0 assigns at once, which makes tests quick.',
    { min: 0, kafkaDefault: '3000' },
  ),
  'group.streams.max.size': int(int32Max, 'Most members of a group.', { min: 1 }),
  'group.streams.assignors': list(['sticky'], 'Assignors that a group may choose from; there is one, sticky.'),
  'group.streams.num.standby.replicas': int(0, 'Standby copies of each task with a state, in other processes.', { min: 0 }),
  'group.streams.max.standby.replicas': int(2, 'Most standby copies that a group may set for itself.', { min: 0 }),
  'group.streams.rack.aware.assignment.tags': list(
    [],
    'Tags that clients should have: who lacks one is told so. As in Kafka, tasks are not spread over them yet.',
  ),
  'group.streams.task.offset.interval.ms': int(60_000, 'How often members tell how far they are with the state of tasks.', {
    min: 1,
    hidden: true,
  }),
  'group.streams.min.task.offset.interval.ms': int(15_000, 'Least interval that a group may set for itself.', {
    min: 1,
    hidden: true,
  }),
  'group.streams.acceptable.recovery.lag': long(10_000, 'Lag up to which members count a task as caught up; told to them.', {
    min: 0,
    hidden: true,
  }),

  // --- transactions ---
  'transaction.max.timeout.ms': int(900_000, 'Longest transaction timeout that a producer may ask for.', { min: 1 }),
  'transactional.id.expiration.ms': int(
    604_800_000,
    'A transactional id without a transaction for this long is forgotten; its producer gets a new identity.',
    { min: 1 },
  ),
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': int(
    10_000,
    'How often to look for transactions that have taken longer than their timeout, to abort them.',
    { min: 1 },
  ),
  'transaction.remove.expired.transaction.cleanup.interval.ms': int(
    3_600_000,
    'How often to look for transactional ids that have expired.',
    { min: 1 },
  ),
  'transaction.partition.verification.enable': boolean(
    true,
    'Ask before the first batch of a transaction is written whether the transaction is open (KIP-890). A client that adds ' +
      'partitions to its transaction by writing to them is asked in any case.',
    { dynamic: 'cluster-wide' },
  ),
  'transaction.two.phase.commit.enable': boolean(
    false,
    'Transactions that end in two phases (KIP-939). Not there; true refuses the start.',
  ),
  'add.partitions.to.txn.retry.backoff.ms': int(
    20,
    'Pause before a partition is added again, because the transaction before has not ended.',
    { min: 1 },
  ),
  'add.partitions.to.txn.retry.backoff.max.ms': int(100, 'How long to try that before the client is told.', { min: 0 }),
  'transaction.state.log.num.partitions': int(50, 'Partitions of __transaction_state; fixed once the topic exists.', { min: 1 }),
  'transaction.state.log.segment.bytes': int(104_857_600, 'segment.bytes of __transaction_state when it is created.', { min: 1 }),
  'transaction.state.log.load.buffer.size': int(5_242_880, 'Bytes read at a time when __transaction_state is loaded.', {
    min: 1,
    effect: 'none',
  }),
  'transaction.state.log.replication.factor': short(1, 'Replication factor of __transaction_state. One broker: 1.', {
    min: 1,
    effect: 'none',
    kafkaDefault: '3',
  }),
  'transaction.state.log.min.isr': int(1, 'min.insync.replicas of __transaction_state. One broker: 1.', {
    min: 1,
    kafkaDefault: '2',
  }),
  'gregor.transaction.version': int(
    2,
    'Level of the feature transaction.version in a new data directory; UpdateFeatures (kafka-features) changes it. 2 is KIP-890 ' +
      'for clients that know it (Java from 4.0 on), while others keep the older protocol; below 2 all of them do. 0 writes ' +
      '__transaction_state as Kafka before 4.0 reads it.',
    { min: 0, max: 2 },
  ),

  // --- share groups ---
  'share.coordinator.state.topic.replication.factor': short(1, 'Replication factor of __share_group_state. One broker: 1.', {
    min: 1,
    effect: 'moot',
    kafkaDefault: '3',
  }),
  'share.coordinator.state.topic.min.isr': short(1, 'min.insync.replicas of __share_group_state. One broker: 1.', {
    min: 1,
    effect: 'moot',
    kafkaDefault: '2',
  }),

  // --- network ---
  'socket.request.max.bytes': int(104_857_600, 'Largest request; a connection that announces a larger one is closed.', {
    min: 1,
  }),
  'connections.max.idle.ms': long(600_000, 'A connection that is silent for this long is closed.'),
  'max.connections': int(
    int32Max,
    'Most connections at a time, of all listeners and of each. Further ones wait. The listener for brokers, where there are others, is ' +
      'bounded by its own alone: for a connection of it the least recently used one of the others closes.',
    { min: 0, perListener: true, dynamic: 'cluster-wide' },
  ),
  'max.connection.creation.rate': int(
    int32Max,
    'Most connections a second, of all listeners and of each; ten seconds’ worth may come at once. Further ones wait.',
    { min: 0, perListener: true, dynamic: 'cluster-wide' },
  ),
  'max.connections.per.ip': int(int32Max, 'Most connections at a time from one address; further ones are closed.', {
    min: 0,
    dynamic: 'cluster-wide',
  }),
  'max.connections.per.ip.overrides': text(
    '',
    'The same for single hosts, as in host1:100,127.0.0.1:200. Names are looked up when it is set.',
    { dynamic: 'cluster-wide' },
  ),
  'queued.max.request.bytes': long(
    -1,
    'Bytes of received requests that may be queued before the broker stops reading from clients; -1 is Gregor’s own bound.',
  ),
  'socket.listen.backlog.size': int(
    50,
    'Connections that the operating system holds before they are accepted, and as many wait for max.connections and ' +
      'max.connection.creation.rate.',
    { min: 1 },
  ),
  'socket.send.buffer.bytes': int(
    102_400,
    'SO_SNDBUF of client connections, where sendfile(2) is used too; -1 keeps the operating system’s own tuning.',
    { min: -1 },
  ),
  'socket.receive.buffer.bytes': int(
    -1,
    'SO_RCVBUF of client connections, where sendfile(2) is used too; -1 keeps the operating system’s own tuning.',
    { min: -1, kafkaDefault: '102400' },
  ),
  'fetch.max.bytes': int(57_671_680, 'Most bytes in one Fetch answer, whatever the client allows.', { min: 1024 }),
  'max.incremental.fetch.session.cache.slots': int(1000, 'Most incremental fetch sessions kept.', { min: 0 }),
  'num.network.threads': int(3, 'Threads that serve the network. Gregor serves it from one event loop.', {
    min: 1,
    effect: 'none',
  }),
  'num.io.threads': int(8, 'Threads that handle requests. Gregor handles them in one event loop.', {
    min: 1,
    effect: 'none',
  }),
  'telemetry.max.bytes': int(1_048_576, 'Most bytes of metrics in one push of a client, also when they are decompressed.', {
    min: 1,
  }),

  // --- quotas ---
  'quota.window.num': int(11, 'Samples that count of what clients use.', { min: 1 }),
  'quota.window.size.seconds': int(1, 'Length of each sample.', { min: 1 }),
  'controller.quota.window.num': int(11, 'Samples of the quota of controller mutations; with their length, its burst.', {
    min: 1,
  }),
  'controller.quota.window.size.seconds': int(1, 'Length of each of them.', { min: 1 }),

  ...keysWithoutEffect,
} satisfies Readonly<Record<string, ConfigKey<unknown>>>

/** Keys that may be given for one listener alone. */
export type ListenerKey =
  | keyof typeof sslKeys
  | Exclude<keyof typeof saslKeys, `delegation.${string}`>
  | 'max.connections'
  | 'max.connection.creation.rate'

export type BrokerKey = keyof typeof brokerKeys
export type BrokerValue<K extends BrokerKey> = ValueOf<(typeof brokerKeys)[K]>

export const brokerKeyNames = Object.keys(brokerKeys) as readonly BrokerKey[]

/** The key that `name` means, aliases included; null for a name that is no broker key. */
export function brokerKeyOf(name: string): BrokerKey | null {
  return Object.hasOwn(brokerKeys, name) ? (name as BrokerKey) : (keyOfAlias.get(name) ?? null)
}

const keyOfAlias: ReadonlyMap<string, BrokerKey> = new Map(
  brokerKeyNames.flatMap(key => ((brokerKeys[key] as ConfigKey<unknown>).aliases ?? []).map(alias => [alias, key] as const)),
)
