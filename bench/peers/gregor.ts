// Gregor as a user starts it: the packed command, all defaults but durability. Like the other peers it leaves writing to the
// disk to the system unless a question asks for stable storage; a deleted log goes at once, as for Kafka here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../../compat-tests/lib/paths.js'
import { startService } from '../../compat-tests/lib/processes.js'
import { gregorMain, withDescriptors } from '../lib/subject.js'
import { type Peer, type PeerStart, type RunningPeer, untilAnswered } from './peer.js'

const readyTimeoutMs = 120_000
const stopTimeoutMs = 30_000

export const gregor: Peer = {
  id: 'gregor',
  isInMemory: false,
  async prepare() {
    const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { version: string }
    return { version: `Gregor ${version} on Node ${process.version}` }
  },
  async start({ directory, durability = 'os', descriptors = 20_000 }: PeerStart): Promise<RunningPeer> {
    const configs = { 'gregor.durability': durability, 'log.segment.delete.delay.ms': '0' }
    const configArgs = Object.entries(configs).flatMap(([key, value]) => ['--config', `${key}=${value}`])
    const args = [gregorMain, 'start', '--listen', '127.0.0.1:0', '--data-dir', directory, ...configArgs]
    const [program, ...rest] = withDescriptors(descriptors, process.execPath, args)
    const spawnedMs = performance.now()
    const service = await startService(program!, rest, {
      readyLine: /^gregor ready: PLAINTEXT:\/\/127\.0\.0\.1:(\d+) /,
      readyTimeoutMs,
      stopTimeoutMs,
    })
    const port = Number(service.ready[1])
    const versions = await untilAnswered(port, service.hasExited)
    const readyMs = performance.now() - spawnedMs
    const stop = () => service.stop()
    return { name: 'gregor', peer: gregor, pid: service.pid, port, readyMs, versions, stop, kill: () => service.stop('SIGKILL') }
  },
}
