/**
 * The record-set matrix as a table, the same on the terminal and in docs/compatibility.md: rows are producers, columns consumers
 * by number, a cell says how many codecs arrived equal. It contains nothing that changes from run to run.
 */
import type { Contender, ContenderName } from './contenders.js'
import { type Capabilities, type Codec, codecs } from './expectation.js'
import type { Reading } from './matrix.js'

export interface Result {
  readonly broker: string
  readonly contenders: readonly Contender[]
  readonly codecsRun: readonly Codec[]
  readonly readings: readonly Reading[]
}

export function counts({ readings }: Result): { passed: number; failed: number; known: number } {
  const known = readings.filter(reading => reading.known !== null).length
  const failed = readings.filter(reading => reading.known === null && reading.fault !== null).length
  return { passed: readings.length - failed - known, failed, known }
}

/** `5`: five topics, all right. `3/5`: three of five. `4*`: four, and others that no broker can help. `-`: no codec in common. */
export function table({ contenders, readings }: Result): string {
  const running = contenders.filter(({ notRun }) => notRun === null)
  const cells = new Map<string, { right: number; all: number; mark: string }>()
  for (const { written, consumer, fault, known } of readings) {
    const key = `${written.producer} ${consumer}`
    const cell = cells.get(key) ?? { right: 0, all: 0, mark: '' }
    const counted = { ...cell, right: cell.right + (fault === null ? 1 : 0), all: cell.all + 1 }
    cells.set(key, known === null ? counted : { ...cell, mark: '*' })
  }
  const shown = (producer: ContenderName, consumer: ContenderName) => {
    const cell = cells.get(`${producer} ${consumer}`)
    if (cell === undefined) return '-'
    return `${cell.right === cell.all ? '' : `${cell.right}/`}${cell.all}${cell.mark}`
  }
  return markdownTable([
    ['', 'produced by ↓ consumed by →', ...running.map((_, index) => `${index + 1}`)],
    ...running.map(({ name }, index) => [`${index + 1}`, name, ...running.map(consumer => shown(name, consumer.name))]),
  ])
}

/** One line per broken reading; a producer or consumer that fails everywhere in the same way gets one line for all. */
export function failureLines({ readings }: Result): string[] {
  const byFault = new Map<string, Reading[]>()
  for (const reading of readings) {
    const { written, consumer, fault, known } = reading
    if (fault === null || known !== null) continue
    const subject = fault.startsWith('producer: ') ? `${written.producer} with ${written.codec}` : `read by ${consumer}`
    const key = `${subject}: ${fault}`
    byFault.set(key, [...(byFault.get(key) ?? []), reading])
  }
  return [...byFault].map(([line, of]) => {
    if (line.includes(': producer: ')) return line
    const topics = of.map(({ written }) => `${written.producer} with ${written.codec}`)
    const more = topics.length > 4 ? ` and ${topics.length - 4} more` : ''
    return `${line} (${topics.slice(0, 4).join(', ')}${more})`
  })
}

/** What no broker can make work, one line per pair. */
export function knownLines({ readings }: Result): string[] {
  return readings.flatMap(({ written, consumer, known }) =>
    known === null ? [] : [`impossible: ${written.producer} with ${written.codec}, read by ${consumer}: ${known}`],
  )
}

export function notRunLines({ contenders }: Result): string[] {
  return contenders.flatMap(({ name, notRun }) => (notRun === null ? [] : [`not run: ${name}: ${notRun}`]))
}

export function documentation(result: Result, recordCount: number): string {
  const { passed, failed, known } = counts(result)
  return [
    '## One record set through clients of every age',
    [
      `Printed by \`node dist/compat-tests/harnesses/record-set/run.js\` against ${result.broker}. Each client writes one set of ${recordCount}`,
      'records (keys, null and empty keys and values, headers, every byte, unicode, a value of 1,000,000 bytes, timestamps out of',
      'order) once per codec it has, in the oldest or newest format it speaks; each client reads every topic whose codec it has.',
      'Everything must arrive equal that the formats and interfaces of both carry: the rule is',
      '[expectation.ts](../compat-tests/harnesses/record-set/expectation.ts). A cell is the number of topics, one per codec that both have and',
      'one for null header values; `3/5` says that two failed. `*` marks what Apache Kafka cannot make work between the two either.',
    ].join('\n'),
    table(result),
    `${passed} passed, ${failed} failed, ${known} impossible between the clients.`,
    [...failureLines(result), ...knownLines(result), ...notRunLines(result)].map(line => `- ${line}`).join('\n'),
    contenderTable(result.contenders),
  ].join('\n\n')
}

function contenderTable(contenders: readonly Contender[]): string {
  return markdownTable([
    ['client', 'version', 'format', 'codecs', 'its interface lacks'],
    ...contenders.map(({ name, version, capabilities, notRun }) => [
      `[${name}](../compat-tests/clients/${name.split('/')[0]}/README.md)`,
      notRun === null ? version : 'not run',
      ...(capabilities === null ? ['', '', ''] : [format(capabilities), codecList(capabilities), lacks(capabilities)]),
    ]),
  ])
}

function format({ magic, consumeMagic = magic }: Capabilities): string {
  const named = (of: number) => (of === 2 ? 'record batch' : `message set v${of}`)
  return magic === consumeMagic ? named(magic) : `writes ${named(magic)}, reads v${consumeMagic}`
}

function codecList({ codecs: written, consumeCodecs: read = written }: Capabilities): string {
  const known = codecs.filter(codec => written.includes(codec) || read.includes(codec))
  return known
    .map(codec => (!read.includes(codec) ? `${codec} (writes)` : written.includes(codec) ? codec : `${codec} (reads)`))
    .join(', ')
}

function lacks({ magic, headers, timestamps, cannotProduce = [], cannotConsume = [] }: Capabilities): string {
  return [
    ...(magic === 2 && !headers ? ['headers'] : []),
    ...(magic >= 1 && !timestamps ? ['timestamps'] : []),
    ...cannotProduce.map(feature => `${feature} (to say)`),
    ...cannotConsume.map(feature => `${feature} (to tell)`),
  ].join(', ')
}

function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  const [head, ...body] = rows
  return [line(head!), line(widths.map(width => '-'.repeat(width))), ...body.map(line)].join('\n')
}
