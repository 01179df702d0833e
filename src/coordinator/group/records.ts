/** All types of records of __consumer_offsets, a row each. */
import { emptyBytes } from '../../base/bytes.js'
import type { Producer } from '../../protocol/records/marker.js'
import { Reader } from '../../protocol/wire.js'
import type { LogRecord } from '../machine.js'
import { classicRow } from './classic/records.js'
import { consumerRows } from './consumer/records.js'
import { offsetRow } from './offsets/records.js'
import type { RecordRow } from './record-row.js'
import type { GroupRecord, GroupShard } from './state.js'
import { streamsRows } from './streams/records.js'

const rows: { readonly [Type in GroupRecord['type']]: RecordRow<Extract<GroupRecord, { type: Type }>> } = {
  offset: offsetRow,
  group: classicRow,
  ...consumerRows,
  ...streamsRows,
}

const rowOf = (type: GroupRecord['type']): RecordRow<GroupRecord> => rows[type] as RecordRow<GroupRecord>

const rowsByKeyType: RecordRow<GroupRecord>[] = []
for (const row of Object.values(rows) as RecordRow<GroupRecord>[]) {
  for (let type = row.keyTypes.min; type <= row.keyTypes.max; type++) rowsByKeyType[type] = row
}

export const encodeRecord = (record: GroupRecord): LogRecord => rowOf(record.type).encode(record)

// A restart decodes every committed offset there is: a reader per record would cost more than the decoding.
const keyReader = new Reader(emptyBytes)
const valueReader = new Reader(emptyBytes)

/** null when the type or the version is not known; the bytes may be a view, nothing of them is kept. */
export function decodeRecord({ key, value }: LogRecord): GroupRecord | null {
  keyReader.reset(key)
  const type = keyReader.int16()
  const row = rowsByKeyType[type]
  if (row === undefined) return null
  if (value === null) return row.decode(type, keyReader, 0, null)
  valueReader.reset(value)
  const version = valueReader.int16()
  return row.decode(type, keyReader, version, valueReader)
}

/** A compacted log says the same as the whole one. */
export function apply(shard: GroupShard, record: GroupRecord, producer: Producer | null): void {
  rowOf(record.type).apply(shard, record, producer)
}
