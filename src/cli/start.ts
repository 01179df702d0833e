/**
 * `gregor start`: a thin caller of startBroker. Turns arguments, environment and file into its options, prints the ready
 * line, and turns signals and failures into exit codes. Everything of the process is given, so that a test can give less.
 */
import type { World } from '../base/world.js'
import { environmentLayer } from '../config/environment.js'
import { type ConfigLayer, propertiesLayer } from '../config/resolve.js'
import { imageDataDirectory, imageEnvironment, mountedProperties } from '../image-environment.js'
import type { GregorBroker, StartOptions } from '../index.js'
import { type LogLevel, logLevels, type ProcessLog } from '../observe/log.js'
import { parseStartArguments, type StartArguments, UsageError } from './arguments.js'
import { devSecurityText } from './dev-security-text.js'
import { type ExitCode, exitCodeOf, exitCodes, failureName, isOfSurroundings } from './exit-codes.js'
import { startHelpText } from './help.js'

/** What this verb needs of the embedding API. */
export type StartBroker = (options: StartOptions) => Promise<StartedBroker>
export type StartedBroker = Pick<GregorBroker, 'description' | 'reloadCertificates' | 'security' | 'stop'>

export interface Process {
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly world: World
  readonly stderrIsTerminal: boolean
  newLog(level: LogLevel, format: 'json' | 'pretty'): ProcessLog
  readText(path: string): string
  exists(path: string): boolean
  stdout(text: string): void
  stderr(text: string): void
  /** Calls `heard` for every SIGTERM, SIGINT and SIGHUP. */
  onSignal(heard: (signal: string) => void): void
  /** Calls `report` for an uncaught error. */
  onCrash(report: (error: unknown) => void): void
  exit(code: ExitCode): void
}

const defaultListener = 'PLAINTEXT://127.0.0.1:9092'
const imageListener = 'PLAINTEXT://:9092'
const httpKey = 'gregor.http.listener'
/** The next free one when it is taken: whoever starts a second broker did not ask for this port. */
const defaultHttpListener = '127.0.0.1:8080+'

// A stop that takes longer than this is ended; what was acknowledged is safe without it, but the next start has to look at all
// of it. Clients get two seconds; ten thousand partitions that were never synced take several more.
const stopMsMax = 30_000

// A terminal's Ctrl-C reaches a process twice when npm stands above it: from the terminal, and passed on by npm.
const sameSignalMsMax = 500

export async function start(host: Process, startBroker: StartBroker): Promise<void> {
  let args: StartArguments
  let sources: ConfigLayer[]
  try {
    args = inImage(host, parseStartArguments(host.args))
    if (args.help) {
      host.stdout(startHelpText)
      return host.exit(exitCodes.clean)
    }
    sources = readSources(host, args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    host.stderr(`gregor start: ${error.message}\nTry: gregor start --help\n`)
    return host.exit(exitCodes.usage)
  }
  const log = host.newLog(logLevelOf(args, sources), args.jsonLogs || !host.stderrIsTerminal ? 'json' : 'pretty')

  const keys = [args.config, ...sources.map(({ entries }) => Object.fromEntries(entries))]
  const namesListeners = keys.some(source => 'listeners' in source)
  // Our own image says so: it listens, and keeps its data, where Kafka's images do.
  const hasImage = host.environment.GREGOR_IMAGE !== undefined
  const namesDirectory = args.ephemeral || keys.some(source => 'log.dirs' in source || 'log.dir' in source)
  const config = {
    ...args.config,
    // Who starts a command must know where it listens; an embedded broker takes a free port.
    ...(!namesListeners && { listeners: hasImage ? imageListener : defaultListener }),
    ...(!keys.some(source => httpKey in source) && { [httpKey]: defaultHttpListener }),
    ...(!namesDirectory && hasImage && { 'log.dirs': imageDataDirectory(host.environment) }),
  }
  if (!namesListeners && !hasImage && sources[0]!.entries.size > 0) {
    log.warn(
      {},
      'listening on 127.0.0.1 only, which is not reachable from outside the container; set KAFKA_LISTENERS=PLAINTEXT://:9092',
    )
  }

  let isLeaving = false
  // 1. One way out: the log is written, then the process ends. The first reason to leave decides the code.
  const leave = async (code: ExitCode): Promise<void> => {
    if (isLeaving) return
    isLeaving = true
    await log.close()
    host.exit(code)
  }
  const fail = (error: unknown, message: string): void => {
    log.error(isOfSurroundings(error) ? { reason: error.message } : { err: error }, message)
    void leave(exitCodeOf(error))
  }
  host.onCrash(error => {
    log.error({ err: error }, 'stopped by a bug; please report it with this stack trace')
    void leave(exitCodes.fatal)
  })

  // 2. A signal may come while the broker is still starting: then it is stopped as soon as it has started.
  let broker: StartedBroker | null = null
  let stoppingSinceMs: number | null = null
  const stop = async (running: StartedBroker): Promise<void> => {
    host.world.after(stopMsMax, () => {
      log.error({ afterMs: stopMsMax }, 'shutdown timed out; the next start recovers the data directory')
      void leave(exitCodes.fatal)
    })
    try {
      await running.stop()
      log.info({}, 'stopped')
      await leave(exitCodes.clean)
    } catch (error) {
      fail(error, 'stopping failed')
    }
  }
  host.onSignal(signal => {
    if (signal === 'SIGHUP' && broker !== null && stoppingSinceMs === null) void reload(broker)
    else leaveAt(signal)
  })
  // What could not be read again is in the log, and what was there stays. Without certificates SIGHUP is a terminal's end.
  const reload = async (running: StartedBroker): Promise<void> => {
    const hasTls = await running.reloadCertificates().catch(() => true)
    if (!hasTls) leaveAt('SIGHUP')
  }
  const leaveAt = (signal: string): void => {
    const nowMs = host.world.monotonicMs()
    if (stoppingSinceMs !== null) {
      if (nowMs - stoppingSinceMs >= sameSignalMsMax) host.exit(exitCodes.fatal)
      return
    }
    stoppingSinceMs = nowMs
    log.info({ signal }, 'stopping')
    if (broker !== null) void stop(broker)
  }

  // 3. Start, say so, and only then pay for the log.
  try {
    broker = await startBroker({
      ephemeral: args.ephemeral,
      config,
      configOrigin: '--config',
      strict: false,
      environment: host.environment,
      ...(args.devSecurity && { security: true }),
      ...(args.addScram.length === 0 ? {} : { addScram: args.addScram }),
      ...(args.propertiesFile === null ? {} : { propertiesFile: args.propertiesFile }),
      log,
      onFatal: error => fail(error, 'stopped by a fatal error'),
    })
  } catch (error) {
    return fail(error, `cannot start${adviceFor(error)}`)
  }
  if (stoppingSinceMs !== null) return stop(broker)
  host.stdout(readyLine(broker))
  if (broker.security !== null) host.stdout(devSecurityText(broker.security))
  await log.open()
}

/** The one line on stdout; parse it for the address of a broker on port 0. */
export function readyLine({ description }: StartedBroker): string {
  const { listeners, everywhere, data, durability, send, http } = description
  const reach = everywhere.length === 0 ? '' : `, on every interface: ${everywhere.join(' ')}`
  const more = `${reach}${httpText(http)}`
  return `gregor ready: ${listeners.join(',')} (data: ${data}, durability: ${durability}, send: ${send}${more})\n`
}

function httpText(http: StartedBroker['description']['http']): string {
  if (http === null) return ''
  return `, http: ${http.url}${http.takenPort === null ? '' : ` as port ${http.takenPort} is in use`}`
}

/** In an image a server.properties may be mounted where Kafka's images look for one. */
function inImage(host: Process, args: StartArguments): StartArguments {
  if (args.propertiesFile !== null) return args
  return { ...args, propertiesFile: mountedFile(host) }
}

function mountedFile(host: Process): string | null {
  if (host.environment.GREGOR_IMAGE === undefined) return null
  return mountedProperties.find(path => host.exists(path)) ?? null
}

/** What `gregor start` would take without arguments. */
export function environmentSources(host: Process): ConfigLayer[] {
  const file = mountedFile(host)
  const weaker = file === null ? [] : [propertiesLayer(file, host.readText(file))]
  return [imageEnvironment(host.environment, host, weaker).layer, ...weaker]
}

/** The sources besides the arguments; read here for the log, and to refuse a file that is not there. */
function readSources(host: Process, args: StartArguments): ConfigLayer[] {
  const sources = [environmentLayer(host.environment)]
  if (args.propertiesFile !== null) {
    try {
      sources.push(propertiesLayer(args.propertiesFile, host.readText(args.propertiesFile)))
    } catch (error) {
      throw new UsageError(`cannot read ${args.propertiesFile}: ${(error as Error).message}`)
    }
  }
  return sources
}

/** The log is needed before the configuration is known to be valid; a wrong level is refused with the rest of it. */
function logLevelOf(args: StartArguments, sources: readonly ConfigLayer[]): LogLevel {
  const key = 'gregor.log.level'
  const text = args.config[key] ?? sources.map(source => source.entries.get(key)?.text).find(text => text !== undefined)
  return logLevels.find(level => level === text?.trim()) ?? 'info'
}

const elsewhere = 'choose another with --listen, such as 127.0.0.1:9092'
const notOurs = `the address is none of this machine; ${elsewhere}`
const notKnown = `the host of a listener is not known; ${elsewhere}`

const adviceByName: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: notOurs,
  EAFNOSUPPORT: notOurs,
  ENOTFOUND: notKnown,
  EAI_AGAIN: notKnown,
  EACCES: 'this user may not listen there; choose a port above 1023 with --port',
}

const adviceByCode: Partial<Record<ExitCode, string>> = {
  [exitCodes.usage]: 'the configuration is invalid',
  [exitCodes.portInUse]: 'the port is in use; choose another with --port, or a free one with --port 0',
  [exitCodes.dataDirectory]: 'the data directory cannot be used; choose another with --data-dir, or none with --ephemeral',
  [exitCodes.diskFailure]: 'the disk failed',
}

function adviceFor(error: unknown): string {
  if (error instanceof Error && error.message.startsWith(`${httpKey}:`) && exitCodeOf(error) === exitCodes.portInUse)
    return `: the port for HTTP is in use; choose another with --config ${httpKey}=HOST:PORT, or none with --config ${httpKey}=`
  const advice = adviceByName[failureName(error)] ?? adviceByCode[exitCodeOf(error)]
  return advice === undefined ? '' : `: ${advice}`
}
