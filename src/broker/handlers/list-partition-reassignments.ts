import { Errors } from '../../protocol/errors.js'
import { ListPartitionReassignments } from '../../protocol/messages/list-partition-reassignments.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

// ListPartitionReassignments v0: with one broker nothing is ever on its way to another.
export const listPartitionReassignments = handler(ListPartitionReassignments, (_request, context) => {
  if (!context.may('describe', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  return { errorCode: Errors.NONE, errorMessage: null, topics: [] }
})
