// Differences that were looked at. `why` accepts one and gives the reason, which run.ts --docs prints into
// docs/compatibility.md; `fault` names one that is still to be mended. The first rule that fits decides. What is not named
// here is new, and fails the run.
import { show } from './lib/compare.mjs'

const has = (one, text) => show(one.request).includes(text)
const resourceTypes = one => (one.request.resources ?? []).map(resource => resource.resourceType)
const isPlainIsolation = one => [0, 1, undefined].includes(one.request.isolationLevel)
const spelt = text => String(text).trim().toLowerCase().replaceAll(' ', '')
const ownSettings = [
  '(advertised\\.)?listeners',
  'log\\.dirs?',
  '(node|broker)\\.id',
  'process\\.roles',
  'controller\\.[a-z.]+',
  'socket\\.receive\\.buffer\\.bytes',
  '[a-z.]*replication\\.factor',
  'group\\.(initial\\.rebalance\\.delay\\.ms|coordinator\\.rebalance\\.protocols)',
  '(transaction\\.state\\.log|share\\.coordinator\\.state\\.topic)\\.min\\.isr',
]
const notThere = one => one.gregor === undefined
const onlyThere = one => one.kafka === undefined

const reasons = {
  elr: 'Kafka writes min.insync.replicas as a dynamic cluster default when eligible leader replicas are on; here it is a default',
  api: 'an API that is not implemented yet is not advertised',
  features: 'of the features, those that switch on what is not there yet are not offered',
  old: 'versions that Kafka 4 dropped are served',
  coordinators: 'no coordinator for share groups yet',
  fixed: 'a config that is not taken up while the broker runs is read-only, and changing it is refused (docs/config.md)',
  loggers: 'each of the two has loggers of its own beside the root, and another level at the start',
  brokerKeys: 'a broker config of Gregor’s own (gregor.…)',
  ownSettings: 'the two brokers are configured differently here, or a documented other default',
  words: "the documentation of a config is in Gregor's own words",
  compressed: 'before Node 22.15 the header of a zstd batch is believed (gregor.validate.compressed)',
  names: 'other topics are there: earlier mutations made them, at one of the two first',
  numbers: 'ids are numbered in another order after an earlier difference',
  internalContents: 'the internal topic holds other records',
  crash: 'Kafka fails with UNKNOWN_SERVER_ERROR on input that makes no sense',
  isolation: 'an isolation level that does not exist: Kafka fails, here it is read_uncommitted',
  negative: 'negative limits of bytes: Kafka fails, here they are 0',
  noTime: 'Kafka answers REQUEST_TIMED_OUT to a timeout of 0 or less and does the work all the same; here it is done in time',
  slowly: 'Kafka tells of a new group, topic or deletion a moment later; here the answer already knows',
  wholeBatches: 'a Fetch answer holds whole batches only; Kafka fills the rest of the limit with a part of the next one',
  silent: 'Kafka never answers, Gregor does',
  deltas: 'offsets inside an uncompressed batch are checked; Kafka stores wrong ones',
  spelling: 'a config is stored as it was understood; Kafka stores it as it was spelt',
  emptyOrNull: 'no aborted transactions, as an empty list or as null: the same to every client',
  order: 'two answers under one name come in another order',
  unknownCodec: 'a codec that does not exist, before Produce v7: the refusal tells the start of the log all the same',
  twoErrors: 'of two errors in one request the other one is told',
  nothingAsked: 'a topic that does not exist and of which nothing is committed is left out, as one that exists',
  classicEnd:
    'the epoch before one that an older client has ended a transaction with: Kafka takes it for a retry, here its producer is fenced',
  refusedIsGone:
    'a batch that the transaction coordinator refused holds nothing up; Kafka takes it for one that is still to come, and refuses ' +
    'what is behind it',
  unknownUser:
    'an unknown SCRAM user gets a salt, and fails at the last step as a wrong password does; in Kafka the first message tells',
  lateEndpoint:
    'Kafka fails on a member with an endpoint as long as source topics are missing; here it is told that they are, as any member',
  badToken: 'Kafka fails on a bearer token that makes no sense and closes the connection; here it is refused like any other',
  group: 'a group in what is pushed, which no message of OpenTelemetry has: Kafka passes over it, here it is refused',
  heardThere:
    'with a connection all clients are forgotten whose metrics came on it last; Kafka forgets one of them, the others after a while',
  intervals: 'groups are assigned at once unless configured otherwise, and without an initial delay, so that tests are quick',
  receiver: 'metrics of clients are received without a plug-in',
  atOnce: 'internal topics of streams groups are there before the answer, and in Kafka some time later',
  follows: 'follows from the differences above',
}

export const rules = [
  {
    api: 'StreamsGroupHeartbeat',
    label: /has an endpoint, and no source topics$/,
    path: /errorCode$/,
    why: reasons.lateEndpoint,
  },
  {
    api: 'DescribeConfigs',
    path: /configs\[(group\.)?(consumer|streams)\.(assignment\.interval|initial\.rebalance\.delay)\.ms\]\.synonyms\[\d\]\.value$/,
    why: reasons.intervals,
  },
  { api: 'DescribeConfigs', path: /configs\[metric\.reporters\]\.(value|configSource|synonyms)/, why: reasons.receiver },
  {
    api: 'StreamsGroupHeartbeat',
    when: one => one.title === 'rights-StreamsGroupHeartbeat-without-its-internal-topics',
    path: /^(memberEpoch|status|activeTasks)/,
    why: reasons.atOnce,
  },
  // -- not there yet
  { path: /configs\[min\.insync\.replicas\]\.(configSource|synonyms)/, why: reasons.elr },
  { api: 'DescribeConfigs', label: /^default broker$/, path: /configs\[min\.insync\.replicas\]$/, why: reasons.elr },
  { api: 'ApiVersions', path: /Features\[\w+(\.\w+)*\]$/, when: notThere, why: reasons.features },
  { api: 'ApiVersions', path: /^apiKeys\[\d+\]$/, when: notThere, why: reasons.api },
  { api: 'ApiVersions', path: /^apiKeys\[\d+\]\.minVersion$/, when: one => one.gregor < one.kafka, why: reasons.old },
  { api: 'UpdateFeatures', label: /= kraft.version/, path: /errorMessage$/, why: reasons.features },
  { api: 'FindCoordinator', when: one => one.request.keyType === 2, why: reasons.coordinators },
  { api: 'CreateTopics', label: /share state/, path: /errorCode$/, why: reasons.coordinators },
  { api: 'DescribeConfigs', path: /readOnly$/, when: one => one.kafka === false && one.gregor === true, why: reasons.fixed },
  { api: 'AlterConfigs', path: /errorCode$/, when: one => String(one.kafka).includes('while ELR is enabled'), why: reasons.elr },
  { api: 'DescribeConfigs', label: /^type 8$/, path: /configs\[root\]\.value$/, why: reasons.loggers },
  { api: 'IncrementalAlterConfigs', label: /^not taken up/, path: /errorCode$/, why: reasons.fixed },
  {
    api: 'DescribeConfigs',
    path: /configs\[[\w.$]+\]$/,
    when: one => resourceTypes(one).includes(8) && (notThere(one) || onlyThere(one)),
    why: reasons.loggers,
  },
  {
    api: 'DescribeConfigs',
    path: /configs\[(gregor\.|org\.apache\.kafka\.|super\.users|allow\.everyone)/,
    when: onlyThere,
    why: reasons.brokerKeys,
  },
  { api: 'DescribeConfigs', path: new RegExp(`configs\\[(${ownSettings.join('|')})\\]`), why: reasons.ownSettings },
  { api: 'DescribeConfigs', path: /documentation$/, when: one => typeof one.kafka === typeof one.gregor, why: reasons.words },

  // -- what the transcripts bring about
  { transcript: /^mutated-\w+Telemetry/, label: /clientInstanceId = abc/, path: /errorCode$/, why: reasons.heardThere },
  { api: 'PushTelemetry', label: /^a group$/, path: /errorCode$/, why: reasons.group },
  {
    api: 'DeleteTopics',
    transcript: /^mutated/,
    label: /topics = twice/,
    path: /responses\[\d\]\.errorCode/,
    why: reasons.order,
  },
  {
    api: 'DescribeTopicPartitions',
    path: /nextCursor$/,
    when: one => has(one, '2147483647'),
    why: 'a cursor beyond the last partition: in Kafka its index overflows, here the next topic follows',
  },
  {
    transcript: /^mutated/,
    when: one => one.api !== 'FindCoordinator' && ['x', 'no-such-thing', '0', '-1', 'range'].some(name => has(one, `:"${name}"`)),
    why: reasons.names,
  },
  {
    api: 'DescribeTopicPartitions',
    transcript: /^mutated/,
    when: one => one.request.topics.length === 0,
    why: reasons.names,
  },
  { api: /^(ListOffsets|Fetch)$/, transcript: /^mutated/, label: /__consumer_offsets/, why: reasons.internalContents },
  {
    api: 'DescribeConfigs',
    transcript: /^mutated/,
    label: /twice.*resourceType/,
    path: /results\[\d\]\.errorCode/,
    why: reasons.order,
  },
  { api: 'Fetch', path: /sessionId$/, label: /session/, why: reasons.numbers },

  // -- differences on purpose
  { api: 'Metadata', path: /^errorCode$/, when: one => one.kafka === -1 && has(one, '"name":null'), why: reasons.crash },
  { api: 'Metadata', label: /^no name, no id/, why: reasons.crash },
  { api: 'Produce', label: /codec [57] without/, path: /logStartOffset$/, why: reasons.unknownCodec },
  { api: 'Produce', label: /no bytes/, when: one => ![0, 1, -1].includes(one.request.acks), why: reasons.twoErrors },
  { api: 'ListOffsets', when: one => !isPlainIsolation(one), why: reasons.isolation },
  { api: 'OffsetCommit', label: /artitions = (empty|drop)/, when: notThere, why: reasons.nothingAsked },
  { api: 'DescribeTopicPartitions', label: /empty name/, why: reasons.crash },
  { transcript: /^fetch-waits/, label: /topic is deleted/, path: /abortedTransactions$/, why: reasons.emptyOrNull },
  { transcript: /^codecs/, label: /largest timestamp/, path: /offset$/, why: reasons.compressed },
  { api: 'Fetch', path: /errorCode$/, when: one => one.request.sessionEpoch === -1 && one.kafka === -1, why: reasons.crash },
  { transcript: /^no-time/, path: /errorCode$/, why: reasons.noTime },
  {
    transcript: /^each-field/,
    label: /timeoutMs = (0|-)/,
    path: /errorCode$/,
    when: one => one.kafka === 7,
    why: reasons.noTime,
  },
  { transcript: /^fetch-limits/, why: reasons.wholeBatches },
  { api: 'Fetch', path: /bytesLeft$/, when: one => one.gregor === 0, why: reasons.wholeBatches },
  { transcript: /^a-pending-member/, label: /with a pending member/, why: reasons.slowly },
  { api: 'Metadata', label: /^(creating|internal)$/, path: /errorCode$/, why: reasons.slowly },
  { api: 'Metadata', transcript: /^rights.*creates/, path: /errorCode$/, when: one => one.gregor === 0, why: reasons.slowly },
  { api: 'SyncGroup', when: one => one.normals[0].silent === true, why: reasons.silent },
  { path: /^silent$/, when: one => one.kafka === true, why: reasons.silent },
  { when: one => one.normals[0].silent === true, why: reasons.silent },
  {
    api: 'JoinGroup',
    label: /twice/,
    when: one => String(one.kafka).startsWith('-1') && one.gregor === 0,
    why: reasons.crash,
  },
  {
    api: 'IncrementalAlterConfigs',
    label: /operation|configOperation/,
    when: one => String(one.kafka).startsWith('-1'),
    why: reasons.crash,
  },
  {
    api: /^(Fetch|ListOffsets)$/,
    path: /errorCode$/,
    when: one => String(one.kafka) === '-1' && !isPlainIsolation(one),
    why: reasons.isolation,
  },
  { api: 'Fetch', when: one => String(one.normals[0].errorCode) !== '0' && !isPlainIsolation(one), why: reasons.isolation },
  { api: 'Fetch', label: /[mM]ax ?[bB]ytes.* -/, why: reasons.negative },
  { api: 'Produce', label: /^record deltas/, when: one => one.kafka === 0, why: reasons.deltas },
  {
    api: /^(CreateTopics|DescribeConfigs)$/,
    path: /value$/,
    when: one => [...new Set(spelt(one.kafka).split(','))].join() === one.gregor,
    why: reasons.spelling,
  },
  {
    api: 'EndTxn',
    label: /^Complete(Commit|Abort): (commit|abort) of the epoch before/,
    path: /errorCode$/,
    when: one => one.version === 5 && one.gregor === 90,
    why: reasons.classicEnd,
  },
  {
    api: 'Produce',
    label: /^after its end, not transactional/,
    path: /errorCode$/,
    when: one => String(one.kafka).startsWith('45') && one.gregor === 0,
    why: reasons.refusedIsGone,
  },
  { api: 'WriteTxnMarkers', path: /errorCode$/, when: one => one.kafka === -1, why: reasons.crash },
  {
    transcript: /^sasl-scram/,
    label: /(unknown user|user of the other mechanism|a token that is not there): (first|final)$/,
    why: reasons.unknownUser,
  },
  { transcript: /^sasl-oauthbearer/, label: /of another scheme|that is no JSON/, why: reasons.badToken },
  {
    api: 'AlterUserScramCredentials',
    label: /saltedPassword (of 0|= no bytes)/,
    when: one => one.kafka === -1,
    why: reasons.crash,
  },
  { api: 'CreateDelegationToken', label: /ownerPrincipal\w+ = null/, when: one => one.kafka === -1, why: reasons.crash },
  { api: 'CreateTopics', label: /=NaN/, why: 'NaN is no number for a config' },
  { api: 'Metadata', transcript: /^create-topics/, path: /~?p\d+\]|-(p\d+|q)\]/, why: reasons.follows },
]

export function verdictOf(one) {
  for (const { api, path, label, transcript, when, fault, why } of rules) {
    if (api !== undefined && !(api instanceof RegExp ? api.test(one.api) : api === one.api)) continue
    if (path !== undefined && !path.test(one.path)) continue
    if (label !== undefined && !label.test(one.label)) continue
    if (transcript !== undefined && !transcript.test(one.title)) continue
    if (when !== undefined && !when(one)) continue
    return { fault, why: why ?? `known difference: ${fault}` }
  }
  return undefined
}
