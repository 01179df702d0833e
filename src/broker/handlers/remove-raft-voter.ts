import { RemoveRaftVoter } from '../../protocol/messages/remove-raft-voter.js'
import { handler } from '../handler.js'
import { voterProblem, votersAreFixed } from '../voters.js'

// RemoveRaftVoter v0: refused as by a Kafka whose kraft.version is 0, with what is wrong with the request before that.
export const removeRaftVoter = handler(
  RemoveRaftVoter,
  (request, context) => voterProblem(request, 'Remove', context) ?? votersAreFixed('removing'),
)
