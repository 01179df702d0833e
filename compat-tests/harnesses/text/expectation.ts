/**
 * Judges what a consumer received against the text that was produced. Independent of how the producer spread the lines
 * over partitions: in each partition offsets run 0, 1, 2, … and line numbers rise; together, put in order of their
 * numbers, the lines hash to the source. Anything lost, doubled, swapped or altered fails one of these.
 */

import { splitLines } from '../../lib/text-client.js'
import { describeLines, type SourceText } from './source-text.js'

/** null when everything is right, else the first thing that is wrong. */
export function faultOf(output: Buffer, source: SourceText): string | null {
  const nextOffsets = new Map<string, number>()
  const lastNumbers = new Map<string, number>()
  const received: Buffer[] = []
  let count = 0
  for (const record of splitLines(output)) {
    // partition TAB offset TAB number TAB line
    const tabs = threeTabs(record)
    if (tabs === null) return `not a record: ${JSON.stringify(record.toString().slice(0, 80))}`
    const partition = record.toString('latin1', 0, tabs[0])
    const offset = Number(record.toString('latin1', tabs[0] + 1, tabs[1]))
    const number = Number(record.toString('latin1', tabs[1] + 1, tabs[2]))
    const nextOffset = nextOffsets.get(partition) ?? 0
    if (offset !== nextOffset) return `partition ${partition}: offset ${offset} where ${nextOffset} was expected`
    if (number <= (lastNumbers.get(partition) ?? -1))
      return `partition ${partition}: line ${number} out of order at offset ${offset}`
    nextOffsets.set(partition, offset + 1)
    lastNumbers.set(partition, number)
    received[number] = record.subarray(tabs[2] + 1)
    count++
  }
  if (count !== source.lines.length) return `${count} of ${source.lines.length} lines`
  for (let number = 0; number < source.lines.length; number++) {
    if (received[number] === undefined) return `line ${number} is missing`
  }
  return describeLines(received).sha256 === source.sha256 ? null : 'the text is altered'
}

/** Where each partition ends, which is where a group that read everything must have committed. */
export function endOffsetsOf(output: Buffer): Map<number, number> {
  const ends = new Map<number, number>()
  for (const record of splitLines(output)) {
    const [partition, offset] = record.toString('latin1', 0, 40).split('\t', 2)
    ends.set(Number(partition), Number(offset) + 1)
  }
  return ends
}

function threeTabs(record: Buffer): [number, number, number] | null {
  const first = record.indexOf(9)
  const second = first === -1 ? -1 : record.indexOf(9, first + 1)
  const third = second === -1 ? -1 : record.indexOf(9, second + 1)
  return third === -1 ? null : [first, second, third]
}
