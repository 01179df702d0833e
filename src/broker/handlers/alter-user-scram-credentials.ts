import { copyOf } from '../../base/bytes.js'
import { alterScramCredentials } from '../../cluster/access-controller.js'
import { Errors } from '../../protocol/errors.js'
import { AlterUserScramCredentials } from '../../protocol/messages/alter-user-scram-credentials.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

// AlterUserScramCredentials v0: sets and removes what users log in with; counts at the next login, and sessions stay.
export const alterUserScramCredentials = handler(AlterUserScramCredentials, async ({ deletions, upsertions }, context) => {
  const { broker } = context
  if (!context.may('alter', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  // The salt is written down when the request's own bytes are over.
  const kept = upsertions.map(upsertion => ({ ...upsertion, salt: copyOf(upsertion.salt) }))
  const decided = alterScramCredentials(broker.topics.image.access, deletions, kept)
  const results = await broker.carryOut(decided)
  if (decided.records.length > 0) broker.log.info({ users: decided.records.length }, 'SCRAM credentials altered')
  return { results }
})
