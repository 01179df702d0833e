import { offsetsTopic, transactionsTopic } from '../../node/internal-topics.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { FindCoordinator } from '../../protocol/messages/find-coordinator.js'
import { authorizationFailed } from '../authorization-failed.js'
import { handler, type RequestContext } from '../handler.js'
import { answersTo } from '../many.js'
import { thisNode } from '../nodes.js'
import { RequestFailure } from '../outcomes.js'

const groupKey = 0
const transactionKey = 1
const shareKey = 2
const invalidRequest =
  'This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible ' +
  'broker. See the broker logs for more details.'

// FindCoordinator v0-6: this broker coordinates every group, and every transactional id (key type 1). Share partitions (2) have
// no coordinator here: only brokers ask for them, and the answer is that of a Kafka without share groups.
export const findCoordinator = handler(FindCoordinator, async (request, context) => {
  const { broker, version } = context
  const { keyType } = request
  const keys = version >= 4 ? request.coordinatorKeys : [request.key]
  if (keyType === shareKey && version >= 6 && !context.may('cluster_action', 'cluster', '')) {
    throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  }
  const errorCodes = await answersTo(keys, context, key => errorOf(context, keyType, key))
  const found = keys.filter((_, at) => errorCodes[at] === Errors.NONE)
  // Created before anyone is sent here, so that the first member or producer does not wait for it.
  if (found.length > 0) await broker.topics.createInternal(keyType === groupKey ? offsetsTopic : transactionsTopic)
  for (const [at, key] of keys.entries()) {
    if (errorCodes[at] === Errors.NONE && isOffline(context, keyType, key)) errorCodes[at] = Errors.COORDINATOR_NOT_AVAILABLE
  }
  const { nodeId, host, port } = thisNode(context)
  const here = { nodeId, host, port, errorCode: Errors.NONE, errorMessage: version >= 4 ? '' : 'NONE' }
  const answerOf = (errorCode: ErrorCode) => {
    if (errorCode === Errors.NONE) return here
    const errorMessage =
      errorCode === Errors.INVALID_REQUEST && keyType !== shareKey
        ? invalidRequest
        : version >= 4
          ? ''
          : authorizationFailed(errorCode)
    return { nodeId: -1, host: '', port: -1, errorCode, errorMessage }
  }
  if (keyType === groupKey) await answersTo(found, context, groupId => broker.groups.announce(groupId))
  if (version < 4) return answerOf(errorCodes[0]!)
  return { coordinators: keys.map((key, at) => ({ key, ...answerOf(errorCodes[at]!) })) }
})

/** The partition that the coordinator writes is in a directory that is offline. */
function isOffline({ broker }: RequestContext, keyType: number, key: string): boolean {
  const { groups, topics, transactions } = broker
  const [{ name }, index] =
    keyType === groupKey ? [offsetsTopic, groups.partitionOf(key)] : [transactionsTopic, transactions.partitionOf(key)]
  return topics.partition(name, index)?.isOffline === true
}

function errorOf(context: RequestContext, keyType: number, key: string): ErrorCode {
  switch (keyType) {
    case groupKey:
      return context.may('describe', 'group', key) ? Errors.NONE : Errors.GROUP_AUTHORIZATION_FAILED
    case transactionKey:
      return context.may('describe', 'transactional_id', key) ? Errors.NONE : Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    default:
      return Errors.INVALID_REQUEST
  }
}
