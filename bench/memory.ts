// Resident memory of a broker that has nothing to do: alone, and with ten thousand connections that are open and silent.
import { ApiVersions } from '#protocol/messages/api-versions.js'
import { startService } from '../compat-tests/lib/processes.js'
import type { BenchOptions, Series, Table } from './lib/figure.js'
import { exchange, requestFrame } from './lib/frames.js'
import { settledResidentBytes } from './lib/proc.js'
import { inTurns } from './lib/rounds.js'
import { childScript, type Subject, startBareNode, startGregor, withDescriptors, withoutHttp } from './lib/subject.js'

const mebibyte = 1024 * 1024
const kibibyte = 1024
const idleTargetMebibytes = 70
const connectionTargetKibibytes = 20

/** A started process whose memory is looked at; restarted for every run. */
interface Candidate {
  readonly name: string
  start(): Promise<Subject>
}

export async function residentIdle(options: BenchOptions): Promise<Table> {
  const candidates: Candidate[] = [
    { name: 'gregor start --ephemeral', start: () => startGregor('gregor', ['--ephemeral']) },
    { name: 'without the HTTP port', start: () => startGregor('plain', ['--ephemeral', ...withoutHttp]) },
    { name: 'a bare Node server', start: () => startBareNode('bare', ['listen']) },
  ]
  const turns = { ...options, runs: options.isQuick ? 1 : options.runs, cold: true }
  const [gregor, plain, bare] = await inTurns('resident when idle', candidates, turns, async ({ start }) => {
    const subject = await start()
    try {
      return (await settledResidentBytes(subject.pid)) / mebibyte
    } finally {
      await subject.stop()
    }
  })
  return {
    id: 'resident-idle',
    title: 'Resident memory when idle (VmRSS once it has settled)',
    unit: 'MiB',
    series: [
      { name: candidates[0]!.name, values: gregor!, target: idleTargetMebibytes, limit: candidates[2]!.name },
      { name: candidates[1]!.name, values: plain!, limit: candidates[2]!.name },
      { name: candidates[2]!.name, values: bare! },
    ],
  }
}

const connectionCount = 10_000
/** For the connections and whatever else the process has open. */
const descriptorsNeeded = connectionCount + 500
const openTimeoutMs = 60_000

/** Each connection has asked ApiVersions once, as every client does first, so nothing is left to be created lazily. */
export async function idleConnections(options: BenchOptions): Promise<Table> {
  const request = requestFrame(ApiVersions, 3, { clientSoftwareName: 'gregor-bench', clientSoftwareVersion: '1' })
  const answer = await answerOfGregor(request)
  const bareArgs = ['receive', String(request.length), answer.toString('hex'), String(answer.length - 8), '0']
  const candidates: Candidate[] = [
    { name: 'gregor', start: () => startGregor('gregor', ['--ephemeral'], descriptorsNeeded) },
    { name: 'a bare Node server', start: () => startBareNode('bare', bareArgs, descriptorsNeeded) },
  ]
  const table = {
    id: 'idle-connections',
    title: `${connectionCount.toLocaleString('en')} idle connections: resident memory for each`,
    unit: 'KiB',
  }
  // Every run starts a new process, so there is nothing to warm up; the values hardly differ, and opening takes seconds.
  const turns = { ...options, runs: options.isQuick ? 1 : 3, cold: true }
  try {
    const [gregor, bare] = await inTurns('idle connections', candidates, turns, ({ start }) =>
      kibibytesPerConnection(start, request),
    )
    const series: Series[] = [
      { name: candidates[0]!.name, values: gregor!, target: connectionTargetKibibytes, limit: candidates[1]!.name },
      { name: candidates[1]!.name, values: bare! },
    ]
    return { ...table, series }
  } catch (error) {
    const notRun = `could not open the connections: ${(error as Error).message.trim()}`
    return { ...table, series: candidates.map(({ name }) => ({ name, notRun })) }
  }
}

async function answerOfGregor(request: Buffer): Promise<Buffer> {
  const subject = await startGregor('gregor', ['--ephemeral'])
  try {
    return await exchange(subject.port, request)
  } finally {
    await subject.stop()
  }
}

async function kibibytesPerConnection(start: () => Promise<Subject>, request: Buffer): Promise<number> {
  const subject = await start()
  try {
    const before = await settledResidentBytes(subject.pid)
    const script = childScript('idle-connections.js')
    const args = [script, String(subject.port), String(connectionCount), request.toString('hex')]
    const [program, ...rest] = withDescriptors(descriptorsNeeded, process.execPath, args)
    const client = await startService(program!, rest, {
      readyLine: /^open (\d+)$/,
      readyTimeoutMs: openTimeoutMs,
      stopTimeoutMs: openTimeoutMs,
    })
    try {
      return ((await settledResidentBytes(subject.pid)) - before) / connectionCount / kibibyte
    } finally {
      await client.stop('SIGKILL')
    }
  } finally {
    await subject.stop()
  }
}
