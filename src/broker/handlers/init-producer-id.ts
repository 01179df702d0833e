import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { InitProducerId } from '../../protocol/messages/init-producer-id.js'
import { handler, type RequestContext } from '../handler.js'

// InitProducerId v0-5: a producer's identity. With a transactional id the same as last time with its epoch bumped, so that
// others with this id are fenced (KIP-98); without one a fresh id. v3: the producer says who it was (KIP-360).
export const initProducerId = handler(InitProducerId, async (request, context) => {
  const { broker, version } = context
  const { transactionalId, producerId, producerEpoch } = request
  const error = authorizationError(transactionalId, context)
  if (error !== Errors.NONE) return InitProducerId.failure(request, error, version)
  // An id and its epoch come together or not at all.
  if ((producerId === -1) !== (producerEpoch === -1)) return InitProducerId.failure(request, Errors.INVALID_REQUEST, version)
  if (transactionalId === null) return { errorCode: Errors.NONE, producerId: await broker.producerIds.next(), producerEpoch: 0 }
  return broker.transactions.initProducerId({ ...request, transactionalId }, { version })
})

/** Without transactions it is enough to be allowed to write to some topic. */
function authorizationError(transactionalId: string | null, context: RequestContext): ErrorCode {
  if (transactionalId !== null) {
    return context.may('write', 'transactional_id', transactionalId) ? Errors.NONE : Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  }
  return context.may('idempotent_write', 'cluster', '') || context.mayAny('write', 'topic')
    ? Errors.NONE
    : Errors.CLUSTER_AUTHORIZATION_FAILED
}
