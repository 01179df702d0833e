import { Errors } from '../../protocol/errors.js'
import { EndTxn } from '../../protocol/messages/end-txn.js'
import { handler } from '../handler.js'

// EndTxn v0-5: commits or aborts a producer's transaction. v5: its epoch is bumped each time (KIP-890).
export const endTxn = handler(EndTxn, (request, context) => {
  const { broker, version } = context
  if (!context.may('write', 'transactional_id', request.transactionalId)) {
    return EndTxn.failure(request, Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, version)
  }
  return broker.transactions.endTxn(request, { version })
})
