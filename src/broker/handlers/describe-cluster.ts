import { Errors } from '../../protocol/errors.js'
import { DescribeCluster } from '../../protocol/messages/describe-cluster.js'
import { clusterOperations } from '../cluster-operations.js'
import { handler } from '../handler.js'
import { allNodes, thisNode } from '../nodes.js'
import { operationsNotAsked } from '../operations.js'

const endpointTypes = { broker: 1, controller: 2 } as const

// DescribeCluster v0-2: the brokers and the cluster id. v1: endpoints of controllers may be asked for (KIP-919), at a listener of
// theirs; each kind of listener tells of its own kind alone.
export const describeCluster = handler(DescribeCluster, (request, context) => {
  const { broker, version } = context
  const endpointType = endpointTypes[broker.role]
  if (request.endpointType !== endpointType) {
    const wanted = Object.entries(endpointTypes).find(([, type]) => type === request.endpointType)?.[0]
    const refused = DescribeCluster.failure(request, Errors.UNSUPPORTED_ENDPOINT_TYPE, version)
    if (wanted === undefined) return { ...refused, errorMessage: `Unsupported endpoint type ${request.endpointType}` }
    const [here, there] = [broker.role.toUpperCase(), wanted.toUpperCase()]
    return {
      ...refused,
      // [KIP-919] Who knows of no types has a broker in mind, and gets a code that it knows.
      errorCode: version === 0 ? Errors.INVALID_REQUEST : Errors.MISMATCHED_ENDPOINT_TYPE,
      errorMessage: `The request was sent to an endpoint of type ${here}, but we wanted an endpoint of type ${there}`,
    }
  }
  return {
    errorCode: Errors.NONE,
    endpointType,
    clusterId: broker.clusterId,
    controllerId: thisNode(context).nodeId,
    brokers: allNodes(context).map(({ nodeId, ...where }) => ({ brokerId: nodeId, ...where })),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations(context) : operationsNotAsked,
  }
})
