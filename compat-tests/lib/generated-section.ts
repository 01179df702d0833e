/**
 * Replaces the part of a document between two markers and leaves everything else, which people wrote, as it is. Several
 * programs write into docs/compatibility.md, each between its own markers.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Appends the section with its markers when the document does not have it yet. */
export function replaceSection(document: string, name: string, content: string): string {
  const begin = `<!-- begin ${name} -->`
  const end = `<!-- end ${name} -->`
  const section = `${begin}\n${content.trim()}\n${end}`
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from === -1 || to < from) return `${document.trimEnd()}\n\n${section}\n`
  return document.slice(0, from) + section + document.slice(to + end.length)
}

export function writeSection(path: string, title: string, name: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const document = existsSync(path) ? readFileSync(path, 'utf8') : `# ${title}\n`
  writeFileSync(path, replaceSection(document, name, content))
}
