// Apache Kafka as one KRaft node with its own documented defaults: the heap, the collector and the flags of Kafka's start
// scripts, the log on the same disk. What is set differs from the defaults only in what one node alone needs (replication
// factors of 1) and in that the files of a deleted log go at once, as Gregor's do here, so that no run pays for the one before.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { javaArgs, kafkaClasspath, kafkaVersion, shortLivedJvmArgs } from '../../compat-tests/lib/maven.js'
import { freePorts } from '../../compat-tests/lib/ports.js'
import { run, startService } from '../../compat-tests/lib/processes.js'
import { withDescriptors } from '../lib/subject.js'
import {
  listenerTexts,
  noSecureListeners,
  type Peer,
  type PeerStart,
  type RunningPeer,
  type SecureListeners,
  untilAnswered,
} from './peer.js'

const readyTimeoutMs = 300_000
const stopTimeoutMs = 120_000

/** KAFKA_HEAP_OPTS and KAFKA_JVM_PERFORMANCE_OPTS as Kafka's scripts set them. */
const jvmArgs = [
  '-Xmx1G',
  '-Xms1G',
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-XX:MaxInlineLevel=15',
  '-Djava.awt.headless=true',
]

export const kafka: Peer = {
  id: 'kafka',
  isInMemory: false,
  async prepare() {
    const java = await run('java', ['-version'])
    if (java.exitCode !== 0) return { notRun: 'no Java' }
    if ((await kafkaClasspath()) === null) return { notRun: 'Maven did not deliver its jars (no mvn, or no registry)' }
    const runtime = java.stderr.match(/version "(.+?)"/)?.[1] ?? 'unknown'
    return { version: `Apache Kafka ${kafkaVersion()} on Java ${runtime}, ${jvmArgs.slice(0, 2).join(' ')}` }
  },
  async start({ directory, descriptors = 20_000, properties = {}, secure = noSecureListeners }: PeerStart): Promise<RunningPeer> {
    const classpath = await kafkaClasspath()
    if (classpath === null) throw new Error('Kafka needs Java, Maven and its registry')
    mkdirSync(directory, { recursive: true })
    // Kafka cannot report a port that it picked itself, so the system picks them first.
    const [port, controllerPort] = (await freePorts(2)) as [number, number]
    const logDirectory = join(directory, 'data')
    const propertiesFile = join(directory, 'server.properties')
    writeFileSync(propertiesFile, propertiesText(port, controllerPort, logDirectory, secure, properties))
    if (!existsSync(join(logDirectory, 'meta.properties'))) await format(classpath, propertiesFile)

    const java = [...jvmArgs, '-Dgregor.log.level=info', ...javaArgs(classpath), 'kafka.Kafka', propertiesFile]
    const [program, ...rest] = withDescriptors(descriptors, 'java', java)
    const spawnedMs = performance.now()
    let hasFailed = false
    const [service, answered] = await Promise.all([
      startService(program!, rest, { readyLine: /Kafka Server started/, readyTimeoutMs, stopTimeoutMs }).catch(error => {
        hasFailed = true
        throw error
      }),
      untilAnswered(port, () => hasFailed).then(versions => ({ versions, readyMs: performance.now() - spawnedMs })),
    ])
    const stop = () => service.stop()
    return { name: 'kafka', peer: kafka, pid: service.pid, port, ...answered, stop, kill: () => service.stop('SIGKILL') }
  },
}

function propertiesText(
  port: number,
  controllerPort: number,
  logDirectory: string,
  secure: SecureListeners,
  more: Readonly<Record<string, string>>,
): string {
  const clients = [`PLAINTEXT://127.0.0.1:${port}`, ...listenerTexts(secure)].join(',')
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `${clients},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': clients,
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
    'log.dirs': logDirectory,
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'log.segment.delete.delay.ms': '0',
    ...more,
    ...secure.properties,
  }
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

async function format(classpath: string, propertiesFile: string): Promise<void> {
  // Kafka's spelling of an id: 16 random bytes, which must not begin with a dash.
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A')
  const tool = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', propertiesFile]
  const formatted = await run('java', [...shortLivedJvmArgs, ...javaArgs(classpath), ...tool])
  if (formatted.exitCode !== 0) throw new Error(`formatting Kafka's storage failed: ${formatted.stdout}${formatted.stderr}`)
}
