import { Errors } from '../../protocol/errors.js'
import { DeleteAcls } from '../../protocol/messages/delete-acls.js'
import { assertKnown } from '../acl-elements.js'
import { handler } from '../handler.js'

const refused = { errorCode: Errors.SECURITY_DISABLED, errorMessage: 'No Authorizer is configured.', matchingAcls: [] }

// DeleteAcls v0-3: there is no authorizer to take entries from.
export const deleteAcls = handler(DeleteAcls, ({ filters }) => {
  for (const { resourceTypeFilter, patternTypeFilter, operation, permissionType } of filters) {
    assertKnown(resourceTypeFilter, patternTypeFilter, operation, permissionType)
  }
  return { filterResults: filters.map(() => refused) }
})
