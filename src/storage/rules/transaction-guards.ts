/**
 * Transactions that are being verified: between the question whether a partition belongs to a producer's transaction and the
 * append, a marker may end that transaction. The guard that was handed out before the question is void then, and the batch is
 * refused. It also knows the lowest sequence that waits for the answer: what comes behind it must not overtake it.
 *
 * Bound: `guardsMax` producers, and none for longer than producers are remembered.
 */
import type { ProducerEpoch, ProducerId } from '../../base/ids.js'
import type { TransactionGuard } from '../../protocol/records/marker.js'

/** The oldest one is void when there are more: its producer sends its batch again. */
export const guardsMax = 10_000

class Guard implements TransactionGuard {
  isCurrent = true
  readonly isImplicitAdd: boolean
  readonly sinceMs: number
  producerEpoch: ProducerEpoch
  lowestSequence: number

  constructor(producerEpoch: ProducerEpoch, lowestSequence: number, isImplicitAdd: boolean, sinceMs: number) {
    this.producerEpoch = producerEpoch
    this.lowestSequence = lowestSequence
    this.isImplicitAdd = isImplicitAdd
    this.sinceMs = sinceMs
  }
}

export class TransactionGuards {
  readonly #guards = new Map<ProducerId, Guard>()
  readonly #max: number

  constructor(max = guardsMax) {
    this.#max = max
  }

  get size(): number {
    return this.#guards.size
  }

  /** The producer's guard; made if it has none. */
  take(producerId: ProducerId, epoch: ProducerEpoch, sequence: number, isImplicitAdd: boolean, nowMs: number): TransactionGuard {
    const known = this.#guards.get(producerId)
    if (known === undefined) {
      const guard = new Guard(epoch, sequence, isImplicitAdd, nowMs)
      if (this.#guards.size >= this.#max) this.#voidOldest()
      this.#guards.set(producerId, guard)
      return guard
    }
    if (epoch > known.producerEpoch) {
      known.producerEpoch = epoch
      known.lowestSequence = sequence
    } else if (epoch === known.producerEpoch && sequence < known.lowestSequence) known.lowestSequence = sequence
    return known
  }

  #voidOldest(): void {
    for (const producerId of this.#guards.keys()) {
      this.void(producerId)
      return
    }
  }

  /** Of the verification that is under way; undefined when there is none. */
  of(producerId: ProducerId): Pick<Guard, 'lowestSequence' | 'isImplicitAdd'> | undefined {
    return this.#guards.get(producerId)
  }

  /** The transaction ended, or began: the guard allows nothing more. */
  void(producerId: ProducerId): void {
    const guard = this.#guards.get(producerId)
    if (guard === undefined) return
    guard.isCurrent = false
    this.#guards.delete(producerId)
  }

  expire(nowMs: number, expirationMs: number): void {
    for (const [producerId, { sinceMs }] of this.#guards) if (nowMs - sinceMs >= expirationMs) this.void(producerId)
  }
}
