/** What dispatch does beside answering: traits, interceptors, counters, kept frames, faults. Without sockets or a disk. */
import { expect, test } from 'vitest'
import { InvariantError } from '../base/assert.js'
import { CountingMeter, microsecondsOf, noteAnswered, noteSent } from '../base/meter.js'
import type { ConnectionService, Dispatched, Pending } from '../net/connection.js'
import { StorageFailure } from '../node/storage-failure.js'
import { decode } from '../protocol/codec.js'
import { Errors } from '../protocol/errors.js'
import type { Outgoing } from '../protocol/frame.js'
import { Fetch } from '../protocol/messages/fetch.js'
import { Heartbeat } from '../protocol/messages/heartbeat.js'
import { JoinGroup } from '../protocol/messages/join-group.js'
import { ListGroups } from '../protocol/messages/list-groups.js'
import { Produce } from '../protocol/messages/produce.js'
import type { Api, Encodable, Fields } from '../protocol/schema.js'
import { Reader } from '../protocol/wire.js'
import { fakeWorld } from '../testing/fake-world.js'
import { createDispatch } from './dispatch.js'
import type { Call, Interceptor, Row, Traits } from './handler.js'
import { noAnswer, Ordered, RequestFailure } from './outcomes.js'
import type { Broker } from './services.js'
import { handlers } from './table.js'
import { fetchRequest, requestBytes } from './test-client.test-support.js'

type Handle = Row['handle']

function setup(
  served: readonly (readonly [api: unknown, handle: Handle, traits?: Partial<Traits>])[],
  interceptors: Interceptor[] = [],
) {
  const world = fakeWorld()
  const broken: Error[] = []
  const meter = new CountingMeter(world.host)
  const counters = meter.apis
  const serve = createDispatch({
    broker: { world, quotas: { areSet: false } } as unknown as Broker,
    rows: served.map(([api, handle, traits]) => ({ api: api as Api, handle, traits: { needs: [], ...traits } })),
    interceptors: () => interceptors,
    meter,
    onInvariantBroken: error => broken.push(error),
  })
  const info = {
    id: 1,
    listenerName: 'L',
    listenerProtocol: 'PLAINTEXT' as const,
    connectedMs: 0,
    peerName: null,
    remoteAddress: '127.0.0.1',
    remotePort: 50000,
    localAddress: '127.0.0.1',
    localPort: 9092,
  }
  const service = serve(info, { muteFor() {}, close() {}, boundFrames() {} })
  return { service, broken, counters, world }
}

/** A frame as net hands it over, in memory that the test may overwrite. */
function frameOf<Req extends Fields, Res extends Fields>(api: Api<Req, Res>, version: number, request: Encodable<Req>): Buffer {
  return Buffer.from(requestBytes(api, version, 7, 'client', request).subarray(4))
}

const heartbeat = (): Buffer => frameOf(Heartbeat, 0, { groupId: 'g', generationId: 1, memberId: 'm' })

async function errorCodeOf(dispatched: Dispatched): Promise<number> {
  const outgoing = dispatched !== null && 'answer' in dispatched ? await dispatched.answer : dispatched
  return decode(Heartbeat.response, 0, new Reader(outgoing!.bytes, 8)).errorCode
}

const send = (service: ConnectionService): Dispatched => service.dispatch(heartbeat(), false)

test('only rows that are ordered start in order', () => {
  const { service } = setup([
    [Heartbeat, () => noAnswer],
    [Produce, () => noAnswer, { isOrdered: true }],
  ])
  const produce = frameOf(Produce, 9, { acks: 1, timeoutMs: 0, topicData: [] })
  expect([service.startsInOrder(heartbeat()), service.startsInOrder(produce)]).toEqual([false, true])
  expect(service.startsInOrder(Buffer.from([0x7f, 0xff, 0, 0, 0, 0, 0, 0]))).toBe(false)
  expect(handlers.filter(({ traits }) => traits.isOrdered).map(({ api }) => api.name)).toEqual(['Produce'])
})

test('interceptors stand before a handler in their order, may answer for it and may change what it is asked', async () => {
  const order: string[] = []
  const named =
    (name: string): Interceptor =>
    (call, next) => {
      order.push(name)
      return next(call)
    }
  const refusing: Interceptor = (call, next) =>
    (call.request as { memberId: string }).memberId === 'm' ? { errorCode: 42 } : next(call)
  const renaming: Interceptor = (call: Call, next) => next({ ...call, request: { ...(call.request as object), memberId: 'x' } })
  const handle: Handle = request => ({ errorCode: (request as { memberId: string }).memberId === 'x' ? 1 : 2 })
  expect(await errorCodeOf(send(setup([[Heartbeat, handle]]).service))).toBe(2)
  expect(await errorCodeOf(send(setup([[Heartbeat, handle]], [named('a'), refusing, named('b')]).service))).toBe(42)
  expect(await errorCodeOf(send(setup([[Heartbeat, handle]], [named('a'), renaming, refusing, named('b')]).service))).toBe(1)
  expect(order).toEqual(['a', 'a', 'b'])
})

test('requests, failures, bytes and times are counted by API', async () => {
  const { service, counters, world } = setup([
    [
      Heartbeat,
      () => {
        world.advance(3)
        return new Promise(resolve => world.after(10, () => resolve({ errorCode: 0 })))
      },
    ],
    [
      JoinGroup,
      () => {
        throw new RequestFailure(Errors.INVALID_REQUEST)
      },
    ],
    [
      Produce,
      () => {
        throw new Error('a fault')
      },
    ],
  ])
  const nowUs = () => microsecondsOf(world.host.monotonicMs())
  const receivedUs = nowUs()
  world.advance(2)
  const dispatched = service.dispatch(heartbeat(), false, receivedUs, nowUs()) as Pending
  world.advance(10)
  const answer = (await dispatched.answer) as Outgoing
  noteAnswered(answer, nowUs())
  world.advance(4)
  noteSent(answer, nowUs())
  const counted = counters.get('Heartbeat')!
  expect(counted).toMatchObject({ requests: 1, failures: 0, bytesIn: heartbeat().byteLength, bytesOut: 10 })
  const spans = [counted.queue, counted.handler, counted.wait, counted.send, counted.total]
  expect(spans.map(({ sumSeconds }) => sumSeconds)).toEqual([0.002, 0.003, 0.01, 0.004, 0.019])
  expect(spans.map(({ count }) => count)).toEqual([1, 1, 1, 1, 1])
  service.dispatch(
    frameOf(JoinGroup, 0, { groupId: 'g', sessionTimeoutMs: 1, memberId: '', protocolType: '', protocols: [] }),
    false,
  )
  expect(counters.get('JoinGroup')).toMatchObject({ requests: 1, failures: 1 })
  expect(() => service.dispatch(frameOf(Produce, 9, { acks: 1, timeoutMs: 0, topicData: [] }), false)).toThrow('a fault')
  expect(counters.get('Produce')).toMatchObject({ requests: 1, failures: 1, bytesOut: 0 })
})

const breaks = (): never => {
  throw new InvariantError('it holds')
}
const unencodable = { errorCode: { valueOf: breaks } }

test.each<[string, Handle]>([
  ['a handler', breaks],
  ['a handler that waits', () => Promise.reject(new InvariantError('it holds'))],
  ['an ordered answer', () => new Ordered(Promise.reject(new InvariantError('it holds')))],
  ['encoding an answer', () => unencodable],
  ['encoding a later answer', () => Promise.resolve(unencodable)],
  ['encoding an ordered answer', () => new Ordered(Promise.resolve(unencodable))],
])('an invariant that breaks in %s stops the broker', async (_where, handle) => {
  const { service, broken } = setup([[Heartbeat, handle]])
  await expect((async () => errorCodeOf(send(service)))()).rejects.toThrow(InvariantError)
  expect(broken).toHaveLength(1)
})

test.each<[string, Handle]>([
  [
    'at once',
    () => {
      throw new StorageFailure(Errors.KAFKA_STORAGE_ERROR, 'the disk is full')
    },
  ],
  ['later', () => Promise.reject(new StorageFailure(Errors.KAFKA_STORAGE_ERROR, 'the disk is full'))],
])('what the disk refuses to write fails the request with its code (%s)', async (_when, handle) => {
  expect(await errorCodeOf(send(setup([[Heartbeat, handle]]).service))).toBe(Errors.KAFKA_STORAGE_ERROR)
})

test('a request that fails later is spelled by its API; one that may park has let its request go by then', async () => {
  const fails: Handle = () => Promise.reject(new RequestFailure(Errors.INVALID_REQUEST))
  expect(await errorCodeOf(send(setup([[Heartbeat, fails]]).service))).toBe(Errors.INVALID_REQUEST)
  const parked = send(setup([[Heartbeat, fails, { mayPark: true }]]).service)
  await expect(errorCodeOf(parked)).rejects.toThrow(RequestFailure)
})

test.each([true, false])('a request that keeps its frame keeps its bytes (memory of its own: %s)', async isOwnMemory => {
  const bytes: string[] = []
  let go = (): void => {}
  const { service } = setup([
    [
      JoinGroup,
      async (request, context) => {
        const kept = context.keepFrame(request) as { protocols: { metadata: Uint8Array }[] }
        await new Promise<void>(resolve => {
          go = resolve
        })
        bytes.push(Buffer.from(kept.protocols[0]!.metadata).toString())
        return noAnswer
      },
    ],
  ])
  const protocols = [{ name: 'p', metadata: Buffer.from('metadata') }]
  const frame = frameOf(JoinGroup, 0, { groupId: 'g', sessionTimeoutMs: 1, memberId: '', protocolType: '', protocols })
  const dispatched = service.dispatch(frame, isOwnMemory) as Exclude<Dispatched, null> & { keepsFrame: boolean }
  // Only memory of its own is asked for; of the other a copy was made.
  expect(dispatched.keepsFrame).toBe(isOwnMemory)
  if (!isOwnMemory) frame.fill(0)
  go()
  await new Promise(resolve => setImmediate(resolve))
  expect(bytes).toEqual(['metadata'])
})

test('a frame cannot be kept once its handler waits', async () => {
  const { service, broken } = setup([
    [
      Heartbeat,
      async (request, context) => {
        await null
        context.keepFrame(request)
      },
    ],
  ])
  await expect(errorCodeOf(send(service))).rejects.toThrow('a frame is kept before its handler waits')
  expect(broken).toHaveLength(1)
})

test('a long answer is encoded no further when its client left, unless it lets go of files', async () => {
  const { service, world } = setup([
    [ListGroups, () => ({ groups: Array.from({ length: 20_000 }, slowGroup) })],
    [Fetch, () => ({ responses: Array.from({ length: 40_000 }, slowTopic) })],
  ])
  const slowly = <T>(value: T): T => {
    world.advance(10)
    return value
  }
  const slowGroup = () => ({
    get groupId() {
      return slowly('a group')
    },
    protocolType: 'consumer',
  })
  const slowTopic = () => ({
    get topic() {
      return slowly('a topic')
    },
    partitions: [],
  })
  const answers = [frameOf(ListGroups, 0, {}), frameOf(Fetch, 12, fetchRequest('t', 0))].map(async frame => {
    const dispatched = service.dispatch(frame, false)
    if (dispatched === null || !('answer' in dispatched)) throw new Error('was not long')
    return dispatched.answer
  })
  service.closed()
  const [left, whole] = await Promise.allSettled(answers)
  expect(left).toMatchObject({ status: 'rejected', reason: { name: 'CloseConnection' } })
  expect(whole).toMatchObject({ status: 'fulfilled' })
})
