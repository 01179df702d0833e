/**
 * Starts one real Apache Kafka broker (KRaft, broker and controller in one process, loopback only, data in a scratch
 * folder) from the jars of Maven Central. It is the reference that Gregor is compared with: when a client misbehaves, the
 * same program runs against this first. Never reused between runs and never reachable from another machine.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { javaArgs, kafkaClasspath, shortLivedJvmArgs } from './maven.js'
import { cacheFolder, compatSources, scratchFolder } from './paths.js'
import { freePorts } from './ports.js'
import { run, startService } from './processes.js'

export interface KafkaOptions {
  /** The default is the project's reference; 3.9 is the last that still answers the oldest request versions. */
  readonly version?: string
  /** Further or other lines of server.properties. */
  readonly properties?: Readonly<Record<string, string>>
  /** The default is the heap of Kafka's own start script. */
  readonly heap?: string
  /** More options for the JVM, for a benchmark that wants Kafka's own collector settings. */
  readonly jvmArgs?: readonly string[]
  /** Kept after stop() when given; otherwise a scratch folder that is removed. Several as log.dirs has them. */
  readonly logDir?: string
  /** Hears every line of its log. */
  readonly onLogLine?: (line: string) => void
  /** With a receiver of client telemetry (KIP-714), without which Kafka does not serve it. */
  readonly receivesTelemetry?: boolean
  /** Of the broker and of its controller; for one that comes back on the same ones after a crash. */
  readonly ports?: readonly [broker: number, controller: number]
}

export interface RunningKafka {
  readonly bootstrapServers: string
  readonly pid: number
  stderr(): string
  stop(): Promise<void>
  kill9(): Promise<void>
}

const READY_TIMEOUT_MS = 90_000
const STOP_TIMEOUT_MS = 20_000

/** Throws when Kafka's jars are not available: ask kafkaClasspath() first to show "not run" instead. */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const jars = await kafkaClasspath(options.version)
  if (jars === null) throw new Error('real Kafka needs Java, Maven and its registry')
  const classpath = options.receivesTelemetry ? [await telemetryReceiver(jars), jars].join(delimiter) : jars
  const scratch = scratchFolder('real-kafka')
  const logDir = options.logDir ?? join(scratch, 'data')
  // Kafka cannot report a port it picked itself, so the system picks them first.
  const [brokerPort, controllerPort] = options.ports ?? (await freePorts(2))
  const bootstrapServers = `127.0.0.1:${brokerPort}`
  const propertiesFile = join(scratch, 'server.properties')
  const properties = {
    ...serverProperties(bootstrapServers, controllerPort!, logDir),
    ...(options.receivesTelemetry ? { 'metric.reporters': 'TelemetryReceiver' } : {}),
    ...options.properties,
  }
  await writeFile(
    propertiesFile,
    Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  )

  // A directory that was used before keeps its cluster id.
  if (!existsSync(join(logDir.split(',')[0] as string, 'meta.properties'))) {
    const storageTool = ['kafka.tools.StorageTool', 'format', '--ignore-formatted', '-t', clusterId(), '-c', propertiesFile]
    const formatted = await run('java', [...shortLivedJvmArgs, ...javaArgs(classpath), ...storageTool])
    if (formatted.exitCode !== 0) throw new Error(`formatting Kafka's storage failed:\n${formatted.stdout}${formatted.stderr}`)
  }

  // Its own log must be at `info`: the line that says "started" is the only sign of readiness.
  const jvm = [`-Xmx${options.heap ?? '1g'}`, '-Dgregor.log.level=info', ...(options.jvmArgs ?? []), ...javaArgs(classpath)]
  const broker = await startService('java', [...jvm, 'kafka.Kafka', propertiesFile], {
    readyLine: /Kafka Server started/,
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopTimeoutMs: STOP_TIMEOUT_MS,
    ...(options.onLogLine && { onStderrLine: options.onLogLine }),
  })
  const end = async (signal: NodeJS.Signals) => {
    await broker.stop(signal)
    await rm(scratch, { recursive: true, force: true })
  }
  return {
    bootstrapServers,
    pid: broker.pid,
    stderr: broker.stderr,
    stop: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
  }
}

/** The folder with its class. */
async function telemetryReceiver(classpath: string): Promise<string> {
  const classes = join(cacheFolder(), 'telemetry-receiver')
  const source = join(compatSources, 'lib', 'kafka', 'TelemetryReceiver.java')
  const compiled = await run('javac', ['-d', classes, '-cp', classpath, source])
  if (compiled.exitCode !== 0) throw new Error(`javac: ${compiled.stdout}${compiled.stderr}`)
  return classes
}

function serverProperties(listener: string, controllerPort: number, logDir: string): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${listener},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${listener}`,
    'log.dirs': logDir,
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // Kafka's default waits 3 s for further members of every new group; Gregor's default is 0.
    'group.initial.rebalance.delay.ms': '0',
  }
}

/** Kafka's spelling of a cluster id: 16 random bytes in URL-safe base64, which must not begin with a dash. */
function clusterId(): string {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? `A${id.slice(1)}` : id
}
