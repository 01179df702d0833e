import { assignmentRefusal } from '../../cluster/controller.js'
import { type ErrorCode, Errors } from '../../protocol/errors.js'
import { AlterPartitionReassignments } from '../../protocol/messages/alter-partition-reassignments.js'
import { handler, type RequestContext } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

// AlterPartitionReassignments v0-1: every partition is where it can be. To move it to this broker is done at once; there is no
// other one, and no way on which it could be stopped.
export const alterPartitionReassignments = handler(AlterPartitionReassignments, (request, context) => {
  if (!context.may('alter', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  const { allowReplicationFactorChange, topics } = request
  return {
    allowReplicationFactorChange,
    errorCode: Errors.NONE,
    // Kafka's broker answers a request without topics itself, without asking its controller.
    errorMessage: topics.length === 0 ? '' : null,
    responses: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, replicas }) => ({
        partitionIndex,
        ...move(name, partitionIndex, replicas, context),
      })),
    })),
  }
})

interface PartitionOutcome {
  readonly errorCode: ErrorCode
  readonly errorMessage: string | null
}

function move(
  name: string,
  partitionIndex: number,
  replicas: readonly number[] | null,
  { broker }: RequestContext,
): PartitionOutcome {
  const topic = broker.topics.image.topics.get(name)
  const unknown = (errorMessage: string) => ({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, errorMessage })
  if (topic === undefined) return unknown(`Unable to find a topic named ${name}.`)
  if (topic.partitions[partitionIndex] === undefined) return unknown(`Unable to find partition ${name}:${partitionIndex}.`)
  if (replicas === null) return { errorCode: Errors.NO_REASSIGNMENT_IN_PROGRESS, errorMessage: null }
  const refusal = assignmentRefusal(broker.nodeId, replicas)
  if (refusal !== null) return { errorCode: refusal.errorCode, errorMessage: refusal.message }
  return { errorCode: Errors.NONE, errorMessage: null }
}
