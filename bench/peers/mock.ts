// librdkafka's mock cluster, which lives inside any process of that library: here in kcat, as a consumer of a topic that
// nobody produces to. It keeps only the last 5 MB of a partition, knows four partitions per topic and no Fetch that this
// load speaks, so it takes part where records are produced and acknowledged, and says "not run" elsewhere.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { run } from '../../compat-tests/lib/processes.js'
import { type Peer, type RunningPeer, untilAnswered } from './peer.js'

const checkMs = 5
const checksMax = 2000

export const mock: Peer = {
  id: 'mock',
  isInMemory: true,
  async prepare() {
    const kcat = await run('kcat', ['-V'])
    if (kcat.exitCode !== 0) return { notRun: 'no kcat' }
    return { version: `mock cluster of librdkafka ${kcat.stdout.match(/librdkafka (\S+)/)?.[1] ?? 'unknown'}` }
  },
  async start(): Promise<RunningPeer> {
    const args = ['-C', '-q', '-b', '127.0.0.1:1', '-X', 'test.mock.num.brokers=1', '-t', 'nothing']
    const spawnedMs = performance.now()
    const child = spawn('kcat', args, { stdio: 'ignore' })
    const exited = once(child, 'exit')
    const pid = child.pid
    if (pid === undefined) throw new Error('kcat does not start')
    const end = (signal: NodeJS.Signals) => async () => {
      child.kill(signal)
      await exited
    }
    const port = await listeningPortOf(pid)
    const versions = await untilAnswered(port)
    const readyMs = performance.now() - spawnedMs
    return { name: 'mock', peer: mock, pid, port, readyMs, versions, stop: end('SIGTERM'), kill: end('SIGKILL') }
  },
}

const listening = '0A'

/** The mock cluster tells its port only in a debug log whose lines would cost more than the mock: the system knows it too. */
async function listeningPortOf(pid: number): Promise<number> {
  for (let check = 0; check < checksMax; check++) {
    const sockets = new Set(socketsOf(pid))
    for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
      if (state === listening && sockets.has(inode!)) return Number.parseInt(local!.split(':')[1]!, 16)
    }
    await new Promise(resolve => setTimeout(resolve, checkMs))
  }
  throw new Error('the mock cluster listens nowhere')
}

function socketsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap(descriptor => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`).match(/^socket:\[(\d+)\]$/)?.[1] ?? []
    } catch {
      return []
    }
  })
}
