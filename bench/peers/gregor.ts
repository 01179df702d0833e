// Gregor as a user starts it: the packed command, all defaults but durability. Like the other peers it leaves writing to the
// disk to the system unless a question asks for stable storage; a deleted log goes at once, as for Kafka here.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startService } from '../../compat-tests/lib/processes.js'
import { gregorMain, withDescriptors } from '../lib/subject.js'
import {
  listenerTexts,
  noSecureListeners,
  type Peer,
  type PeerId,
  type PeerStart,
  type RunningPeer,
  untilAnswered,
} from './peer.js'

const readyTimeoutMs = 120_000
const stopTimeoutMs = 30_000

export const gregor = gregorOf('gregor', gregorMain)

/** Another build of it, such as the one before a change: a folder in which it was built. */
export const gregorBuiltIn = (folder: string): Peer => gregorOf('before', join(folder, 'dist', 'bundle', 'gregor.js'))

function gregorOf(id: PeerId, main: string): Peer {
  return {
    id,
    isInMemory: false,
    async prepare() {
      if (!existsSync(main)) return { notRun: `${main} is not there: build it` }
      const { version } = JSON.parse(readFileSync(join(dirname(main), '..', '..', 'package.json'), 'utf8')) as { version: string }
      return { version: `${id === 'gregor' ? 'Gregor' : 'Gregor before'} ${version} on Node ${process.version}` }
    },
    async start({
      directory,
      durability = 'os',
      descriptors = 20_000,
      properties = {},
      secure = noSecureListeners,
    }: PeerStart): Promise<RunningPeer> {
      const configs = {
        listeners: ['PLAINTEXT://127.0.0.1:0', ...listenerTexts(secure)].join(','),
        'gregor.durability': durability,
        'log.segment.delete.delay.ms': '0',
        ...properties,
        ...secure.properties,
      }
      const configArgs = Object.entries(configs).flatMap(([key, value]) => ['--config', `${key}=${value}`])
      const args = [main, 'start', '--data-dir', directory, ...configArgs]
      const [program, ...rest] = withDescriptors(descriptors, process.execPath, args)
      const spawnedMs = performance.now()
      const service = await startService(program!, rest, {
        readyLine: /^gregor ready: PLAINTEXT:\/\/127\.0\.0\.1:(\d+)[ ,]/,
        readyTimeoutMs,
        stopTimeoutMs,
      })
      const port = Number(service.ready[1])
      const versions = await untilAnswered(port, service.hasExited)
      const readyMs = performance.now() - spawnedMs
      const stop = () => service.stop()
      return { name: id, peer: this, pid: service.pid, port, readyMs, versions, stop, kill: () => service.stop('SIGKILL') }
    },
  }
}
