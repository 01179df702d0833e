/**
 * Admin clients of Java, Go, JavaScript and Python, each method once at Apache Kafka and at Gregor: `run.js [--short]
 * [--only NAMES] [--docs]`. What a method comes to (the result with all that is in it, or class, code and message of the error)
 * is the same at both, or the method needs an API that Gregor does not advertise.
 *
 * --short: Java alone, all methods of whose interface are called, or it fails, and the calls of kafbat/kafka-ui.
 * --docs: writes the table of results to docs/compatibility.md.
 *
 * Exit code 0 when everything holds, 1 when something does not, 2 for wrong usage.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ApiVersions } from '#protocol/messages/api-versions.js'
import { writeSection } from '../../lib/generated-section.js'
import { kafkaClasspath, kafkaVersion } from '../../lib/maven.js'
import { repositoryRoot } from '../../lib/paths.js'
import { startSecuredGregor, startSecuredKafka } from '../../lib/secured-brokers.js'
import { Tally } from '../../lib/tally.js'
import { WireClient } from '../../lib/wire-client.js'
import { type Address, type AdminClient, clientOf, rowsOf, type Served } from './client.js'
import { javaProgram } from './java.js'
import { judged } from './judge.js'
import { coordinatorsOf, writeDownDefault } from './ready.js'
import { documentation, type Result } from './report.js'

const usage = `usage: admin-clients/run.js [--short] [--only NAMES] [--docs]
  --short       Java's admin client alone
  --only NAMES  of java, kafka-ui, franz-go, sarama, kafkajs, confluent-kafka, aiokafka and kafka-python, between commas
  --docs        writes the table to docs/compatibility.md`

const clients: Readonly<Record<string, () => Promise<AdminClient | string>>> = {
  java: () => javaProgram('AdminCalls', 'Java Admin'),
  'kafka-ui': () => javaProgram('KafkaUi', 'kafbat/kafka-ui'),
  'franz-go': () => clientOf('franz-go', 'franz-go kadm'),
  sarama: () => clientOf('sarama', 'sarama ClusterAdmin'),
  kafkajs: () => clientOf('kafkajs', 'kafkajs admin'),
  'confluent-kafka': () => clientOf('confluent-kafka', 'confluent-kafka AdminClient'),
  aiokafka: () => clientOf('aiokafka', 'aiokafka AIOKafkaAdminClient'),
  'kafka-python': () => clientOf('kafka-python', 'kafka-python KafkaAdminClient'),
}

const settings = { 'group.initial.rebalance.delay.ms': '0' }

process.exitCode = await main()

async function main(): Promise<number> {
  let options: { short: boolean; only: string | undefined; docs: boolean }
  try {
    const flag = { type: 'boolean', default: false } as const
    const { values } = parseArgs({ options: { short: flag, only: { type: 'string' }, docs: flag } })
    options = { short: values.short, only: values.only, docs: values.docs }
  } catch {
    console.error(usage)
    return 2
  }
  const names = options.only?.split(',') ?? (options.short ? ['java', 'kafka-ui'] : Object.keys(clients))
  if (names.some(name => clients[name] === undefined)) {
    console.error(usage)
    return 2
  }
  if ((await kafkaClasspath()) === null) {
    console.log('not run: real Kafka needs a JDK, Maven and its registry')
    return 0
  }
  const starting = [startSecuredKafka(settings), startSecuredGregor(settings)] as const
  try {
    const [kafka, gregor] = (await Promise.all(starting)).map(({ addresses }) => addressOf(addresses)) as [Address, Address]
    await Promise.all([coordinatorsOf(kafka.bootstrap), coordinatorsOf(gregor.bootstrap), writeDownDefault(gregor.bootstrap)])
    const served = await servedBy(gregor)
    const tally = new Tally()
    const results: Result[] = []
    for (const name of names) {
      const client = await clients[name]!()
      if (typeof client === 'string') console.log(`not run: ${name} ${client}`)
      else results.push(await compared(client, kafka, gregor, served, tally))
    }
    if (options.docs) {
      const section = documentation(results, kafkaVersion())
      writeSection(join(repositoryRoot, 'docs', 'compatibility.md'), 'Compatibility', 'admin-clients', section)
    }
    return tally.close({ clients: results.map(({ name, verdicts }) => [name, verdicts.length]) })
  } finally {
    for (const one of await Promise.allSettled(starting)) if (one.status === 'fulfilled') await one.value.stop()
  }
}

async function compared(client: AdminClient, kafka: Address, gregor: Address, served: Served, tally: Tally): Promise<Result> {
  const { name, version } = client
  const ends = await Promise.all([kafka, gregor].map(at => client.run(at, served)))
  for (const [i, { exitCode, stdout, stderr }] of ends.entries()) {
    const words = exitCode === 0 ? null : `exit code ${exitCode}\n${stdout.split('\n').slice(-3).join('\n')}\n${stderr}`
    tally.claim(`${name}: the calls at ${i === 0 ? 'Kafka' : 'Gregor'} come to their end`, words)
  }
  const [atKafka, atGregor] = ends.map(({ stdout }) => rowsOf(stdout)) as [ReturnType<typeof rowsOf>, ReturnType<typeof rowsOf>]
  const verdicts = judged(atKafka, atGregor, served)
  for (const { method, kind, kafka, gregor } of verdicts) {
    if (kind === 'not served') console.log(`        ${name} ${method}: not served yet`)
    else tally.claim(`${name} ${method}`, kind === 'equal' ? null : differences(kafka, gregor))
  }
  tally.claimNone(`${name}: each method is called`, atKafka.missed)
  return { name, version, verdicts }
}

function differences(kafka: readonly string[], gregor: readonly string[]): string {
  return Array.from({ length: Math.max(kafka.length, gregor.length) }, (_, i) => [kafka[i], gregor[i]])
    .filter(([one, other]) => one !== other)
    .map(([one, other]) => `Kafka  ${one}\n        Gregor ${other}`)
    .join('\n        ')
}

function addressOf(addresses: string): Address {
  const [bootstrap, saslBootstrap] = addresses.split(',')
  return { bootstrap: bootstrap!, saslBootstrap: saslBootstrap! }
}

async function servedBy({ bootstrap }: Address): Promise<Served> {
  const client = await WireClient.connect(bootstrap)
  try {
    const hello = { clientSoftwareName: 'admin-clients', clientSoftwareVersion: '1' }
    const { apiKeys, supportedFeatures } = await client.request(ApiVersions, 4, hello)
    return { keys: apiKeys.map(({ apiKey }) => apiKey), features: supportedFeatures.map(({ name }) => name) }
  } finally {
    client.close()
  }
}
