import { type ErrorCode, Errors } from '../protocol/errors.js'

/** What a client is told when the log refused the records of its command; Kafka's choice. */
export function answerToRefusal(errorCode: ErrorCode): ErrorCode {
  switch (errorCode) {
    case Errors.UNKNOWN_TOPIC_OR_PARTITION:
    case Errors.NOT_ENOUGH_REPLICAS:
    case Errors.REQUEST_TIMED_OUT:
      return Errors.COORDINATOR_NOT_AVAILABLE
    case Errors.NOT_LEADER_OR_FOLLOWER:
    case Errors.KAFKA_STORAGE_ERROR:
      return Errors.NOT_COORDINATOR
    // Trying again elsewhere or later does not make the records smaller.
    case Errors.MESSAGE_TOO_LARGE:
    case Errors.RECORD_LIST_TOO_LARGE:
    case Errors.INVALID_FETCH_SIZE:
      return Errors.UNKNOWN_SERVER_ERROR
    // A producer that was fenced, or has no open transaction.
    default:
      return errorCode
  }
}
