/**
 * Apache Kafka and Gregor side by side: `run.js [--kafka-intervals] [options of oracle.mjs]`. Both are started with the same
 * settings, get the same requests, and answer the same, field by field, or differ as verdicts.mjs explains; and once more
 * with an authorizer, for clients that log in. Without options: the newest version of every API, and seeded mutations.
 * `--kafka-intervals`: groups of the consumer and streams protocols alone, with the intervals that are Kafka's defaults.
 * `--docs` writes what came out to docs/compatibility.md.
 *
 * Exit code 0 when there is no other difference, or no Kafka here (then "not run").
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { writeSection } from '../../lib/generated-section.js'
import { startGregor } from '../../lib/gregor.js'
import { startKafka } from '../../lib/kafka-broker.js'
import { kafkaClasspath, kafkaVersion } from '../../lib/maven.js'
import { cacheFolder, compatSources, repositoryRoot, scratchFolder } from '../../lib/paths.js'
import { run, runVisibly } from '../../lib/processes.js'
import { startSecuredGregor, startSecuredKafka } from '../../lib/secured-brokers.js'

const defaults = ['--versions', 'newest', '--mutations', '40', '--seed', '44']
const ownIntervals = {
  'group.initial.rebalance.delay.ms': '0',
  // Gregor's defaults.
  'group.consumer.assignment.interval.ms': '0',
  'group.streams.assignment.interval.ms': '0',
  'group.streams.initial.rebalance.delay.ms': '0',
  // Transactions time out while the transcripts wait for it.
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200',
}
/** Kafka's own defaults, for groups of the newer protocols. */
const kafkaIntervals = {
  'group.consumer.assignment.interval.ms': '1000',
  'group.streams.assignment.interval.ms': '1000',
  'group.streams.initial.rebalance.delay.ms': '3000',
}
const ofGroups = ['--versions', 'newest', '--only', '^(consumer|streams)-']

process.exitCode = await main()

async function main(): Promise<number> {
  const classpath = await kafkaClasspath()
  const messages = classpath === null ? null : await messageDefinitions(classpath)
  if (messages === null) {
    console.log("not run: real Kafka needs a JDK, Maven and Kafka's jars")
    return 0
  }
  const wantsDocs = process.argv.includes('--docs')
  const hasKafkaIntervals = process.argv.includes('--kafka-intervals')
  const settings = hasKafkaIntervals ? { ...ownIntervals, ...kafkaIntervals } : ownIntervals
  const own = process.argv.slice(2).filter(argument => argument !== '--docs' && argument !== '--kafka-intervals')
  const given = hasKafkaIntervals && own.length === 0 ? ofGroups : own
  const scratch = scratchFolder('oracle')
  const section = join(scratch, 'section.md')
  const args = Object.entries(settings).flatMap(([key, value]) => ['--config', `${key}=${value}`])
  // Started at once, stopped whatever happens.
  const starting = [
    startKafka({ properties: settings, receivesTelemetry: true }),
    startSecuredKafka(settings),
    startGregor({ isEphemeral: true, args }),
    startSecuredGregor(settings),
  ] as const
  try {
    const [kafka, securedKafka, gregor, securedGregor] = await Promise.all(starting)
    const oracle = join(compatSources, 'harnesses', 'oracle', 'oracle.mjs')
    const open = ['--kafka', kafka.bootstrapServers, '--gregor', gregor.bootstrap, '--messages', messages]
    const secured = ['--secured-kafka', securedKafka.addresses, '--secured-gregor', securedGregor.addresses]
    const options = given.length === 0 ? defaults : given
    const exitCode = await runVisibly(process.execPath, [oracle, ...open, ...secured, ...options, '--section', section])
    const ofDirectories = given.length === 0 ? await besideTwoDirectories(scratch, ['--messages', messages]) : 0
    const ended = [gregor, securedGregor].filter(one => one.hasExited())
    for (const one of ended) console.log(`Gregor has ended:\n${one.stderr()}`)
    if (wantsDocs && existsSync(section)) {
      const shown = given.length === 0 ? '' : ` ${given.join(' ')}`
      const text = readFileSync(section, 'utf8').replace(' OPTIONS', shown).replace('VERSION', kafkaVersion())
      writeSection(join(repositoryRoot, 'docs', 'compatibility.md'), 'Compatibility', 'oracle', text)
    }
    return ended.length > 0 ? 1 : exitCode || ofDirectories
  } finally {
    const started = await Promise.allSettled(starting)
    await Promise.all(started.map(one => (one.status === 'fulfilled' ? one.value.stop() : null)))
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** A pair of brokers with two data directories each, for the transcript that needs them. */
async function besideTwoDirectories(scratch: string, args: readonly string[]): Promise<number> {
  const directories = (name: string): string => ['one', 'two'].map(one => join(scratch, name, one)).join(',')
  const starting = [
    startKafka({ logDir: directories('kafka'), heap: '512m' }),
    startGregor({ dataDir: directories('gregor') }),
  ] as const
  try {
    const [kafka, gregor] = await Promise.all(starting)
    const oracle = join(compatSources, 'harnesses', 'oracle', 'oracle.mjs')
    const pair = ['--kafka', kafka.bootstrapServers, '--gregor', gregor.bootstrap, '--only', '^two-log-dirs']
    return await runVisibly(process.execPath, [oracle, ...pair, ...args])
  } finally {
    const started = await Promise.allSettled(starting)
    await Promise.all(started.map(one => (one.status === 'fulfilled' ? one.value.stop() : null)))
  }
}

/** The folder with Kafka's message definitions, which travel in the jar of its clients; null when they cannot be unpacked. */
async function messageDefinitions(classpath: string): Promise<string | null> {
  const jar = classpath.split(delimiter).find(entry => /kafka-clients-[^/\\]*\.jar$/.test(entry))
  const folder = join(cacheFolder(), `messages-${kafkaVersion()}`)
  if (jar === undefined) return null
  if (!existsSync(folder)) {
    const fresh = `${folder}.${process.pid}`
    mkdirSync(fresh)
    const unpacked = await run('jar', ['xf', jar, 'common/message'], { cwd: fresh })
    if (unpacked.exitCode !== 0) return null
    renameSync(fresh, folder)
  }
  return join(folder, 'common', 'message')
}
