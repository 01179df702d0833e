import { Errors } from '../../protocol/errors.js'
import { DescribeAcls } from '../../protocol/messages/describe-acls.js'
import type { ResponseOf } from '../../protocol/schema.js'
import { type Acl, matchesFilter } from '../../security/acl/acl.js'
import { Slices } from '../../storage/slices.js'
import { filterOf } from '../acl-elements.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

type Resource = ResponseOf<typeof DescribeAcls>['resources'][number] & { readonly acls: Acl[] }

// DescribeAcls v0-3: the entries that match a filter, by resource. Tools that copy ACLs (MirrorMaker 2, consoles) ask first, and
// go on without where there is no authorizer.
export const describeAcls = handler(DescribeAcls, async (request, context) => {
  const { broker } = context
  const filter = filterOf(request)
  if (!context.may('describe', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  if (broker.authorization === null) {
    const errorMessage = 'No Authorizer is configured on the broker'
    return { errorCode: Errors.SECURITY_DISABLED, errorMessage, resources: [] }
  }
  const slices = Slices.ofRequest(broker.world.host)
  const resources = new Map<string, Resource>()
  for (const [, acl] of broker.topics.image.access.acls.entries()) {
    if (slices.isOver) await slices.next()
    if (!matchesFilter(acl, filter)) continue
    const { resourceType, patternType, resourceName } = acl
    const key = `${resourceType} ${patternType} ${resourceName}`
    const resource = resources.get(key)
    if (resource === undefined) resources.set(key, { resourceType, resourceName, patternType, acls: [acl] })
    else resource.acls.push(acl)
  }
  return { errorCode: Errors.NONE, errorMessage: '', resources: [...resources.values()] }
})
