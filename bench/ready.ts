// How long from the wish for a broker until it serves: as a command, and inside a process that runs already.
import { spawn } from 'node:child_process'
import { run } from '../compat-tests/lib/processes.js'
import type { BenchOptions, Table } from './lib/figure.js'
import { inTurns } from './lib/rounds.js'
import { childScript, gregorMain, withoutHttp } from './lib/subject.js'

const execTargetMs = 150
const inProcessTargetMs = 10
const inProcessTimeoutMs = 60_000

interface Command {
  readonly name: string
  readonly args: readonly string[]
  readonly readyLine: RegExp
}

/** From the spawn of the process to its ready line, which it prints when its port is open. */
export async function readyAfterExec(options: BenchOptions): Promise<Table> {
  const start = [gregorMain, 'start', '--ephemeral', '--listen', '127.0.0.1:0']
  const commands: Command[] = [
    { name: 'gregor start --ephemeral', args: start, readyLine: /^gregor ready: .*, http: /m },
    { name: 'without the HTTP port', args: [...start, ...withoutHttp], readyLine: /^gregor ready: /m },
    { name: 'a bare Node server', args: [childScript('bare-node.js'), 'listen'], readyLine: /^listening on / },
  ]
  const [gregor, plain, bare] = await inTurns('ready after exec', commands, { ...options, runs: 2 * options.runs }, readyMsOf)
  return {
    id: 'ready-exec',
    title: 'Ready after exec: from spawn to the ready line',
    unit: 'ms',
    series: [
      { name: commands[0]!.name, values: gregor!, target: execTargetMs, limit: commands[2]!.name },
      { name: commands[1]!.name, values: plain!, limit: commands[2]!.name },
      { name: commands[2]!.name, values: bare! },
    ],
  }
}

function readyMsOf({ name, args, readyLine }: Command): Promise<number> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now()
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    let printed = ''
    let readyMs: number | null = null
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      if (readyMs !== null || !readyLine.test(printed)) return
      readyMs = performance.now() - startMs
      child.kill()
    })
    child.on('error', reject)
    child.on('exit', code => {
      if (readyMs === null) reject(new Error(`${name} ended with exit code ${code} before it was ready`))
      else resolve(readyMs)
    })
  })
}

const bareListen = 'the first bare server: listen'

interface InProcess {
  readonly loadMs: number
  readonly listenMs: number
  readonly readyMs: readonly number[]
  readonly stopMs: number
}

/** Ten brokers one after the other in a process; several processes, because only one broker of each is the first. */
export async function readyInProcess(options: BenchOptions): Promise<Table> {
  const subjects = [{ name: 'startBroker({ port: 0 })' }]
  const [processes] = await inTurns('ready in process', subjects, options, async () => {
    const result = await run(process.execPath, [childScript('start-in-process.js')], { timeoutMs: inProcessTimeoutMs })
    if (result.exitCode !== 0) throw new Error(`starting in process failed: ${result.stderr}`)
    return JSON.parse(result.stdout) as InProcess
  })
  const all = processes!
  return {
    id: 'ready-in-process',
    title: 'Ready in process: startBroker({ port: 0 }), ten in one process',
    unit: 'ms',
    series: [
      { name: 'the first', values: all.map(({ readyMs }) => readyMs[0]!), target: inProcessTargetMs, limit: bareListen },
      { name: 'the nine after it', values: all.flatMap(({ readyMs }) => readyMs.slice(1)), target: inProcessTargetMs },
      { name: bareListen, values: all.map(({ listenMs }) => listenMs) },
      { name: "import('gregor'), once per process", values: all.map(({ loadMs }) => loadMs) },
      { name: 'stopping all ten', values: all.map(({ stopMs }) => stopMs) },
    ],
  }
}
