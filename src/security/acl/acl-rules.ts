/** Which ACLs may be created and which filters may delete, in Kafka's order and with Kafka's sentences. */
import { Errors, type Refusal, refuse } from '../../protocol/errors.js'
import { type Acl, clusterName, operations, patternTypes, permissionTypes, resourceTypes, wildcard } from './acl.js'
import { addressRange } from './host.js'

/** Of one filter of DeleteAcls. */
export const aclsPerDeletionMax = 10_000

const unknown = 0

/** Null when `acl` may be created. */
export function aclRefusal(acl: Acl): Refusal | null {
  const problem = aclProblem(acl)
  return problem === null ? null : refuse(Errors.INVALID_REQUEST, problem)
}

function aclProblem({ resourceType, resourceName, patternType, principal, host, operation, permissionType }: Acl): string | null {
  if (resourceType === resourceTypes.cluster && resourceName !== clusterName) {
    return `The only valid name for the CLUSTER resource is ${clusterName}`
  }
  if (resourceName === '') return 'Invalid empty resource name'
  if (!isConcrete(resourceType, resourceTypes)) return `Invalid resourceType ${nameOf(resourceType, resourceTypes)}`
  if (patternType !== patternTypes.literal && patternType !== patternTypes.prefixed) {
    return `Invalid patternType ${nameOf(patternType, patternTypes)}`
  }
  if (!isConcrete(operation, operations)) return `Invalid operation ${nameOf(operation, operations)}`
  if (!isConcrete(permissionType, permissionTypes)) return `Invalid permissionType ${nameOf(permissionType, permissionTypes)}`
  if (!principal.includes(':')) {
    return `Could not parse principal from \`${principal}\` (no colon is present separating the principal type from the principal name)`
  }
  if (host === '') return 'Host pattern cannot be null or empty'
  if (host !== wildcard && host.includes('/') && addressRange(host) === null) {
    return `Invalid CIDR notation '${host}': Could not parse [${host}]`
  }
  return null
}

type Numbers = Readonly<Record<string, number>> & { readonly any: number }

const isConcrete = (value: number, numbers: Numbers): boolean => value !== numbers.any && isNumbered(value, numbers)

export function isNumbered(value: number, numbers: Numbers): boolean {
  return value !== unknown && Object.values(numbers).includes(value)
}

/** As Java prints the constant. */
function nameOf(value: number, numbers: Numbers): string {
  const found = Object.entries(numbers).find(([, number]) => number === value)
  return found === undefined ? 'UNKNOWN' : found[0].toUpperCase()
}
