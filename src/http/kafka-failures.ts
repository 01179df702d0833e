/** Kafka's error codes as HTTP says them: one table, for all routes. */
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { Errors, errorName } from '../protocol/errors.js'
import { HttpFailure } from './failures.js'

const statuses: ReadonlyMap<number, ContentfulStatusCode> = new Map<number, ContentfulStatusCode>([
  [Errors.UNKNOWN_TOPIC_OR_PARTITION, 404],
  [Errors.UNKNOWN_TOPIC_ID, 404],
  [Errors.GROUP_ID_NOT_FOUND, 404],
  [Errors.TRANSACTIONAL_ID_NOT_FOUND, 404],
  [Errors.RESOURCE_NOT_FOUND, 404],
  [Errors.TOPIC_ALREADY_EXISTS, 409],
  [Errors.NON_EMPTY_GROUP, 409],
  [Errors.GROUP_SUBSCRIBED_TO_TOPIC, 409],
  [Errors.DUPLICATE_RESOURCE, 409],
  [Errors.UNKNOWN_MEMBER_ID, 409],
  [Errors.ILLEGAL_GENERATION, 409],
  [Errors.REBALANCE_IN_PROGRESS, 409],
  [Errors.CONCURRENT_TRANSACTIONS, 409],
  [Errors.INVALID_PRODUCER_EPOCH, 409],
  [Errors.PRODUCER_FENCED, 409],
  [Errors.INVALID_TXN_STATE, 409],
  [Errors.TRANSACTION_COORDINATOR_FENCED, 409],
  [Errors.TOPIC_AUTHORIZATION_FAILED, 403],
  [Errors.GROUP_AUTHORIZATION_FAILED, 403],
  [Errors.CLUSTER_AUTHORIZATION_FAILED, 403],
  [Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 403],
  [Errors.POLICY_VIOLATION, 403],
  [Errors.SECURITY_DISABLED, 409],
  [Errors.MESSAGE_TOO_LARGE, 413],
  [Errors.RECORD_LIST_TOO_LARGE, 413],
  [Errors.THROTTLING_QUOTA_EXCEEDED, 429],
  [Errors.UNKNOWN_SERVER_ERROR, 500],
  [Errors.KAFKA_STORAGE_ERROR, 503],
  [Errors.NOT_COORDINATOR, 503],
  [Errors.COORDINATOR_NOT_AVAILABLE, 503],
  [Errors.COORDINATOR_LOAD_IN_PROGRESS, 503],
  [Errors.LEADER_NOT_AVAILABLE, 503],
  [Errors.NOT_LEADER_OR_FOLLOWER, 503],
  [Errors.REQUEST_TIMED_OUT, 503],
])

/** Not in the table: the request asks for what cannot be. */
const otherwise = 400

export function kafkaFailure(code: number, message: string | null = null): HttpFailure {
  const type = errorName(code)
  const words = `${type[0]}${type.slice(1).toLowerCase().replaceAll('_', ' ')}.`
  return new HttpFailure(statuses.get(code) ?? otherwise, { error: { type, code, message: message || words } })
}

/** @throws HttpFailure when Kafka says no */
export function accepted(answer: { readonly errorCode: number; readonly errorMessage?: string | null } | undefined): void {
  if (answer === undefined) throw kafkaFailure(Errors.UNKNOWN_SERVER_ERROR)
  if (answer.errorCode !== Errors.NONE) throw kafkaFailure(answer.errorCode, answer.errorMessage)
}
