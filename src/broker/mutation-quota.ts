/** Partitions that a client makes and removes, against its quota of controller mutations (KIP-599). */
import type { RequestContext } from './handler.js'

/** From version `strictSince` on not without quota; clients of older versions cannot be told, and have to wait afterwards. */
export function mayMutate({ metered, version }: RequestContext, partitions: number, strictSince: number): boolean {
  return metered === null || metered.mayMutate(partitions, version >= strictSince)
}
