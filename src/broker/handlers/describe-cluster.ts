import { Errors } from '../../protocol/errors.js'
import { DescribeCluster } from '../../protocol/messages/describe-cluster.js'
import { clusterOperations } from '../cluster-operations.js'
import { handler } from '../handler.js'
import { allNodes, thisNode } from '../nodes.js'
import { operationsNotAsked } from '../operations.js'

const brokerEndpoints = 1
const controllerEndpoints = 2

// DescribeCluster v0-2: the brokers and the cluster id. v1: endpoints of controllers may be asked for (KIP-919); this
// listener is a broker's, and says so.
export const describeCluster = handler(DescribeCluster, (request, context) => {
  const { broker, version } = context
  if (request.endpointType !== brokerEndpoints) {
    const isController = request.endpointType === controllerEndpoints
    return {
      ...DescribeCluster.failure(request, Errors.UNSUPPORTED_ENDPOINT_TYPE, version),
      ...(isController
        ? { errorCode: Errors.MISMATCHED_ENDPOINT_TYPE, errorMessage: 'The request was sent to an endpoint of type BROKER' }
        : { errorMessage: `Unsupported endpoint type ${request.endpointType}` }),
      endpointType: brokerEndpoints,
    }
  }
  return {
    errorCode: Errors.NONE,
    clusterId: broker.clusterId,
    controllerId: thisNode(context).nodeId,
    brokers: allNodes(context).map(({ nodeId, ...where }) => ({ brokerId: nodeId, ...where })),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations(context) : operationsNotAsked,
  }
})
