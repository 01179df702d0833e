/** What concerns the cluster as a whole, and who may ask for what Kafka's protocol has no request for. */
import { Errors } from '../protocol/errors.js'
import { DescribeCluster } from '../protocol/messages/describe-cluster.js'
import type { DecodedResponseOf } from '../protocol/schema.js'
import { type Operation, operations } from '../security/acl/acl.js'
import type { KafkaClient } from './kafka-client.js'
import { accepted, kafkaFailure } from './kafka-failures.js'

export type Cluster = DecodedResponseOf<typeof DescribeCluster>

export async function describeCluster(kafka: KafkaClient): Promise<Cluster> {
  const answer = await kafka.call(DescribeCluster, { includeClusterAuthorizedOperations: true })
  accepted(answer)
  return answer
}

/** @throws HttpFailure unless one of these is allowed on the cluster */
export async function mustOnCluster(kafka: KafkaClient, ...any: readonly Operation[]): Promise<void> {
  const { clusterAuthorizedOperations: allowed = 0 } = await describeCluster(kafka)
  if (any.some(operation => (allowed & (1 << operations[operation])) !== 0)) return
  throw kafkaFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
}
