import { Errors } from '../../protocol/errors.js'
import { DescribeCluster } from '../../protocol/messages/describe-cluster.js'
import { handler } from '../handler.js'
import { clusterOperations, operationsNotAsked } from '../operations.js'

const brokerEndpoints = 1
const controllerEndpoints = 2

// DescribeCluster v0-2: the brokers and the cluster id. v1: endpoints of controllers may be asked for (KIP-919); this
// listener is a broker's, and says so.
export const describeCluster = handler(DescribeCluster, (request, { broker, connection, version }) => {
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
  const { host, port } = broker.endpointFor(connection)
  return {
    errorCode: Errors.NONE,
    clusterId: broker.clusterId,
    controllerId: broker.nodeId,
    brokers: [{ brokerId: broker.nodeId, host, port, rack: broker.rack }],
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations : operationsNotAsked,
  }
})
