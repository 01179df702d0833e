/** Which ACLs may be created, in Kafka's order and with Kafka's sentences. */
import { Errors, type Refusal, refuse } from '../../protocol/errors.js'
import {
  type Acl,
  type AclFilter,
  clusterName,
  operations,
  patternTypes,
  permissionTypes,
  resourceTypes,
  wildcard,
} from './acl.js'
import { rangeProblem } from './host.js'

/** Of one request, Kafka's. */
export const aclsPerDeletionMax = 10_000

/** Null when `acl` may be created. */
export function aclRefusal(acl: Acl): Refusal | null {
  const problem = aclProblem(acl)
  return problem === null ? null : refuse(Errors.INVALID_REQUEST, problem)
}

/** Null when `filter` may be looked for. */
export function filterRefusal({ resourceType, patternType, operation, permissionType }: AclFilter): Refusal | null {
  if (!isOne(resourceType, resourceTypes) || !isOne(patternType, patternTypes)) {
    return refuse(Errors.INVALID_REQUEST, 'Unknown patternFilter.')
  }
  const isKnown = isOne(operation, operations) && isOne(permissionType, permissionTypes)
  return isKnown ? null : refuse(Errors.INVALID_REQUEST, 'Unknown entryFilter.')
}

const isOne = (value: number, numbers: Readonly<Record<string, number>>): boolean => Object.values(numbers).includes(value)

function aclProblem(acl: Acl): string | null {
  const { resourceType, resourceName, principal, host } = acl
  if (resourceType === resourceTypes.cluster && resourceName !== clusterName) {
    return `The only valid name for the CLUSTER resource is ${clusterName}`
  }
  if (resourceName === '') return 'Invalid empty resource name'
  if (!isOne(resourceType, resourceTypes)) return 'Invalid resourceType UNKNOWN'
  if (!isOne(acl.patternType, patternTypes)) return 'Invalid patternType UNKNOWN'
  if (!isOne(acl.operation, operations)) return 'Invalid operation UNKNOWN'
  if (!isOne(acl.permissionType, permissionTypes)) return 'Invalid permissionType UNKNOWN'
  if (!principal.includes(':')) {
    return `Could not parse principal from \`${principal}\` (no colon is present separating the principal type from the principal name)`
  }
  if (host === '') return 'Host pattern cannot be null or empty'
  const problem = host !== wildcard && host.includes('/') ? rangeProblem(host) : null
  return problem === null ? null : `Invalid CIDR notation '${host}': ${problem}`
}

/** False: it could be a filter, for one of its numbers stands for several. */
export function isDefinite({ resourceType, patternType, operation, permissionType }: Acl): boolean {
  return (
    resourceType !== resourceTypes.any &&
    patternType !== patternTypes.any &&
    patternType !== patternTypes.match &&
    operation !== operations.any &&
    permissionType !== permissionTypes.any
  )
}
