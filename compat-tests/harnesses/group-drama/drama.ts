/**
 * The plot: rounds of seeded turns, each followed by a wait until the group has settled with exactly the members that are
 * there. Every look at a stable group must show each partition owned once; a group that does not settle in time is stuck.
 * An act has a protocol, which every member that joins speaks; those of the act before are restarted round by round.
 */
import { delay } from '../../lib/patience.js'
import type { Random } from '../../lib/random.js'
import { type GroupView, ownershipFault, ownersOf } from './group-view.js'
import type { Member } from './member.js'
import { type Assignor, type GroupProtocol, memberEnvironment } from './member-options.js'

const SESSION_MS = Number(memberEnvironment.DRAMA_SESSION_MS)
const REBALANCE_MS = Number(memberEnvironment.DRAMA_REBALANCE_MS)
/** A crashed member is noticed after a session; the rebalance waits at most its timeout; starting a client takes a while. */
const SETTLE_MS_MAX = SESSION_MS + REBALANCE_MS + 20_000
const LOOK_EVERY_MS = 200

export interface Stage {
  readonly partitions: number
  readonly members: readonly Member[]
  /** At least as many stay, as far as the dice of what happens decide it. */
  readonly membersMin: number
  readonly acts: readonly GroupProtocol[]
  readonly assignor: Assignor
  look(): Promise<GroupView>
  /** Kills the broker and starts it again; null where it lives. */
  readonly killBroker: (() => Promise<void>) | null
  /** Next offset of each partition, as far as produced. */
  producedEnds(): ReadonlyMap<number, number>
}

/** While the group is quiet, who may receive what is produced from now on. */
export interface QuietTime {
  readonly owners: ReadonlyMap<number, string>
  readonly fromOffsets: ReadonlyMap<number, number>
}

export class Drama {
  readonly stuck: string[] = []
  readonly ownership: string[] = []
  readonly unrest: string[] = []
  readonly settleMs: number[] = []
  readonly turns = { join: 0, leave: 0, crash: 0, pause: 0, restart: 0, kill: 0 }
  stableLooks = 0
  mixedLooks = 0
  quiet: QuietTime | null = null
  /** Of the act. */
  #protocol: GroupProtocol = 'classic'
  #rounds = 0

  constructor(
    private readonly stage: Stage,
    private readonly random: Random,
  ) {}

  async play(seconds: number): Promise<void> {
    const { members, acts } = this.stage
    for (const [index, protocol] of acts.entries()) {
      this.#protocol = protocol
      if (index === 0) {
        for (const member of members) this.#join(member)
        await this.#settle(`all joined with ${protocol}`)
      }
      const endMs = performance.now() + (seconds * 1000) / acts.length
      while (performance.now() < endMs && this.stuck.length === 0) await this.#round()
      await this.#end(protocol)
    }
  }

  /** The last members of the other protocol are restarted; the group is then one of this protocol. */
  async #end(protocol: GroupProtocol): Promise<void> {
    const others = this.#ofOtherProtocol()
    if (this.stuck.length > 0) return
    if (others.length > 0) {
      await Promise.all(others.map(member => this.#restart(member)))
      await this.#settle(`the last ${others.length} were restarted with ${protocol}`)
    }
    const { kind, isMixed } = await this.stage.look()
    if (kind !== protocol || isMixed)
      this.stuck.push(
        `all members speak ${protocol}, and the group is ${isMixed ? 'a mixed one' : 'one'} of the protocol ${kind}`,
      )
  }

  async #round(): Promise<void> {
    // 1. What happens, most of it while earlier turns still have their effect.
    const turns: Promise<void>[] = []
    const told: string[] = []
    const { killBroker } = this.stage
    for (const member of this.#ofOtherProtocol().filter(() => this.random.oneIn(2))) {
      told.push(`${member.clientId} is restarted with ${this.#protocol}`)
      turns.push(this.#restart(member))
    }
    if (killBroker !== null && this.#rounds++ % 2 === 0) {
      told.push('the broker is killed')
      this.turns.kill++
      turns.push(delay(this.random.below(3000)).then(killBroker))
    }
    for (let turn = this.random.between(1, 4); turn > 0; turn--) {
      const present = this.#in('present')
      const absent = this.#in('absent')
      // The last one of the consumer protocol would come back to a classic group, which is the end of some clients.
      const classic = this.stage.members.filter(({ state, protocol }) => state !== 'absent' && protocol === 'classic')
      const pausable = classic.length === 0 ? present : present.filter(({ protocol }) => protocol === 'classic')
      const kind = this.random.below(10)
      if (absent.length > 0 && (kind < 4 || present.length <= this.stage.membersMin)) {
        const member = this.random.pick(absent)
        told.push(`${member.clientId} joins`)
        this.#join(member)
      } else if (kind < 6) {
        const member = this.random.pick(present.filter(({ client }) => client.leavesWhole))
        told.push(`${member.clientId} leaves`)
        this.turns.leave++
        turns.push(member.leave())
      } else if (kind < 8) {
        const member = this.random.pick(present)
        told.push(`${member.clientId} crashes`)
        this.turns.crash++
        turns.push(member.crash())
      } else if (pausable.length > 0) {
        const member = this.random.pick(pausable)
        told.push(`${member.clientId} is paused`)
        this.turns.pause++
        turns.push(this.#pause(member, SESSION_MS + this.random.between(2000, 4000)))
      }
      await delay(this.random.below(1500))
    }
    await Promise.all(turns)
    // 2. The group settles, and is left alone for a while.
    await this.#settle(told.join(', '))
  }

  #in(state: Member['state']): Member[] {
    return this.stage.members.filter(member => member.state === state)
  }

  #ofOtherProtocol(): Member[] {
    return this.#in('present').filter(({ protocol, client }) => protocol !== this.#protocol && client.leavesWhole)
  }

  #join(member: Member): void {
    this.turns.join++
    member.join(this.#protocol)
  }

  #restart(member: Member): Promise<void> {
    this.turns.restart++
    return member.restart(this.#protocol)
  }

  async #pause(member: Member, forMs: number): Promise<void> {
    member.pause()
    await delay(forMs)
    member.resume()
  }

  async #settle(after: string): Promise<void> {
    const startedMs = performance.now()
    const expected = this.#in('present')
      .map(({ clientId }) => clientId)
      .sort()
    let view: GroupView | null = null
    while (performance.now() - startedMs < SETTLE_MS_MAX) {
      view = await this.#look()
      const found = view.members.map(({ clientId }) => clientId).sort()
      const isWhole = view.state === 'Stable' && ownershipFault(view, this.stage.partitions, false) === null
      if (isWhole && found.join() === expected.join()) {
        const tookMs = Math.round(performance.now() - startedMs)
        this.settleMs.push(tookMs)
        console.log(`${after}: settled with ${expected.length} members after ${tookMs} ms`)
        await this.#quietTime(view)
        return
      }
      await delay(LOOK_EVERY_MS)
    }
    const found = view?.members.map(({ clientId, memberId }) => `${clientId} (${memberId})`).join(', ')
    this.stuck.push(`after "${after}" the group is ${view?.state} with ${found}; expected: ${expected.join(', ')}`)
  }

  async #look(): Promise<GroupView> {
    const view = await this.stage.look()
    if (view.state === 'Stable') this.stableLooks++
    if (view.isMixed) this.mixedLooks++
    if (view.state === 'Stable' || view.kind === 'consumer') {
      // A member that is to have what another still holds gets it in the next generation of a cooperative group.
      const mayBeFree = view.state !== 'Stable' || (view.kind === 'classic' && this.stage.assignor === 'cooperative-sticky')
      const fault = ownershipFault(view, this.stage.partitions, mayBeFree)
      if (fault !== null) this.ownership.push(fault)
    }
    return view
  }

  /** What is produced from here on belongs only to the owners that DescribeGroups shows. */
  async #quietTime(view: GroupView): Promise<void> {
    this.quiet = { owners: ownersOf(view), fromOffsets: new Map(this.stage.producedEnds()) }
    await delay(this.random.between(500, 2500))
    this.quiet = null
    const after = await this.#look()
    if (after.state !== 'Stable') this.unrest.push(`the group left Stable for ${after.state} though no member joined or left`)
    else if (ownershipText(after) !== ownershipText(view)) {
      this.unrest.push(`no member joined or left, and yet ${ownershipText(view)} became ${ownershipText(after)}`)
    }
  }
}

function ownershipText(view: GroupView): string {
  const lines = view.members.map(({ memberId, partitions }) => `${memberId}:${[...partitions].sort((a, b) => a - b).join('+')}`)
  return lines.sort().join(' ')
}
