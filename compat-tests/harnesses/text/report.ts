/**
 * The matrix as a Markdown table, the same on the terminal and in docs/compatibility.md. It contains nothing that changes
 * from run to run (no times, no paths), so that a change in the document is a change in what works.
 */
import type { Client, ClientName } from '../../lib/clients.js'
import type { SourceText } from './source-text.js'

/** null: this pair is right. A string: what is wrong with it. Missing: not run. */
export type Verdicts = ReadonlyMap<ClientName, ReadonlyMap<ClientName, string | null>>

export interface MatrixResult {
  readonly broker: string
  readonly clients: readonly Client[]
  readonly source: SourceText
  readonly partitions: number
  /** By producer, then by consumer. */
  readonly verdicts: Verdicts
}

export function matrixTable({ clients, verdicts }: MatrixResult): string {
  const names = clients.map(client => client.name)
  const rows = names.map(producer => [
    `**${producer}**`,
    ...names.map(consumer => {
      const verdict = verdicts.get(producer)?.get(consumer)
      return verdict === undefined ? 'not run' : verdict === null ? 'ok' : 'FAIL'
    }),
  ])
  return markdownTable([['produced by ↓ consumed by →', ...names], ...rows])
}

export function pairCounts({ clients, verdicts }: MatrixResult): { ok: number; failed: number; notRun: number } {
  const all = [...verdicts.values()].flatMap(consumers => [...consumers.values()])
  const ok = all.filter(verdict => verdict === null).length
  return { ok, failed: all.length - ok, notRun: clients.length ** 2 - all.length }
}

/** One line per broken pair, and one for a whole row that is broken in the same way, as by its producer. */
export function failureLines({ verdicts }: MatrixResult): string[] {
  return [...verdicts].flatMap(([producer, consumers]) => {
    const faults = [...consumers.values()]
    if (faults.length > 1 && faults.every(fault => fault !== null && fault === faults[0]))
      return [`${producer} → all: ${faults[0]}`]
    return [...consumers].flatMap(([consumer, fault]) => (fault === null ? [] : [`${producer} → ${consumer}: ${fault}`]))
  })
}

export function matrixReport(result: MatrixResult): string {
  const { ok, failed, notRun } = pairCounts(result)
  const { source, clients, partitions } = result
  return [
    '## Text through every pair of clients',
    [
      `Printed by \`npm run compat\` against ${result.broker}. One client produces a text of ${source.lines.length} lines`,
      `(${source.emptyLines} of them empty, ${source.nonAsciiLines} with characters beyond ASCII: the reference manuals of Node and of`,
      'the JavaScript library, as npm packages carry them), one record per line, to a topic of',
      `${partitions} partitions. Another client consumes it as a group of one member from the earliest offset.`,
      'A pair is **ok** when offsets have no gap, lines keep their order in each partition, all lines together hash to the',
      'source, and the group has committed the end of every partition. **not run** means that the client could not be',
      'installed on the machine that printed this (the reason stands below); it is never a pass.',
      '',
      `SHA-256 of the text: \`${source.sha256}\``,
    ].join('\n'),
    matrixTable(result),
    `${ok} pairs ok, ${failed} failed, ${notRun} not run.`,
    ...(failed > 0
      ? [
          failureLines(result)
            .map(line => `- ${line}`)
            .join('\n'),
        ]
      : []),
    markdownTable([
      ['client', 'version'],
      ...clients.map(({ name, version, notRun }) => [
        `[${name}](../compat-tests/clients/${name}/README.md)`,
        notRun === null ? version : `not run: ${notRun}`,
      ]),
    ]),
  ].join('\n\n')
}

/** The first row is the head. Cells are padded, so that the table is as readable on a terminal. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  const [head, ...body] = rows
  return [line(head!), line(widths.map(width => '-'.repeat(width))), ...body.map(line)].join('\n')
}
