/** Plugs the partitions of an internal topic into its coordinator's log port. */
import { InvariantError } from '../base/assert.js'
import { toHex } from '../base/bytes.js'
import type { Log } from '../base/log.js'
import type { World } from '../base/world.js'
import type { LogPort, Written } from '../coordinator/log-port.js'
import type { Report } from '../coordinator/runtime.js'
import { type ErrorCode, Errors, isRefusal, refuse } from '../protocol/errors.js'
import { buildBatch } from '../protocol/records/build.js'
import type { Partition } from '../storage/partition.js'
import type { Appended, AppendRefusal } from '../storage/types.js'
import type { InternalTopic } from './internal-topics.js'
import { entriesOfLog } from './log-reader.js'
import type { Topics } from './topics.js'

export function coordinatorLog(topic: InternalTopic, topics: Topics, world: World, log: Log): LogPort {
  const { name } = topic
  const append = (index: number, to: (partition: Partition) => Appended | AppendRefusal): Written => {
    const partition = topics.partition(name, index) ?? createdPartition(topic, topics, index)
    if (partition === null) return refuse(Errors.KAFKA_STORAGE_ERROR, `${name}-${index} is not there`)
    const appended = to(partition)
    if (!isRefusal(appended)) return appended
    const fields = { topic: name, partition: index, errorCode: appended.errorCode, reason: appended.message }
    if (isOfClient(appended.errorCode)) log.debug(fields, "a client's records were refused")
    else log.error(fields, "could not write a coordinator's record")
    return appended
  }
  return {
    partitionCount: () => topics.image.topics.get(name)?.partitions.length ?? null,
    append(index, records, producer) {
      const timestampMs = world.nowMs()
      const { guard, ...writer } = producer ?? { guard: undefined }
      const batch = buildBatch(
        records.map(({ key, value }) => ({ key, value, timestampMs })),
        producer === null ? {} : { ...writer, isTransactional: true, baseSequence: 0 },
      )
      return append(index, partition => partition.append(batch, { kind: 'coordinator', guard: guard ?? null }))
    },
    appendMarker: (index, marker, version) => append(index, partition => partition.appendMarker(marker, version)),
    // A partition that is not there has written nothing yet, and begins with 0.
    leaderEpoch: index => topics.partition(name, index)?.leaderEpoch ?? 0,
    batchBytesMax: () => {
      const config = topics.config(name)
      return Math.min(config.get('max.message.bytes'), config.get('segment.bytes'))
    },
    replay(index) {
      const partition = topics.partition(name, index)
      return partition === undefined || partition.isOffline ? [] : entriesOfLog(partition)
    },
  }
}

/** What a client makes too large, or writes as a producer that has been fenced, is its own affair; it may do so in a loop. */
function isOfClient(errorCode: ErrorCode): boolean {
  switch (errorCode) {
    case Errors.MESSAGE_TOO_LARGE:
    case Errors.INVALID_PRODUCER_EPOCH:
    case Errors.INVALID_TXN_STATE:
    case Errors.TRANSACTION_COORDINATOR_FENCED:
      return true
    default:
      return false
  }
}

/** The topic is usually made by FindCoordinator; a client that does not ask for a coordinator is served as well. */
function createdPartition(topic: InternalTopic, topics: Topics, index: number): Partition | null {
  // Up to 100 partitions are there when the call returns. A larger topic is made in slices and a disk may refuse it: both
  // show as a missing partition, for which the client is told to come again.
  topics.createInternal(topic)?.catch(() => {})
  return topics.partition(topic.name, index) ?? null
}

/** What the coordinator of a topic has to say, as log lines. */
export function coordinatorReport({ name: topic }: InternalTopic, log: Log, onFatal: (error: Error) => void): Report {
  return {
    unknownRecord: (partition, { key }) => {
      const fields = { topic, partition, key: toHex(key.subarray(0, shownKeyBytes)) }
      log.warn(fields, 'ignoring a record of an unknown type')
    },
    shardDropped: (partition, err) => {
      log.error({ topic, partition, err }, "reloading a coordinator's partition")
      if (err instanceof InvariantError) onFatal(err)
    },
    shardUnavailable: (partition, err) => {
      log.error({ topic, partition, err }, "cannot load a coordinator's partition")
      if (err instanceof InvariantError) onFatal(err)
    },
  }
}

const shownKeyBytes = 64
