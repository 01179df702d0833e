// franz-go's kfake, a Kafka cluster in the memory of one Go process, built from the ten lines in bench/peers/kfake. It keeps
// nothing on a disk, so what it needs for a record is a lower bound of another kind.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, repositoryRoot } from '../../compat-tests/lib/paths.js'
import { run, startService } from '../../compat-tests/lib/processes.js'
import { withDescriptors } from '../lib/subject.js'
import { type Peer, type PeerStart, type RunningPeer, untilAnswered } from './peer.js'

const buildTimeoutMs = 5 * 60_000
const readyTimeoutMs = 30_000
const stopTimeoutMs = 10_000
const source = join(repositoryRoot, 'bench', 'peers', 'kfake')

export const kfake: Peer = {
  id: 'kfake',
  isInMemory: true,
  async prepare() {
    if ((await run('go', ['version'])).exitCode !== 0) return { notRun: 'no Go' }
    const build = ['build', '-buildvcs=false', '-o', programPath(), '.']
    const built = await run('go', build, { cwd: source, timeoutMs: buildTimeoutMs })
    if (built.exitCode !== 0) return { notRun: `go build failed: ${built.stderr.trim().split('\n').at(-1)}` }
    const version = readFileSync(join(source, 'go.mod'), 'utf8').match(/pkg\/kfake (\S+)/)?.[1] ?? 'unknown'
    return { version: `franz-go kfake ${version}` }
  },
  async start({ descriptors = 20_000 }: PeerStart): Promise<RunningPeer> {
    const [program, ...rest] = withDescriptors(descriptors, programPath(), [])
    const spawnedMs = performance.now()
    const service = await startService(program!, rest, {
      readyLine: /^listening on 127\.0\.0\.1:(\d+)$/,
      readyTimeoutMs,
      stopTimeoutMs,
    })
    const port = Number(service.ready[1])
    const versions = await untilAnswered(port, service.hasExited)
    const readyMs = performance.now() - spawnedMs
    const stop = () => service.stop()
    return { name: 'kfake', peer: kfake, pid: service.pid, port, readyMs, versions, stop, kill: () => service.stop('SIGKILL') }
  },
}

function programPath(): string {
  return join(cacheFolder(), 'bench-kfake')
}
