/** Answers over real sockets, by sendfile and by read and write: the same tests for both. */

import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Outgoing } from '../protocol/frame.js'
import { memorySlice } from '../testing/slices.js'
import {
  answerTo,
  answerWithRanges,
  deferred,
  eventually,
  later,
  listenerOptions,
  listening,
  RawClient,
  reported,
  requestFrame,
  SourceFile,
  serveBy,
} from './harness.test-support.js'
import { loadNativeCalls } from './native.js'

const fileBytes = 8 * 1024 * 1024
const native = loadNativeCalls()
const paths = [
  { name: 'copy', calls: null },
  ...(native === null ? [] : [{ name: 'sendfile', calls: native }]),
  // A disk that would have to be waited for: every range goes through the thread pool, in between whatever sendfile does.
  ...(native === null ? [] : [{ name: 'sendfile, cold', calls: { ...native, isCached: () => false } }]),
  ...(native === null ? [] : [{ name: 'sendfile, half cold', calls: { ...native, isCached: everyOther() } }]),
]

function everyOther(): () => boolean {
  let count = 0
  return () => count++ % 4 < 2
}

for (const { name, calls } of paths) {
  describe(`by ${name}`, () => {
    let file: SourceFile
    beforeAll(() => {
      file = new SourceFile(fileBytes)
    })
    afterEach(() => {
      file.isInMemory = () => false
    })
    afterAll(() => file.close())

    const start = (answers: readonly Outgoing[], options = {}) =>
      listening({
        ...listenerOptions(serveBy(id => answers[id] as Outgoing)),
        native: () => calls,
        ...options,
      })

    test('a long answer leaves in its pieces, and before the next one', async () => {
      const { answer, expected } = answerWithRanges(0, file, [{ memory: 10, position: 5, byteLength: 50_000 }], 3)
      const pieces = [expected.subarray(0, 300_000), Buffer.alloc(20, 7)]
      const long = {
        ...answer,
        pieces,
        byteLength: answer.byteLength + pieces.reduce((sum, { byteLength }) => sum + byteLength, 0),
      }
      await using listener = await start([long, answerTo(1)])
      using client = await RawClient.connect(listener.port)
      client.send(requestFrame(0), requestFrame(1))
      const all = Buffer.concat([...pieces, expected, answerTo(1).bytes])
      expect((await client.bytes(all.byteLength)).equals(all)).toBe(true)
    })

    test.each(['all in a file', 'some in no file'])(
      'ranges of all sizes arrive intact, in order, and are released (%s)',
      async where => {
        file.isInMemory = nth => where !== 'all in a file' && nth % 3 === 0
        const size = fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 10_000 }), fc.nat({ max: 300_000 }))
        const piece = fc.record({ memory: fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 20_000 })), byteLength: size })
        const one = fc.record({ pieces: fc.array(piece, { maxLength: 12 }), tail: fc.nat({ max: 30 }) })
        await fc.assert(
          fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 6 }), fc.nat(), async (wanted, seed) => {
            const made = wanted.map(({ pieces, tail }, id) =>
              answerWithRanges(
                id,
                file,
                pieces.map((each, n) => ({ ...each, position: (seed * 31 + n * 77_777) % (fileBytes - each.byteLength) })),
                tail,
              ),
            )
            await using listener = await start(made.map(({ answer }) => answer))
            using client = await RawClient.connect(listener.port)
            client.send(...made.map((_, id) => requestFrame(id)))
            const expected = Buffer.concat(made.map(each => each.expected))
            expect((await client.bytes(expected.byteLength)).equals(expected)).toBe(true)
            expect(file.retained).toBe(0)
            expect(file.releasedTwice).toBe(false)
          }),
          { numRuns: 25 },
        )
      },
    )

    test('many ranges in one answer', async () => {
      const pieces = Array.from({ length: 2000 }, (_, n) => ({ memory: n % 50, position: n * 1000, byteLength: 1 + (n % 900) }))
      const { answer, expected } = answerWithRanges(0, file, pieces, 3)
      await using listener = await start([answer])
      using client = await RawClient.connect(listener.port)
      client.send(requestFrame(0))
      expect((await client.bytes(expected.byteLength)).equals(expected)).toBe(true)
      expect(file.retained).toBe(0)
    })

    test('answers with and without ranges, large and small, keep their order', async () => {
      const made = Array.from({ length: 60 }, (_, id) => {
        if (id % 3 === 0) {
          const answer = answerTo(id, id * 500)
          return { answer, expected: Buffer.from(answer.bytes) }
        }
        return answerWithRanges(id, file, [{ memory: 10, position: id, byteLength: id % 3 === 1 ? 100 : 40_000 }], id % 2)
      })
      await using listener = await start(made.map(({ answer }) => answer))
      using client = await RawClient.connect(listener.port)
      client.send(...made.map((_, id) => requestFrame(id)))
      const expected = Buffer.concat(made.map(each => each.expected))
      expect((await client.bytes(expected.byteLength)).equals(expected)).toBe(true)
    })

    test('a client that reads late gets everything; meanwhile others are served and no further request is started', async () => {
      let started = 0
      const answer = (): { answer: Outgoing; expected: Buffer } =>
        answerWithRanges(0, file, [{ memory: 0, position: 5, byteLength: 3_000_000 }], 1)
      const { expected } = answer()
      file.retained -= 1
      const serve = serveBy(id => {
        if (id === 99) return answerTo(id)
        started += 1
        return answer().answer
      })
      await using listener = await listening({ ...listenerOptions(serve), native: () => calls })
      using slow = await RawClient.connect(listener.port, { paused: true })
      using other = await RawClient.connect(listener.port)
      const count = 20
      slow.send(...Array.from({ length: count }, () => requestFrame(0)))
      await eventually(() => started > 0)
      for (let round = 0; round < 50; round++) {
        other.send(requestFrame(99))
        expect(await other.answer()).toBe(99)
      }
      // The socket's buffers take a few MB; the rest stays in the file.
      expect(started).toBeLessThan(count)
      expect(file.retained).toBeLessThanOrEqual(2)
      slow.socket.resume()
      for (let n = 0; n < count; n++) expect((await slow.bytes(expected.byteLength)).equals(expected)).toBe(true)
      expect(started).toBe(count)
      expect(file.retained).toBe(0)
    })

    test('a client that goes away in the middle of an answer releases its ranges and is no fault', async () => {
      const { answer } = answerWithRanges(0, file, [
        { memory: 0, position: 0, byteLength: 30_000 },
        { memory: 0, position: 0, byteLength: 7_000_000 },
        { memory: 0, position: 0, byteLength: 7_000_000 },
      ])
      await using listener = await start([answer])
      using client = await RawClient.connect(listener.port, { paused: true })
      client.send(requestFrame(0))
      await eventually(() => client.socket.readableLength > 0)
      // The first has left, the others are on their way.
      await eventually(() => file.retained === 2)
      client.socket.resetAndDestroy()
      await eventually(() => listener.connectionCount === 0)
      expect(file.retained).toBe(0)
      expect(file.releasedTwice).toBe(false)
      expect(reported.faults).toEqual([])
    })

    test('a client that goes away while its answer is being made releases the ranges of it', async () => {
      const made = deferred<Outgoing>()
      const serve = serveBy(() => later(made.promise))
      await using listener = await listening({ ...listenerOptions(serve), native: () => calls })
      using client = await RawClient.connect(listener.port)
      client.send(requestFrame(0))
      await eventually(() => listener.connectionCount === 1)
      client.socket.destroy()
      await eventually(() => listener.connectionCount === 0)
      made.resolve(answerWithRanges(0, file, [{ memory: 0, position: 0, byteLength: 100_000 }]).answer)
      await eventually(() => file.retained === 0)
      expect(reported.faults).toEqual([])
    })

    for (const byteLength of [1000, 200_000]) {
      test(`a file that is shorter than promised (${byteLength} bytes) breaks the connection`, async () => {
        const { answer } = answerWithRanges(0, file, [{ memory: 0, position: fileBytes - 500, byteLength }])
        await using listener = await start([answer])
        using client = await RawClient.connect(listener.port)
        client.send(requestFrame(0))
        await client.closed()
        expect(reported.faults).toEqual([new Error('a segment is shorter than its index says')])
        await eventually(() => listener.connectionCount === 0)
        expect(file.retained).toBe(0)
      })

      test(`a file that cannot be read (${byteLength} bytes) breaks the connection and nothing else`, async () => {
        const source = { ...memorySlice(Buffer.alloc(byteLength)), fd: 1_000_000 }
        const answer = { pieces: null, bytes: Buffer.alloc(8), inserts: [{ position: 8, source }], byteLength: 8 + byteLength }
        await using listener = await start([answer, answerTo(1)])
        using client = await RawClient.connect(listener.port)
        client.send(requestFrame(0))
        await client.closed()
        expect(reported.faults).toHaveLength(1)
        using other = await RawClient.connect(listener.port)
        other.send(requestFrame(1))
        expect(await other.answer()).toBe(1)
      })
    }
  })
}
