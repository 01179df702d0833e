/**
 * Stops a broker while consumers wait in long polls, as often as asked, on one port and one data directory. Each time the
 * broker is there again the consumers receive one more record and go back to waiting; kcat, which ends when no broker is
 * left, is started again.
 */
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Metadata } from '#protocol/messages/metadata.js'
import { Produce } from '#protocol/messages/produce.js'
import { buildBatch } from '#protocol/records/build.js'
import { gregorProgram } from '../../lib/gregor.js'
import { javaArgs, kafkaClasspath, shortLivedJvmArgs } from '../../lib/maven.js'
import { repositoryRoot, scratchFolder } from '../../lib/paths.js'
import { eventually } from '../../lib/patience.js'
import { freePorts } from '../../lib/ports.js'
import { run, type Service, startService } from '../../lib/processes.js'
import { WireClient } from '../../lib/wire-client.js'

export const brokers = ['the command', 'embedded'] as const
export const consumers = ['kcat', 'kcat group', 'kafkajs', 'java'] as const
type Consumer = (typeof consumers)[number]

export interface Stops {
  readonly stopped: number
  /** One line for each stop that was not in order. */
  readonly faults: readonly string[]
  /** Consumers whose toolchain is missing, with the reason. */
  readonly notRun: readonly string[]
}

const topic = 'stopped-over-and-over'
const readyTimeoutMs = 30_000
const receiveTimeoutMs = 60_000
/** Clients get two seconds; the rest is for a busy machine. */
const stopTimeoutMs = 20_000

export async function stopWhileWaiting(
  kind: (typeof brokers)[number],
  asked: readonly Consumer[],
  count: number,
): Promise<Stops> {
  const scratch = scratchFolder('stop')
  const dataDir = join(scratch, 'data')
  const [port] = await freePorts(1)
  const bootstrap = `127.0.0.1:${port}`
  const waiting = new Map<Consumer, Service>()
  const faults: string[] = []
  const notRun = new Map<Consumer, string>()
  try {
    for (let n = 1; n <= count; n++) {
      const broker = await startOn(kind, bootstrap, dataDir)
      await produce(bootstrap, `record ${n}.`)
      for (const name of asked) {
        if (notRun.has(name) || waiting.get(name)?.hasExited() === false) continue
        const started = await startConsumer(name, bootstrap, join(scratch, `${name}.txt`))
        if (typeof started === 'string') notRun.set(name, started)
        else waiting.set(name, started)
      }
      for (const name of waiting.keys()) {
        const file = join(scratch, `${name}.txt`)
        const hasReceived = await eventually(() => readFileSync(file, 'utf8').includes(`record ${n}.`), receiveTimeoutMs)
        if (!hasReceived) faults.push(`${name} did not receive record ${n}`)
      }
      const code = await broker.stop()
      if (code !== 0) faults.push(`stop ${n}: exit code ${code}`)
      if (!broker.stderr().includes('stopped')) faults.push(`stop ${n}: "stopped" was not said: ${broker.stderr().slice(-300)}`)
      if (!existsSync(join(dataDir, '.kafka_cleanshutdown'))) faults.push(`stop ${n}: the directory was not closed in order`)
    }
    const verified = await run(process.execPath, [gregorProgram, 'verify', dataDir])
    if (verified.exitCode !== 0) faults.push(`gregor verify: ${verified.stdout}${verified.stderr}`)
  } finally {
    await Promise.all([...waiting.values()].map(service => service.stop('SIGKILL')))
    await rm(scratch, { recursive: true, force: true })
  }
  return { stopped: count, faults, notRun: Array.from(notRun, ([name, why]) => `${name}: ${why}`) }
}

function startOn(kind: (typeof brokers)[number], listen: string, dataDir: string): Promise<Service> {
  const embedded = join(repositoryRoot, 'dist', 'compat-tests', 'harnesses', 'stop-while-waiting', 'embedded.js')
  const args =
    kind === 'embedded' ? [embedded, listen, dataDir] : [gregorProgram, 'start', '--listen', listen, '--data-dir', dataDir]
  return startService(process.execPath, args, { readyLine: /ready: /, readyTimeoutMs, stopTimeoutMs })
}

async function produce(bootstrap: string, text: string): Promise<void> {
  const client = await WireClient.connect(bootstrap)
  const records = buildBatch([{ key: null, value: Buffer.from(text) }], { timestampMs: Date.now() })
  const partitionData = [{ index: 0, records }]
  const isStored = await eventually(async () => {
    // The first attempt creates the topic.
    await client.request(Metadata, 4, { topics: [{ name: topic }], allowAutoTopicCreation: true })
    const topicData = [{ name: topic, partitionData }]
    const { responses } = await client.request(Produce, 7, { acks: -1, timeoutMs: 10_000, topicData })
    return responses[0]?.partitionResponses[0]?.errorCode === 0
  }, receiveTimeoutMs)
  client.close()
  if (!isStored) throw new Error(`"${text}" could not be produced`)
}

/** kcat does not leave its group when its broker goes; who comes after it would wait for its session to end. */
let groups = 0

/** Its output goes to a file; answers why it cannot be run here. */
async function startConsumer(name: Consumer, bootstrap: string, file: string): Promise<Service | string> {
  const command = await commandOf(name, bootstrap)
  if (typeof command === 'string') return command
  const [program, ...args] = command as [string, ...string[]]
  const shell = ['-c', 'echo started; exec "$@" >"$0" 2>/dev/null', file, program, ...args]
  return startService('sh', shell, { readyLine: /started/, readyTimeoutMs, stopTimeoutMs })
}

async function commandOf(name: Consumer, bootstrap: string): Promise<readonly string[] | string> {
  const kcat = ['kcat', '-q', '-u', '-b', bootstrap, '-X', 'reconnect.backoff.max.ms=200', '-X', 'fetch.wait.max.ms=60000']
  switch (name) {
    case 'kcat':
    case 'kcat group': {
      if ((await run('kcat', ['-V'])).exitCode !== 0) return 'kcat is not installed'
      const what = name === 'kcat' ? ['-C', '-t', topic] : ['-G', `kcat-${groups++}`, topic]
      return [...kcat, '-X', 'socket.timeout.ms=90000', '-X', 'auto.offset.reset=earliest', ...what]
    }
    case 'kafkajs':
      return [process.execPath, fileURLToPath(new URL('./kafkajs.js', programs)), bootstrap, topic]
    case 'java': {
      const classpath = await kafkaClasspath()
      if (classpath === null) return "Kafka's jars or a JVM are not here"
      const properties = ['reconnect.backoff.max.ms=200', 'fetch.max.wait.ms=60000', 'request.timeout.ms=90000']
      const main = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
      const more = properties.flatMap(property => ['--consumer-property', property])
      const what = ['--bootstrap-server', bootstrap, '--topic', topic, '--group', 'java', '--from-beginning']
      return ['java', ...shortLivedJvmArgs, ...javaArgs(classpath), main, ...what, ...more]
    }
  }
}

const programs = new URL(`file://${repositoryRoot}/dist/compat-tests/harnesses/stop-while-waiting/`)
