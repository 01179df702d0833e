/** The judge of the record-set matrix, shown every kind of damage once, and what it must let pass. */
import { describe, expect, test } from 'vitest'
import { type Capabilities, codecs, faultOf, producedLines, producible } from './expectation.js'
import { type ConsumedLine, nullHeaderSet, producedLine, recordSet } from './record-set.js'

const set = recordSet()
const produced = { fromMs: 1000, toMs: 2000 }
const full: Capabilities = { codecs, magic: 2, headers: true, timestamps: true }

/** What a client without any gap receives. */
function received(): ConsumedLine[] {
  return set.map((record, offset) => ({ offset, ...producedLine(record, { headers: true, timestamps: true }) }))
}

const indexOf = (key: string) => set.findIndex(record => record.key?.toString() === key)

describe('the set', () => {
  test('has what formats and clients differ in', () => {
    expect(set.some(({ key }) => key === null)).toBe(true)
    expect(set.some(({ value }) => value === null)).toBe(true)
    expect(set.some(({ key, value }) => key === null && value === null)).toBe(true)
    expect(set.some(({ value }) => value?.length === 0)).toBe(true)
    expect(Math.max(...set.map(({ value }) => value?.length ?? 0))).toBe(1_000_000)
    expect(set.some(({ headers }) => headers.length > 63)).toBe(true)
    expect(nullHeaderSet().every(({ headers }) => headers.length > 0)).toBe(true)
  })

  test('is the same each time', () => {
    // As text: comparing a million bytes one by one takes seconds.
    const text = (of: typeof set) => producedLines(of, full).map(line => JSON.stringify(line))
    expect(text(recordSet()).join() === text(set).join()).toBe(true)
  })

  test('reaches a producer without the fields that its format lacks', () => {
    const [line] = producedLines(set, { ...full, magic: 0 })
    expect(line).toEqual({ key: Buffer.from('key').toString('base64'), value: Buffer.from('value').toString('base64') })
    expect(producedLines(set, { ...full, magic: 1 })[0]).toHaveProperty('timestamp')
    expect(producedLines(set, { ...full, magic: 1 })[0]).not.toHaveProperty('headers')
  })

  test('reaches a producer without the records that it cannot say', () => {
    const sayable = producible(set, { ...full, cannotProduce: ['null key'] })
    expect(sayable.length).toBeGreaterThan(0)
    expect(sayable.every(({ key }) => key !== null)).toBe(true)
    // Without headers there is nothing that could repeat.
    expect(producible(set, { ...full, magic: 1, cannotProduce: ['repeated headers'] })).toHaveLength(set.length)
    expect(producible(set, { ...full, cannotProduce: ['repeated headers'] })).toHaveLength(set.length - 1)
  })
})

describe('what a consumer received', () => {
  test('is right when all of it is equal', () => {
    expect(faultOf(received(), set, full, full, produced)).toBeNull()
  })

  const damages: [string, (lines: ConsumedLine[]) => void, RegExp][] = [
    ['the last record is lost', lines => lines.pop(), /^\d+ of \d+ records$/],
    ['a record is lost in the middle', lines => lines.splice(3, 1), /offset 4 where 3 is due/],
    ['a record comes twice', lines => lines.push({ ...lines.at(-1)!, offset: lines.length }), /where \d+ were produced/],
    ['a null key becomes empty', lines => change(lines, 1, { key: '' }), /key is "", not null/],
    ['an empty value becomes null', lines => change(lines, indexOf('empty value'), { value: null }), /value is null, not ""/],
    ['the large value loses a byte', lines => cut(lines, indexOf('large')), /value is .* characters/],
    ['a header is lost', lines => change(lines, indexOf('one header'), { headers: [] }), /0 headers, not 1/],
    ['a timestamp is off by one', lines => change(lines, 0, { timestamp: lines[0]!.timestamp! + 1 }), /timestamp/],
    ['a timestamp is lost', lines => change(lines, 0, { timestamp: null }), /timestamp null/],
    ['headers change places', lines => swapHeaders(lines, indexOf('a header name twice')), /header 0 is named/],
  ]
  for (const [damage, apply, fault] of damages) {
    test(`is wrong when ${damage}`, () => {
      const lines = received()
      apply(lines)
      expect(faultOf(lines, set, full, full, produced)).toMatch(fault)
    })
  }

  test('needs no headers of a producer or consumer of message sets', () => {
    const lines = received().map(line => ({ ...line, headers: [] }))
    expect(faultOf(lines, set, { ...full, magic: 1 }, full, produced)).toBeNull()
    expect(faultOf(lines, set, full, { ...full, magic: 1 }, produced)).toBeNull()
    expect(faultOf(lines, set, full, full, produced)).not.toBeNull()
  })

  test('has no timestamp when its producer wrote none', () => {
    const lines = received().map(line => ({ ...line, timestamp: -1 }))
    expect(faultOf(lines, set, { ...full, magic: 0 }, full, produced)).toBeNull()
    expect(faultOf(received(), set, { ...full, magic: 0 }, full, produced)).toMatch(/of a record that had none/)
  })

  test("has its producer's clock where the interface takes no timestamp", () => {
    const stamped = (timestamp: number) => received().map(line => ({ ...line, timestamp }))
    const producer = { ...full, timestamps: false }
    expect(faultOf(stamped(1500), set, producer, full, produced)).toBeNull()
    expect(faultOf(stamped(2001), set, producer, full, produced)).toMatch(/not of its producer's clock/)
  })

  test('may blur null and empty where its consumer does, and nothing else', () => {
    const lines = received().map(line => ({ ...line, value: line.value === '' ? null : line.value }))
    expect(faultOf(lines, set, full, { ...full, cannotConsume: ['empty value'] }, produced)).toBeNull()
    expect(faultOf(lines, set, full, { ...full, cannotConsume: ['empty key'] }, produced)).not.toBeNull()
  })
})

function change(lines: ConsumedLine[], index: number, fields: Partial<ConsumedLine>): void {
  lines[index] = { ...lines[index]!, ...fields }
}

function cut(lines: ConsumedLine[], index: number): void {
  const value = Buffer.from(lines[index]!.value!, 'base64')
  change(lines, index, { value: value.subarray(1).toString('base64') })
}

function swapHeaders(lines: ConsumedLine[], index: number): void {
  const [first, second, ...rest] = lines[index]!.headers!
  change(lines, index, { headers: [second!, first!, ...rest] })
}
