import { offsetsTopic } from '../../node/internal-topics.js'
import { Errors } from '../../protocol/errors.js'
import { AddOffsetsToTxn } from '../../protocol/messages/add-offsets-to-txn.js'
import { handler } from '../handler.js'

// AddOffsetsToTxn v0-4: a group's offsets become part of a producer's transaction: the partition that keeps them is added to
// it. The group need not be there.
export const addOffsetsToTxn = handler(AddOffsetsToTxn, async (request, context) => {
  const { broker, version } = context
  const { transactionalId, groupId } = request
  if (!context.may('write', 'transactional_id', transactionalId)) {
    return { errorCode: Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED }
  }
  if (!context.may('read', 'group', groupId)) return { errorCode: Errors.GROUP_AUTHORIZATION_FAILED }
  const topics = [{ name: offsetsTopic.name, partitions: [broker.groups.partitionOf(groupId)] }]
  const errorCode = await broker.transactions.addPartitions({ ...request, topics }, { version, api: 'AddOffsetsToTxn' })
  // [KIP-588]
  const isOldFence = version < 2 && errorCode === Errors.PRODUCER_FENCED
  return { errorCode: isOldFence ? Errors.INVALID_PRODUCER_EPOCH : errorCode }
})
