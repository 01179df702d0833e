import { updateFeatures as decide } from '../../cluster/features.js'
import { Errors, isRefusal } from '../../protocol/errors.js'
import { UpdateFeatures } from '../../protocol/messages/update-features.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

// UpdateFeatures v0-2: all levels change, or none does. A new level counts when the answer is there. v1: validate_only.
export const updateFeatures = handler(UpdateFeatures, async ({ featureUpdates, validateOnly }, context) => {
  const { broker } = context
  if (!context.may('alter', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  const decided = decide(broker.topics.image, broker.nodeId, featureUpdates)
  if (isRefusal(decided)) return { errorCode: decided.errorCode, errorMessage: decided.message }
  if (!validateOnly && decided.records.length > 0) {
    await broker.carryOut(decided)
    const levels = featureUpdates.map(({ feature, maxVersionLevel }) => [feature, maxVersionLevel])
    broker.log.info({ levels: Object.fromEntries(levels) }, 'levels of features changed')
  }
  // Kafka's word for an outcome without a message.
  const done = { errorCode: Errors.NONE, errorMessage: 'NONE' }
  return {
    errorCode: Errors.NONE,
    errorMessage: null,
    results: [...new Set(featureUpdates.map(({ feature }) => feature))].map(feature => ({ feature, ...done })),
  }
})
