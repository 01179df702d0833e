import { randomUuid } from '../../base/world.js'
import { createAcls as decide } from '../../cluster/access-controller.js'
import { Errors } from '../../protocol/errors.js'
import { CreateAcls } from '../../protocol/messages/create-acls.js'
import { isDefinite } from '../../security/acl/acl-rules.js'
import { aclOf } from '../acl-elements.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

const noAuthorizer = { errorCode: Errors.SECURITY_DISABLED, errorMessage: 'No Authorizer is configured.' }
const created = { errorCode: Errors.NONE, errorMessage: '' }

// CreateAcls v0-3: adds entries, each for itself; they count when the answer is there. One that is there already is no error.
export const createAcls = handler(CreateAcls, async (request, context) => {
  const { broker } = context
  const creations = request.creations.map(aclOf)
  if (!context.may('alter', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  if (broker.authorization === null) return { results: creations.map(() => noAuthorizer) }
  // Kafka's controller fails over an entry that could be a filter, and with it the request.
  if (!creations.every(isDefinite)) throw new RequestFailure(Errors.UNKNOWN_SERVER_ERROR)
  const decided = decide(broker.topics.image.access, creations, () => randomUuid(broker.world))
  const outcomes = await broker.carryOut(decided)
  if (decided.records.length > 0) broker.log.info({ acls: decided.records.length }, 'ACLs created')
  return {
    results: outcomes.map(refusal =>
      refusal === null ? created : { errorCode: refusal.errorCode, errorMessage: refusal.message },
    ),
  }
})
