/** The brokers of the cluster, each where this client can reach it: for Metadata, DescribeCluster and FindCoordinator. */
import type { RequestContext } from './handler.js'

export interface Node {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** The node that this is; it leads every partition, coordinates every group and controls the cluster. */
export function thisNode({ broker, connection }: RequestContext): Node {
  const { host, port } = broker.endpointFor(connection)
  return { nodeId: broker.nodeId, host, port, rack: broker.rack }
}

export function allNodes(context: RequestContext): readonly Node[] {
  return [thisNode(context)]
}
