/** What a request that is not served is told: one shape for all, with Kafka's own name and number where Kafka refuses. */
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

export interface FailureBody {
  readonly error: {
    /** Kafka's name of the error, such as TOPIC_ALREADY_EXISTS, or one of ours. */
    readonly type: string
    /** Kafka's number of it; null for ours. */
    readonly code: number | null
    /** What is wrong, for people. */
    readonly message: string
  }
}

/** Of this port, where Kafka has no say. */
export const ownFailures = {
  INVALID_INPUT: 400,
  LOGIN_REQUIRED: 401,
  FOREIGN_ORIGIN: 403,
  READ_ONLY: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  LENGTH_REQUIRED: 411,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  FOREIGN_HOST: 421,
  TOO_MANY_REQUESTS: 429,
  INTERNAL_ERROR: 500,
} as const satisfies Readonly<Record<string, ContentfulStatusCode>>
export type OwnFailure = keyof typeof ownFailures

/** Thrown by whoever cannot go on; answered in one place. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure'
  constructor(
    readonly status: ContentfulStatusCode,
    readonly body: FailureBody,
  ) {
    super(body.error.message)
  }
}

export function failure(type: OwnFailure, message: string): HttpFailure {
  return new HttpFailure(ownFailures[type], { error: { type, code: null, message } })
}

export function answerFailure(context: Context, { status, body }: HttpFailure): Response {
  return context.json(body, status)
}
