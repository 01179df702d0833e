/**
 * Transactions that are being verified: between the question whether a partition belongs to a producer's transaction and the
 * append, a marker may end that transaction. The guards that were handed out before the marker are void then, and what comes with
 * one is refused. They also know which batches wait for the answer: what was sent later must not overtake them.
 *
 * Each question has a guard of its own, which goes with a refusal: who asks in another producer's name changes nothing for it.
 *
 * Bound: `guardsMax` producers, and no guard for longer than producers are remembered.
 */
import type { ProducerEpoch, ProducerId } from '../../base/ids.js'
import type { TransactionGuard } from '../../protocol/records/marker.js'

/** The oldest one is void when there are more: its producer sends its batch again. */
export const guardsMax = 10_000

class Guard implements TransactionGuard {
  isCurrent = true

  constructor(
    readonly producerId: ProducerId,
    readonly producerEpoch: ProducerEpoch,
    readonly sequence: number,
    readonly isImplicitAdd: boolean,
    readonly sinceMs: number,
  ) {}
}

export class TransactionGuards {
  readonly #guards = new Map<ProducerId, Set<Guard>>()
  readonly #max: number

  constructor(max = guardsMax) {
    this.#max = max
  }

  /** How many producers have one. */
  get size(): number {
    return this.#guards.size
  }

  take(producerId: ProducerId, epoch: ProducerEpoch, sequence: number, isImplicitAdd: boolean, nowMs: number): TransactionGuard {
    const guard = new Guard(producerId, epoch, sequence, isImplicitAdd, nowMs)
    const known = this.#guards.get(producerId)
    if (known !== undefined) known.add(guard)
    else {
      if (this.#guards.size >= this.#max) this.#voidOldest()
      this.#guards.set(producerId, new Set([guard]))
    }
    return guard
  }

  #voidOldest(): void {
    for (const producerId of this.#guards.keys()) {
      this.void(producerId)
      return
    }
  }

  /** Whether an earlier batch than that of `sequence` is being verified. */
  isAwaited(producerId: ProducerId, epoch: ProducerEpoch, sequence: number): boolean {
    for (const guard of this.#guards.get(producerId) ?? noGuards) {
      if (guard.producerEpoch === epoch && guard.sequence < sequence) return true
    }
    return false
  }

  /** What was asked was refused. */
  drop(guard: TransactionGuard): void {
    if (!(guard instanceof Guard)) return
    guard.isCurrent = false
    const known = this.#guards.get(guard.producerId)
    if (known?.delete(guard) === true && known.size === 0) this.#guards.delete(guard.producerId)
  }

  /** The transaction ended, or began: no guard of the producer allows anything more. */
  void(producerId: ProducerId): void {
    const known = this.#guards.get(producerId)
    if (known === undefined) return
    for (const guard of known) guard.isCurrent = false
    this.#guards.delete(producerId)
  }

  expire(nowMs: number, expirationMs: number): void {
    for (const known of this.#guards.values()) {
      for (const guard of known) if (nowMs - guard.sinceMs >= expirationMs) this.drop(guard)
    }
  }
}

const noGuards: readonly Guard[] = []
