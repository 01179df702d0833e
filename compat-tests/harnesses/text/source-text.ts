/**
 * The text that travels through the brokers: the reference manuals of Node's API (@types/node) and of JavaScript's and the
 * browser's library (TypeScript's lib files) as the locked npm packages carry them. More than 100,000 lines of prose and
 * declarations, with empty lines, indentation, and characters beyond ASCII; the same bytes on every machine that ran
 * `npm ci`, nothing to download. The text has no carriage return, because Kafka's console producer would take it for the
 * end of a line.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../../lib/paths.js'
import { splitLines } from '../../lib/text-client.js'

export const SOURCE_LINES_MIN = 100_000

export interface SourceText {
  readonly lines: readonly Buffer[]
  readonly emptyLines: number
  readonly nonAsciiLines: number
  readonly sha256: string
}

/** The whole text, or its first `linesMax` lines. */
export function sourceText(linesMax = Number.POSITIVE_INFINITY): SourceText {
  const modules = join(repositoryRoot, 'node_modules')
  // The compiler comes as one package per platform; their lib files are the same.
  const compiler = readdirSync(join(modules, '@typescript')).find(name => name.startsWith('typescript-'))
  if (compiler === undefined) throw new Error('the TypeScript compiler is not installed: run `npm ci`')
  const manuals = [join(modules, '@types', 'node'), join(modules, '@typescript', compiler, 'lib')]
  const text = Buffer.concat(manuals.flatMap(declarationFiles).map(path => readFileSync(path)))
  const all = splitLines(text)
  if (all.length < SOURCE_LINES_MIN) throw new Error(`the text has only ${all.length} lines`)
  if (text.includes('\r')) throw new Error('the text contains a carriage return')
  return describeLines(all.slice(0, linesMax))
}

export function describeLines(lines: readonly Buffer[]): SourceText {
  const hash = createHash('sha256')
  for (const line of lines) hash.update(line).update('\n')
  return {
    lines,
    emptyLines: lines.filter(line => line.length === 0).length,
    nonAsciiLines: lines.filter(line => line.some(byte => byte > 127)).length,
    sha256: hash.digest('hex'),
  }
}

/** Each line behind its number, so that a reader can tell every record's place whatever partition it went to. */
export function numberedLines(lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines.flatMap((line, index) => [Buffer.from(`${index}\t`), line, Buffer.from('\n')]))
}

function declarationFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.d.ts'))
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}
