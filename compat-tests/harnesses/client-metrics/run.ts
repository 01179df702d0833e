/**
 * `run.js`: producers and consumers of Java and librdkafka, with their defaults, push the metrics that kafka-client-metrics asks
 * for (KIP-714), and what they count is what they did. A change reaches clients that run; who has left is shown no longer.
 */
import { join } from 'node:path'
import { type GregorBroker, startBroker } from 'gregor'
import { javaArgs, kafkaClasspath, shortLivedJvmArgs } from '../../lib/maven.js'
import { compatSources } from '../../lib/paths.js'
import { eventually } from '../../lib/patience.js'
import { run, startService } from '../../lib/processes.js'
import { pythonInterpreter } from '../../lib/python.js'
import { Tally } from '../../lib/tally.js'

interface Clients {
  readonly name: string
  /** Called with BOOTSTRAP TOPIC COUNT behind it. */
  readonly command: readonly string[]
  /** Pushed by the producer while it alone is asked, and by the consumer when both are. */
  readonly ofProducer: string
  readonly ofConsumer: string
  /** The two are numbers of records. */
  readonly isCount: boolean
}

const records = 1000
const sources = join(compatSources, 'harnesses', 'client-metrics')
const prefix = 'org.apache.kafka'

async function main(): Promise<number> {
  const classpath = await kafkaClasspath()
  if (classpath === null) {
    console.log('not run: kafka-client-metrics needs Java, Maven and its registry')
    return 0
  }
  const java = ['java', ...shortLivedJvmArgs, ...javaArgs(classpath)]
  const python = await pythonInterpreter()
  const tally = new Tally()
  await using broker = await startBroker({ port: 0 })
  const set = async (name: string, ...args: string[]): Promise<void> => {
    const tool = ['org.apache.kafka.tools.ClientMetricsCommand', '--bootstrap-server', broker.bootstrapServers]
    const { exitCode, stdout, stderr } = await run(java[0]!, [...java.slice(1), ...tool, '--alter', '--name', name, ...args])
    if (exitCode !== 0) throw new Error(`kafka-client-metrics: ${stdout}${stderr}`)
  }
  const all: Clients[] = [
    {
      name: 'java',
      command: [...java, join(sources, 'JavaClients.java')],
      ofProducer: `${prefix}.producer.record.send.total`,
      ofConsumer: `${prefix}.consumer.fetch.manager.records.consumed.total`,
      isCount: true,
    },
  ]
  if (python !== null) {
    all.push({
      name: 'librdkafka',
      command: [python, join(sources, 'librdkafka-clients.py')],
      ofProducer: `${prefix}.producer.record.queue.time.max`,
      ofConsumer: `${prefix}.consumer.coordinator.assigned.partitions`,
      isCount: false,
    })
  }
  for (const clients of all) await play(clients, broker, set, tally)
  return tally.close({ records, clients: all.map(({ name }) => name) })
}

async function play(
  { name, command, ofProducer, ofConsumer, isCount }: Clients,
  broker: GregorBroker,
  set: (name: string, ...args: string[]) => Promise<void>,
  tally: Tally,
): Promise<void> {
  const pushed = (role: string, metric: string): number | undefined => {
    const client = broker.clientMetrics().find(({ clientId }) => clientId === `${name}-${role}`)
    return client?.metrics.find(one => one.name === metric && one.attributes.size === 0)?.value
  }
  const fits = (value: number | undefined): boolean => (isCount ? value === records : value !== undefined)
  const comes = async (role: string, metric: string): Promise<string | null> =>
    (await eventually(() => fits(pushed(role, metric)), waitMsMax)) ? null : `${metric} is ${pushed(role, metric)}`

  await set(name, '--metrics', `${prefix}.producer.record.`, '--match', `client_id=${name}-.*`, '--interval', '500')
  const service = await startService(command[0]!, [...command.slice(1), broker.bootstrapServers, `of-${name}`, String(records)], {
    readyLine: /^ready/,
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 10_000,
  })
  try {
    tally.claim(`${name}: the producer pushes what it is asked for`, await comes('producer', ofProducer))
    const consumer = () => broker.clientMetrics().find(({ clientId }) => clientId === `${name}-consumer`)
    const isHeard = await eventually(() => consumer() !== undefined, waitMsMax)
    tally.claim(`${name}: nobody pushes anything else`, isHeard && consumer()?.metrics.length === 0 ? null : 'the consumer does')
    await set(name, '--metrics', '*')
    tally.claim(`${name}: a change reaches clients that run`, await comes('consumer', ofConsumer))
    const told = broker
      .clientMetrics()
      .find(({ clientId }) => clientId === `${name}-consumer`)
      ?.resource.get('group_id')
    tally.claim(`${name}: a consumer says which group it is in`, told === `${name}-readers` ? null : String(told))
  } finally {
    await service.stop()
  }
  const isGone = await eventually(() => broker.clientMetrics().length === 0, waitMsMax)
  tally.claim(`${name}: who has left is shown no longer`, isGone ? null : `${broker.clientMetrics().length} are shown`)
}

const waitMsMax = 20_000

process.exitCode = await main()
