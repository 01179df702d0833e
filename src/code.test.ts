/**
 * Tests about the code itself: rules that no compiler knows. A rule that stands in the way of a better program is changed
 * here, with a reason; it is not worked around.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

interface SourceFile {
  readonly path: string
  readonly lines: readonly string[]
}

function sourceFiles(folder: string, extension: RegExp): SourceFile[] {
  const paths = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map(path => join(folder, path))
    .filter(path => extension.test(path) && !/node_modules|[\\/](dist|target|build)[\\/]/.test(path))
  return readFiles(paths)
}

const readFiles = (paths: readonly string[]): SourceFile[] =>
  paths.map(path => ({ path, lines: readFileSync(join(root, path), 'utf8').split('\n') }))

const source = sourceFiles('src', /\.tsx?$/)
const written = [
  ...source,
  ...sourceFiles('scripts', /\.(mjs|ts)$/),
  ...sourceFiles('compat-tests', /\.(ts|mjs|js|py|go|java|sh)$/),
]

/** "path:line: text" for every line that breaks a rule. */
function offences(files: readonly SourceFile[], breaks: (line: string) => boolean): string[] {
  return files.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => (breaks(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  )
}

const isTest = (path: string) => /\.(test|test-support)\.ts$/.test(path)
const code = (line: string) => line.replace(/\/\/.*$|^\s*\*.*$/, '')

function importsOf(path: string, lines: readonly string[]): string[] {
  const places = lines.join('\n').matchAll(/(?:\bfrom|\bimport\(|^import)\s*'(\.[^']+)\.js'/gm)
  const sourceOf = (place: string) => (existsSync(join(root, `${place}.tsx`)) ? `${place}.tsx` : `${place}.ts`)
  return [...places].map(([, place = '']) => sourceOf(join(dirname(path), place)))
}

/** Each circle once, as the paths along it. */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    else if (!done.has(path)) for (const next of edges.get(path) ?? []) walk(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) walk(path, [])
  return found
}

/** A project of TypeScript: a folder with a tsconfig.json, less the rooms inside it that are projects themselves. */
interface Room {
  readonly folder: string
  readonly files?: readonly string[]
  readonly references: readonly { readonly path: string }[]
}

const rooms = sourceFiles('src', /[\\/]tsconfig\.json$/).map<Room>(({ path, lines }) => ({
  folder: dirname(path),
  ...JSON.parse(lines.join('\n')),
}))

function roomOf(path: string): string {
  const around = rooms.filter(room => !relative(room.folder, path).startsWith('..'))
  return around.toSorted((a, b) => b.folder.length - a.folder.length)[0]!.folder
}

function roomsImportedBy({ folder, files }: Room): string[] {
  const own = source.filter(({ path }) => !isTest(path) && roomOf(path) === folder && (files?.includes(basename(path)) ?? true))
  const imported = new Set(own.flatMap(({ path, lines }) => importsOf(path, lines).map(roomOf)))
  return [...imported].filter(room => room !== folder).sort()
}

describe('the code', () => {
  it('finds the files that it judges', () => {
    expect(source.length).toBeGreaterThan(20)
    expect(source.map(file => basename(file.path))).toContain('code.test.ts')
  })

  it('reads clocks, timers and randomness only in src/base, where World gives them to others, and in the console’s clock', () => {
    const consoleClock = join('src', 'console', 'clock.ts')
    const forbidden = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b|\bset(Timeout|Interval)\b/
    const judged = source.filter(({ path }) => !path.startsWith(join('src', 'base')) && path !== consoleClock && !isTest(path))
    expect(offences(judged, line => forbidden.test(code(line)))).toEqual([])
  })

  it('keeps files to 600 lines and lines to 130 characters', () => {
    expect(written.filter(({ lines }) => lines.length > 601).map(({ path, lines }) => `${path}: ${lines.length}`)).toEqual([])
    // A quoted message or pattern stays whole, so that it can be searched for.
    const isLiteral = (line: string) => /^(const \w+ = |return )?['"`/](?![/*])/.test(line.trim())
    expect(offences(written, line => line.length > 130 && !isLiteral(line))).toEqual([])
  })

  it('tells a refusal from a result by isRefusal, or by isErrorCode where a code is all there is', () => {
    const other = /'(kind|problem|message|error|errorCode)' in |kind [!=]== '(refused|failed|error)'|(?<!\.\.)\.refused\b(?!\()/
    const rooms = ['broker', 'cluster', 'config', 'coordinator', 'storage', 'inspect', 'index.ts'].map(room => join('src', room))
    const judged = source.filter(({ path }) => rooms.some(room => path.startsWith(room)) && !isTest(path))
    expect(offences(judged, line => other.test(code(line)))).toEqual([])
  })

  it('makes no markup of text in the console, whose text anybody may have written', () => {
    const markup =
      /\b(inner|outer)HTML\b|\binsertAdjacentHTML\b|\bdangerouslySet|\bdocument\.write\b|\beval\b|\bFunction\(|srcdoc|DOMParser/
    const judged = source.filter(({ path }) => path.startsWith(join('src', 'console')))
    expect(judged.length).toBeGreaterThan(20)
    expect(offences(judged, line => markup.test(code(line)))).toEqual([])
  })

  it('leaves nothing for later', () => {
    const banned = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`)
    expect(offences(written, line => banned.test(line))).toEqual([])
  })

  it('skips and focuses no test', () => {
    const marked = /\b(it|test|describe)\.(only|skip|todo)\b/
    expect(
      offences(
        source.filter(({ path }) => path.endsWith('.test.ts')),
        line => marked.test(code(line)),
      ),
    ).toEqual([])
  })

  it('imports without circles, types included', () => {
    const edges = new Map(source.map(({ path, lines }) => [path, importsOf(path, lines)]))
    expect(circles(edges)).toEqual([])
  })

  it('lists in the tsconfig of each room just the rooms that it imports', () => {
    expect(rooms.length).toBeGreaterThan(10)
    for (const room of rooms) {
      const references = room.references.map(({ path }) => join(room.folder, path)).sort()
      expect(references, room.folder).toEqual(roomsImportedBy(room))
    }
  })

  it('enters the log by partition.ts alone: nothing outside of storage knows its engine', () => {
    const outside = source.filter(({ path }) => !path.startsWith(join('src', 'storage')))
    expect(offences(outside, line => /'[^']*storage\/segments\//.test(line))).toEqual([])
    // And the door itself knows the port only; what is put together is put together in directory/.
    const port = ['partition.ts', 'engine.ts', 'types.ts'].map(name => join('src', 'storage', name))
    const judged = source.filter(({ path }) => port.includes(path) || path.startsWith(join('src', 'storage', 'format')))
    expect(judged.length).toBeGreaterThan(5)
    expect(offences(judged, line => /from '[^']*\/(segments|directory)\//.test(line))).toEqual([])
  })

  it('keeps every test beside what it tests', () => {
    // A test of one file or of many: something that it, or what supports it alone, imports lies in its own folder or below.
    // The test kit of a room counts: it is how the room as a whole is tried.
    const importsNeighbour = (line: string) => /from '\.\/(?!(?!test-kit\.).*\.test-support\.js')/.test(line)
    const isBeside = (path: string) => source.some(file => file.path === path && file.lines.some(importsNeighbour))
    const hasNamesake = (path: string) => source.some(file => file.path === path.replace(/\.test\.ts$/, '.ts'))
    const strays = source
      .filter(({ path }) => path.endsWith('.test.ts'))
      .filter(({ path }) => !hasNamesake(path) && !isBeside(path) && !isBeside(path.replace(/\.test\.ts$/, '.test-support.ts')))
    expect(strays.map(({ path }) => path)).toEqual([join('src', 'code.test.ts')])
  })
})

it('the documents link to what exists', () => {
  const below = ['docs', 'examples', 'compat-tests', 'bench'].flatMap(folder => sourceFiles(folder, /\.md$/))
  const documents = [...below, ...readFiles(readdirSync(root).filter(name => name.endsWith('.md')))]
  const dead = documents.flatMap(({ path, lines }) =>
    [...lines.join('\n').matchAll(/\]\((?!\w+:)([^)#\s]+)/g)]
      .filter(([, target = '']) => !existsSync(join(root, dirname(path), target)))
      .map(([, target]) => `${path}: ${target}`),
  )
  expect(dead).toEqual([])
})
