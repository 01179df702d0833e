/** A request that failed, in the API's own words, and what the reader can do about it; pure. */

export class ApiFailure extends Error {
  constructor(
    /** Null when no answer came. */
    readonly status: number | null,
    readonly type: string,
    message: string,
  ) {
    super(message)
  }
}

/** The body of an answer, which may be anything when something else than Gregor sent it. */
export function failureOf(status: number, body: unknown): ApiFailure {
  const error = (body as { error?: { type?: unknown; message?: unknown } } | null)?.error
  const type = typeof error?.type === 'string' ? error.type : `HTTP_${status}`
  const message = typeof error?.message === 'string' && error.message !== '' ? error.message : `The server answered ${status}.`
  return new ApiFailure(status, type, message)
}

export const notReached = (): ApiFailure => new ApiFailure(null, 'NOT_REACHED', 'The broker does not answer.')

export const failureFrom = (error: unknown): ApiFailure =>
  error instanceof ApiFailure
    ? error
    : new ApiFailure(null, 'CONSOLE_ERROR', error instanceof Error ? error.message : String(error))

const advice: Readonly<Record<string, string>> = {
  NOT_REACHED: 'See whether the process runs and this machine reaches it. The console goes on by itself as soon as it answers.',
  LOGIN_REQUIRED: 'Log in again: the session has ended.',
  READ_ONLY: 'Start the broker with gregor.http.allow.writes=true, or open the console on the broker’s own machine.',
  FOREIGN_HOST: 'Add the name in the address bar to gregor.http.hosts.',
  FOREIGN_ORIGIN: 'Open the console at the broker’s own address, or have the proxy pass the Host header on.',
  TOO_MANY_REQUESTS: 'Close other tabs, tails and exports of this broker, then try again.',
  BODY_TOO_LARGE: 'Send it in smaller parts.',
  REQUEST_TIMED_OUT: 'The broker is busy: ask for less (a partition, a narrower filter), or try again.',
  UNKNOWN_TOPIC_OR_PARTITION:
    'It may have been deleted. Go back to the list of topics, and see whether internal topics are shown.',
  TOPIC_ALREADY_EXISTS: 'Choose another name, or open the topic that is there.',
  INVALID_TOPIC_EXCEPTION: 'Use up to 249 letters, digits, dots, dashes and underscores.',
  INVALID_PARTITIONS: 'A topic gets more partitions, never fewer: choose a higher number.',
  INVALID_REPLICATION_FACTOR: 'There is one broker: the replication factor is 1.',
  INVALID_CONFIG: 'Read what Kafka says of the key beside it, correct the value, and save again.',
  POLICY_VIOLATION: 'The topic’s configs forbid it: see the Configs tab.',
  TOPIC_AUTHORIZATION_FAILED: 'Ask for an ACL on the topic, or log in as somebody who has one.',
  GROUP_AUTHORIZATION_FAILED: 'Ask for an ACL on the group, or log in as somebody who has one.',
  CLUSTER_AUTHORIZATION_FAILED: 'Ask for an ACL on the cluster, or log in as somebody who has one.',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'Ask for an ACL on the transactional id, or log in as somebody who has one.',
  MESSAGE_TOO_LARGE: 'Raise the topic’s max.message.bytes, or send less.',
  RECORD_LIST_TOO_LARGE: 'Raise the topic’s max.message.bytes, or send less.',
  OFFSET_OUT_OF_RANGE: 'The log begins later or ends earlier by now: look from the start or the end.',
  NON_EMPTY_GROUP: 'Stop the group’s members first.',
  GROUP_ID_NOT_FOUND: 'It may have been deleted or expired. Go back to the list of groups.',
  GROUP_SUBSCRIBED_TO_TOPIC: 'Stop the members that read the topic first.',
  UNSUPPORTED_COMPRESSION_TYPE: 'Install the codec’s optional package beside the broker.',
  KAFKA_STORAGE_ERROR: 'See the broker’s log and its disk: a log directory has failed.',
  THROTTLING_QUOTA_EXCEEDED: 'A quota holds it back: wait a moment, then try again.',
  INTERNAL_ERROR: 'The broker’s log says why.',
}

/** What to do next. */
export function adviceOf({ status, type }: Pick<ApiFailure, 'status' | 'type'>): string {
  const known = advice[type]
  if (known !== undefined) return known
  if (status === 503) return 'Try again in a moment.'
  if (status === 403) return 'Log in as somebody who may, or ask for an ACL.'
  if (status === 404) return 'It may be gone: go back and look again.'
  if (status === 400) return 'Correct what was entered, then try again.'
  return 'Try again; if it stays, see the broker’s log.'
}
