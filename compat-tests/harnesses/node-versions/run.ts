/**
 * `run.js [--versions 20.19,26]`: `npm test` without the install and the build, on the
 * oldest and the newest Node. The npm package `node` brings each; without the registry a version is "not run".
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { cacheFolder, repositoryRoot } from '../../lib/paths.js'
import { run } from '../../lib/processes.js'
import { Tally } from '../../lib/tally.js'

const installTimeoutMs = 5 * 60_000
const testsTimeoutMs = 20 * 60_000

const { values } = parseArgs({ options: { versions: { type: 'string', default: '20.19,26' } } })
const tally = new Tally()
for (const version of values.versions.split(',')) {
  const program = await installNode(version)
  if (program === null) {
    console.log(`not run: Node ${version}: npm did not install it`)
    continue
  }
  const vitest = join(repositoryRoot, 'node_modules', 'vitest', 'vitest.mjs')
  // Scripts that tests start find the same Node first.
  const path = [dirname(program), process.env.PATH].join(delimiter)
  const env = { PATH: path, NO_COLOR: '1' }
  const tests = await run(program, [vitest, 'run'], { cwd: repositoryRoot, timeoutMs: testsTimeoutMs, env })
  const outcome = /^ *Tests .*$/m.exec(tests.stdout)?.[0].trim() ?? 'no test ran'
  const failures = tests.stdout.split('\n').filter(line => /^ *(FAIL|×)/.test(line))
  const seconds = Math.round(tests.elapsedMs / 1000)
  tally.claim(
    `Node ${version}: ${outcome}, ${seconds} s`,
    tests.exitCode === 0 ? null : [...failures, tests.stderr.slice(-1000)].join('\n'),
  )
}
process.exitCode = tally.close({})

async function installNode(version: string): Promise<string | null> {
  const folder = join(cacheFolder(), `node-${version}`)
  const program = join(folder, 'node_modules', 'node', 'bin', 'node')
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }))
  const install = ['install', '--no-audit', '--no-fund', `node@${version}`]
  await run('npm', install, { cwd: folder, timeoutMs: installTimeoutMs })
  return existsSync(program) ? program : null
}
