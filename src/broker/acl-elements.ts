/** ACLs and filters as requests have them, in the words of the security room. */
import type { CreateAcls } from '../protocol/messages/create-acls.js'
import type { DeleteAcls } from '../protocol/messages/delete-acls.js'
import type { RequestOf } from '../protocol/schema.js'
import type { Acl, AclFilter } from '../security/acl/acl.js'
import { CloseConnection } from './outcomes.js'

type Creation = RequestOf<typeof CreateAcls>['creations'][number]
/** Of DescribeAcls as well. */
type Filter = RequestOf<typeof DeleteAcls>['filters'][number]

export function aclOf({ resourcePatternType, ...entry }: Creation): Acl {
  const acl = { ...entry, patternType: resourcePatternType }
  assertKnown(acl)
  return acl
}

export function filterOf(asked: Filter): AclFilter {
  const filter = {
    resourceType: asked.resourceTypeFilter,
    resourceName: asked.resourceNameFilter,
    patternType: asked.patternTypeFilter,
    principal: asked.principalFilter,
    host: asked.hostFilter,
    operation: asked.operation,
    permissionType: asked.permissionType,
  }
  assertKnown(filter)
  return filter
}

/** As in Kafka, a request that says unknown, by the number for that, closes the connection; other numbers are told of. */
function assertKnown({ resourceType, patternType, operation, permissionType }: AclFilter): void {
  const isSaid = resourceType !== unknown && patternType !== unknown && operation !== unknown && permissionType !== unknown
  if (!isSaid) throw new CloseConnection('an ACL was named with unknown elements')
}

const unknown = 0
