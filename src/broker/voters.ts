/** What both requests about voters are asked before anything else, in Kafka's order and words. */
import { type Uuid, zeroUuid } from '../base/ids.js'
import { type ErrorCode, Errors } from '../protocol/errors.js'
import type { RequestContext } from './handler.js'
import { RequestFailure } from './outcomes.js'

export interface Refused {
  readonly errorCode: ErrorCode
  readonly errorMessage: string
}

interface VoterRequest {
  readonly clusterId: string | null
  readonly voterId: number
  readonly voterDirectoryId: Uuid
}

/** Throws RequestFailure at a client that may not. */
export function voterProblem(request: VoterRequest, what: 'Add' | 'Remove', context: RequestContext): Refused | null {
  const { clusterId, voterId, voterDirectoryId } = request
  if (!context.may('alter', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  const own = context.broker.clusterId
  if (clusterId !== null && clusterId !== own) {
    const errorMessage = `The given id "${clusterId}" doesn't match the cluster id "${own}"`
    return { errorCode: Errors.INCONSISTENT_CLUSTER_ID, errorMessage }
  }
  if (voterId >= 0 && voterDirectoryId !== zeroUuid) return null
  return { errorCode: Errors.INVALID_REQUEST, errorMessage: `${what} voter request didn't include a valid voter` }
}

/** [KIP-853] The voter is in the configuration, where no request changes it. */
export function votersAreFixed(what: 'adding' | 'removing'): Refused {
  const errorMessage = `Cluster doesn't support ${what} voter because the kraft.version feature is 0`
  return { errorCode: Errors.UNSUPPORTED_VERSION, errorMessage }
}
