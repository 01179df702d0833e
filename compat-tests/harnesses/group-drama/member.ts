/**
 * One place in the drama: a client that joins, leaves, is killed, or is stopped and continued, again and again under the
 * same client id. Collects what it received and what it said beyond what is expected of it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { delay } from '../../lib/patience.js'
import type { MemberClient } from './clients.js'
import { type Assignor, type GroupProtocol, memberEnvironment } from './member-options.js'

export type MemberState = 'absent' | 'present' | 'paused' | 'restarting'

/** A client may take this long to leave after SIGTERM; its last fetch and its last commit are part of it. */
const LEAVE_MS_MAX = 15_000
/** `r 3 17` of the own programs, `Partition:3<TAB>Offset:17<TAB>…` of Kafka's console consumer. */
const RECEIVED = /^(?:r (\d+) (\d+)|Partition:(\d+)\tOffset:(\d+)\t)/

export interface MemberEvents {
  /** A record that a member received. */
  received(clientId: string, partition: number, offset: number): void
  /** Something that should not be: an unexpected end, or a line on stderr that is not on the client's list. */
  problem(text: string): void
}

interface Life {
  readonly child: ChildProcess
  /** The end that was asked for; any other is a problem. */
  expectedEnd: 'none' | 'leave' | 'kill'
  wasPaused: boolean
}

export interface MemberPlace {
  readonly bootstrap: string
  readonly topic: string
  readonly group: string
  readonly assignor: Assignor
  /** The broker is killed and the group changes its protocol: all may then say what only paused members say, and more. */
  readonly hasUpheavals: boolean
}

export class Member {
  state: MemberState = 'absent'
  /** Of its latest life. */
  protocol: GroupProtocol = 'classic'
  /** The present one; an earlier one may still be on its way out. */
  #life: Life | null = null

  constructor(
    readonly clientId: string,
    readonly client: MemberClient,
    private readonly place: MemberPlace,
    private readonly events: MemberEvents,
  ) {}

  join(protocol: GroupProtocol): void {
    this.protocol = protocol
    const [program, ...args] = this.client.command({ ...this.place, clientId: this.clientId, protocol })
    const env = { ...process.env, ...memberEnvironment, DRAMA_PROTOCOL: protocol, DRAMA_ASSIGNOR: this.place.assignor }
    const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    const life: Life = { child, expectedEnd: 'none', wasPaused: false }
    this.#life = life
    this.state = 'present'
    createInterface({ input: child.stdout }).on('line', line => {
      const match = line.match(RECEIVED)
      if (match === null) this.events.problem(`${this.clientId} said on stdout: ${line.slice(0, 300)}`)
      else this.events.received(this.clientId, Number(match[1] ?? match[3]), Number(match[2] ?? match[4]))
    })
    createInterface({ input: child.stderr }).on('line', line => {
      const { expected, expectedAfterPause, expectedInUpheavals } = this.client
      const { hasUpheavals } = this.place
      const patterns = [
        ...expected,
        ...(life.wasPaused || hasUpheavals ? expectedAfterPause : []),
        ...(hasUpheavals ? expectedInUpheavals : []),
      ]
      if (line.trim() === '' || patterns.some(pattern => pattern.test(line))) return
      this.events.problem(`${this.clientId} said: ${line.slice(0, 400)}`)
    })
    child.on('error', error => this.events.problem(`${this.clientId}: ${error.message}`))
    child.on('exit', (code, signal) => {
      const expected = life.expectedEnd
      if (this.#life === life) this.#life = null
      if (expected === 'kill' || (expected === 'leave' && code === 0)) return
      // Kafka's console consumer and kcat end by the signal itself, after leaving in a hook.
      if (expected === 'leave' && (code === 143 || signal === 'SIGTERM')) return
      if (this.#life === null) this.state = 'absent'
      this.events.problem(`${this.clientId} ended (${expected === 'none' ? 'unasked' : expected}): code ${code} signal ${signal}`)
    })
  }

  /** Resolves when the process has ended. */
  async leave(): Promise<void> {
    const life = this.#life
    if (life === null) return
    const { child } = life
    life.expectedEnd = 'leave'
    this.state = 'absent'
    child.kill('SIGTERM')
    const inTime = new AbortController()
    const ended = new Promise(resolve => child.once('exit', resolve))
    void delay(LEAVE_MS_MAX, undefined, { signal: inTime.signal }).then(
      () => {
        this.events.problem(`${this.clientId} did not leave within ${LEAVE_MS_MAX} ms`)
        life.expectedEnd = 'kill'
        child.kill('SIGKILL')
      },
      () => {},
    )
    await ended
    inTime.abort()
  }

  async restart(protocol: GroupProtocol): Promise<void> {
    const left = this.leave()
    this.state = 'restarting'
    await left
    this.join(protocol)
  }

  async crash(): Promise<void> {
    const life = this.#life
    if (life === null) return
    life.expectedEnd = 'kill'
    this.state = 'absent'
    life.child.kill('SIGKILL')
    await new Promise(resolve => life.child.once('exit', resolve))
  }

  pause(): void {
    if (this.#life === null) return
    this.#life.child.kill('SIGSTOP')
    this.#life.wasPaused = true
    this.state = 'paused'
  }

  resume(): void {
    if (this.#life === null) return
    this.#life.child.kill('SIGCONT')
    this.state = 'present'
  }
}
