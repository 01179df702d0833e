/**
 * Kafka's own command-line tools against a broker: `run.js` starts Gregor on a scratch
 * data directory, `--kafka` starts real Kafka instead (to prove the expectations right), and
 * `--bootstrap HOST:PORT --data-dir DIR` takes a broker that runs already (with `--kafka`: one that is not Gregor).
 * One line per check; exit code 1 when one failed, 0 otherwise and when there is no Java. Runs against Gregor also write
 * their section of docs/compatibility.md.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeSection } from '../../lib/generated-section.js'
import { startGregor } from '../../lib/gregor.js'
import { startKafka } from '../../lib/kafka-broker.js'
import { kafkaClasspath, kafkaVersion } from '../../lib/maven.js'
import { repositoryRoot, scratchFolder } from '../../lib/paths.js'
import { ToolHost } from '../../lib/tool-host.js'
import { Checks } from './checks.js'
import { checkCluster } from './cluster.js'
import { checkConfigs } from './configs.js'
import { checkDisk, checkLiveLog } from './disk.js'
import { checkGroups } from './groups.js'
import { checkInternalTopic } from './internal-topic.js'
import { checkLogDirs } from './log-dirs.js'
import { checkOffsets } from './offsets.js'
import { checkOneNode } from './one-node.js'
import { checkRecords } from './records.js'
import { documentation } from './report.js'
import { newScenario } from './scenario.js'
import { checkTopics } from './topics.js'
import { checkTransactions } from './transactions.js'
import { checkTransactionsOnDisk } from './transactions-on-disk.js'

interface Broker {
  readonly bootstrap: string
  readonly dataDir: string
  /** null: it was running before and goes on running. */
  readonly stop: (() => Promise<unknown>) | null
}

/** Lets a transaction hang, so that the tools have one to find. */
const settings = { 'transaction.partition.verification.enable': 'false' }

async function main(): Promise<number> {
  const { values: options } = parseArgs({
    options: { bootstrap: { type: 'string' }, 'data-dir': { type: 'string' }, kafka: { type: 'boolean', default: false } },
  })
  const classpath = await kafkaClasspath()
  if (classpath === null) {
    console.log('not run: Kafka’s tools need Java, Maven and its registry')
    return 0
  }
  const scratch = scratchFolder('kafka-tools')
  try {
    const broker = await findBroker(options, scratch)
    await using host = ToolHost.start(classpath)
    const checks = new Checks(host)
    try {
      await runChecks(host, checks, broker, scratch)
    } finally {
      await broker.stop?.()
    }
    await checkDirectories(host, checks, options, scratch)
    const { failedCount, results } = checks
    console.log(`${results.length - failedCount} passed, ${failedCount} failed`)
    if (!options.kafka) {
      const page = join(repositoryRoot, 'docs', 'compatibility.md')
      writeSection(page, 'Compatibility', 'kafka-tools', documentation(results, kafkaVersion()))
    }
    return failedCount === 0 ? 0 : 1
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function runChecks(host: ToolHost, checks: Checks, broker: Broker, scratch: string): Promise<void> {
  const scenario = newScenario({ host, checks, bootstrap: broker.bootstrap, dataDir: broker.dataDir, scratch })
  await checks.area('kafka-topics', () => checkTopics(scenario))
  await checks.area('kafka-configs', () => checkConfigs(scenario))
  await checks.area('kafka-broker-api-versions', () => checkCluster(scenario))
  await checks.area('kafka-console-producer', () => checkRecords(scenario))
  await checks.area('kafka-get-offsets', () => checkOffsets(scenario))
  await checks.area('kafka-consumer-groups', () => checkGroups(scenario))
  await checks.area('kafka-features', () => checkOneNode(scenario))
  await checks.area('kafka-transactions', () => checkTransactions(scenario))
  await checks.area('kafka-console-consumer', () => checkInternalTopic(scenario))
  await checks.area('kafka-dump-log', () => checkLiveLog(scenario))
  await broker.stop?.()
  await checks.area('kafka-dump-log', () => checkDisk(scenario, broker.stop !== null))
  await checks.area('kafka-dump-log', () => checkTransactionsOnDisk(scenario))
}

/** On a broker of its own. */
async function checkDirectories(
  host: ToolHost,
  checks: Checks,
  options: { kafka: boolean; bootstrap?: string | undefined },
  scratch: string,
) {
  if (options.bootstrap !== undefined) return
  const directories = [join(scratch, 'one'), join(scratch, 'two')] as const
  const broker = await findBroker({ 'data-dir': directories.join(','), kafka: options.kafka }, scratch)
  try {
    const scenario = newScenario({ host, checks, bootstrap: broker.bootstrap, dataDir: broker.dataDir, scratch })
    await checks.area('kafka-log-dirs', () => checkLogDirs(scenario, directories))
  } finally {
    await broker.stop?.()
  }
}

async function findBroker(
  options: { bootstrap?: string | undefined; 'data-dir'?: string | undefined; kafka: boolean },
  scratch: string,
): Promise<Broker> {
  if (options.bootstrap !== undefined) {
    if (options['data-dir'] === undefined) throw new Error('--bootstrap needs --data-dir, for kafka-dump-log')
    return { bootstrap: options.bootstrap, dataDir: options['data-dir'], stop: null }
  }
  const dataDir = options['data-dir'] ?? join(scratch, 'data')
  if (options.kafka) {
    const kafka = await startKafka({ logDir: dataDir, properties: settings })
    return { bootstrap: kafka.bootstrapServers, dataDir, stop: once(kafka.stop) }
  }
  const args = Object.entries(settings).flatMap(([key, value]) => ['--config', `${key}=${value}`])
  const listeners = 'PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0'
  const gregor = await startGregor({ dataDir, listeners, args: ['--config', 'controller.listener.names=CONTROLLER', ...args] })
  return { bootstrap: gregor.bootstrap, dataDir, stop: once(gregor.stop) }
}

function once(stop: () => Promise<unknown>): () => Promise<unknown> {
  let stopped: Promise<unknown> | null = null
  return () => {
    stopped ??= stop()
    return stopped
  }
}

process.exitCode = await main()
