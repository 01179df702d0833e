import { type ErrorCode, Errors, isErrorCode } from '../../protocol/errors.js'
import { DeleteRecords } from '../../protocol/messages/delete-records.js'
import type { RequestOf } from '../../protocol/schema.js'
import { allVisible } from '../acknowledged.js'
import { handler, type RequestContext } from '../handler.js'
import { answersTo } from '../many.js'
import { collapsed, type TopicSpelling } from '../repeated.js'
import { resolvePartition } from '../resolve-partition.js'

type TopicRequest = RequestOf<typeof DeleteRecords>['topics'][number]
const spelling: TopicSpelling<TopicRequest, TopicRequest['partitions'][number]> = {
  keyOf: ({ name }) => name,
  partitionsOf: ({ partitions }) => partitions,
  indexOf: ({ partitionIndex }) => partitionIndex,
  withPartitions: (topic, partitions) => ({ ...topic, partitions: [...partitions] }),
}

const highWatermark = -1

// DeleteRecords v0-2: moves the start of partitions up, at most to the high watermark; an offset below the start changes
// nothing (KIP-107). The answer is there when the new start would survive a crash. Only for topics whose cleanup.policy
// deletes, and never for internal ones.
export const deleteRecords = handler(DeleteRecords, async (request, context) => {
  // Begun for all before the first is waited for: what several write down is written once.
  const begun = await answersTo(collapsed(request.topics, spelling), context, async ({ name, partitions }) => ({
    name,
    removed: await answersTo(partitions, context, ({ partitionIndex, offset }) => [
      remove(name, partitionIndex, offset, context),
    ]),
  }))
  const topics = begun.map(async ({ name, removed }) => ({ name, partitions: await Promise.all(removed.flat()) }))
  return { topics: await Promise.all(topics) }
})

async function remove(topic: string, partitionIndex: number, offset: number, context: RequestContext) {
  const partition = resolvePartition(context, topic, partitionIndex, 'delete')
  if (isErrorCode(partition)) return failed(partitionIndex, partition)
  if (!partition.config.deletesOld) return failed(partitionIndex, Errors.POLICY_VIOLATION)
  await allVisible([partition])
  const errorCode = await partition.upkeep.deleteRecordsBefore(offset === highWatermark ? partition.highWatermark : offset)
  if (errorCode !== Errors.NONE) return failed(partitionIndex, errorCode)
  return { partitionIndex, lowWatermark: partition.logStartOffset, errorCode }
}

function failed(partitionIndex: number, errorCode: ErrorCode) {
  return { partitionIndex, lowWatermark: -1, errorCode }
}
