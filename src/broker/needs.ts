/** The rights that an API asks for, as its row of the table lists them: docs and the test of all rights follow from the rows. */
import { type ErrorCode, Errors } from '../protocol/errors.js'
import type { Operation, ResourceType } from '../security/acl/acl.js'

export type Right = readonly [operation: Operation, resource: ResourceType]

export interface Need {
  /** Any of these is enough. */
  readonly rights: readonly Right[]
  /** Of which requests, or what for; null: always, and of every such resource in the request. */
  readonly when: string | null
  /** What a client is told that does not have it; null: nothing, what it may not see is left out. */
  readonly denied: ErrorCode | null
}

export interface NeedOptions {
  readonly or?: Right
  readonly when?: string
  readonly denied?: ErrorCode
  readonly isLeftOut?: true
}

export function need(operation: Operation, resource: ResourceType, options: NeedOptions = {}): Need {
  const { or, when = null, isLeftOut = false, denied = codes[resource] } = options
  const right: Right = [operation, resource]
  return { rights: or === undefined ? [right] : [right, or], when, denied: isLeftOut ? null : denied }
}

const codes: Readonly<Record<ResourceType, ErrorCode>> = {
  topic: Errors.TOPIC_AUTHORIZATION_FAILED,
  group: Errors.GROUP_AUTHORIZATION_FAILED,
  cluster: Errors.CLUSTER_AUTHORIZATION_FAILED,
  transactional_id: Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  delegation_token: Errors.DELEGATION_TOKEN_AUTHORIZATION_FAILED,
  user: Errors.DELEGATION_TOKEN_AUTHORIZATION_FAILED,
}
