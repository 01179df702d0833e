/**
 * How one type of record stands in __consumer_offsets, in Kafka's own schema, and what it means. A kind of groups brings a row
 * for each of its types. Both key and value start with an int16: the type of the record, and the version of its value.
 */
import type { Bytes } from '../../base/bytes.js'
import { decode, encode } from '../../protocol/codec.js'
import type { Producer } from '../../protocol/records/marker.js'
import { type Decoded, type Encodable, type Fields, inRange, type Message, type VersionRange } from '../../protocol/schema.js'
import { type Reader, Writer } from '../../protocol/wire.js'
import type { LogRecord } from '../machine.js'
import type { PlainRecord } from './plain-record.js'
import type { GroupShard } from './state.js'

export interface RecordRow<Rec> {
  /** Types in front of its key. */
  readonly keyTypes: VersionRange
  encode(record: Rec): LogRecord
  /**
   * `key` and `value` stand behind their first int16. Null when the version is not known; nothing that is returned is a view
   * of these bytes.
   */
  decode(keyType: number, key: Reader, version: number, value: Reader | null): Rec | null
  /** Changes durable state, live and on replay alike; nothing else does. Records with different keys do not touch each other. */
  apply(shard: GroupShard, record: Rec, producer: Producer | null): void
}

interface Meaning<K extends Fields, V extends Fields, Value> {
  /** What is kept of a value: no view of the log's bytes. */
  read(decoded: Decoded<V>): Value
  write(value: Value): Encodable<V>
  apply(shard: GroupShard, key: Decoded<K>, value: Value | null): void
}

export function plainRow<const Type extends string, K extends Fields, V extends Fields, Value>(
  type: Type,
  key: Message<K>,
  value: Message<V>,
  { read, write, apply }: Meaning<K, V, Value>,
): RecordRow<PlainRecord<Type, Decoded<K>, Value>> {
  return {
    keyTypes: key.versions,
    encode: record => ({
      key: versioned(key, key.versions.min, record.key as Encodable<K>),
      value: record.value === null ? null : versioned(value, value.versions.max, write(record.value)),
    }),
    decode(keyType, keyReader, version, valueReader) {
      const decodedKey = decode(key, keyType, keyReader)
      if (valueReader === null) return { type, key: decodedKey, value: null }
      if (!inRange(value.versions, version)) return null
      return { type, key: decodedKey, value: read(decode(value, version, valueReader)) }
    },
    apply: (shard, record) => apply(shard, record.key, record.value),
  }
}

const writer = new Writer(256)

export function versioned<F extends Fields>(message: Message<F>, version: number, value: Encodable<F>): Bytes {
  writer.reset()
  writer.int16(version)
  encode(message, version, writer, value)
  return writer.finish()
}
