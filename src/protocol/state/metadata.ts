import { asBuffer, type Bytes } from '../../base/bytes.js'
import { decode, encode } from '../codec.js'
import {
  array,
  arrayOf,
  bool,
  type Decoded,
  type Encodable,
  float64,
  int8,
  int16,
  int32,
  int64,
  type Message,
  message,
  string,
  uuid,
} from '../schema.js'
import { MalformedError, Reader, Writer } from '../wire.js'
import {
  AccessControlEntryRecord,
  DelegationTokenRecord,
  RemoveAccessControlEntryRecord,
  RemoveDelegationTokenRecord,
  RemoveUserScramCredentialRecord,
  UserScramCredentialRecord,
} from './access.js'

// The records of __cluster_metadata that matter to a broker without peers: topics, partitions, configs, blocks of producer
// ids; rights and users are in access.ts. In KRaft's own form (KIP-631), so that Kafka's tools can read the log, and a log that
// Kafka wrote can be read here: the value is a frame of version, record key and record version, all varints, then the record;
// there is no record key in the Kafka sense.

export const TopicRecord = message({
  name: 'TopicRecord',
  versions: '0',
  flexible: '0+',
  fields: { name: string('0+'), topicId: uuid('0+') },
})

export const PartitionRecord = message({
  name: 'PartitionRecord',
  versions: '0-2',
  flexible: '0+',
  fields: {
    partitionId: int32('0+', { default: -1 }),
    topicId: uuid('0+'),
    replicas: arrayOf('0+', 'int32'),
    isr: arrayOf('0+', 'int32'),
    removingReplicas: arrayOf('0+', 'int32'),
    addingReplicas: arrayOf('0+', 'int32'),
    leader: int32('0+', { default: -1 }),
    leaderRecoveryState: int8('0+', { tag: 0, tagged: '0+', default: 0 }),
    leaderEpoch: int32('0+', { default: -1 }),
    partitionEpoch: int32('0+', { default: -1 }),
    directories: arrayOf('1+', 'uuid'),
    eligibleLeaderReplicas: arrayOf('2+', 'int32', { nullable: '2+', default: null, tag: 1, tagged: '2+' }),
    lastKnownElr: arrayOf('2+', 'int32', { nullable: '2+', default: null, tag: 2, tagged: '2+' }),
  },
})

/** What it leaves out has not changed. */
export const PartitionChangeRecord = message({
  name: 'PartitionChangeRecord',
  versions: '0-2',
  flexible: '0+',
  fields: {
    partitionId: int32('0+', { default: -1 }),
    topicId: uuid('0+'),
    isr: arrayOf('0+', 'int32', { nullable: '0+', default: null, tag: 0, tagged: '0+' }),
    leader: int32('0+', { default: -2, tag: 1, tagged: '0+' }),
    replicas: arrayOf('0+', 'int32', { nullable: '0+', default: null, tag: 2, tagged: '0+' }),
    removingReplicas: arrayOf('0+', 'int32', { nullable: '0+', default: null, tag: 3, tagged: '0+' }),
    addingReplicas: arrayOf('0+', 'int32', { nullable: '0+', default: null, tag: 4, tagged: '0+' }),
    leaderRecoveryState: int8('0+', { default: -1, tag: 5, tagged: '0+' }),
    directories: arrayOf('1+', 'uuid', { nullable: '1+', default: null, tag: 8, tagged: '1+' }),
    eligibleLeaderReplicas: arrayOf('2+', 'int32', { nullable: '2+', default: null, tag: 6, tagged: '2+' }),
    lastKnownElr: arrayOf('2+', 'int32', { nullable: '2+', default: null, tag: 7, tagged: '2+' }),
  },
})

export const ConfigRecord = message({
  name: 'ConfigRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    resourceType: int8('0+'),
    resourceName: string('0+'),
    name: string('0+'),
    value: string('0+', { nullable: '0+' }),
  },
})

export const RemoveTopicRecord = message({
  name: 'RemoveTopicRecord',
  versions: '0',
  flexible: '0+',
  fields: { topicId: uuid('0+') },
})

export const FeatureLevelRecord = message({
  name: 'FeatureLevelRecord',
  versions: '0',
  flexible: '0+',
  fields: { name: string('0+'), featureLevel: int16('0+') },
})

/** [KIP-546] One quota of one entity: a user, a client id, both, or an address; a name of null is the default of its type. */
export const ClientQuotaRecord = message({
  name: 'ClientQuotaRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    entity: array('0+', { entityType: string('0+'), entityName: string('0+', { nullable: '0+' }) }),
    key: string('0+'),
    value: float64('0+', { default: 0 }),
    remove: bool('0+', { default: false }),
  },
})

export const ProducerIdsRecord = message({
  name: 'ProducerIdsRecord',
  versions: '0',
  flexible: '0+',
  fields: { brokerId: int32('0+'), brokerEpoch: int64('0+', { default: -1 }), nextProducerId: int64('0+') },
})

/** [KIP-868] Records between these two count together or, when the second one is missing or an abort, not at all. */
export const BeginTransactionRecord = message({
  name: 'BeginTransactionRecord',
  versions: '0',
  flexible: '0+',
  fields: { name: string('0+', { nullable: '0+', default: null, tag: 0, tagged: '0+' }) },
})

export const EndTransactionRecord = message({ name: 'EndTransactionRecord', versions: '0', flexible: '0+', fields: {} })

export const AbortTransactionRecord = message({
  name: 'AbortTransactionRecord',
  versions: '0',
  flexible: '0+',
  fields: { reason: string('0+', { nullable: '0+', default: null, tag: 0, tagged: '0+' }) },
})

const kinds = {
  topic: { key: 2, version: 0, message: TopicRecord },
  partition: { key: 3, version: 1, message: PartitionRecord },
  partitionChange: { key: 5, version: 1, message: PartitionChangeRecord },
  config: { key: 4, version: 0, message: ConfigRecord },
  removeTopic: { key: 9, version: 0, message: RemoveTopicRecord },
  featureLevel: { key: 12, version: 0, message: FeatureLevelRecord },
  clientQuota: { key: 14, version: 0, message: ClientQuotaRecord },
  producerIds: { key: 15, version: 0, message: ProducerIdsRecord },
  delegationToken: { key: 10, version: 0, message: DelegationTokenRecord },
  scramCredential: { key: 11, version: 0, message: UserScramCredentialRecord },
  acl: { key: 18, version: 0, message: AccessControlEntryRecord },
  removeAcl: { key: 19, version: 0, message: RemoveAccessControlEntryRecord },
  removeScramCredential: { key: 22, version: 0, message: RemoveUserScramCredentialRecord },
  removeDelegationToken: { key: 26, version: 0, message: RemoveDelegationTokenRecord },
  beginTransaction: { key: 23, version: 0, message: BeginTransactionRecord },
  endTransaction: { key: 24, version: 0, message: EndTransactionRecord },
  abortTransaction: { key: 25, version: 0, message: AbortTransactionRecord },
} as const
type Kinds = typeof kinds
type FieldsOf<K extends keyof Kinds> = Kinds[K]['message'] extends Message<infer F> ? F : never

export type MetadataRecord = { [K in keyof Kinds]: { readonly kind: K } & Decoded<FieldsOf<K>> }[keyof Kinds]
/** What a writer gives: fields with defaults may be left out. */
export type MetadataRecordInput = { [K in keyof Kinds]: { readonly kind: K } & Encodable<FieldsOf<K>> }[keyof Kinds]

const frameVersion = 1

export function encodeMetadataRecord(record: MetadataRecordInput): Bytes {
  const { key, version, message: schema } = kinds[record.kind]
  const writer = new Writer(256)
  writer.unsignedVarint(frameVersion)
  writer.unsignedVarint(key)
  writer.unsignedVarint(version)
  encode(schema as Message, version, writer, record as never)
  return writer.finish()
}

/**
 * Kinds that say something about brokers and controllers, of which there is one here: registrations, fencing, heartbeats of
 * the log. They are of no interest.
 */
const kindsOfNoInterest: ReadonlySet<number> = new Set([0, 1, 7, 8, 17, 20, 21, 27])

/**
 * The record; `'of no interest'`; or the key of a kind or a version that this broker does not know. Throws MalformedError when
 * the bytes are broken.
 */
export function decodeMetadataRecord(value: Bytes): MetadataRecord | 'of no interest' | number {
  const reader = new Reader(asBuffer(value))
  if (reader.unsignedVarint() !== frameVersion) throw new MalformedError('metadata record of an unknown frame version')
  const key = reader.unsignedVarint()
  const version = reader.unsignedVarint()
  for (const [kind, { key: kindKey, message: schema }] of Object.entries(kinds)) {
    if (kindKey !== key) continue
    if (version > schema.versions.max) return key
    return { kind, ...decode(schema as Message, version, reader) } as MetadataRecord
  }
  return kindsOfNoInterest.has(key) ? 'of no interest' : key
}
