import { brokerLoggerResource, brokerResource, clientMetricsResource, groupResource, topicResource } from '../../cluster/image.js'
import { Errors } from '../../protocol/errors.js'
import { ListConfigResources } from '../../protocol/messages/list-config-resources.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

/** In the order of Kafka's answer. */
const types: readonly number[] = [groupResource, clientMetricsResource, brokerLoggerResource, brokerResource, topicResource]

// ListConfigResources v0-1: topics and this broker always, groups and client metrics where they have configs of their own.
export const listConfigResources = handler(ListConfigResources, ({ resourceTypes }, context) => {
  const { version, broker } = context
  if (!context.may('describe_configs', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  const asked = version === 0 ? [clientMetricsResource] : resourceTypes.length === 0 ? types : resourceTypes
  if (!asked.every(type => types.includes(type))) throw new RequestFailure(Errors.UNSUPPORTED_VERSION)
  const { image } = broker.topics
  const namesOf = (type: number): Iterable<string> => {
    if (type === brokerResource || type === brokerLoggerResource) return [String(broker.nodeId)]
    return type === topicResource ? image.topics.keys() : (image.configs.get(type)?.keys() ?? [])
  }
  const configResources = types
    .filter(type => asked.includes(type))
    .flatMap(resourceType => Array.from(namesOf(resourceType), resourceName => ({ resourceName, resourceType })))
  return { errorCode: Errors.NONE, configResources }
})
