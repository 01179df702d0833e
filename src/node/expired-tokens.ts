/** Delegation tokens that have expired are removed from the cluster's records, now and then. */
import type { Log } from '../base/log.js'
import type { Timer, World } from '../base/world.js'
import type { Access } from '../cluster/access-image.js'
import type { MetadataRecordInput } from '../protocol/state/metadata.js'
import { isOver } from '../security/delegation-tokens.js'
import { StorageFailure } from './storage-failure.js'

interface Parts {
  readonly access: Access
  /** Waits until the records are durable. Throws StorageFailure. */
  readonly write: (records: readonly MetadataRecordInput[]) => Promise<unknown>
  readonly world: World
  readonly log: Log
  /** delegation.token.expiry.check.interval.ms */
  readonly intervalMs: number
}

export function removeExpiredTokens({ access, write, world, log, intervalMs }: Parts): { stop(): void } {
  let timer: Timer
  const sweep = async (): Promise<void> => {
    const nowMs = world.nowMs()
    const over = [...access.delegationTokens.values()].filter(token => isOver(token, nowMs))
    if (over.length === 0) return
    await write(over.map(({ tokenId }) => ({ kind: 'removeDelegationToken', tokenId })))
    log.info({ tokens: over.length }, 'expired delegation tokens removed')
  }
  const arm = (): void => {
    timer = world.after(intervalMs, () => {
      arm()
      sweep().catch(error => {
        if (!(error instanceof StorageFailure)) throw error
        log.warn({ reason: error.message }, 'expired delegation tokens could not be removed; the next look tries again')
      })
    })
  }
  arm()
  return { stop: () => timer.cancel() }
}
