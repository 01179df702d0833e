/** Access control entries, by the numbers of Kafka's requests and records; the names are those of its tools. */

export const operations = {
  any: 1,
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  cluster_action: 9,
  describe_configs: 10,
  alter_configs: 11,
  idempotent_write: 12,
  create_tokens: 13,
  describe_tokens: 14,
  two_phase_commit: 15,
} as const
export type Operation = Exclude<keyof typeof operations, 'any' | 'all'>

export const resourceTypes = {
  any: 1,
  topic: 2,
  group: 3,
  cluster: 4,
  transactional_id: 5,
  delegation_token: 6,
  user: 7,
} as const
export type ResourceType = Exclude<keyof typeof resourceTypes, 'any'>

export const patternTypes = { any: 1, match: 2, literal: 3, prefixed: 4 } as const
export const permissionTypes = { any: 1, deny: 2, allow: 3 } as const

/** Every name, in a literal entry; every host. */
export const wildcard = '*'
export const everyone = 'User:*'
/** Of the one resource of type cluster. */
export const clusterName = 'kafka-cluster'

export interface Acl {
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  /** `type:name`. */
  readonly principal: string
  /** An address as Java writes it, a CIDR range, or `*`. */
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

/** Null stands for any; so does the number of `any`. */
export interface AclFilter {
  readonly resourceType: number
  readonly resourceName: string | null
  readonly patternType: number
  readonly principal: string | null
  readonly host: string | null
  readonly operation: number
  readonly permissionType: number
}

/** Two entries that say the same are one. */
export function aclKey(acl: Acl): string {
  const { resourceType, patternType, operation, permissionType, resourceName, principal, host } = acl
  return JSON.stringify([resourceType, patternType, operation, permissionType, resourceName, principal, host])
}

export function matchesFilter(acl: Acl, filter: AclFilter): boolean {
  return (
    isAnyOr(filter.resourceType, acl.resourceType, resourceTypes.any) &&
    matchesPattern(acl, filter) &&
    (filter.principal === null || filter.principal === acl.principal) &&
    (filter.host === null || filter.host === acl.host) &&
    isAnyOr(filter.operation, acl.operation, operations.any) &&
    isAnyOr(filter.permissionType, acl.permissionType, permissionTypes.any)
  )
}

/** `match` finds every entry that counts for the name. */
function matchesPattern({ patternType, resourceName }: Acl, { patternType: wanted, resourceName: name }: AclFilter): boolean {
  if (wanted !== patternTypes.any && wanted !== patternTypes.match && wanted !== patternType) return false
  if (name === null || name === resourceName) return true
  if (wanted !== patternTypes.match) return false
  return patternType === patternTypes.literal ? resourceName === wildcard : name.startsWith(resourceName)
}

const isAnyOr = (wanted: number, actual: number, any: number): boolean => wanted === any || wanted === actual
