import { Errors } from '../../protocol/errors.js'
import { DescribeUserScramCredentials } from '../../protocol/messages/describe-user-scram-credentials.js'
import { handler } from '../handler.js'
import { RequestFailure } from '../outcomes.js'

// DescribeUserScramCredentials v0: with which mechanisms users can log in, never with what. No users named: all of them.
export const describeUserScramCredentials = handler(DescribeUserScramCredentials, ({ users }, context) => {
  if (!context.may('describe', 'cluster', '')) throw new RequestFailure(Errors.CLUSTER_AUTHORIZATION_FAILED)
  const { scramCredentials } = context.broker.topics.image.access
  const isForAll = users === null || users.length === 0
  const counts = new Map<string, number>()
  for (const name of isForAll ? scramCredentials.keys() : users.map(({ name }) => name)) {
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const results = [...counts].map(([user, count]) => {
    const credentials = scramCredentials.get(user)
    const refused = (errorCode: number, message: string) => ({
      user,
      errorCode,
      errorMessage: `${message}: ${user}`,
      credentialInfos: [],
    })
    if (count > 1) {
      return refused(Errors.DUPLICATE_RESOURCE, 'Cannot describe SCRAM credentials for the same user twice in a single request')
    }
    if (credentials === undefined) {
      return refused(Errors.RESOURCE_NOT_FOUND, 'Attempt to describe a user credential that does not exist')
    }
    const credentialInfos = [...credentials]
      .sort(([a], [b]) => a - b)
      .map(([mechanism, { iterations }]) => ({ mechanism, iterations }))
    return { user, errorCode: Errors.NONE, errorMessage: '', credentialInfos }
  })
  return { errorCode: Errors.NONE, errorMessage: '', results }
})
