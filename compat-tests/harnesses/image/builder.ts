/**
 * Builds the image without an engine: Debian's buildah in a chroot, on a base made of Debian's packages (trixie's Node 20) and
 * this machine's npm. What cannot be had is a reason, and then the build steps of the Dockerfile are carried out by hand.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, repositoryRoot } from '../../lib/paths.js'
import { type RunResult, run } from '../../lib/processes.js'

export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[] | null
  readonly Cmd: readonly string[]
  readonly ExposedPorts: Readonly<Record<string, unknown>>
  readonly Volumes: Readonly<Record<string, unknown>>
  readonly StopSignal: string
  readonly Healthcheck: { readonly Test: readonly string[] }
}

export interface BuiltImage {
  readonly config: ImageConfig
  /** Its root file system, mounted. */
  readonly root: string
}

const stepTimeoutMs = 10 * 60_000
const caBundle = 'etc/ssl/certs/ca-certificates.crt'
const packages = ['buildah', 'mmdebstrap']
const suite = 'trixie'
// Unpacked and not configured, which takes a third of the time: programs, their libraries, and what the Dockerfile's steps call.
const contents = 'nodejs,ca-certificates,bash,coreutils,dash,findutils,base-files,libc-bin,sed,grep'

/** The image, or the reason why it cannot be built here. */
export async function buildImage(scratch: string): Promise<BuiltImage | string> {
  if (process.getuid?.() !== 0) return 'buildah in a chroot needs root'
  const missing = await installed()
  if (missing !== null) return missing
  const npm = (await run('npm', ['root', '--global'])).stdout.trim()
  if (!existsSync(join(npm, 'npm'))) return 'npm is not installed where its own package is found'
  const base = join(cacheFolder(), `image-base-${suite}.tar`)
  if (!existsSync(base)) {
    const made = await run(
      'mmdebstrap',
      [
        '--mode=root',
        '--format=tar',
        '--variant=extract',
        `--include=${contents}`,
        suite,
        `${base}.part`,
        'http://deb.debian.org/debian',
      ],
      { timeoutMs: stepTimeoutMs },
    )
    if (made.exitCode !== 0) return `mmdebstrap: ${lastLine(made)}`
    await run('mv', [`${base}.part`, base])
  }
  const buildah = new Buildah(scratch)
  const from = await buildah.must('from', 'scratch')
  await buildah.must('add', '--quiet', from, base, '/')
  await buildah.must('copy', '--quiet', from, join(npm, 'npm'), '/usr/lib/node_modules/npm')
  await buildah.must('run', from, '--', 'ln', '-s', '/usr/lib/node_modules/npm/bin/npm-cli.js', '/usr/bin/npm')
  // A registry may be known to this machine alone.
  if (existsSync(`/${caBundle}`)) await buildah.must('copy', '--quiet', from, `/${caBundle}`, `/${caBundle}`)
  await buildah.must('commit', '--quiet', '--rm', from, 'localhost/node-base')
  const built = await buildah.must(
    'bud',
    '--quiet',
    '--format',
    'docker',
    '--build-arg',
    'BASE=localhost/node-base',
    repositoryRoot,
  )
  const container = await buildah.must('from', built)
  const inspected = JSON.parse(await buildah.must('inspect', '--type', 'image', built))
  return { config: inspected.Docker.config as ImageConfig, root: await buildah.must('mount', container) }
}

class Buildah {
  readonly #storage: readonly string[]

  constructor(scratch: string) {
    this.#storage = ['--root', join(scratch, 'storage'), '--runroot', join(scratch, 'run'), '--storage-driver', 'vfs']
  }

  /** What it prints, by its last line where that is a name; a build that fails is a failure of the test. */
  async must(command: string, ...args: readonly string[]): Promise<string> {
    const env = { BUILDAH_ISOLATION: 'chroot', STORAGE_DRIVER: 'vfs' }
    const ran = await run('buildah', [...this.#storage, command, ...args], { env, timeoutMs: stepTimeoutMs })
    if (ran.exitCode !== 0) throw new Error(`buildah ${command}: ${ran.stdout.slice(-4000)}${ran.stderr.slice(-4000)}`)
    return command === 'inspect' ? ran.stdout : lastLine(ran)
  }
}

async function installed(): Promise<string | null> {
  const has = async () => (await Promise.all(packages.map(name => run('which', [name])))).every(({ exitCode }) => exitCode === 0)
  if (await has()) return null
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  let outcome = await run('apt-get', install, { env, timeoutMs: stepTimeoutMs })
  if (outcome.exitCode !== 0) {
    await run('apt-get', ['update'], { env, timeoutMs: stepTimeoutMs })
    outcome = await run('apt-get', install, { env, timeoutMs: stepTimeoutMs })
  }
  return outcome.exitCode === 0 && (await has()) ? null : `apt-get: ${lastLine(outcome)}`
}

function lastLine({ stdout, stderr }: RunResult): string {
  return (stdout.trim() || stderr.trim()).split('\n').at(-1) ?? ''
}

/** The RUN lines of the Dockerfile's first stage, in a copy of the repository: the program that the image would hold. */
export async function buildByHand(scratch: string): Promise<string> {
  const folder = join(scratch, 'by-hand')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const isLeftOut = (path: string) => /^[\\/](\.git|node_modules|dist|data)([\\/]|$)/.test(path)
  cpSync(repositoryRoot, folder, { recursive: true, filter: path => !isLeftOut(path.slice(repositoryRoot.length)) })
  writeFileSync(join(folder, '.npmrc'), readFileSync(join(repositoryRoot, '.npmrc')))
  const [firstStage = ''] = readFileSync(join(repositoryRoot, 'Dockerfile'), 'utf8').split(/^FROM (?=.*\n(?!WORKDIR \/gregor))/m)
  const steps = Array.from(firstStage.replaceAll('\\\n', '').matchAll(/^RUN (.*)$/gm), ([, step = '']) => step)
  for (const step of steps) {
    const ran = await run('sh', ['-c', step], { cwd: folder, timeoutMs: stepTimeoutMs })
    if (ran.exitCode !== 0) throw new Error(`${step}: ${ran.stdout.slice(-2000)}${ran.stderr.slice(-2000)}`)
  }
  return join(folder, 'dist', 'bundle', 'gregor.js')
}
