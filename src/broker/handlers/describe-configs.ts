import { brokerResource, groupResource, topicResource } from '../../cluster/image.js'
import { topicNameProblem } from '../../cluster/topic-name.js'
import { type DescribedConfig, describeBrokerConfig, describeTopicConfig } from '../../config/describe.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { DescribeConfigs } from '../../protocol/messages/describe-configs.js'
import type { RequestOf, ResponseOf } from '../../protocol/schema.js'
import { Slices, turnInLine } from '../../storage/slices.js'
import { authorizationFailed } from '../authorization-failed.js'
import { handler, type RequestContext } from '../handler.js'

type DescribeRequest = RequestOf<typeof DescribeConfigs>
type Resource = DescribeRequest['resources'][number]
type Result = ResponseOf<typeof DescribeConfigs>['results'][number]

// DescribeConfigs v0-4: every config of a topic or of this broker, defaults included, with where each value comes from.
// v1: sources and synonyms (KIP-226). v3: types and documentation (KIP-569).
// One that is named twice is answered twice, as in Kafka.
export const describeConfigs = handler(DescribeConfigs, async (request, context) => {
  const slices = new Slices(context.broker.world.host, turnInLine)
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
    if (slices.isOver) await slices.next()
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
  const { resourceType, resourceName, configurationKeys } = resource
  switch (resourceType) {
    case topicResource: {
      const problem = topicNameProblem(resourceName)
      if (problem !== null) return failed(resource, Errors.INVALID_TOPIC_EXCEPTION, problem)
      if (!broker.topics.image.topics.has(resourceName)) {
        return failed(resource, Errors.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.')
      }
      return described(resource, request, describeTopicConfig(broker.topics.config(resourceName), configurationKeys))
    }
    case brokerResource: {
      // "" asks for the cluster-wide dynamic defaults, of which there are none.
      if (resourceName === '') return described(resource, request, [])
      if (resourceName !== String(broker.nodeId)) {
        const message = `Unexpected broker id, expected ${broker.nodeId} or empty string, but received ${resourceName}`
        return failed(resource, Errors.INVALID_REQUEST, message)
      }
      return described(resource, request, describeBrokerConfig(broker.config, configurationKeys))
    }
    default:
      return failed(resource, Errors.INVALID_REQUEST, `Unsupported resource type: ${resourceType}`)
  }
}

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
      documentation: request.includeDocumentation ? config.documentation : null,
    })),
  }
}

function failed({ resourceType, resourceName }: Resource, errorCode: ErrorCode, errorMessage: string): Result {
  return { errorCode, errorMessage, resourceType, resourceName, configs: [] }
}
