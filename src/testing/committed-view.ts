/** What a consumer of committed records makes of a fetch, as Kafka's clients do it. Not shipped. */
import type { Bytes } from '../base/bytes.js'
import type { Offset, ProducerId } from '../base/ids.js'
import * as batch from '../protocol/records/batch.js'
import { markerOf } from '../protocol/records/marker.js'
import { recordsOf } from '../protocol/records/records.js'

export interface CommittedRecord {
  readonly offset: Offset
  readonly key: string | null
  readonly value: string | null
}

export interface AbortedStart {
  readonly producerId: ProducerId
  readonly firstOffset: Offset
}

/** The records of whole batches from `from` on that are not of an aborted transaction. */
export function committedIn(bytes: Bytes, from: Offset, aborted: readonly AbortedStart[]): CommittedRecord[] {
  const toCome = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  const dropped = new Set<ProducerId>()
  const records: CommittedRecord[] = []
  for (let at = 0; at < bytes.byteLength; at += batch.batchLength(bytes, at)) {
    const producerId = batch.producerId(bytes, at)
    while (toCome.length > 0 && toCome[0]!.firstOffset <= batch.lastOffset(bytes, at)) dropped.add(toCome.shift()!.producerId)
    if (batch.isControl(bytes, at)) {
      if (batch.recordCount(bytes, at) > 0 && markerOf(bytes, at)?.isCommit === false) dropped.delete(producerId)
      continue
    }
    if (batch.isTransactional(bytes, at) && dropped.has(producerId)) continue
    for (const { offset, key, value } of recordsOf(bytes, at)) {
      if (offset >= from) records.push({ offset, key: textOf(key), value: textOf(value) })
    }
  }
  return records
}

function textOf(bytes: Bytes | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString()
}
