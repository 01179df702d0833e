import { Errors } from '../../protocol/errors.js'
import { InitProducerId } from '../../protocol/messages/init-producer-id.js'
import { handler } from '../handler.js'

// InitProducerId v0-5: a fresh producer id for an idempotent producer. There are no transactional ids here: such a request
// is refused with the code that makes clients give up instead of retrying.
export const initProducerId = handler(InitProducerId, async (request, { broker, version }) => {
  if (request.transactionalId !== null) {
    const code = request.transactionalId === '' ? Errors.INVALID_REQUEST : Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    return InitProducerId.failure(request, code, version)
  }
  // [KIP-360] An id and its epoch come together or not at all.
  if ((request.producerId === -1) !== (request.producerEpoch === -1)) {
    return InitProducerId.failure(request, Errors.INVALID_REQUEST, version)
  }
  return { errorCode: Errors.NONE, producerId: await broker.producerIds.next(), producerEpoch: 0 }
})
