/** How the programs that users get end, and what does not end them. Uses the built bundle; `npm test` builds it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Metadata } from '#protocol/messages/metadata.js'
import { gregorProgram } from '../../lib/gregor.js'
import { repositoryRoot } from '../../lib/paths.js'
import { WireClient } from '../../lib/wire-client.js'

/** The temporary directory of the programs under test. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gregor-endings-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const leftBehind = () => readdirSync(folder).filter(name => name.startsWith('gregor-'))

async function start(args: readonly string[], ready = /^gregor ready: PLAINTEXT:\/\/(\S+)/) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TMPDIR: folder } })
  const exited = once(child, 'exit').then(([code, signal]) => code ?? signal)
  let address = ''
  for await (const line of createInterface({ input: child.stdout })) {
    const match = ready.exec(line)
    if (match === null) continue
    address = match[1]!
    break
  }
  const log: string[] = []
  const listen = () => child.stderr.on('data', text => log.push(String(text)))
  return { child, exited, address, listen, text: () => log.join('') }
}

const startEphemeral = () => start([gregorProgram, 'start', '--listen', '127.0.0.1:0', '--ephemeral'])

/** A script that embeds a broker, says that it is ready, and goes on with `then`. */
const embedding = (then: string) => [
  '--input-type=module',
  '-e',
  `import { startBroker } from '${join(repositoryRoot, 'dist', 'bundle', 'index.js')}'
   const broker = await startBroker()
   console.log('ready ' + broker.bootstrapServers)
   ${then}`,
]

async function answers(address: string): Promise<boolean> {
  const client = await WireClient.connect(address)
  const { brokers } = await client.request(Metadata, 1, { topics: [] })
  client.close()
  return brokers.length === 1
}

describe('an ephemeral broker leaves nothing behind', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('after %s', async signal => {
    const { child, exited, listen, text } = await startEphemeral()
    expect(leftBehind()).toHaveLength(1)
    listen()
    child.kill(signal)
    expect(await exited).toBe(0)
    expect(text()).toContain('"stopped"')
    expect(leftBehind()).toEqual([])
  })

  it.each([
    ['process.exit()', 'process.exit(3)', 3],
    ['an uncaught error', "throw new Error('expected by this test')", 1],
  ])('embedded, after %s', async (_, then, code) => {
    const { exited } = await start(embedding(then), /^ready (\S+)/)
    expect(await exited).toBe(code)
    expect(leftBehind()).toEqual([])
  })

  it('embedded, after a signal that is left to Node, once the next one has started', async () => {
    const { child, exited } = await start(embedding(''), /^ready (\S+)/)
    child.kill('SIGHUP')
    expect(await exited).toBe('SIGHUP')
    await expectSwept()
  })

  it('after kill -9, once the next one has started', async () => {
    const { child, exited } = await startEphemeral()
    child.kill('SIGKILL')
    await exited
    expect(leftBehind()).toHaveLength(1)
    await expectSwept()
  })

  /** A broker that starts removes what is there, and at its end itself. */
  async function expectSwept(): Promise<void> {
    const { child, exited } = await startEphemeral()
    await expect.poll(leftBehind).toHaveLength(1)
    child.kill('SIGTERM')
    await exited
    expect(leftBehind()).toEqual([])
  }
})

it('SIGUSR1 opens no debugger and SIGUSR2 ends nothing', async () => {
  const { child, exited, address, listen, text } = await startEphemeral()
  listen()
  child.kill('SIGUSR1')
  child.kill('SIGUSR2')
  expect(await answers(address)).toBe(true)
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
  expect(text()).not.toContain('Debugger')
})

it('a log that is not read does not hold up the broker or its exit', async () => {
  const { child, exited, address } = await startEphemeral()
  // 1. Every topic is a line of the log, until what the system keeps for a reader is full.
  const client = await WireClient.connect(address)
  const topics = Array.from({ length: 1000 }, (_, n) => ({ name: `${n}`.padStart(240, 't') }))
  await client.request(Metadata, 4, { topics, allowAutoTopicCreation: true })
  // 2. It answers all the same, and ends.
  expect((await client.request(Metadata, 1, { topics: [] })).brokers).toHaveLength(1)
  client.close()
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
})

describe('npm start', () => {
  const groups: number[] = []
  afterEach(() => {
    for (const group of groups.splice(0)) signalGroup(group, 'SIGKILL')
  })
  const npmStart = async () => {
    const npm = spawn('npm', ['start', '--silent', '--', '--listen', '127.0.0.1:0', '--ephemeral'], {
      cwd: repositoryRoot,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, TMPDIR: folder },
      // As in a terminal: a group of its own.
      detached: true,
    })
    groups.push(npm.pid!)
    for await (const line of createInterface({ input: npm.stdout })) {
      const match = /^gregor ready: PLAINTEXT:\/\/(\S+)/.exec(line)
      if (match !== null) return { npm, address: match[1]! }
    }
    throw new Error('npm start ended before the broker was ready')
  }

  it.each([
    ['SIGTERM of npm', (npm: ChildProcess) => npm.kill('SIGTERM')],
    ['SIGKILL of npm', (npm: ChildProcess) => npm.kill('SIGKILL')],
    ['Ctrl-C', (npm: ChildProcess) => signalGroup(npm.pid!, 'SIGINT')],
  ])('%s ends the broker, which leaves nothing behind', async (_, end) => {
    const { npm, address } = await npmStart()
    end(npm)
    await expect.poll(() => answers(address).catch(() => false), { timeout: 10_000 }).toBe(false)
    await expect.poll(leftBehind, { timeout: 10_000 }).toEqual([])
  })

  function signalGroup(group: number, signal: NodeJS.Signals): void {
    try {
      process.kill(-group, signal)
    } catch {
      // All of it has ended.
    }
  }
})
