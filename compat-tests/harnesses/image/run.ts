/**
 * `run.js`: builds the image of the Dockerfile without an engine, looks at its configuration, and starts the broker from its root
 * file system as the image says: its user, its environment, its command. Every compose file of environments.ts is run there with
 * its own paths, reached by each advertised listener, asked by the health check, and stopped by the image's signal.
 *
 * Needs root, and apt-get for buildah and mmdebstrap; where one is missing, "not run" and the reason are printed, and the build
 * steps are carried out by hand instead, without the parts that need the image's paths.
 */
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasKeytool } from '#testing/certificates.js'
import { scratchFolder } from '../../lib/paths.js'
import { freePorts } from '../../lib/ports.js'
import { type RunResult, run, type Service, startService } from '../../lib/processes.js'
import { Tally } from '../../lib/tally.js'
import { type BuiltImage, buildByHand, buildImage, type ImageConfig } from './builder.js'
import { advertised, type Listener, onThisMachine, usedBy } from './composing.js'
import { type Composed, refused, started } from './environments.js'

type Variables = Readonly<Record<string, string>>

/** The image as it is run here: in a chroot as its user, or, by hand, as this process. */
interface Runner {
  /** Null: the program without the image's paths. */
  readonly root: string | null
  readonly command: readonly string[]
  readonly program: string
  argumentsFor(command: readonly string[], variables: Variables): readonly string[]
}

const readyTimeoutMs = 30_000
const stopTimeoutMs = 35_000
const tally = new Tally()
const startedMs = performance.now()
const scratch = scratchFolder('image')
let builtMs = 0
try {
  const image = await buildImage(scratch)
  if (typeof image === 'string') console.log(`not run: the image cannot be built here (${image}); its build steps, by hand:`)
  const runner = typeof image === 'string' ? byHand(await buildByHand(scratch)) : inRoot(image)
  builtMs = performance.now() - startedMs
  if (typeof image !== 'string') checkConfig(image.config)
  if (runner.root !== null) await checkDefaults(runner, runner.root)
  const canRun = ({ files, stores }: Composed) =>
    (stores === undefined || hasKeytool()) && (runner.root !== null || files === undefined)
  for (const composed of started.filter(canRun)) tally.claim(composed.name, await problemOf(composed, runner))
  for (const { name, environment, because } of refused) {
    const { exitCode, stderr } = await runIn(runner, runner.command, environment)
    tally.claim(`refused: ${name}`, exitCode === 2 && because.test(stderr) ? null : `exit code ${exitCode}: ${stderr}`)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
process.exitCode = tally.close({ builtMs: Math.round(builtMs), elapsedMs: Math.round(performance.now() - startedMs) })

function inRoot({ config, root }: BuiltImage): Runner {
  const environment = [...config.Env]
  return {
    root,
    command: [...(config.Entrypoint ?? []), ...config.Cmd],
    program: 'chroot',
    argumentsFor: (command, variables) => [
      `--userspec=${config.User}:0`,
      root,
      '/usr/bin/env',
      '-i',
      ...environment,
      ...Object.entries(variables).map(([name, text]) => `${name}=${text}`),
      ...command,
    ],
  }
}

function byHand(program: string): Runner {
  return {
    root: null,
    command: ['gregor', 'start', '--ephemeral'],
    program: 'env',
    argumentsFor: ([, ...args], variables) => [
      'GREGOR_IMAGE=1',
      ...Object.entries(variables).map(([name, text]) => `${name}=${text}`),
      process.execPath,
      program,
      ...args,
    ],
  }
}

function runIn(runner: Runner, command: readonly string[], variables: Variables): Promise<RunResult> {
  return run(runner.program, runner.argumentsFor(command, variables), { timeoutMs: readyTimeoutMs })
}

function startIn(runner: Runner, command: readonly string[], variables: Variables): Promise<Service> {
  const readyLine = /^gregor ready: (.*) \(data: ([^,]+),/
  return startService(runner.program, runner.argumentsFor(command, variables), { readyLine, readyTimeoutMs, stopTimeoutMs })
}

function checkConfig(config: ImageConfig): void {
  const claim = (name: string, holds: boolean) => tally.claim(`the image ${name}`, holds ? null : JSON.stringify(config))
  claim('runs as a user who is not root, by number', /^[1-9]\d*$/.test(config.User))
  claim('has a health check: gregor ping', config.Healthcheck?.Test.join(' ') === 'CMD gregor ping')
  claim('names its port, its volume and its signal', '9092/tcp' in config.ExposedPorts && '/var/lib/kafka/data' in config.Volumes)
  claim('is stopped by SIGTERM', config.StopSignal === 'SIGTERM')
  claim('has a command and no entry point', (config.Entrypoint ?? []).length === 0 && config.Cmd.join(' ') === 'gregor start')
}

/** What holds without a compose file: where data is, who owns it, what a mounted file says, how it stops and comes back. */
async function checkDefaults(runner: Runner, root: string): Promise<void> {
  const [port = 0] = await freePorts(1)
  const listener: Listener = { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '127.0.0.1', port }
  const variables = { KAFKA_LISTENERS: `PLAINTEXT://127.0.0.1:${port}` }
  const healthCheck = () => runIn(runner, ['gregor', 'ping'], variables)
  tally.claim('the health check fails before the broker is there', (await healthCheck()).exitCode === 1 ? null : 'it does not')
  const first = await startIn(runner, runner.command, variables)
  const data = join(root, 'var/lib/kafka/data')
  tally.claim('data is in the volume', first.ready[2] === '/var/lib/kafka/data' ? null : (first.ready[0] ?? ''))
  tally.claim('it belongs to the user', statSync(join(data, 'meta.properties')).uid === 1000 ? null : 'it does not')
  const health = await healthCheck()
  tally.claim('the health check finds the broker', health.exitCode === 0 ? null : health.stderr)
  const plain: Composed = { name: '', source: '', environment: variables }
  await usedBy(listener, plain)
  tally.claim('SIGTERM stops it cleanly', (await first.stop()) === 0 ? null : first.stderr())

  // As Kafka's images have it, and by the script that other people's commands end in.
  const mounted = join(root, 'mnt/shared/config')
  mkdirSync(mounted, { recursive: true })
  writeFileSync(join(mounted, 'server.properties'), `listeners=PLAINTEXT://127.0.0.1:${port}\nnum.partitions=3\n`)
  const again = await startIn(runner, ['/bin/sh', '-c', 'true && exec /etc/confluent/docker/run'], {})
  const used = await usedBy(listener, plain)
  tally.claim(
    'what was acknowledged is there after a restart, by a mounted server.properties',
    used.end === '2' ? null : String(used.end),
  )
  await again.stop()
  rmSync(join(mounted, 'server.properties'))
  const bitnamis = await startIn(runner, runner.command, { KAFKA_CFG_LISTENERS: `PLAINTEXT://127.0.0.1:${port}` })
  tally.claim(
    "with bitnami's variables data is in its volume",
    bitnamis.ready[2] === '/bitnami/kafka/data' ? null : bitnamis.ready[0],
  )
  await bitnamis.stop()
  rmSync(join(root, 'bitnami/kafka/data'), { recursive: true })
  mkdirSync(join(root, 'bitnami/kafka/data'), { mode: 0o777 })
  tally.claimNone(
    'nothing of the build is left in the image',
    ['typescript', '@biomejs', 'vitest', 'rolldown'].filter(name => existsSync(join(root, 'opt/gregor/node_modules', name))),
  )
}

/** What is wrong with a compose file in the image, or null. */
async function problemOf(composed: Composed, runner: Runner): Promise<string | null> {
  const folder = runner.root ?? join(scratch, 'files')
  const environment = await onThisMachine(composed, folder, runner.root !== null)
  // A volume of its own for each, as in compose.
  const ownData = runner.root === null ? {} : { KAFKA_LOG_DIRS: `/tmp/${composed.name.replaceAll(/\W+/g, '-')}` }
  const variables = { ...environment, ...ownData }
  let broker: Service
  try {
    broker = await startIn(runner, runner.command, variables)
  } catch (error) {
    return (error as Error).message
  }
  try {
    for (const listener of advertised(environment)) {
      const used = await usedBy(listener, composed)
      const told = `${listener.host}:${listener.port}`
      if (used.brokers.join() !== told || used.end !== '1') return `${listener.name}: ${JSON.stringify(used)}`
    }
    const health = await runIn(runner, ['gregor', 'ping'], variables)
    if (health.exitCode !== 0) return health.stderr
  } catch (error) {
    return `${(error as Error).message}\n${broker.stderr()}`
  } finally {
    await broker.stop()
  }
  return null
}
