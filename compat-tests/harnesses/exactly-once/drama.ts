/**
 * What happens to the broker and the copiers while they work, by seed. Turns come with progress, not with time: each hits a run
 * that is under way, however fast the machine.
 */
import { delay } from '../../lib/patience.js'
import type { Random } from '../../lib/random.js'
import type { TestedBroker } from './broker.js'
import type { Copier } from './copier.js'
import { copierEnvironment } from './copier-lines.js'

const TRANSACTION_TIMEOUT_MS = Number(copierEnvironment.COPIER_TRANSACTION_TIMEOUT_MS)
const LOOK_EVERY_MS = 20
const AFTER_PROGRESS_MS_MAX = 400
const DOWN_MS_MAX = 500

export interface Stage {
  readonly broker: TestedBroker
  readonly copiers: readonly Copier[]
  /** From 0 to 1. */
  progress(): number
  /** This long without any progress is a run that hangs. */
  readonly stalledMsMax: number
}

export class Drama {
  readonly turns = { brokerKills: 0, copierKills: 0, pauses: 0, pausesBeyondTimeout: 0, replacements: 0 }
  readonly #underWay: Promise<void>[] = []

  constructor(
    private readonly stage: Stage,
    private readonly random: Random,
  ) {}

  /** `kills` of the broker, and a turn of a copier beside each. @throws Error when nothing moves any more. */
  async play(kills: number): Promise<void> {
    for (let turn = 1; turn <= kills; turn++) {
      await this.#progressTo(turn / (kills + 1))
      this.#turnOfACopier()
      await delay(this.random.below(AFTER_PROGRESS_MS_MAX))
      await this.stage.broker.kill9()
      this.turns.brokerKills++
      await delay(this.random.below(DOWN_MS_MAX))
      await this.stage.broker.start()
      console.log(`kill ${turn}: ${(this.stage.progress() * 100).toFixed(1)} % copied`)
    }
    await Promise.all(this.#underWay)
    await this.#progressTo(1)
  }

  async #progressTo(share: number): Promise<void> {
    let reached = this.stage.progress()
    let reachedAtMs = performance.now()
    while (reached < share) {
      await delay(LOOK_EVERY_MS)
      const now = this.stage.progress()
      if (now > reached) {
        reached = now
        reachedAtMs = performance.now()
      } else if (performance.now() - reachedAtMs > this.stage.stalledMsMax) {
        throw new Error(`no progress for ${this.stage.stalledMsMax} ms at ${(reached * 100).toFixed(2)} %`)
      }
    }
  }

  #turnOfACopier(): void {
    const idle = this.stage.copiers.filter(({ isBusy }) => !isBusy)
    if (idle.length === 0) return
    const copier = this.random.pick(idle)
    copier.isBusy = true
    this.#underWay.push(
      this.#play(copier).finally(() => {
        copier.isBusy = false
      }),
    )
  }

  async #play(copier: Copier): Promise<void> {
    await delay(this.random.below(AFTER_PROGRESS_MS_MAX))
    switch (this.random.below(5)) {
      case 0:
      case 1:
        this.turns.copierKills++
        copier.crash()
        return
      case 2:
        this.turns.pauses++
        return await copier.pause(this.random.between(200, 2000))
      case 3:
        this.turns.pausesBeyondTimeout++
        return await copier.pause(TRANSACTION_TIMEOUT_MS + this.random.between(1500, 6000))
      default:
        this.turns.replacements++
        return await copier.replace(this.random.between(2000, 6000))
    }
  }
}
