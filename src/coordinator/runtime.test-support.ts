/** A small machine that shows all that a runtime does, and a stage to play it on. */
import { utf8Encode } from '../base/bytes.js'
import type { Clock } from '../base/world.js'
import type { ErrorCode } from '../protocol/errors.js'
import { type FakeWorld, fakeWorld } from '../testing/fake-world.js'
import { MemoryLog } from '../testing/memory-log.js'
import { MemoryTopics } from '../testing/memory-topics.js'
import type { LogRecord, Machine, Token } from './machine.js'
import { Turn } from './machine.js'
import { CoordinatorRuntime } from './runtime.js'

// A counter whose additions are records; "park" waits for the next addition, "after" sets a deadline; "many" are additions
// that may be cut; "break" changes the volatile part and throws. "order" is answered when another command has delivered: an
// odd number is written when it is ordered, the even one after it when it is there. Additions "in" a producer's transaction
// count when it ends. "long" adds one in each of so many turns of the event loop.
type Command =
  | { type: 'add'; by: number; token?: Token<number> }
  | { type: 'read'; token: Token<number> }
  | { type: 'park'; token: Token<number> }
  | { type: 'after'; ms: number; then: Command; token: Token<number> }
  | { type: 'many'; by: readonly number[]; token: Token<number> }
  | { type: 'break'; token?: Token<number> }
  | { type: 'again' }
  | { type: 'long'; turns: number; token?: Token<number> }
  | { type: 'order'; token: Token<number> }
  | { type: 'remind'; token: Token<number> }
  | { type: 'delivered' }
  | { type: 'add-in'; producerId: number; by: number; token: Token<number> }
  | { type: 'end'; producerId: number; isCommit: boolean; token: Token<number> }
  | { type: 'topics'; token: Token<number> }
interface State {
  total: number
  pending: Map<number, number>
  /** Additions that were decided: volatile. */
  decided: number
  parked: Token<number>[]
}

const counter: Machine<State, Command, number, string> = {
  create: () => ({ total: 0, pending: new Map(), decided: 0, parked: [] }),
  load({ total }, env) {
    const turn = new Turn<Command, number, string>(env)
    if (total % 2 === 1) turn.send('goods', { type: 'delivered' })
    return turn
  },
  decide(state, command, env) {
    const turn = new Turn<Command, number, string>(env)
    switch (command.type) {
      case 'add':
        turn.write(command.by)
        state.decided++
        turn.ifRefused(() => {
          state.decided--
        })
        for (const token of state.parked.splice(0)) turn.answer(token, state.total + command.by)
        if (command.token !== undefined) turn.answer(command.token, state.total + command.by)
        break
      case 'read':
        turn.answer(command.token, state.total)
        break
      case 'park':
        state.parked.push(command.token)
        break
      case 'after':
        turn.setDeadline(`later ${command.then.type}`, command.ms, command.then)
        turn.answer(command.token, state.total)
        break
      case 'many':
        turn.isDivisible = true
        for (const by of command.by) turn.write(by)
        turn.answer(command.token, command.by.length)
        break
      case 'again':
        turn.write(1)
        turn.setDeadline('again', 0, command)
        break
      case 'long':
        turn.write(1)
        if (command.turns > 1) turn.later = { type: 'long', turns: command.turns - 1 }
        if (command.token !== undefined) turn.answer(command.token, state.total)
        break
      case 'order':
        turn.write(1)
        turn.send('goods', { type: 'delivered' })
        state.parked.push(command.token)
        turn.ifRefused(() => void state.parked.pop())
        break
      case 'remind':
        turn.send('reminder', { type: 'delivered' })
        state.parked.push(command.token)
        break
      case 'delivered':
        turn.write(1)
        for (const token of state.parked.splice(0)) turn.answer(token, state.total + 1)
        break
      case 'add-in':
        turn.producer = { producerId: command.producerId, producerEpoch: 0 }
        turn.write(command.by)
        turn.answer(command.token, state.total)
        break
      case 'end':
        turn.marker = {
          marker: {
            producer: { producerId: command.producerId, producerEpoch: 0 },
            isCommit: command.isCommit,
            coordinatorEpoch: 0,
          },
          transactionVersion: 0,
        }
        turn.answer(command.token, state.total)
        break
      case 'topics':
        turn.answer(command.token, 10 * env.topics.topicsRevision + (env.topics.topics.get('t')?.partitions.length ?? 0))
        break
      case 'break':
        state.decided = 99
        throw new TypeError('a fault in a command')
    }
    return turn
  },
  apply(state, by, producer) {
    if (producer === null) state.total += by
    else state.pending.set(producer.producerId, (state.pending.get(producer.producerId) ?? 0) + by)
  },
  applyMarker(state, { producer: { producerId }, isCommit }) {
    if (isCommit) state.total += state.pending.get(producerId) ?? 0
    state.pending.delete(producerId)
  },
  encode: by => ({ key: utf8Encode(''), value: new Uint8Array([by]) }),
  decode: ({ value }) => (value === null ? null : (value[0] ?? 0)),
}

interface Sent {
  readonly effect: string
  readonly take: (isTaken: boolean) => void
}

/** `msPerLook`: so much time passes at each look at the clock. */
export function scene({ msPerLook = 0, host }: { msPerLook?: number; host?: Clock } = {}) {
  const log = new MemoryLog()
  const fake = fakeWorld()
  let passedMs = 0
  const world: FakeWorld = {
    ...fake,
    monotonicMs: () => {
      passedMs += msPerLook
      return fake.monotonicMs() + passedMs
    },
    get pendingTimers() {
      return fake.pendingTimers
    },
    get host() {
      return host ?? world
    },
  }
  const heard: string[] = []
  const unknown: LogRecord[] = []
  const report = {
    unknownRecord: (_: number, record: LogRecord) => void unknown.push(record),
    shardDropped: () => void heard.push('dropped'),
    shardUnavailable: () => void heard.push('unavailable'),
  }
  const states: State[] = []
  const machine = {
    ...counter,
    create: () => {
      states.push(counter.create())
      return states.at(-1) as State
    },
  }
  const sent: Sent[] = []
  const send = (effect: string): Promise<boolean> => new Promise(take => sent.push({ effect, take }))
  const topics = new MemoryTopics()
  const options = { machine, partitionsDefault: 1, log, world, topics, send, report }
  const runtime = new CoordinatorRuntime(options)
  const answers: string[] = []
  const submit = (name: string, build: (token: Token<number>) => Command): void => {
    const failure = (errorCode: ErrorCode): number => -errorCode
    void runtime.submit(0, build, failure).then(answer => answers.push(`${name}=${answer}`))
  }
  return {
    log,
    world,
    sent,
    topics,
    /** As after the process has ended. */
    restarted: () => new CoordinatorRuntime(options),
    heard,
    unknown,
    runtime,
    submitWhenLoaded: (name: string, by: number) =>
      void runtime
        .submitWhenLoaded(
          0,
          (token: Token<number>): Command => ({ type: 'add', by, token }),
          errorCode => -errorCode,
        )
        .then(answer => answers.push(`${name}=${answer}`)),
    add: (name: string, by: number) => submit(name, token => ({ type: 'add', by, token })),
    read: (name: string) => submit(name, token => ({ type: 'read', token })),
    park: (name: string) => submit(name, token => ({ type: 'park', token })),
    after: (name: string, ms: number, then: Command = { type: 'add', by: 100 }) =>
      submit(name, token => ({ type: 'after', ms, then, token })),
    many: (name: string, by: readonly number[]) => submit(name, token => ({ type: 'many', by, token })),
    long: (name: string, turns: number) => submit(name, token => ({ type: 'long', turns, token })),
    order: (name: string) => submit(name, token => ({ type: 'order', token })),
    remind: (name: string) => submit(name, token => ({ type: 'remind', token })),
    addIn: (name: string, producerId: number, by: number) => submit(name, token => ({ type: 'add-in', producerId, by, token })),
    end: (name: string, producerId: number, isCommit: boolean) =>
      submit(name, token => ({ type: 'end', producerId, isCommit, token })),
    topicsSeen: (name: string) => submit(name, token => ({ type: 'topics', token })),
    breakIt: (name: string) => submit(name, token => ({ type: 'break', token })),
    decided: () => states.at(-1)?.decided,
    /** What was answered since the last look. */
    async answered() {
      await new Promise(resolve => setImmediate(resolve))
      return answers.splice(0).join(' ')
    },
  }
}
