/**
 * Shows the records of internal topics in words: committed offsets and groups of __consumer_offsets, the transactions of
 * __transaction_state, and the records of __cluster_metadata. Null for what this broker does not know; then the bytes are all
 * there is to show.
 */
import { asBuffer, type Bytes } from '../base/bytes.js'
import { brokerResource } from '../cluster/image.js'
import { clusterMetadataTopic } from '../cluster/topic-name.js'
import { isSecretConfig } from '../config/broker-config.js'
import { hiddenText as hidden } from '../config/key.js'
import { decode } from '../protocol/codec.js'
import { inRange, type Message } from '../protocol/schema.js'
import * as consumer from '../protocol/state/consumer-group.js'
import { GroupMetadataKey, GroupMetadataValue } from '../protocol/state/group.js'
import { decodeMetadataRecord } from '../protocol/state/metadata.js'
import { OffsetCommitKey, OffsetCommitValue } from '../protocol/state/offsets.js'
import * as streams from '../protocol/state/streams-group.js'
import { TransactionLogKey, TransactionLogValue } from '../protocol/state/transaction.js'
import { Reader } from '../protocol/wire.js'

export const offsetsTopic = '__consumer_offsets'
const transactionsTopic = '__transaction_state'

export function isDecodable(topic: string): boolean {
  return topic === offsetsTopic || topic === transactionsTopic || topic === clusterMetadataTopic
}

export interface DecodedRecord {
  readonly key: unknown
  readonly value: unknown
}

/** @throws MalformedError when the bytes are not what their type says. */
export function decodeInternal(topic: string, key: Bytes | null, value: Bytes | null): DecodedRecord | null {
  if (topic === clusterMetadataTopic) {
    if (value === null) return null
    const record = decodeMetadataRecord(value)
    if (typeof record !== 'object') return null
    // Passwords can be guessed with them, and a dump is shown around.
    const secrets = { salt: hidden, storedKey: hidden, serverKey: hidden }
    if (record.kind === 'scramCredential') return { key: null, value: { ...record, ...secrets } }
    const isSecret = record.kind === 'config' && record.resourceType === brokerResource && isSecretConfig(record.name)
    return { key: null, value: isSecret && record.value !== null ? { ...record, value: hidden } : record }
  }
  if (key === null || !isDecodable(topic)) return null
  const keyReader = new Reader(asBuffer(key))
  const type = keyReader.int16()
  if (topic === transactionsTopic) {
    if (!inRange(TransactionLogKey.versions, type)) return null
    return withValue(decode(TransactionLogKey, type, keyReader), TransactionLogValue as unknown as Message, value)
  }
  const [keySchema, valueSchema] = offsetsRecords.find(([{ versions }]) => inRange(versions, type)) ?? []
  if (keySchema === undefined || valueSchema === undefined) return null
  return withValue(decode(keySchema, type, keyReader), valueSchema, value)
}

/** Offsets, and groups of every kind. */
const offsetsRecords = [
  [OffsetCommitKey, OffsetCommitValue],
  [GroupMetadataKey, GroupMetadataValue],
  [consumer.ConsumerGroupMetadataKey, consumer.ConsumerGroupMetadataValue],
  [consumer.ConsumerGroupPartitionMetadataKey, consumer.ConsumerGroupPartitionMetadataValue],
  [consumer.ConsumerGroupMemberMetadataKey, consumer.ConsumerGroupMemberMetadataValue],
  [consumer.ConsumerGroupTargetAssignmentMetadataKey, consumer.ConsumerGroupTargetAssignmentMetadataValue],
  [consumer.ConsumerGroupTargetAssignmentMemberKey, consumer.ConsumerGroupTargetAssignmentMemberValue],
  [consumer.ConsumerGroupCurrentMemberAssignmentKey, consumer.ConsumerGroupCurrentMemberAssignmentValue],
  [consumer.ConsumerGroupRegularExpressionKey, consumer.ConsumerGroupRegularExpressionValue],
  [streams.StreamsGroupMetadataKey, streams.StreamsGroupMetadataValue],
  [streams.StreamsGroupMemberMetadataKey, streams.StreamsGroupMemberMetadataValue],
  [streams.StreamsGroupTargetAssignmentMetadataKey, streams.StreamsGroupTargetAssignmentMetadataValue],
  [streams.StreamsGroupTargetAssignmentMemberKey, streams.StreamsGroupTargetAssignmentMemberValue],
  [streams.StreamsGroupCurrentMemberAssignmentKey, streams.StreamsGroupCurrentMemberAssignmentValue],
  [streams.StreamsGroupTopologyKey, streams.StreamsGroupTopologyValue],
] as unknown as readonly (readonly [key: Message, value: Message])[]

function withValue(key: unknown, schema: Message, value: Bytes | null): DecodedRecord | null {
  if (value === null) return { key, value: null }
  const reader = new Reader(asBuffer(value))
  const version = reader.int16()
  if (!inRange(schema.versions, version)) return null
  return { key, value: decode(schema, version, reader) }
}
