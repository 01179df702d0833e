import { Errors } from '../../protocol/errors.js'
import { UnregisterBroker } from '../../protocol/messages/unregister-broker.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

// UnregisterBroker v0: there is no other broker. Kafka's controller would forget this one and leave its partitions without a
// leader until it registers again; here that is refused.
export const unregisterBroker = handler(UnregisterBroker, ({ brokerId }, context) => {
  if (!context.may('alter', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  if (brokerId === context.broker.nodeId) {
    return { errorCode: Errors.INVALID_REQUEST, errorMessage: 'The only broker of the cluster cannot be unregistered.' }
  }
  const errorMessage = `Broker ID ${brokerId} is not currently registered`
  return { errorCode: Errors.BROKER_ID_NOT_REGISTERED, errorMessage }
})
