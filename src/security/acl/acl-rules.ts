/** Which ACLs may be created, in Kafka's order and with Kafka's sentences. */
import { Errors, type Refusal, refuse } from '../../protocol/errors.js'
import { type Acl, clusterName, operations, patternTypes, permissionTypes, resourceTypes, wildcard } from './acl.js'
import { rangeProblem } from './host.js'

/** Of one request, Kafka's. */
export const aclsPerDeletionMax = 10_000

/** Null when `acl` may be created. */
export function aclRefusal(acl: Acl): Refusal | null {
  const problem = aclProblem(acl)
  return problem === null ? null : refuse(Errors.INVALID_REQUEST, problem)
}

function aclProblem({ resourceType, resourceName, principal, host }: Acl): string | null {
  if (resourceType === resourceTypes.cluster && resourceName !== clusterName) {
    return `The only valid name for the CLUSTER resource is ${clusterName}`
  }
  if (resourceName === '') return 'Invalid empty resource name'
  if (!principal.includes(':')) {
    return `Could not parse principal from \`${principal}\` (no colon is present separating the principal type from the principal name)`
  }
  if (host === '') return 'Host pattern cannot be null or empty'
  const problem = host !== wildcard && host.includes('/') ? rangeProblem(host) : null
  return problem === null ? null : `Invalid CIDR notation '${host}': ${problem}`
}

/** Whether all its numbers say something definite; those of a filter need not. */
export function isDefinite({ resourceType, patternType, operation, permissionType }: Acl): boolean {
  return (
    resourceType !== resourceTypes.any &&
    (patternType === patternTypes.literal || patternType === patternTypes.prefixed) &&
    operation !== operations.any &&
    permissionType !== permissionTypes.any
  )
}
