#!/usr/bin/env node
/**
 * The command `gregor`: finds the verb and runs it with this process's streams, signals and environment.
 */
import { existsSync, readFileSync } from 'node:fs'
import { realWorld } from '../base/world.js'
import { processLog } from '../observe/log.js'
import { exitCodes } from './exit-codes.js'
import { helpText } from './help.js'
import { type Process, start } from './start.js'

const [verb, ...args] = process.argv.slice(2)
// A reader that went away is no reason to stop serving.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
// Ignored. Node's defaults would open a debugger port on SIGUSR1 and end the process on SIGUSR2.
process.on('SIGUSR1', () => {})
process.on('SIGUSR2', () => {})

const host: Process = {
  args,
  environment: process.env,
  world: realWorld,
  stderrIsTerminal: process.stderr.isTTY === true,
  newLog: (level, format) => processLog({ level, format, world: realWorld }),
  readText: path => readFileSync(path, 'utf8'),
  exists: existsSync,
  stdout: text => void process.stdout.write(text),
  stderr: text => void process.stderr.write(text),
  onSignal(stop) {
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    process.on('SIGHUP', stop)
  },
  onCrash: report => void process.on('uncaughtException', report),
  exit: code => process.exit(code),
}

switch (verb) {
  case 'start':
    await start(host, async options => {
      // Loaded late: --help and a wrong argument need no broker.
      const { startBroker } = await import('../index.js')
      return startBroker(options)
    })
    break
  case 'verify':
  case 'dump': {
    // Loaded late, like the broker: starting must not pay for it.
    const [{ verify }, { dump }, { nodeFiles }] = await Promise.all([
      import('./verify.js'),
      import('./dump.js'),
      import('../storage/files.js'),
    ])
    process.exitCode = (verb === 'verify' ? verify : dump)(host, nodeFiles)
    break
  }
  case 'ping': {
    const [{ ping }, { environmentSources }] = await Promise.all([import('./ping.js'), import('./start.js')])
    process.exitCode = await ping(host, () => environmentSources(host))
    break
  }
  case 'user': {
    const [{ user }, { withUsers }] = await Promise.all([import('./user.js'), import('../server/users.js')])
    process.exitCode = await user(host, () => readFileSync(0, 'utf8').split(/\r?\n/, 1)[0] ?? '', withUsers)
    break
  }
  case '--version':
  case '-v':
    host.stdout(`${version()}\n`)
    break
  case '--help':
  case '-h':
  case 'help':
    host.stdout(helpText)
    break
  default:
    host.stderr(verb === undefined ? helpText : `gregor: unknown command "${verb}"\n\n${helpText}`)
    host.exit(exitCodes.usage)
}

function version(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return manifest.version
}
