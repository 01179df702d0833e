import { findQuotas } from '../../cluster/quota-controller.js'
import { Errors, isRefusal } from '../../protocol/errors.js'
import { DescribeClientQuotas } from '../../protocol/messages/describe-client-quotas.js'
import { handler } from '../handler.js'
import { answersTo } from '../many.js'
import { RequestFailure } from '../outcomes.js'

// DescribeClientQuotas v0-1: which quotas were set, never how far they are used (KIP-546).
export const describeClientQuotas = handler(DescribeClientQuotas, async ({ components, strict }, context) => {
  if (!context.may('describe_configs', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  const found = findQuotas(context.broker.topics.image.quotas, components, strict)
  if (isRefusal(found)) return { errorCode: found.errorCode, errorMessage: found.message, entries: null }
  const entries = await answersTo(found, context, ({ entity, values }) => ({
    entity: Array.from(entity, ([entityType, entityName]) => ({ entityType, entityName })),
    values: Array.from(values, ([key, value]) => ({ key, value })),
  }))
  return { errorCode: Errors.NONE, errorMessage: '', entries }
})
