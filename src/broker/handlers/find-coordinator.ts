import { offsetsTopic } from '../../node/internal-topics.js'
import { Errors } from '../../protocol/errors.js'
import { FindCoordinator } from '../../protocol/messages/find-coordinator.js'
import { handler } from '../handler.js'
import { thisNode } from '../nodes.js'

const groupKey = 0
const transactionKey = 1

// FindCoordinator v0-6: this broker coordinates every group. Transactional ids (key type 1) and share partitions (2) have no
// coordinator here. For transactions the error is one at which clients give up: at any other librdkafka asks again until its
// timeout. Only brokers ask for share partitions; the answer is that of a Kafka without share groups.
export const findCoordinator = handler(FindCoordinator, async (request, context) => {
  const { broker, version } = context
  if (request.keyType !== groupKey) {
    const errorCode = request.keyType === transactionKey ? Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED : Errors.INVALID_REQUEST
    const errorMessage = `Gregor coordinates groups (key type ${groupKey}) only; key type ${request.keyType} is not implemented.`
    const nobody = { nodeId: -1, host: '', port: -1, errorCode, errorMessage }
    return version < 4 ? nobody : { coordinators: request.coordinatorKeys.map(key => ({ key, ...nobody })) }
  }
  // Created before anyone is sent here, so that the first member does not wait for it.
  await broker.topics.createInternal(offsetsTopic)
  for (const groupId of version >= 4 ? request.coordinatorKeys : [request.key]) broker.groups.announce(groupId)
  const { nodeId, host, port } = thisNode(context)
  const here = { nodeId, host, port, errorCode: Errors.NONE }
  if (version >= 4) return { coordinators: request.coordinatorKeys.map(key => ({ key, ...here, errorMessage: '' })) }
  return { ...here, errorMessage: 'NONE' }
})
