import { asBuffer, type Bytes } from '../../base/bytes.js'
import { decode, encode } from '../codec.js'
import {
  arrayOf,
  type Decoded,
  type Encodable,
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

// The records of __cluster_metadata that a broker without peers writes: topics, partitions, configs, blocks of producer
// ids. In KRaft's own form (KIP-631), so that Kafka's tools can read the log: the value is a frame of version, record key
// and record version, all varints, then the record; there is no record key in the Kafka sense.

export const TopicRecord = message({
  name: 'TopicRecord',
  versions: '0',
  flexible: '0+',
  fields: { name: string('0+'), topicId: uuid('0+') },
})

export const PartitionRecord = message({
  name: 'PartitionRecord',
  versions: '0-1',
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

export const ProducerIdsRecord = message({
  name: 'ProducerIdsRecord',
  versions: '0',
  flexible: '0+',
  fields: { brokerId: int32('0+'), brokerEpoch: int64('0+', { default: -1 }), nextProducerId: int64('0+') },
})

const kinds = {
  topic: { key: 2, version: 0, message: TopicRecord },
  partition: { key: 3, version: 1, message: PartitionRecord },
  config: { key: 4, version: 0, message: ConfigRecord },
  removeTopic: { key: 9, version: 0, message: RemoveTopicRecord },
  featureLevel: { key: 12, version: 0, message: FeatureLevelRecord },
  producerIds: { key: 15, version: 0, message: ProducerIdsRecord },
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

/** The record, or null for a kind that this broker does not know. Throws MalformedError when the bytes are broken. */
export function decodeMetadataRecord(value: Bytes): MetadataRecord | null {
  const reader = new Reader(asBuffer(value))
  if (reader.unsignedVarint() !== frameVersion) throw new MalformedError('metadata record of an unknown frame version')
  const key = reader.unsignedVarint()
  const version = reader.unsignedVarint()
  for (const [kind, { key: kindKey, message: schema }] of Object.entries(kinds)) {
    if (kindKey !== key) continue
    if (version > schema.versions.max) return null
    return { kind, ...decode(schema as Message, version, reader) } as MetadataRecord
  }
  return null
}
