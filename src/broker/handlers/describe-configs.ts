import { loggersOf } from '../../base/loggers.js'
import { brokerLoggerResource, brokerResource, clientMetricsResource, groupResource, topicResource } from '../../cluster/image.js'
import { topicNameProblem } from '../../cluster/topic-name.js'
import {
  type DescribedConfig,
  describeBrokerConfig,
  describeClientMetricsConfig,
  describeClusterWideConfig,
  describeGroupConfig,
  describeLoggers,
  describeTopicConfig,
} from '../../config/describe.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { DescribeConfigs } from '../../protocol/messages/describe-configs.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { authorizationFailed } from '../authorization-failed.js'
import { nodeIdOf } from '../config-resources.js'
import { handler, type RequestContext } from '../handler.js'

type DescribeRequest = RequestOf<typeof DescribeConfigs>
type Resource = DescribeRequest['resources'][number]
type Result = ResponseOf<typeof DescribeConfigs>['results'][number]

// DescribeConfigs v0-4: every config of a resource, defaults included, with where each value comes from.
// v1: sources and synonyms (KIP-226). v3: types and documentation (KIP-569).
// One that is named twice is answered twice, as in Kafka.
export const describeConfigs = handler(DescribeConfigs, async (request, context) => {
  // As in Kafka, one of a type that there is not fails them all.
  if (!request.resources.every(({ resourceType }) => resourceTypes.has(resourceType))) {
    return { results: request.resources.map(resource => failed(resource, Errors.INVALID_REQUEST, malformed)) }
  }
  const described = new Map<string, Result>()
  const results: Result[] = []
  const denied: Result[] = []
  for (const resource of request.resources) {
    const key = JSON.stringify(resource)
    const refusal = authorizationError(resource, context)
    if (refusal !== Errors.NONE) denied.push(failed(resource, refusal, authorizationFailed(refusal)))
    else {
      const result = described.get(key) ?? describe(resource, request, context)
      described.set(key, result)
      results.push(result)
    }
    const paused = context.pause()
    if (paused !== null) await paused
    // The client has left.
    if (context.session.isClosed) break
  }
  return { results: [...results, ...denied] }
})

function authorizationError({ resourceType, resourceName }: Resource, context: RequestContext): ErrorCode {
  switch (resourceType) {
    case topicResource:
      return context.may('describe_configs', 'topic', resourceName) ? Errors.NONE : Errors.TOPIC_AUTHORIZATION_FAILED
    case groupResource:
      return context.may('describe_configs', 'group', resourceName) ? Errors.NONE : Errors.GROUP_AUTHORIZATION_FAILED
    default:
      return context.may('describe_configs', 'cluster', '') ? Errors.NONE : Errors.CLUSTER_AUTHORIZATION_FAILED
  }
}

function describe(resource: Resource, request: DescribeRequest, { broker }: RequestContext): Result {
  const { resourceType, resourceName: name, configurationKeys: keys } = resource
  const { config, nodeId, topics } = broker
  const invalid = (message: string): Result => failed(resource, Errors.INVALID_REQUEST, message)
  const shown = (configs: readonly DescribedConfig[]): Result => described(resource, request, configs)
  switch (resourceType) {
    case topicResource: {
      const problem = topicNameProblem(name)
      if (problem !== null) return failed(resource, Errors.INVALID_TOPIC_EXCEPTION, problem)
      if (!topics.image.topics.has(name)) {
        return failed(resource, Errors.UNKNOWN_TOPIC_OR_PARTITION, '')
      }
      return shown(describeTopicConfig(topics.config(name), keys))
    }
    case brokerResource: {
      if (name === '') return shown(describeClusterWideConfig(config, keys))
      const id = nodeIdOf(name)
      if (id === null) return invalid(`Broker id must be an integer, but it is: ${name}`)
      if (id === nodeId) return shown(describeBrokerConfig(config, keys))
      return invalid(`Unexpected broker id, expected ${nodeId} or empty string, but received ${name}`)
    }
    case brokerLoggerResource: {
      if (name === '') return invalid('Broker id must not be empty')
      const id = nodeIdOf(name)
      if (id === null) return invalid(`Broker id must be an integer, but it is: ${name}`)
      if (id === nodeId) return shown(describeLoggers(loggersOf(broker.log).levels(), keys))
      return invalid(`Unexpected broker id, expected ${nodeId} but received ${name}`)
    }
    case clientMetricsResource:
      if (name === '') return invalid('Client metrics subscription name must not be empty')
      return shown(describeClientMetricsConfig(topics.image.configsOf(resourceType, name), keys))
    default:
      if (name === '') return invalid('Group name must not be empty')
      return shown(describeGroupConfig(config, topics.image.configsOf(groupResource, name), keys))
  }
}

const malformed =
  'This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible ' +
  'broker. See the broker logs for more details.'

const resourceTypes: ReadonlySet<number> = new Set([
  topicResource,
  brokerResource,
  brokerLoggerResource,
  clientMetricsResource,
  groupResource,
])

function described(
  { resourceType, resourceName }: Resource,
  request: DescribeRequest,
  configs: readonly DescribedConfig[],
): Result {
  return {
    errorCode: Errors.NONE,
    errorMessage: '',
    resourceType,
    resourceName,
    configs: configs.map(config => ({
      ...config,
      synonyms: request.includeSynonyms ? config.synonyms : [],
      // Loggers have an empty one, whether it is asked for or not.
      documentation: request.includeDocumentation || config.documentation === '' ? config.documentation : null,
    })),
  }
}

function failed({ resourceType, resourceName }: Resource, errorCode: ErrorCode, errorMessage: string): Result {
  return { errorCode, errorMessage, resourceType, resourceName, configs: [] }
}
