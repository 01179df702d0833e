/** Plugs the partitions of __consumer_offsets into the coordinator's log port. */
import { InvariantError } from '../base/assert.js'
import { toHex } from '../base/bytes.js'
import type { Log } from '../base/log.js'
import type { World } from '../base/world.js'
import type { LogPort } from '../coordinator/log-port.js'
import type { LogRecord } from '../coordinator/machine.js'
import type { Report } from '../coordinator/runtime.js'
import { Errors, isRefusal } from '../protocol/errors.js'
import { buildBatch } from '../protocol/records/build.js'
import type { Partition } from '../storage/partition.js'
import { offsetsTopic } from './internal-topics.js'
import { recordsOfLog } from './log-reader.js'
import type { Topics } from './topics.js'

export function offsetsLog(topics: Topics, world: World, log: Log): LogPort {
  const { name } = offsetsTopic
  return {
    partitionCount: () => topics.image.topics.get(name)?.partitions.length ?? null,
    append(index, records) {
      const partition = topics.partition(name, index) ?? createdPartition(topics, index)
      if (partition === null) return { errorCode: Errors.KAFKA_STORAGE_ERROR }
      const timestampMs = world.nowMs()
      const batch = buildBatch(records.map(({ key, value }) => ({ key, value, timestampMs })))
      const appended = partition.append(batch, { kind: 'coordinator' })
      if (!isRefusal(appended)) return { durable: appended.durable }
      const fields = { partition: index, errorCode: appended.errorCode, reason: appended.message }
      // What a client makes too large is its own affair, and it may do so in a loop.
      if (appended.errorCode === Errors.MESSAGE_TOO_LARGE) log.debug(fields, 'a group record is too large')
      else log.error(fields, 'a group record was not written')
      return { errorCode: appended.errorCode }
    },
    batchBytesMax: () => {
      const config = topics.config(name)
      return Math.min(config.get('max.message.bytes'), config.get('segment.bytes'))
    },
    *replay(index): Iterable<LogRecord> {
      const partition = topics.partition(name, index)
      if (partition === undefined) return
      for (const record of recordsOfLog(partition)) if (record.key !== null) yield record as LogRecord
    },
  }
}

/** The topic is usually made by FindCoordinator; a client that commits without asking for one is served as well. */
function createdPartition(topics: Topics, index: number): Partition | null {
  // The topic is there when the call returns; a disk that refuses it is told by the missing partition.
  topics.createOffsetsTopic()?.catch(() => {})
  return topics.partition(offsetsTopic.name, index) ?? null
}

/** What the coordinator has to say, as log lines. */
export function groupReport(log: Log, onFatal: (error: Error) => void): Report {
  return {
    unknownRecord: (partition, { key }) => {
      const fields = { partition, key: toHex(key.subarray(0, shownKeyBytes)) }
      log.warn(fields, 'a record of an unknown kind in __consumer_offsets is left alone')
    },
    shardDropped: (partition, err) => {
      log.error({ partition, err }, 'groups of a partition are read again')
      if (err instanceof InvariantError) onFatal(err)
    },
    shardUnavailable: (partition, err) => {
      log.error({ partition, err }, 'groups of a partition cannot be read')
      if (err instanceof InvariantError) onFatal(err)
    },
  }
}

const shownKeyBytes = 64
