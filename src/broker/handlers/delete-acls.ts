import { deleteAcls as decide } from '../../cluster/access-controller.js'
import { Errors, isRefusal } from '../../protocol/errors.js'
import { DeleteAcls } from '../../protocol/messages/delete-acls.js'
import { filterOf } from '../acl-elements.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

const noAuthorizer = { errorCode: Errors.SECURITY_DISABLED, errorMessage: 'No Authorizer is configured.', matchingAcls: [] }
const done = { errorCode: Errors.NONE, errorMessage: null }

// DeleteAcls v0-3: removes the entries that match a filter, and says which; they count no more when the answer is there.
export const deleteAcls = handler(DeleteAcls, async (request, context) => {
  const { broker } = context
  const filters = request.filters.map(filterOf)
  if (!context.may('alter', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  if (broker.authorization === null) return { filterResults: filters.map(() => noAuthorizer) }
  const decided = decide(broker.topics.image.access, filters)
  const outcomes = await broker.carryOut(decided)
  if (decided.records.length > 0) broker.log.info({ acls: decided.records.length }, 'ACLs deleted')
  return {
    filterResults: outcomes.map(found =>
      isRefusal(found)
        ? { errorCode: found.errorCode, errorMessage: found.message, matchingAcls: [] }
        : { ...done, matchingAcls: found.map(acl => ({ ...done, ...acl })) },
    ),
  }
})
