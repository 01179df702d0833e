import { metadataVersion } from '../../cluster/features.js'
import { Errors } from '../../protocol/errors.js'
import { UnregisterController } from '../../protocol/messages/unregister-controller.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

/** 4.4-IV2: the first metadata.version with a record for it. */
const firstLevel = 33

// UnregisterController v0: there is no controller but this one, and it is active.
export const unregisterController = handler(UnregisterController, ({ controllerId }, context) => {
  const { nodeId, topics } = context.broker
  if (!context.may('alter', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  if (controllerId === nodeId) {
    return { errorCode: Errors.INVALID_REQUEST, errorMessage: 'Controller cannot unregister itself while it is active.' }
  }
  if ((topics.image.features.get(metadataVersion) ?? 0) < firstLevel) {
    const errorMessage = 'The current MetadataVersion is too old to support controller unregistration.'
    return { errorCode: Errors.UNSUPPORTED_VERSION, errorMessage }
  }
  const errorMessage = `Controller ID ${controllerId} is not currently registered.`
  return { errorCode: Errors.CONTROLLER_ID_NOT_REGISTERED, errorMessage }
})
