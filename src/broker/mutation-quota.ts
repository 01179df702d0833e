/** Partitions that a client makes and removes, against its quota of controller mutations (KIP-599). */
import { Errors, type Refusal, refuse } from '../protocol/errors.js'
import type { RequestContext } from './handler.js'

export const overQuota: Refusal = refuse(Errors.THROTTLING_QUOTA_EXCEEDED, 'The throttling quota has been exceeded.')

/** From version `strictSince` on not without quota; clients of older versions cannot be told, and have to wait afterwards. */
export function mayMutate({ metered, version }: RequestContext, partitions: number, strictSince: number): boolean {
  return metered === null || metered.mayMutate(partitions, version >= strictSince)
}
