/** Kafka's sentences for what a client may not do, where an API tells one. */
import { type ErrorCode, Errors } from '../protocol/errors.js'

const sentences: ReadonlyMap<number, string> = new Map([
  [Errors.TOPIC_AUTHORIZATION_FAILED, 'Topic authorization failed.'],
  [Errors.GROUP_AUTHORIZATION_FAILED, 'Group authorization failed.'],
  [Errors.CLUSTER_AUTHORIZATION_FAILED, 'Cluster authorization failed.'],
  [Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'Transactional Id authorization failed.'],
])

export function authorizationFailed(errorCode: ErrorCode): string {
  return sentences.get(errorCode) as string
}
