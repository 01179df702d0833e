import { expect, test } from 'vitest'
import { fakeWorld } from '../testing/fake-world.js'
import { piecesOfJson, streamOf } from './pieces.js'

const textOf = (pieces: readonly Uint8Array[]) => new Response(streamOf(pieces)).text()

test('many values are the JSON that they are at once, in pieces and with pauses between them', async () => {
  const { host } = fakeWorld()
  const items = Array.from({ length: 50 }, (_, n) => ({ n, text: `"${'ü'.repeat(4000)}"` }))
  let looks = 0
  const timed = { ...host, monotonicMs: () => looks++ }
  const rest = { cursor: null, scanned: { records: 1 } }
  const pieces = await piecesOfJson(timed, 'rows', items, rest)
  expect(JSON.parse(await textOf(pieces))).toEqual({ rows: items, ...rest })
  expect(looks).toBeGreaterThan(50)
  expect(pieces.length).toBeGreaterThan(4)
  expect(Math.max(...pieces.map(({ byteLength }) => byteLength))).toBeLessThan(100_000)
  expect(JSON.parse(await textOf(await piecesOfJson(timed, 'rows', [], { a: 1 })))).toEqual({ rows: [], a: 1 })
})

test('a stream says once that it ended, taken or left', async () => {
  let ends = 0
  const ended = () => void ends++
  expect(await new Response(streamOf([new Uint8Array([65]), new Uint8Array([66])], ended)).text()).toBe('AB')
  expect(ends).toBe(1)
  await streamOf([new Uint8Array([65])], ended).cancel()
  expect(ends).toBe(2)
})
