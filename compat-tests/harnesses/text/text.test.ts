/** The matrix's own judgement: a judge that cannot say no proves nothing, so every kind of damage is shown to it once. */
import { describe, expect, test } from 'vitest'
import { replaceSection } from '../../lib/generated-section.js'
import { outputLine, splitLines } from '../../lib/text-client.js'
import { endOffsetsOf, faultOf } from './expectation.js'
import { type MatrixResult, matrixReport } from './report.js'
import { describeLines, numberedLines, SOURCE_LINES_MIN, sourceText } from './source-text.js'

const source = describeLines(['Zwölf Boxkämpfer', '', '\tjagen Viktor ', 'über', 'den Deich'].map(line => Buffer.from(line)))

/** The records of `source`, dealt to two partitions in turn: [partition, offset, value]. */
function received(): [number, number, string][] {
  return splitLines(numberedLines(source.lines)).map((line, index) => [index % 2, Math.floor(index / 2), line.toString()])
}

const output = (records: readonly [number, number, string][]) =>
  Buffer.concat(records.map(([partition, offset, value]) => outputLine(partition, String(offset), Buffer.from(value))))

describe('what a consumer received', () => {
  test('is right when every line came once and in order', () => {
    expect(faultOf(output(received()), source)).toBeNull()
    expect(endOffsetsOf(output(received()))).toEqual(
      new Map([
        [0, 3],
        [1, 2],
      ]),
    )
  })

  const damages: [string, (records: [number, number, string][]) => void, RegExp][] = [
    ['the last line is lost', records => records.pop(), /^4 of 5 lines$/],
    ['a line in the middle is lost', records => records.splice(1, 1), /offset 1 where 0 was expected/],
    ['a record is delivered twice', records => records.push(records.at(-1)!), /offset 2 where 3 was expected/],
    ['a line was stored twice', records => records.push([0, 3, records[4]![2]]), /line 4 out of order/],
    [
      'two lines of a partition are swapped',
      records => {
        ;[records[0]![2], records[2]![2]] = [records[2]![2], records[0]![2]]
      },
      /line 0 out of order/,
    ],
    [
      'a trailing blank is cut',
      records => {
        records[2]![2] = records[2]![2].trimEnd()
      },
      /altered/,
    ],
    [
      'a letter came in another encoding',
      records => {
        records[3]![2] = '3\tuber'
      },
      /altered/,
    ],
    [
      'a line became another of the same count',
      records => {
        records[4]![2] = '9\tden Deich'
      },
      /line 4 is missing/,
    ],
    [
      'a record has no line number',
      records => {
        records[0]![2] = 'Zwölf'
      },
      /not a record/,
    ],
  ]
  test.each(damages)('is refused when %s', (_, damage, fault) => {
    const records = received()
    damage(records)
    expect(faultOf(output(records), source)).toMatch(fault)
  })

  test('is refused when nothing came', () => {
    expect(faultOf(Buffer.alloc(0), source)).toBe('0 of 5 lines')
  })
})

test('the text is long, has empty lines and characters beyond ASCII, and is the same each time', () => {
  const text = sourceText()
  expect(text.lines.length).toBeGreaterThanOrEqual(SOURCE_LINES_MIN)
  expect(text.emptyLines).toBeGreaterThan(1000)
  expect(text.nonAsciiLines).toBeGreaterThan(100)
  expect(sourceText().sha256).toBe(text.sha256)
})

test('a client that is not installed is shown as not run, never as passed', () => {
  const result: MatrixResult = {
    broker: 'Gregor',
    clients: [
      { name: 'kafkajs', version: '2.2.4', notRun: null },
      { name: 'kcat', version: '', notRun: 'no apt-get here' },
    ],
    source,
    partitions: 3,
    verdicts: new Map([['kafkajs', new Map([['kafkajs', null]])]]),
  }
  const report = matrixReport(result)
  expect(report).toContain('1 pairs ok, 0 failed, 3 not run')
  expect(report).toContain('not run: no apt-get here')
  expect(report).toMatch(/\*\*kcat\*\* +\| not run +\| not run/)
})

test('a generated section replaces its own former text and nothing that people wrote around it', () => {
  const first = replaceSection('# Title\n\nby hand\n', 'matrix', 'one')
  const second = replaceSection(`${first}\nalso by hand\n`, 'matrix', 'two')
  expect(second).toBe('# Title\n\nby hand\n\n<!-- begin matrix -->\ntwo\n<!-- end matrix -->\n\nalso by hand\n')
})
