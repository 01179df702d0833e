/**
 * The records of __consumer_offsets in Kafka's own schemas. Both key and value start with an int16: the type of the record,
 * and the version of its value. Written are the versions that Kafka and the tools around it have long agreed on.
 */
import { copyOf, emptyBytes } from '../../base/bytes.js'
import { zeroUuid } from '../../base/ids.js'
import { decode, encode } from '../../protocol/codec.js'
import { type Encodable, type Fields, inRange, type Message } from '../../protocol/schema.js'
import { GroupMetadataKey, GroupMetadataValue } from '../../protocol/state/group.js'
import { OffsetCommitKey, OffsetCommitValue } from '../../protocol/state/offsets.js'
import { Reader, Writer } from '../../protocol/wire.js'
import type { LogRecord } from '../machine.js'
import type { CommittedOffset, GroupMetadata, GroupRecord } from './state.js'

const offsetKeyType = 1
const groupKeyType = 2
const offsetValueVersion = 3
/** The one version with an expiry. */
const expiringOffsetValueVersion = 1
const groupValueVersion = 3

export function encodeRecord(record: GroupRecord): LogRecord {
  if (record.type === 'group') {
    return {
      key: versioned(GroupMetadataKey, groupKeyType, { group: record.groupId }),
      value: record.value === null ? null : versioned(GroupMetadataValue, groupValueVersion, record.value),
    }
  }
  return {
    key: versioned(OffsetCommitKey, offsetKeyType, {
      group: record.groupId,
      topic: record.topic,
      partition: record.partition,
    }),
    value: record.value === null ? null : encodeOffset(record.value),
  }
}

function encodeOffset(committed: CommittedOffset): LogRecord['value'] {
  const version = committed.expireTimestampMs === -1 ? offsetValueVersion : expiringOffsetValueVersion
  return versioned(OffsetCommitValue, version, {
    offset: committed.offset,
    leaderEpoch: committed.leaderEpoch,
    metadata: committed.metadata,
    commitTimestamp: committed.commitTimestampMs,
    expireTimestamp: committed.expireTimestampMs,
    topicId: zeroUuid,
  })
}

// A restart decodes every committed offset there is: a reader per record would cost more than the decoding.
const keyReader = new Reader(emptyBytes)
const valueReader = new Reader(emptyBytes)

/** null when the type or the version is not one of a classic group; the bytes may be a view, nothing of them is kept. */
export function decodeRecord({ key, value }: LogRecord): GroupRecord | null {
  keyReader.reset(key)
  const type = keyReader.int16()
  if (inRange(OffsetCommitKey.versions, type)) {
    const { group, topic, partition } = decode(OffsetCommitKey, type, keyReader)
    const offset = value === null ? null : decodeOffset(value)
    return offset === undefined ? null : { type: 'offset', groupId: group, topic, partition, value: offset }
  }
  if (inRange(GroupMetadataKey.versions, type)) {
    const { group } = decode(GroupMetadataKey, type, keyReader)
    const metadata = value === null ? null : decodeMetadata(value)
    return metadata === undefined ? null : { type: 'group', groupId: group, value: metadata }
  }
  return null
}

function decodeOffset(value: NonNullable<LogRecord['value']>): CommittedOffset | undefined {
  valueReader.reset(value)
  const version = valueReader.int16()
  if (!inRange(OffsetCommitValue.versions, version)) return undefined
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp } = decode(OffsetCommitValue, version, valueReader)
  return { offset, leaderEpoch, metadata, commitTimestampMs: commitTimestamp, expireTimestampMs: expireTimestamp }
}

function decodeMetadata(value: NonNullable<LogRecord['value']>): GroupMetadata | undefined {
  valueReader.reset(value)
  const version = valueReader.int16()
  if (!inRange(GroupMetadataValue.versions, version)) return undefined
  const metadata = decode(GroupMetadataValue, version, valueReader)
  for (const member of metadata.members) {
    member.subscription = copyOf(member.subscription)
    member.assignment = copyOf(member.assignment)
  }
  return metadata
}

const writer = new Writer(256)

function versioned<F extends Fields>(message: Message<F>, version: number, value: Encodable<F>): NonNullable<LogRecord['value']> {
  writer.reset()
  writer.int16(version)
  encode(message, version, writer, value)
  return writer.finish()
}
