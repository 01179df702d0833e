/** What can become of a request, beside its response. */
import type { Bytes } from '../base/bytes.js'
import type { ErrorCode } from '../protocol/errors.js'

/** The request asked for no answer (acks=0). */
export const noAnswer = Symbol('no answer')

/**
 * An answer that comes later although its effects are fixed now, or when `fixed` resolves: from then on the connection may
 * start the next request of this kind. It says by itself what failed; a rejection is a fault in the broker.
 */
export class Ordered<Response> {
  constructor(
    readonly response: Promise<Response | typeof noAnswer>,
    readonly fixed: Promise<void> | null = null,
  ) {}
}

/** An answer without its header, encoded before: what many clients ask in the same words is not encoded for each. */
export class EncodedAnswer {
  constructor(readonly body: Bytes) {}
}

/** Fails the whole request; dispatch spells it in the API's own way. For outcomes that concern all of it, not a part. */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure'
  constructor(readonly errorCode: ErrorCode) {
    super(`request failed with error ${errorCode}`)
  }
}

/** There is no answer to give; the connection is closed, as Kafka does. */
export class CloseConnection extends Error {
  override readonly name = 'CloseConnection'
}

export type Outcome<Response> =
  | Response
  | EncodedAnswer
  | Promise<Response | EncodedAnswer | typeof noAnswer>
  | Ordered<Response>
  | typeof noAnswer
