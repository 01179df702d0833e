/**
 * For the release workflow. When CHANGELOG.md has a section for the version of package.json and no tag names it yet, writes the
 * section to release-notes.md and prints "tag=v1.2.3"; else prints "tag=".
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const root = new URL('../', import.meta.url)
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
const tag = `v${version}`
const sections = readFileSync(new URL('CHANGELOG.md', root), 'utf8').split(/^## /m)
const section = sections.find(text => text.startsWith(`[${version}] - `))
const isTagged = execFileSync('git', ['tag', '--list', tag], { cwd: root, encoding: 'utf8' }).trim() !== ''

if (section === undefined || isTagged) console.log('tag=')
else {
  writeFileSync(new URL('release-notes.md', root), section.slice(section.indexOf('\n')).trim())
  console.log(`tag=${tag}`)
}
