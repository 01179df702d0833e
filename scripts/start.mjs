/**
 * `npm start`: installs and builds what is missing, then becomes the broker, in this very process. Whoever ends npm or this
 * process ends the broker: npm passes on what it can, and when npm is killed outright, the broker stops because npm is gone.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const lookMs = 250

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const run = (...command) => execFileSync(process.execPath, command, { cwd: root, stdio: 'inherit' })
const before = ancestors()
try {
  run('scripts/ensure-installed.mjs')
  run('node_modules/typescript/bin/tsc', '-b')
  run('scripts/bundle.mjs')
  run('scripts/console.mjs')
} catch (error) {
  // The command has said why.
  process.exit(error.status ?? 1)
}
setInterval(() => {
  if (ancestors().join() !== before.join()) process.kill(process.pid, 'SIGTERM')
}, lookMs).unref()

const program = new URL('../dist/bundle/gregor.js', import.meta.url)
process.argv.splice(1, 1, fileURLToPath(program), 'start')
await import(program.href)

/** The processes above this one, up to npm: between the two there may be a shell. */
function ancestors() {
  const parent = process.ppid
  if (process.env.npm_lifecycle_event === undefined) return [parent]
  try {
    const stat = readFileSync(`/proc/${parent}/stat`, 'utf8')
    return [parent, stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]]
  } catch {
    return [parent]
  }
}
