import type { RequestContext } from './handler.js'

/** What the client may do to the cluster, as Metadata and DescribeCluster tell it: nothing, to who may not see it. */
export function clusterOperations(context: RequestContext): number {
  return context.may('describe', 'cluster', '') ? context.operationsOn('cluster', '') : 0
}
