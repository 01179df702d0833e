import { Errors } from '../../protocol/errors.js'
import { CreateAcls } from '../../protocol/messages/create-acls.js'
import { assertKnown } from '../acl-elements.js'
import { handler } from '../handler.js'

const refused = { errorCode: Errors.SECURITY_DISABLED, errorMessage: 'No Authorizer is configured.' }

// CreateAcls v0-3: there is no authorizer to give the entries to.
export const createAcls = handler(CreateAcls, ({ creations }) => {
  for (const { resourceType, resourcePatternType, operation, permissionType } of creations) {
    assertKnown(resourceType, resourcePatternType, operation, permissionType)
  }
  return { results: creations.map(() => refused) }
})
