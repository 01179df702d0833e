/**
 * `run.js [--only NAME,NAME]`: packs the package as it is published, installs it into scratch
 * projects (ES modules, CommonJS, TypeScript of both kinds, Jest 29 and 30), and runs the examples of the repository with it.
 * An example whose toolchain is missing is "not run".
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { repositoryRoot, scratchFolder } from '../../lib/paths.js'
import { run } from '../../lib/processes.js'
import { Tally } from '../../lib/tally.js'
import { examples } from './examples.js'
import { type Project, projectsOf } from './projects.js'

const commandTimeoutMs = 5 * 60_000
const filesMax = 100
const published = [
  /^dist\/bundle\/(.*\.(js|cjs|d\.ts|d\.cts)|console\/.*)$/,
  /^(docs\/.*\.(md|svg)|proto\/.*\.(md|proto))$/,
  /^([A-Z]+(\.md)?|package\.json)$/,
]

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const only = values.only?.split(',')
const isWanted = ({ name }: { readonly name: string }) => only?.includes(name) ?? true
const tally = new Tally()
const scratch = scratchFolder('package')
try {
  const tarball = await pack()
  await install('omit-optional', [], tarball, ['--omit=optional'])
  const projects = projectsOf(readFileSync(join(repositoryRoot, 'README.md'), 'utf8'))
  for (const project of projects.filter(isWanted)) tally.claim(project.name, await tryProject(project, tarball))
  for (const example of examples.filter(isWanted)) {
    const folder = join(scratch, example.name)
    cpSync(join(repositoryRoot, 'examples', example.name), folder, { recursive: true })
    const outcome = await example.run({ folder, tarball, command: (line, env) => command(line, folder, env) })
    if (typeof outcome === 'object' && outcome !== null) console.log(`not run: ${example.name}: ${outcome.notRun}`)
    else tally.claim(`example ${example.name}`, outcome)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
process.exitCode = tally.close({})

async function pack(): Promise<string> {
  const packed = await run('npm', ['pack', '--json', '--pack-destination', scratch], { cwd: repositoryRoot })
  if (packed.exitCode !== 0) throw new Error(packed.stderr)
  const listed = JSON.parse(packed.stdout.slice(packed.stdout.search(/^[[{]/m)))
  const [{ filename, files }] = (Array.isArray(listed) ? listed : Object.values(listed)) as [Packed]
  const paths = files.map(({ path }) => path)
  const strays = paths.filter(path => !published.some(pattern => pattern.test(path)))
  tally.claimNone('only the bundle, its declarations, definitions and documents are published', strays)
  tally.claim(`${paths.length} files, at most ${filesMax}`, paths.length <= filesMax ? null : 'too many')
  return join(scratch, filename)
}

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

/** Answers what is wrong, or null. */
async function tryProject(project: Project, tarball: string): Promise<string | null> {
  const folder = await install(project.name, project.dependencies, tarball, [], project.type)
  for (const [name, text] of Object.entries(project.files)) writeFileSync(join(folder, name), text)
  let printed = ''
  for (const line of project.commands) {
    const { problem, stdout } = await command(line, folder)
    if (problem !== null) return problem
    printed = stdout
  }
  return project.prints === undefined || project.prints === printed ? null : `printed ${printed}`
}

/** A project with the package; without its optional dependencies it starts as well, and says so here. */
async function install(
  name: string,
  dependencies: readonly string[],
  tarball: string,
  flags: readonly string[],
  type: string = 'module',
): Promise<string> {
  const folder = join(scratch, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true, type }))
  const { problem } = await command(['npm install --no-audit --no-fund', ...flags, tarball, ...dependencies].join(' '), folder)
  if (problem !== null) throw new Error(problem)
  if (flags.includes('--omit=optional')) {
    const script = "import { startBroker } from 'gregor'; const broker = await startBroker(); await broker.stop()"
    const started = await command(`node --input-type=module -e "${script}"`, folder)
    tally.claim('starts without optional dependencies', started.problem)
  }
  return folder
}

async function command(
  line: string,
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ problem: string | null; stdout: string }> {
  const path = [join(cwd, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
  const ran = await run('sh', ['-c', line], { cwd, timeoutMs: commandTimeoutMs, env: { PATH: path, ...env } })
  const problem =
    ran.exitCode === 0 ? null : `${line}: exit code ${ran.exitCode}\n${ran.stdout.slice(-2000)}${ran.stderr.slice(-2000)}`
  return { problem, stdout: ran.stdout }
}
