import { describe, expect, it } from 'vitest'
import { emptyBytes, utf8Encode } from '../base/bytes.js'
import { batchHeaderSize, Codecs } from '../protocol/records/batch.js'
import { buildBatch, type NewRecord } from '../protocol/records/build.js'
import { recompress } from '../protocol/records/recompress.js'
import { linksMax, parseTraceParent, spansOfRecords } from './record-links.js'

const hex = (n: number, length: number) => n.toString(16).padStart(length, '0')
const parent = (n: number) => `00-${hex(n, 32)}-${hex(n, 16)}-01`
const span = (n: number) => ({ traceId: hex(n, 32), spanId: hex(n, 16), traceFlags: 1 })
const record = (headers: readonly (readonly [key: string, value: string | null])[], value = 'v'): NewRecord => ({
  key: null,
  value: utf8Encode(value),
  headers: headers.map(([key, text]) => ({ key, value: text === null ? null : utf8Encode(text) })),
})
const from = (n: number) => record([['traceparent', parent(n)]])

describe('the spans that records name', () => {
  it('are found in every batch, each once, in their order', () => {
    const first = buildBatch([from(2), record([]), record([['a', parent(9)]]), from(1), from(2)])
    const second = buildBatch([
      record([
        ['x', null],
        ['traceparent', parent(3)],
      ]),
    ])
    expect(spansOfRecords([first, emptyBytes, second])).toEqual([span(2), span(1), span(3)])
  })

  it('are found in a compressed batch', () => {
    const batch = buildBatch([from(1)])
    expect(spansOfRecords([recompress(batch, batch.subarray(batchHeaderSize), Codecs.gzip)])).toEqual([span(1)])
  })

  it('are no more than a bound, and so are the records and bytes that are looked at', () => {
    const many = Array.from({ length: 100 }, (_, n) => from(n + 1))
    expect(spansOfRecords([buildBatch(many)])).toHaveLength(linksMax)
    const late = [...Array.from({ length: 256 }, () => record([])), from(1)]
    expect(spansOfRecords([buildBatch(late)])).toEqual([])
    const behindMuch = buildBatch([record([], 'v'.repeat(200_000)), from(1)])
    expect(spansOfRecords([behindMuch, buildBatch([from(2)])])).toEqual([])
    const zeros = recompress(behindMuch, behindMuch.subarray(batchHeaderSize), Codecs.gzip)
    expect(spansOfRecords([zeros, buildBatch([from(2)])])).toEqual([span(2)])
    const manyHeaders = record([...Array.from({ length: 5000 }, () => ['a', 'b'] as const), ['traceparent', parent(1)]])
    expect(spansOfRecords([buildBatch([manyHeaders, from(2)])])).toEqual([span(2)])
    expect(spansOfRecords([buildBatch([from(1), record([], 'v'.repeat(1024 * 1024))])])).toEqual([])
  })

  it('are none where bytes are no records', () => {
    const broken = buildBatch([from(1), from(2)])
    broken.fill(0xff, batchHeaderSize)
    const cut = buildBatch([from(1)]).subarray(0, 70)
    expect(spansOfRecords([broken, cut, utf8Encode('no batch'), buildBatch([from(3)])])).toEqual([span(3)])
  })

  it('are named as W3C has it', () => {
    expect(parseTraceParent(parent(1))).toEqual(span(1))
    expect(parseTraceParent(parent(1).replace('-01', '-fe'))).toMatchObject({ traceFlags: 0 })
    expect(parseTraceParent(`cc-${hex(1, 32)}-${hex(1, 16)}-01-more`)).toEqual(span(1))
    const wrong = [
      '',
      'x',
      `00-${hex(0, 32)}-${hex(1, 16)}-01`,
      `00-${hex(1, 32)}-${hex(0, 16)}-01`,
      `00-${hex(1, 32)}-${hex(1, 16)}-01-more`,
      `ff-${hex(1, 32)}-${hex(1, 16)}-01`,
      parent(10).toUpperCase(),
      `${parent(1)}\n`,
    ]
    for (const text of wrong) expect([text, parseTraceParent(text)]).toEqual([text, null])
  })
})
