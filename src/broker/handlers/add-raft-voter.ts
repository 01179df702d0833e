import { Errors } from '../../protocol/errors.js'
import { AddRaftVoter } from '../../protocol/messages/add-raft-voter.js'
import { handler } from '../handler.js'
import { voterProblem, votersAreFixed } from '../voters.js'

// AddRaftVoter v0-1: refused as by a Kafka whose kraft.version is 0, with what is wrong with the request before that.
export const addRaftVoter = handler(AddRaftVoter, (request, context) => {
  const problem = voterProblem(request, 'Add', context)
  if (problem !== null) return problem
  const name = context.broker.controllerListenerName
  if (!request.listeners.some(listener => listener.name.toUpperCase() === name)) {
    const given = request.listeners.map(
      ({ name, host, port }) => `ListenerName(${name.toUpperCase()})=${host}/<unresolved>:${port}`,
    )
    const what = `the endpoint (Endpoints(endpoints={${given.join(', ')}})) for the default listener ListenerName(${name})`
    return { errorCode: Errors.INVALID_REQUEST, errorMessage: `Add voter request didn't include ${what}` }
  }
  return votersAreFixed('adding')
})
