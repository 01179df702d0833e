import { Errors } from '../../protocol/errors.js'
import { DescribeAcls } from '../../protocol/messages/describe-acls.js'
import { assertKnown } from '../acl-elements.js'
import { handler } from '../handler.js'

// DescribeAcls v0-3: there is no authorizer, and this is how Kafka says so. Tools that copy ACLs (MirrorMaker 2, consoles) ask
// first and go on without.
export const describeAcls = handler(DescribeAcls, ({ resourceTypeFilter, patternTypeFilter, operation, permissionType }) => {
  assertKnown(resourceTypeFilter, patternTypeFilter, operation, permissionType)
  const errorMessage = 'No Authorizer is configured on the broker'
  return { errorCode: Errors.SECURITY_DISABLED, errorMessage, resources: [] }
})
